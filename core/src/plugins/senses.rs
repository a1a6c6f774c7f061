//! What a guest perceives of the world beyond what the host tells it: the time, and chance.

use std::{sync::Arc, time::Duration};

use rand::{SeedableRng, rngs::StdRng};
use wasmtime_wasi::{HostWallClock, WasiCtxBuilder};

use crate::{clock::Clock, random::Random};

/// The time and the chance of guests: the machine's own, or those of a stage on which everything is to happen again in the same way.
#[derive(Clone, Default)]
pub struct Senses(Option<(Arc<dyn Clock>, Arc<Random>)>);

impl Senses {
    /// Guests see the time of `clock`, and numbers that follow from `random`.
    pub fn of(clock: Arc<dyn Clock>, random: Arc<Random>) -> Self {
        Self(Some((clock, random)))
    }

    /// Gives them to the guest of one call.
    pub fn give(&self, wasi: &mut WasiCtxBuilder) {
        let Some((clock, random)) = &self.0 else { return };
        let chance = || StdRng::from_seed(random.bytes());
        wasi.wall_clock(WallClock(clock.clone())).secure_random(chance()).insecure_random(chance());
        wasi.insecure_random_seed(u128::from_le_bytes(random.bytes()));
    }
}

struct WallClock(Arc<dyn Clock>);

impl HostWallClock for WallClock {
    fn resolution(&self) -> Duration {
        Duration::from_millis(1)
    }

    fn now(&self) -> Duration {
        Duration::from_millis(self.0.now().millis().try_into().unwrap_or_default())
    }
}
