//! Where the bytes are: a folder, or a bucket of Amazon S3 or Aliyun OSS, all through one library.
//!
//! Every call is bounded in time, so that a store that is down costs its caller an error and nothing else. What failed may have
//! happened all the same; that is why rows come first, and the janitor looks after them.

mod operator;
mod signing;
mod writer;

use std::{future::Future, io, path::PathBuf, sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::TryStreamExt;
use opendal::{ErrorKind, Operator, layers::PrometheusLayer};
use prometheus::Registry;
use tokio::{sync::OnceCell, time::timeout};

pub use self::writer::{CACHE, ObjectWriter};
use super::{
    key::{ObjectKey, PREFIX},
    model::Kind,
    policy,
};
use crate::{
    clock::Timestamp,
    config::{Config, UploadsBackend},
    error::{Error, Result},
    outbound::{ObjectTransport, Resolve, SetupError},
};

/// How long one call may take, tries that failed included.
const PATIENCE: Duration = Duration::from_secs(13);
/// Names of objects that are looked at together.
const BATCH: usize = 200;
/// What the name of the object begins with that says whose the store is.
const OWNER: &str = "community/owner-";

/// The object store. Cheap to clone.
#[derive(Clone)]
pub struct Objects(Arc<Inner>);

struct Inner {
    config: Arc<Config>,
    transport: ObjectTransport,
    metrics: Option<PrometheusLayer>,
    /// Made when it is first needed, since a folder may not be there yet.
    operator: OnceCell<Operator>,
}

impl Objects {
    /// The store that `config` names. Does not touch it. Counts what it does in `metrics`.
    ///
    /// # Errors
    /// TLS cannot be set up.
    pub fn new(config: &Arc<Config>, resolver: Arc<dyn Resolve>, metrics: Option<&Registry>) -> Result<Self, SetupError> {
        let metrics = metrics.and_then(|registry| {
            let layer = PrometheusLayer::builder().register(registry);
            layer.inspect_err(|error| tracing::error!(%error, "the counters of the object store are not served")).ok()
        });
        let transport = ObjectTransport::new(&config.outbound, resolver)?;
        Ok(Self(Arc::new(Inner { config: config.clone(), transport, metrics, operator: OnceCell::new() })))
    }

    /// The operator.
    ///
    /// # Errors
    /// `upload_unavailable`.
    async fn operator(&self) -> Result<&Operator> {
        let inner = &self.0;
        let make = || async { operator::make(&inner.config, &inner.transport, inner.metrics.as_ref()) };
        inner.operator.get_or_try_init(make).await.map_err(|error| policy::unavailable().caused_by(error))
    }

    /// Whether there is a store at all.
    ///
    /// # Errors
    /// `upload_unavailable`.
    pub fn require(&self) -> Result<()> {
        if self.0.config.uploads.backend == UploadsBackend::None { Err(policy::not_configured()) } else { Ok(()) }
    }

    /// The folder of files that this server serves itself; `None` where the store is a bucket.
    pub fn folder(&self) -> Option<PathBuf> {
        (self.0.config.uploads.backend == UploadsBackend::Fs).then(|| self.0.config.uploads_directory())
    }

    /// Where everybody finds the object.
    pub fn url(&self, key: &ObjectKey) -> String {
        format!("{}/{key}", self.0.config.uploads_url())
    }

    /// Begins to write the object of a key that was never used.
    pub async fn writer(&self, key: &ObjectKey, kind: Kind) -> Result<ObjectWriter> {
        self.require()?;
        ObjectWriter::begin(self.operator().await?, key, kind, self.folder()).await
    }

    /// Writes a small object.
    pub async fn put(&self, key: &ObjectKey, kind: Kind, bytes: &[u8]) -> Result<()> {
        let mut writer = self.writer(key, kind).await?;
        writer.write(bytes).await?;
        writer.close().await.map(|_| ())
    }

    /// Reads a whole object.
    pub async fn get(&self, key: &ObjectKey) -> Result<Bytes> {
        let operator = self.operator().await?;
        bounded(operator.read(key.as_str())).await.map(|buffer| buffer.to_bytes())
    }

    /// Removes an object, which may not be there, and what of it is half written.
    pub async fn remove(&self, key: &ObjectKey) -> Result<()> {
        let operator = self.operator().await?;
        if let Some(folder) = self.folder() {
            writer::remove_halves(&folder, key.name(), None).await.map_err(|error| policy::unavailable().caused_by(error))?;
        }
        bounded(operator.delete(key.as_str())).await
    }

    /// Removes files that are half written, of all that began before `before`; all there are without one.
    ///
    /// # Errors
    /// The folder cannot be read or written.
    pub async fn remove_halves(&self, before: Option<Timestamp>) -> io::Result<()> {
        match self.folder() {
            Some(folder) => writer::remove_halves(&folder, "", before).await,
            None => Ok(()),
        }
    }

    /// Calls `look` with the keys of all objects, in batches. Whatever is no key of this server is passed over. False if the store
    /// is not that of the database called `owner` alone, in which case nothing is looked at.
    pub async fn each<F>(&self, owner: &str, mut look: impl FnMut(Vec<ObjectKey>) -> F) -> Result<bool>
    where
        F: Future<Output = Result<()>>,
    {
        if !self.belongs_to(owner).await? {
            return Ok(false);
        }
        let operator = self.operator().await?;
        let mut entries = bounded(operator.lister_with(PREFIX).recursive(true).into_future()).await?;
        let mut batch = Vec::new();
        while let Some(entry) = bounded(entries.try_next()).await? {
            batch.extend(ObjectKey::parse(entry.path()));
            if batch.len() == BATCH {
                look(std::mem::take(&mut batch)).await?;
            }
        }
        look(batch).await?;
        Ok(true)
    }

    /// Whether the store is that of the database called `owner` alone. A store that belongs to nobody becomes its.
    async fn belongs_to(&self, owner: &str) -> Result<bool> {
        let operator = self.operator().await?;
        let found = bounded(operator.list(PREFIX)).await?;
        let own = format!("{OWNER}{owner}");
        let owners: Vec<String> = found.into_iter().map(|entry| entry.path().to_owned()).filter(|path| path.starts_with(OWNER)).collect();
        if owners.is_empty() {
            bounded(operator.write(&own, "This names the database whose files are in this store.\n")).await?;
        }
        Ok(owners.iter().all(|path| *path == own))
    }

    /// Writes, reads and removes an object with a name of its own.
    ///
    /// # Errors
    /// What does not work, for the operator.
    pub async fn probe(&self, name: &str) -> Result<(), String> {
        let operator = operator::make(&self.0.config, &self.0.transport, None).map_err(|error| error.to_string())?;
        let path = format!("community/probe-{name}");
        let content = b"probe".as_slice();
        let told = |what: &str| {
            let what = what.to_owned();
            move |error: Error| format!("it cannot {what}: {}", error.source.map_or_else(|| error.message, |source| source.to_string()))
        };
        bounded(operator.write(&path, content)).await.map_err(told("be written to"))?;
        let found = bounded(operator.read(&path)).await.map_err(told("be read"))?;
        bounded(operator.delete(&path)).await.map_err(told("delete"))?;
        if found.to_bytes() == content { Ok(()) } else { Err("it gives back something else than was written".to_owned()) }
    }
}

/// Waits for a call to the store, but not for ever.
///
/// # Errors
/// `upload_unavailable`, with the cause for the log.
async fn bounded<T>(call: impl Future<Output = opendal::Result<T>>) -> Result<T> {
    match timeout(PATIENCE, call).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(policy::unavailable().caused_by(error)),
        Err(_) => Err(policy::unavailable().caused_by("the object store did not answer in time")),
    }
}

/// Whether there was no such object.
pub fn is_missing(error: &Error) -> bool {
    let source = error.source.as_deref().and_then(|source| source.downcast_ref::<opendal::Error>());
    source.is_some_and(|error| error.kind() == ErrorKind::NotFound)
}
