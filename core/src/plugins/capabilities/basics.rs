//! `clock` and `random`: what languages without WASI need of the host. Every plugin may have them, at any time.

use wasmtime::Result;

use crate::plugins::{
    bindings::bot::openclaw::{clock::clock, random::random},
    state::GuestState,
};

/// Random bytes at a time.
const MAX_BYTES: u32 = 64 << 10;
/// Numbers that a double can hold between 0 and 1, evenly spread.
const STEPS: u64 = 1 << 53;

impl clock::Host for GuestState {
    async fn now(&mut self) -> Result<u64> {
        Ok(self.senses()?.now().millis().unsigned_abs())
    }
}

impl random::Host for GuestState {
    async fn bytes(&mut self, count: u32) -> Result<Vec<u8>> {
        let senses = self.senses()?;
        if count > MAX_BYTES {
            wasmtime::bail!("it wanted {count} random bytes at once, and there are {MAX_BYTES}");
        }
        let mut bytes = vec![0; count as usize];
        senses.fill(&mut bytes);
        Ok(bytes)
    }

    #[expect(clippy::cast_precision_loss, reason = "both are below 2 to the power of 53")]
    async fn fraction(&mut self) -> Result<f64> {
        let mut bytes = [0; 8];
        self.senses()?.fill(&mut bytes);
        let number = u64::from_le_bytes(bytes) % STEPS;
        Ok(number as f64 / STEPS as f64)
    }
}
