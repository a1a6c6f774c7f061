//! Randomness as an argument, so that tests can seed it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rand::{Rng, SeedableRng, rngs::StdRng};
use sha2::{Digest, Sha256};

use crate::clock::Timestamp;

/// A source of random bytes, safe to share.
pub struct Random(Mutex<State>);

struct State {
    generator: StdRng,
    /// The moment and the number of the last [`Random::after`].
    last: (i64, u128),
}

impl Random {
    /// Seeded by the operating system.
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the system for randomness")]
    pub fn from_system() -> Self {
        Self::with(StdRng::from_rng(&mut rand::rng()))
    }

    /// The same sequence each time, for tests only.
    pub fn seeded(seed: u64) -> Self {
        Self::with(StdRng::seed_from_u64(seed))
    }

    fn with(generator: StdRng) -> Self {
        Self(Mutex::new(State { generator, last: (i64::MIN, 0) }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.state().generator.fill_bytes(&mut bytes);
        bytes
    }

    /// Fills `bytes` with random ones.
    pub fn fill(&self, bytes: &mut [u8]) {
        self.state().generator.fill_bytes(bytes);
    }

    /// A random number of 80 bits that is greater than the last one of the same moment, so that what is made within one
    /// millisecond keeps its order. The next one cannot be guessed: it is up to 2⁶³ away.
    pub fn after(&self, now: Timestamp) -> u128 {
        let mut state = self.state();
        let (moment, last) = state.last;
        let step = u128::from(state.generator.next_u64() >> 1) + 1;
        let number = if moment == now.millis() {
            last + step
        } else {
            // The highest of the 80 bits stays free for the steps of this moment.
            (u128::from(state.generator.next_u64() & 0x7fff) << 64) | u128::from(state.generator.next_u64())
        };
        state.last = (now.millis(), number);
        number & ((1 << 80) - 1)
    }

    /// A new secret of 256 bits.
    pub fn token(&self) -> Token {
        Token(URL_SAFE_NO_PAD.encode(self.bytes::<32>()))
    }
}

/// A bearer secret of 256 bits in 43 characters of base64url: a session cookie, a link in a mail. Only its hash is stored.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// Reads a presented token; `None` unless it has the form of one.
    pub fn parse(text: &str) -> Option<Self> {
        let well_formed = text.len() == 43 && URL_SAFE_NO_PAD.decode(text).is_ok_and(|bytes| bytes.len() == 32);
        well_formed.then(|| Self(text.to_owned()))
    }

    /// The secret itself, for the one who may have it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What the database keeps: the SHA-256 of the token, base64url. Plain SHA-256 suffices for 256 random bits.
    pub fn hash(&self) -> TokenHash {
        TokenHash::of(&self.0)
    }

    /// The hash of the token together with a text: whoever knows the token can tell whether it is still the same text, and nobody else
    /// learns anything of it.
    pub fn hash_with(&self, text: &str) -> TokenHash {
        TokenHash(URL_SAFE_NO_PAD.encode(Sha256::new().chain_update(self.0.as_bytes()).chain_update(text.as_bytes()).finalize()))
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(***)")
    }
}

/// The stored form of a [`Token`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TokenHash(String);

impl TokenHash {
    /// The hash of a secret, whatever it looks like.
    pub fn of(secret: &str) -> Self {
        Self(URL_SAFE_NO_PAD.encode(Sha256::digest(secret.as_bytes())))
    }

    /// Reads a stored hash.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The text for the database.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
