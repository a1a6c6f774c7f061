//! Uploads from outside: one suite for every kind of store, hostile files, crashes, and what concerns only one kind.

mod addressing;
mod bodies;
mod corpus;
mod crash;
mod doctor;
mod files;
mod forms;
mod full;
mod janitor;
mod load;
mod metadata;
mod outage;
mod quotas;
mod serving;
mod signatures;
mod storing;
mod thumbnails;

use std::{fs, path::Path};

use community::{
    clock::{Clock, SystemClock},
    config::{Addressing, Config, OssSignature, Secret, Span, UploadsBackend},
};
use serde_json::Value;

use self::files::{Facts, audit::audit};
use crate::support::{Answer, Bucket, Client, Db, Form, ObjectStores, StoreKind, TestServer, Wire, eventually};

/// How far the server's clock is ahead, so that it may stand still.
const AHEAD: std::time::Duration = std::time::Duration::from_secs(50);

/// Where files go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// A folder.
    Fs,
    /// S3.
    S3,
    /// Aliyun OSS with signatures V1.
    OssV1,
    /// Aliyun OSS with signatures V4.
    OssV4,
}

/// A community with a store for its files.
pub struct Place {
    pub server: TestServer,
    /// The bucket, and the wire to it; none for a folder.
    pub remote: Option<(Bucket, Wire)>,
}

/// Declares a test that runs once for every kind of store, and on each database for one of them.
macro_rules! store_test {
    ($($(#[$meta:meta])* async fn $name:ident($db:ident, $backend:ident) $body:block)+) => {
        store_test! { @each [
            fs_sqlite Sqlite Fs, fs_postgres Postgres Fs, s3 Sqlite S3, oss_v1 Sqlite OssV1, oss_v4 Sqlite OssV4
        ] $($(#[$meta])* async fn $name($db, $backend) $body)+ }
    };
    (remote: $($(#[$meta:meta])* async fn $name:ident($db:ident, $backend:ident) $body:block)+) => {
        store_test! { @each [s3 Sqlite S3, oss_v1 Sqlite OssV1, oss_v4 Sqlite OssV4] $($(#[$meta])* async fn $name($db, $backend) $body)+ }
    };
    (@each $cases:tt $($(#[$meta:meta])* async fn $name:ident($db:ident, $backend:ident) $body:block)+) => {$(
        mod $name {
            #[allow(unused_imports, reason = "a short test may need nothing of its file")]
            use super::*;

            $(#[$meta])*
            async fn story($db: $crate::support::Db, $backend: $crate::stores::Backend) $body

            store_test! { @cases $cases }
        }
    )+};
    (@cases [$($case:ident $db:ident $backend:ident),+]) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $case() {
            story($crate::support::Db::$db, $crate::stores::Backend::$backend).await;
        }
    )+};
}
pub(crate) use store_test;

impl Place {
    /// One without limits on how much anybody uploads.
    pub async fn start(db: Db, backend: Backend) -> Self {
        Self::start_with(db, backend, |config| config.limits.enabled = false).await
    }

    /// One with a changed configuration. What it cleans up when it starts is done.
    pub async fn start_with(db: Db, backend: Backend, change: impl FnOnce(&mut Config)) -> Self {
        let place = Self::begin_with(db, backend, change).await;
        place.claimed().await;
        place
    }

    /// The same, also where there is no store.
    pub async fn begin_with(db: Db, backend: Backend, change: impl FnOnce(&mut Config)) -> Self {
        let remote = match backend {
            Backend::Fs => None,
            Backend::S3 => Some(remote(StoreKind::S3).await),
            Backend::OssV1 | Backend::OssV4 => Some(remote(StoreKind::Oss).await),
        };
        let stores = if remote.is_some() { Some(ObjectStores::shared().await) } else { None };
        let server = TestServer::start_with(db, |config| {
            if let (Some((bucket, wire)), Some(stores)) = (&remote, stores) {
                point_to(config, backend, bucket, wire.port, stores);
            }
            // Small versions come when they come; only who asks for them gets them.
            config.uploads.thumbnail_megapixels = 0;
            change(config);
        });
        let server = server.await;
        // Objects carry the time of the real stores.
        server.clock.advance(SystemClock.now().plus(AHEAD).since(server.now()));
        Self { server, remote }
    }

    /// The bucket.
    pub fn bucket(&self) -> &Bucket {
        &self.remote.as_ref().unwrap().0
    }

    /// The wire to it.
    pub fn wire(&self) -> &Wire {
        &self.remote.as_ref().unwrap().1
    }

    /// The keys of everything in the store, sorted.
    pub async fn keys(&self) -> Vec<String> {
        let mut keys = self.all().await;
        keys.retain(|key: &String| !is_mark(key));
        keys.sort();
        keys
    }

    /// Waits until the store says whose it is. Before that the janitor touches nothing.
    pub async fn claimed(&self) {
        eventually("the store to be claimed", || async {
            self.all().await.iter().any(|key| key.starts_with("community/") && is_mark(key)).then_some(())
        })
        .await;
    }

    async fn all(&self) -> Vec<String> {
        match &self.remote {
            Some((bucket, _)) => bucket.look().await.objects.into_iter().map(|object| object.key).collect(),
            None => files_below(&self.folder()),
        }
    }

    /// What was begun and is neither there nor given up: multipart uploads, temporary files.
    pub async fn unfinished(&self) -> Vec<String> {
        match &self.remote {
            Some((bucket, _)) => bucket.look().await.unfinished,
            None => files_below(&self.folder()).into_iter().filter(|key| !key.starts_with("community/") && !is_mark(key)).collect(),
        }
    }

    /// The folder of a store that is one.
    pub fn folder(&self) -> std::path::PathBuf {
        self.server.config.data_dir.join("uploads")
    }

    /// Puts a file into the store behind the server's back.
    pub async fn plant(&self, key: &str, bytes: &[u8]) {
        let Some((bucket, _)) = &self.remote else {
            let path = self.folder().join(key);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            return fs::write(path, bytes).unwrap();
        };
        bucket.put(key, bytes).await;
    }

    /// Takes an object away behind the server's back.
    pub async fn lose(&self, key: &str) {
        match &self.remote {
            Some((bucket, _)) => bucket.delete(key).await,
            None => fs::remove_file(self.folder().join(key)).unwrap(),
        }
    }

    /// What everybody gets at the address that an upload was answered with.
    pub async fn fetch(&self, url: &str) -> Answer {
        match &self.remote {
            Some((bucket, _)) => bucket.get(self.key(url)).await,
            None => self.server.client().get(url).await,
        }
    }

    /// The object's key in the address of an upload.
    pub fn key<'a>(&self, url: &'a str) -> &'a str {
        let found = match &self.remote {
            Some((bucket, _)) => url.strip_prefix(&bucket.public_url()).and_then(|key| key.strip_prefix('/')),
            None => url.split_once("/uploads/").map(|(_, key)| key),
        };
        found.unwrap_or_else(|| panic!("{url} is not where files are"))
    }

    /// The stored bytes of an upload, after a stranger's look at them.
    pub async fn audit(&self, url: &str) -> (Vec<u8>, Facts) {
        let stored = self.fetch(url).await.expect(200).body;
        let facts = audit(&stored).unwrap_or_else(|wrong| panic!("{url}: {wrong}"));
        (stored, facts)
    }

    /// Ends the server.
    pub async fn stop(self) {
        self.server.stop().await;
    }
}

async fn remote(store: StoreKind) -> (Bucket, Wire) {
    let stores = ObjectStores::shared().await;
    (stores.bucket(store).await, Wire::to(stores.port(store)).await)
}

/// What an operator writes to have files in this bucket.
fn point_to(config: &mut Config, backend: Backend, bucket: &Bucket, port: u16, stores: &ObjectStores) {
    let (id, secret) = stores.key();
    let uploads = &mut config.uploads;
    uploads.backend = if backend == Backend::S3 { UploadsBackend::S3 } else { UploadsBackend::Oss };
    uploads.signature = if backend == Backend::OssV1 { OssSignature::V1 } else { OssSignature::V4 };
    uploads.bucket = Some(bucket.name.clone());
    uploads.region = Some(stores.region().to_owned());
    uploads.endpoint = Some(format!("http://127.0.0.1:{port}").parse().unwrap());
    uploads.addressing = Addressing::Path;
    (uploads.access_key_id, uploads.secret_access_key) = (Some(Secret::new(id.to_owned())), Some(Secret::new(secret.to_owned())));
    uploads.public_url = Some(bucket.public_url().parse().unwrap());
    config.limits.upload_wait = Span::seconds(10);
}

/// Whether a key, a path or a name is of the mark that says whose the store is, also while it is written: it is no upload.
pub fn is_mark(key: &str) -> bool {
    key.rsplit('/').next().is_some_and(|name| name.starts_with("owner-"))
}

/// Every file below `folder`, by its way from there.
pub fn files_below(folder: &Path) -> Vec<String> {
    let (mut files, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(next) = folders.pop() {
        // A folder that nothing was put into need not exist.
        for entry in fs::read_dir(&next).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    files
}

/// Uploads a file that is to be accepted, and gives the answer.
pub async fn upload(client: &Client, file: &[u8]) -> Value {
    Form::of(file).call(client).send().await.expect(200).json()
}

/// The public address in an answer.
pub fn url(answer: &Value) -> String {
    answer["url"].as_str().unwrap_or_else(|| panic!("no address in {answer}")).to_owned()
}

/// One's own uploads, newest first.
pub async fn list(client: &Client) -> Vec<Value> {
    client.get("/api/uploads").await.expect(200).json()["uploads"].as_array().unwrap().clone()
}
