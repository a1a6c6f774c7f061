//! Hashing passwords on threads of its own.
//!
//! Each hash takes 19 MiB and some 30 ms, so there are few threads, a short queue in front of them, and a limit to how long anyone
//! waits. Whoever gives up waiting is not hashed.

use std::{
    fmt::Display,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::phc::{Output, ParamsString, PasswordHash, Salt},
};
use tokio::sync::oneshot;

use super::model::Password;
use crate::{
    config::AuthSection,
    error::{Error, Result},
    random::Random,
    threads::stand_back,
};

/// OWASP's minimum for argon2id: memory in KiB, passes, lanes.
const MEMORY: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// The dearest parameters a stored hash may ask for. Beyond them someone has tampered with the database.
const MAX_MEMORY: u32 = 64 * 1024;
const MAX_PASSES: u32 = 10;
const MAX_LANES: u32 = 4;

/// What is taken for a hash at least, in blocks of a KiB, of which those are in memory that are used. Pieces beyond 32 MiB go back to the
/// system as soon as they are free; smaller ones would be kept by the allocator, in places where the next one does not fit.
const PIECE: usize = 33 << 10;

/// After how long without a job that is given back. Taking it again is a good part of the work of a hash.
const IDLE: Duration = Duration::from_secs(10);

/// The threads. Cheap to clone.
#[derive(Clone)]
pub struct Hasher {
    queue: mpsc::SyncSender<Job>,
    random: Arc<Random>,
    wait: Duration,
    /// A hash of nobody's password, to be verified where there is none, so that both take as long.
    nobody: Arc<str>,
}

struct Job {
    work: Work,
    until: Instant,
    answer: oneshot::Sender<Result<Answer>>,
}

enum Work {
    Hash(Password, [u8; 16]),
    Verify(Password, String),
}

enum Answer {
    Hash(String),
    Matches(bool),
}

impl Hasher {
    /// Starts the threads.
    ///
    /// # Errors
    /// The system gives no more threads.
    pub fn start(section: &AuthSection, random: Arc<Random>) -> std::io::Result<Self> {
        let (queue, jobs) = mpsc::sync_channel(section.hash_queue as usize);
        let shared = Arc::new(Shared { jobs: Mutex::new(jobs), spaces: Mutex::default() });
        for number in 0..section.hash_threads() {
            let shared = shared.clone();
            thread::Builder::new().name(format!("hash-{number}")).spawn(move || work_off(&shared))?;
        }
        let nobody = Space::default().hash(random.token().expose().as_bytes(), &random.bytes());
        let nobody = nobody.map_err(|error| std::io::Error::other(error.to_string()))?;
        Ok(Self { queue, random, wait: section.hash_wait.0, nobody: nobody.into() })
    }

    /// The PHC string of `password` with a new salt.
    ///
    /// # Errors
    /// `unavailable` if too many passwords wait.
    pub async fn hash(&self, password: Password) -> Result<String> {
        match self.run(Work::Hash(password, self.random.bytes())).await? {
            Answer::Hash(phc) => Ok(phc),
            Answer::Matches(_) => Err(Error::internal("the hasher answered another question")),
        }
    }

    /// Whether `password` is the one of `phc`. Without a `phc` it never is, and takes as long to find out.
    ///
    /// # Errors
    /// `unavailable` if too many passwords wait.
    pub async fn verify(&self, password: Password, phc: Option<&str>) -> Result<bool> {
        let stored = phc.unwrap_or(&self.nobody).to_owned();
        match self.run(Work::Verify(password, stored)).await? {
            Answer::Matches(matches) => Ok(matches && phc.is_some()),
            Answer::Hash(_) => Err(Error::internal("the hasher answered another question")),
        }
    }

    async fn run(&self, work: Work) -> Result<Answer> {
        let busy = || Error::unavailable("Too many people are signing in at the moment. Please try again.");
        let (answer, outcome) = oneshot::channel();
        self.queue.try_send(Job { work, until: Instant::now() + self.wait, answer }).map_err(|_| busy())?;
        outcome.await.map_err(|_| busy())?
    }
}

/// What the threads share.
#[expect(clippy::disallowed_types, reason = "these threads are their own, and waiting is their work")]
struct Shared {
    jobs: Mutex<mpsc::Receiver<Job>>,
    /// Those that nobody uses.
    spaces: Mutex<Vec<Space>>,
}

impl Shared {
    /// What is to be done next; `None` when the last [`Hasher`] is gone.
    fn next(&self) -> Option<Job> {
        let jobs = lock(&self.jobs);
        loop {
            match jobs.recv_timeout(IDLE) {
                Ok(job) => return Some(job),
                Err(RecvTimeoutError::Timeout) => lock(&self.spaces).clear(),
                Err(RecvTimeoutError::Disconnected) => return None,
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A hashing thread.
fn work_off(shared: &Shared) {
    stand_back();
    while let Some(Job { work, until, answer }) = shared.next() {
        if answer.is_closed() || Instant::now() > until {
            continue;
        }
        let mut space = lock(&shared.spaces).pop().unwrap_or_default();
        let outcome = match work {
            Work::Hash(password, salt) => space.hash(password.expose().as_bytes(), &salt).map(Answer::Hash),
            Work::Verify(password, phc) => Ok(Answer::Matches(space.verify(password.expose().as_bytes(), &phc))),
        };
        lock(&shared.spaces).push(space);
        // Whoever asked may have gone away meanwhile.
        let _ = answer.send(outcome);
    }
}

/// Where one hash after the other is computed.
#[derive(Default)]
struct Space(Vec<Block>);

impl Space {
    fn hash(&mut self, password: &[u8], salt: &[u8; 16]) -> Result<String> {
        let params = Params::new(MEMORY, PASSES, LANES, None).map_err(internal)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let phc = PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(argon2.params()).map_err(internal)?,
            salt: Some(Salt::new(salt).map_err(internal)?),
            hash: Some(self.derive(&argon2, password, salt, Params::DEFAULT_OUTPUT_LEN).map_err(internal)?),
        };
        Ok(phc.to_string())
    }

    fn verify(&mut self, password: &[u8], stored: &str) -> bool {
        let outcome = self.compare(password, stored);
        outcome.inspect_err(|reason| tracing::error!("a stored password hash {reason}")).unwrap_or(false)
    }

    fn compare(&mut self, password: &[u8], stored: &str) -> Result<bool, String> {
        let phc = PasswordHash::new(stored).map_err(|error| format!("cannot be read: {error}"))?;
        let params = Params::try_from(&phc).map_err(unusable)?;
        if params.m_cost() > MAX_MEMORY || params.t_cost() > MAX_PASSES || params.p_cost() > MAX_LANES {
            return Err("asks for more memory or time than any of ours".to_owned());
        }
        let algorithm = Algorithm::try_from(phc.algorithm.as_str()).map_err(unusable)?;
        let version = phc.version.map(Version::try_from).transpose().map_err(unusable)?.unwrap_or_default();
        let (Some(salt), Some(expected)) = (phc.salt, phc.hash) else { return Err("is not whole".to_owned()) };
        let output = self.derive(&Argon2::new(algorithm, version, params), password, &salt, expected.len());
        // It takes as long wherever they differ.
        Ok(output.map_err(|error| format!("cannot be computed: {error}"))? == expected)
    }

    fn derive(&mut self, argon2: &Argon2<'_>, password: &[u8], salt: &[u8], length: usize) -> Result<Output, Box<dyn std::error::Error>> {
        let blocks = argon2.params().block_count();
        if self.0.capacity() < blocks {
            self.0 = Vec::new();
            self.0.reserve_exact(blocks.max(PIECE));
        }
        if self.0.len() < blocks {
            self.0.resize(blocks, Block::new());
        }
        let mut output = [0; Output::MAX_LENGTH];
        let output = output.get_mut(..length).ok_or("it is too long")?;
        argon2.hash_password_into_with_memory(password, salt, output, &mut self.0[..blocks])?;
        Ok(Output::new(output)?)
    }
}

fn unusable(error: impl Display) -> String {
    format!("has no usable parameters: {error}")
}

fn internal(error: impl Display) -> Error {
    Error::internal(error.to_string())
}
