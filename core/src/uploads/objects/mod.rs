//! Where the bytes are: a folder, or a bucket of Amazon S3 or Aliyun OSS, all through one library.
//!
//! Every call is bounded in time, so that a store that is down costs its caller an error and nothing else. What failed may have
//! happened all the same; that is why rows come first, and the janitor looks after them.

mod halves;
mod operator;
mod signing;
mod writer;

use std::{error::Error as StdError, future::Future, path::PathBuf, sync::Arc, time::Duration};

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

/// Names of objects that are looked at together.
const BATCH: usize = 200;
/// What the name of the object begins with that says whose the store is.
const OWNER: &str = "community/owner-";

/// Whose files are in a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ownership {
    /// Those of the database that asks, and of no other.
    Own,
    /// They were nobody's; from now on they are those of the database that asks.
    Claimed,
    /// Those of another database, too.
    Foreign,
}

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
    /// What is in the folder of a store: files, and halves of them.
    pub const FOLDERS: [&str; 2] = [PREFIX, halves::HALVES];

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

    /// The folder of files that this server serves itself. It may not be there; where the store is a bucket, or there is none any
    /// more, files of former times are in it.
    pub fn served(&self) -> PathBuf {
        self.0.config.uploads_directory()
    }

    /// The folder, where it is the store.
    fn folder(&self) -> Option<PathBuf> {
        (self.0.config.uploads.backend == UploadsBackend::Fs).then(|| self.served())
    }

    /// How long one call may take, tries that failed included.
    fn patience(&self) -> Duration {
        self.0.config.uploads.store_timeout.0
    }

    /// Waits for a call to the store, but not for ever.
    ///
    /// # Errors
    /// `upload_unavailable`, with the cause for the log.
    async fn bounded<T, E: Into<Cause>>(&self, call: impl Future<Output = Result<T, E>>) -> Result<T> {
        within(self.patience(), call).await
    }

    /// Where everybody finds the object.
    pub fn url(&self, key: &ObjectKey) -> String {
        format!("{}/{key}", self.0.config.uploads_url())
    }

    /// Begins to write the object of a key that was never used.
    pub async fn writer(&self, key: &ObjectKey, kind: Kind) -> Result<ObjectWriter> {
        self.require()?;
        ObjectWriter::begin(self.operator().await?, key, kind, self.folder(), self.patience()).await
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
        self.bounded(operator.read(key.as_str())).await.map(|buffer| buffer.to_bytes())
    }

    /// When an object was last written; `None` if it is not there, or the store does not say.
    pub async fn modified(&self, key: &ObjectKey) -> Result<Option<Timestamp>> {
        let operator = self.operator().await?;
        match self.bounded(operator.stat(key.as_str())).await {
            Ok(metadata) => Ok(metadata.last_modified().map(|moment| Timestamp::from_millis(moment.into_inner().as_millisecond()))),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Removes an object, which may not be there, what of it is half written, and what the folder has of it from former times.
    pub async fn remove(&self, key: &ObjectKey) -> Result<()> {
        if let Some(folder) = self.folder() {
            self.bounded(halves::remove_halves(&folder, key.name(), None)).await?;
        } else {
            self.bounded(halves::remove_file(&self.served().join(key.as_str()))).await?;
        }
        if self.require().is_err() {
            return Ok(());
        }
        let operator = self.operator().await?;
        match self.bounded(operator.delete(key.as_str())).await {
            // Somebody else, such as the janitor, was faster by a moment.
            Err(error) if is_missing(&error) => Ok(()),
            outcome => outcome,
        }
    }

    /// Removes files that are half written, of all that began before `before`; all there are without one.
    ///
    /// # Errors
    /// The folder cannot be read or written.
    pub async fn remove_halves(&self, before: Option<Timestamp>) -> Result<()> {
        match self.folder() {
            Some(folder) => self.bounded(halves::remove_halves(&folder, "", before)).await,
            None => Ok(()),
        }
    }

    /// Calls `look` with the keys of all objects, in batches, whatever becomes of one. What is no key of this server is passed over.
    ///
    /// # Errors
    /// The first of `look`; the store does not answer.
    pub async fn each<F>(&self, mut look: impl FnMut(Vec<ObjectKey>) -> F) -> Result<()>
    where
        F: Future<Output = Result<()>>,
    {
        let operator = self.operator().await?;
        let mut entries = self.bounded(operator.lister_with(PREFIX).recursive(true).into_future()).await?;
        let (mut batch, mut outcome) = (Vec::new(), Ok(()));
        while let Some(entry) = self.bounded(entries.try_next()).await? {
            batch.extend(ObjectKey::parse(entry.path()));
            if batch.len() == BATCH {
                outcome = outcome.and(look(std::mem::take(&mut batch)).await);
            }
        }
        outcome.and(look(batch).await)
    }

    /// Whether the store is that of the database called `owner`. A store that belongs to nobody becomes its.
    pub async fn ownership(&self, owner: &str) -> Result<Ownership> {
        let operator = self.operator().await?;
        let found = self.bounded(operator.list(PREFIX)).await?;
        let own = format!("{OWNER}{owner}");
        let owners: Vec<String> = found.into_iter().map(|entry| entry.path().to_owned()).filter(|path| path.starts_with(OWNER)).collect();
        if owners.is_empty() {
            self.bounded(operator.write(&own, "This names the database whose files are in this store.\n")).await?;
            return Ok(Ownership::Claimed);
        }
        Ok(if owners.iter().all(|path| *path == own) { Ownership::Own } else { Ownership::Foreign })
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
        self.bounded(operator.write(&path, content)).await.map_err(told("be written to"))?;
        let found = self.bounded(operator.read(&path)).await;
        // Whatever was read, nothing stays.
        let deleted = self.bounded(operator.delete(&path)).await;
        let found = found.map_err(told("be read"))?;
        deleted.map_err(told("delete"))?;
        if found.to_bytes() == content { Ok(()) } else { Err("it gives back something else than was written".to_owned()) }
    }
}

/// What went wrong in a store.
type Cause = Box<dyn StdError + Send + Sync>;

/// Waits for a call to the store, so long and no longer.
async fn within<T, E: Into<Cause>>(patience: Duration, call: impl Future<Output = Result<T, E>>) -> Result<T> {
    match timeout(patience, call).await {
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
