//! What a guest perceives of the world beyond what the host tells it: the time, and chance.

use std::{sync::Arc, time::Duration};

use rand::{SeedableRng, rngs::StdRng};
use wasmtime_wasi::{HostWallClock, WasiCtxBuilder};

use crate::{
    clock::{Clock, SystemClock, Timestamp},
    random::Random,
    store::Store,
};

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

/// The senses of one call.
pub enum Perceived<'a> {
    /// Those of the community that it works for.
    Community(&'a Store),
    /// The machine's, or those of a stage.
    Machine(&'a Senses),
}

impl Perceived<'_> {
    /// The time.
    pub fn now(&self) -> Timestamp {
        match self {
            Self::Community(store) => store.now(),
            Self::Machine(Senses(Some((clock, _)))) => clock.now(),
            Self::Machine(Senses(None)) => SystemClock.now(),
        }
    }

    /// Fills `bytes` by chance.
    pub fn fill(&self, bytes: &mut [u8]) {
        match self {
            Self::Community(store) => store.random().fill(bytes),
            Self::Machine(Senses(Some((_, random)))) => random.fill(bytes),
            Self::Machine(Senses(None)) => Random::from_system().fill(bytes),
        }
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
