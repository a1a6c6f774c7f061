//! What the tests share: a server for each of them, people, mails, and clients that see what a real one would see.
//!
//! Nothing here sleeps for a fixed time: whoever waits, waits for an event, and no longer than [`DEADLINE`].
#![allow(dead_code, unused_imports, reason = "a harness is written for the next test, too")]

mod answer;
mod binary;
mod browser;
mod client;
mod db;
mod faulty;
mod light;
mod limited;
mod log;
mod mail;
mod multipart;
mod names;
mod nginx;
mod oauth;
mod people;
mod process;
mod proxy;
mod python;
mod raw;
mod server;
mod sink;
mod sockets;
mod stores;
mod wire;

use std::{
    future::Future,
    net::TcpListener,
    ops::Range,
    sync::{
        LazyLock,
        atomic::{AtomicU16, Ordering},
    },
    time::Duration,
};

use community::random::Random;

pub use self::{
    answer::Answer,
    binary::{Binary, Settings},
    browser::{Browser, Hop, login_path, parameter, with_parameter},
    client::{Call, Client},
    db::{Database, Db},
    faulty::{Endpoint, FaultyProvider, IdToken, Signature, Trouble},
    light::{Light, Opening, cookies},
    limited::Limited,
    log::Log,
    mail::{Mail, Maildir},
    multipart::Form,
    names::Names,
    nginx::Nginx,
    oauth::{Account, OAuthServers},
    people::{PASSWORD, Person},
    process::{Process, output},
    proxy::{Cut, Proxy},
    python::Python,
    raw::{Raw, RawAnswer},
    server::{TestServer, patient, share_plugin_cache},
    sink::{Fault, SmtpSink},
    sockets::{Ack, Dial, Received, Refusal, Socket, Sockets},
    stores::{Bucket, Contents, Object, ObjectStores, StoreKind},
    wire::{Damage, Wire},
};

/// The longest any wait may take, in a debug build on a busy machine.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// Declares a test that runs once on each database, as `name::sqlite` and `name::postgres`.
///
/// ```ignore
/// db_test! {
///     async fn a01_registering_sends_a_mail(db) {
///         let server = TestServer::start(db).await;
///     }
/// }
/// ```
macro_rules! db_test {
    ($($(#[$meta:meta])* async fn $name:ident($db:ident) $body:block)+) => {$(
        mod $name {
            #[allow(unused_imports, reason = "a short test may need nothing of its file")]
            use super::*;

            $(#[$meta])*
            async fn story($db: $crate::support::Db) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                story($crate::support::Db::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                story($crate::support::Db::Postgres).await;
            }
        }
    )+};
}

/// Waits until `probe` gives something, asking every few milliseconds; panics with `what` after [`DEADLINE`].
pub async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, probe: impl FnMut() -> F) -> T {
    within(DEADLINE, what, probe).await
}

/// The same for what may take longer.
pub async fn within<T, F: Future<Output = Option<T>>>(deadline: Duration, what: &str, mut probe: impl FnMut() -> F) -> T {
    let search = async {
        loop {
            if let Some(found) = probe().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(15)).await;
        }
    };
    match tokio::time::timeout(deadline, search).await {
        Ok(found) => found,
        Err(_) => panic!("waited {deadline:?} in vain: {what}"),
    }
}

/// Whether this is the long run, `make test-full`.
pub fn full() -> bool {
    #[expect(clippy::disallowed_methods, reason = "the tests' own settings come from who started them")]
    std::env::var("COMMUNITY_TEST_FULL").is_ok_and(|value| !value.is_empty())
}

/// What chance begins with in a test of arbitrary things. It is printed, so that a run that failed can be had again with
/// `COMMUNITY_TEST_SEED`.
pub fn seed() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "the tests' own settings come from who started them")]
    let given = std::env::var("COMMUNITY_TEST_SEED").ok().map(|seed| seed.parse().expect("COMMUNITY_TEST_SEED must be a number"));
    let seed = given.unwrap_or_else(|| u64::from_be_bytes(Random::from_system().bytes()));
    println!("COMMUNITY_TEST_SEED={seed}");
    seed
}

/// The ports that [`free_port`] gives: below those that the kernel gives to every connection, which could take one meanwhile.
const PORTS: Range<u16> = 10_000..32_000;

/// A port of 127.0.0.1 that is free at the moment, and that nobody else of this process is given.
pub fn free_port() -> u16 {
    // Another process begins elsewhere.
    static NEXT: LazyLock<AtomicU16> = LazyLock::new(|| AtomicU16::new(u16::from_be_bytes(Random::from_system().bytes())));
    let mut ports = PORTS.map(|_| PORTS.start + NEXT.fetch_add(1, Ordering::Relaxed) % (PORTS.end - PORTS.start));
    ports.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).expect("no port is free")
}

/// The folder with Node.js, packages from npm and what else the tests run.
pub fn tools() -> std::path::PathBuf {
    peer("COMMUNITY_TEST_TOOLS").into()
}

/// What `make test` and `make peers` export; without it there is nothing to test against.
fn peer(variable: &str) -> String {
    #[expect(clippy::disallowed_methods, reason = "the tests' own settings come from who started them")]
    std::env::var(variable).unwrap_or_else(|_| panic!("{variable} is not set: run `make test`, or start the peers with `make peers`"))
}
