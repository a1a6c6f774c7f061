//! The integration tests, one binary.

mod plugins;
