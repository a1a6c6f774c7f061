//! Hashing passwords on threads of its own.
//!
//! Each hash takes 19 MiB and some 30 ms, so there are few threads, a short queue in front of them, and a limit to how long anyone
//! waits. Whoever gives up waiting is not hashed.

use std::{
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
    time::{Duration, Instant},
};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
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
        let jobs = Arc::new(Mutex::new(jobs));
        for number in 0..section.hash_threads() {
            let jobs = jobs.clone();
            thread::Builder::new().name(format!("hash-{number}")).spawn(move || work_off(&jobs))?;
        }
        let nobody = hash(random.token().expose().as_bytes(), &random.bytes()).map_err(|error| std::io::Error::other(error.to_string()))?;
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

/// A hashing thread. It ends when the last [`Hasher`] is gone.
#[expect(clippy::disallowed_types, reason = "these threads are their own, and waiting is their work")]
fn work_off(jobs: &Mutex<mpsc::Receiver<Job>>) {
    stand_back();
    loop {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Job { work, until, answer }) = job else { return };
        if answer.is_closed() || Instant::now() > until {
            continue;
        }
        let outcome = match work {
            Work::Hash(password, salt) => hash(password.expose().as_bytes(), &salt).map(Answer::Hash),
            Work::Verify(password, phc) => Ok(Answer::Matches(verify(password.expose().as_bytes(), &phc))),
        };
        // Whoever asked may have gone away meanwhile.
        let _ = answer.send(outcome);
    }
}

fn hash(password: &[u8], salt: &[u8; 16]) -> Result<String> {
    let params = Params::new(MEMORY, PASSES, LANES, None).map_err(|error| Error::internal(error.to_string()))?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let phc: PasswordHash = argon2.hash_password_with_salt(password, salt).map_err(|error| Error::internal(error.to_string()))?;
    Ok(phc.to_string())
}

fn verify(password: &[u8], stored: &str) -> bool {
    let Ok(phc) = PasswordHash::new(stored) else {
        tracing::error!("a stored password hash cannot be read");
        return false;
    };
    let Ok(params) = Params::try_from(&phc) else {
        tracing::error!("a stored password hash has no usable parameters");
        return false;
    };
    if params.m_cost() > MAX_MEMORY || params.t_cost() > MAX_PASSES || params.p_cost() > MAX_LANES {
        tracing::error!("a stored password hash asks for more memory or time than any of ours");
        return false;
    }
    Argon2::default().verify_password(password, &phc).is_ok()
}
