//! A component that offers nothing.
