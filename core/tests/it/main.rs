//! The integration tests: one binary, a folder per slice.

mod config;
