//! The simple programs beside which the server is measured.

pub mod memory;
pub mod node;
pub mod rooms;
pub mod rows;
