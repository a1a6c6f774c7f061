//! Removes what crashes, broken connections and outages of the store left behind. Never a finished upload.
//!
//! Every object has a row before its first byte is written, so an unfinished upload is found by its row. The objects without one,
//! which only a database that was set back can leave, are found by listing the store; but only in a store that says that it belongs
//! to this database and no other, lest a trial with a new database empties somebody's bucket, and only once they are a day old, so
//! that whoever set the database back has time to see it.
//!
//! What cannot be removed is told of and tried again the next time. It holds up nothing else.

use std::{collections::HashSet, sync::Arc, time::Duration};

use super::{
    actions,
    key::ObjectKey,
    model::Upload,
    objects::{Objects, Ownership},
    queries,
};
use crate::{
    clock::Clock,
    config::Config,
    error::Result,
    ids::{NodeId, UploadId},
    store::Store,
};

/// Rows that are looked at together.
const BATCH: u64 = 100;
/// How much longer than it may take an upload is left alone, where other servers may be at it.
const GRACE: Duration = Duration::from_mins(5);
/// How long a file without a row is left alone.
const ORPHANED: Duration = Duration::from_hours(24);

/// The janitor. Cheap to clone.
#[derive(Clone)]
pub struct Janitor {
    store: Store,
    objects: Objects,
    clock: Arc<dyn Clock>,
    patience: Duration,
}

impl Janitor {
    /// One for the uploads of `config`.
    pub fn new(config: &Config, store: Store, objects: Objects, clock: Arc<dyn Clock>) -> Self {
        Self { store, objects, clock, patience: config.uploads.max_duration.0 + GRACE }
    }

    /// Removes what earlier processes were writing when they ended. To be called before anything is written.
    pub async fn begin(&self) {
        let before = self.store.is_shared().then(|| self.clock.now().minus(self.patience));
        if let Err(error) = self.objects.remove_halves(before).await {
            tracing::warn!(%error, cause = ?error.source, "half-written files could not be removed");
        }
    }

    /// Removes the files of uploads that are to go.
    ///
    /// # Errors
    /// The first of what did not work. Everything else was done all the same.
    pub async fn sweep(&self) -> Result<()> {
        if self.objects.require().is_err() {
            return Ok(());
        }
        let doomed = self.remove_doomed().await;
        let counted = self.store.write((), |tx, ()| Box::pin(actions::sweep(tx))).await;
        doomed.and(counted)
    }

    /// Removes the objects of uploads that were removed or will not be finished.
    async fn remove_doomed(&self) -> Result<()> {
        let before = self.clock.now().minus(self.patience);
        // Where nobody else writes, whatever another process began has ended with it.
        let only: Option<&NodeId> = (!self.store.is_shared()).then(|| self.store.node());
        let (mut outcome, mut last): (_, Option<UploadId>) = (Ok(()), None);
        loop {
            let doomed = queries::doomed(self.store.reader(), before, only, last.as_ref(), BATCH).await?;
            let Some(newest) = doomed.last() else { return outcome };
            last = Some(newest.id.clone());
            for upload in &doomed {
                let removed = self.remove(upload).await;
                if let Err(error) = &removed {
                    tracing::warn!(upload = %upload.id, %error, cause = ?error.source, "a removed upload still has its file");
                }
                outcome = outcome.and(removed);
            }
        }
    }

    async fn remove(&self, upload: &Upload) -> Result<()> {
        // First the row: whoever is still at it must not make it ready once its object is gone.
        if !self.store.write(upload.id.clone(), |tx, id| Box::pin(actions::give_up(tx, id))).await? {
            return Ok(());
        }
        for key in upload.keys() {
            self.objects.remove(&key).await?;
        }
        self.store.write(upload.id.clone(), |tx, id| Box::pin(actions::removed(tx, id))).await.map(drop)
    }

    /// Removes files that belong to no upload, after a look at all files there are.
    ///
    /// # Errors
    /// The first of what did not work. Everything else was done all the same.
    pub async fn sweep_orphans(&self) -> Result<()> {
        if self.objects.require().is_err() {
            return Ok(());
        }
        let owner = self.store.write((), |tx, ()| Box::pin(actions::owner(tx))).await?;
        match self.objects.ownership(&owner).await? {
            Ownership::Own => self.objects.each(|keys| self.remove_unknown(keys)).await,
            Ownership::Claimed => Ok(()),
            Ownership::Foreign => {
                tracing::warn!("the object store is another database's, too, so files without a row are left alone");
                Ok(())
            }
        }
    }

    /// Removes those of `keys` that belong to no upload and are old. The rows are read after the objects were seen, and are older
    /// than they.
    async fn remove_unknown(&self, keys: Vec<ObjectKey>) -> Result<()> {
        let stems: HashSet<String> = keys.iter().map(|key| key.stem().to_owned()).collect();
        let stems: Vec<String> = stems.into_iter().collect();
        let known = queries::known(self.store.reader(), &stems).await?;
        let mut outcome = Ok(());
        for key in keys.iter().filter(|key| !known.contains(key.stem())) {
            let removed = self.remove_orphan(key).await;
            if let Err(error) = &removed {
                tracing::warn!(%key, %error, cause = ?error.source, "a file that belongs to no upload could not be removed");
            }
            outcome = outcome.and(removed);
        }
        outcome
    }

    async fn remove_orphan(&self, key: &ObjectKey) -> Result<()> {
        if self.objects.modified(key).await?.is_none_or(|modified| modified > self.clock.now().minus(ORPHANED)) {
            return Ok(());
        }
        tracing::info!(%key, "removing a file that belongs to no upload");
        self.objects.remove(key).await
    }
}
