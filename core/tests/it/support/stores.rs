//! Real object stores (`core/tests/tools/object_stores.py`): one process for all tests of a run, and a bucket for each of them.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use tokio::sync::OnceCell;

use super::{Answer, Client, process::Process};

/// The running stores.
pub struct ObjectStores {
    /// The process ends when its standard input closes, which is when the tests end.
    _process: Process,
    ready: Ready,
}

#[derive(Deserialize)]
struct Ready {
    s3: u16,
    oss: u16,
    api: u16,
    access_key: String,
    secret_key: String,
    region: String,
}

/// The kinds of stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreKind {
    /// Amazon S3, as moto does it.
    S3,
    /// Aliyun OSS, with signatures as its official SDK computes them.
    Oss,
}

/// One test's bucket, seen from outside.
pub struct Bucket {
    /// Its name.
    pub name: String,
    store: StoreKind,
    api: Client,
    base: String,
}

/// What is in a bucket.
#[derive(Debug, Deserialize)]
pub struct Contents {
    /// The objects.
    pub objects: Vec<Object>,
    /// The keys of multipart uploads that were neither completed nor aborted.
    pub unfinished: Vec<String>,
    /// How often a request was signed `v1` or `v4`, was `anonymous`, or was answered with an error of this code. OSS only.
    pub seen: BTreeMap<String, u32>,
}

/// An object.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Object {
    /// Its key.
    pub key: String,
    /// Bytes.
    pub size: u64,
}

static SHARED: OnceCell<ObjectStores> = OnceCell::const_new();

impl ObjectStores {
    /// The stores, started by the first test that asks.
    pub async fn shared() -> &'static Self {
        SHARED.get_or_init(|| async { tokio::task::spawn_blocking(Self::start).await.unwrap() }).await
    }

    fn start() -> Self {
        let mut command = Command::new(super::peer("COMMUNITY_TEST_PYTHON"));
        command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tools/object_stores.py")).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = Process::spawn(&mut command).expect("COMMUNITY_TEST_PYTHON cannot be started: run `make test`, or `make peers`");
        let mut ready = String::new();
        BufReader::new(process.0.stdout.take().unwrap()).read_line(&mut ready).unwrap();
        let ready = serde_json::from_str(&ready).expect("the object stores ended at their start: run `make test`, or `make peers`");
        Self { _process: process, ready }
    }

    /// The port of 127.0.0.1 on which a store speaks its protocol.
    pub fn port(&self, store: StoreKind) -> u16 {
        match store {
            StoreKind::S3 => self.ready.s3,
            StoreKind::Oss => self.ready.oss,
        }
    }

    /// The id and the secret of the only key that is let in.
    pub fn key(&self) -> (&str, &str) {
        (&self.ready.access_key, &self.ready.secret_key)
    }

    /// The region of both.
    pub fn region(&self) -> &str {
        &self.ready.region
    }

    /// A new, empty bucket.
    pub async fn bucket(&self, store: StoreKind) -> Bucket {
        let name = URL_SAFE_NO_PAD.encode(community::random::Random::from_system().bytes::<9>()).to_lowercase().replace('_', "x");
        let base = format!("http://127.0.0.1:{}", self.ready.api);
        let bucket = Bucket { name: format!("test-{name}-bucket"), store, api: Client::new(base.clone()), base };
        bucket.ask("POST", "", Vec::new()).await.expect(200);
        bucket
    }
}

impl Bucket {
    /// Where everybody can read the objects, as from a CDN in front of the bucket: what goes into `public_url`.
    pub fn public_url(&self) -> String {
        format!("{}/{}", self.base, self.path(""))
    }

    /// What is in it.
    pub async fn look(&self) -> Contents {
        serde_json::from_value(self.ask("GET", "", Vec::new()).await.expect(200).json()).unwrap()
    }

    /// An object: 200 with its headers, or 404.
    pub async fn get(&self, key: &str) -> Answer {
        self.ask("GET", key, Vec::new()).await
    }

    /// Puts an object there as somebody else would.
    pub async fn put(&self, key: &str, bytes: &[u8]) {
        self.ask("PUT", key, bytes.to_vec()).await.expect(200);
    }

    /// Takes an object away as somebody else would.
    pub async fn delete(&self, key: &str) {
        self.ask("DELETE", key, Vec::new()).await.expect(200);
    }

    async fn ask(&self, method: &str, key: &str, body: Vec<u8>) -> Answer {
        self.api.call(method, &format!("/{}", self.path(key))).body(body).send().await
    }

    fn path(&self, key: &str) -> String {
        let store = match self.store {
            StoreKind::S3 => "s3",
            StoreKind::Oss => "oss",
        };
        if key.is_empty() { format!("{store}/{}", self.name) } else { format!("{store}/{}/{key}", self.name) }
    }
}
