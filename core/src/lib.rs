//! A community server: posts, rooms, uploads and sign-in in one binary, where every login provider and every bot is a
//! sandboxed WebAssembly component.

pub mod config;
pub mod error;
pub mod plugins;
