//! `secrets`: settings that can be used but not read.

use wasmtime::Result;

use crate::plugins::{bindings::bot::openclaw::secrets::secrets::Host, state::GuestState};

impl Host for GuestState {
    async fn available(&mut self, name: String) -> Result<bool> {
        self.has_secret(&name)
    }
}
