//! Small versions of pictures, made in the background, one at a time. What waits for its turn is in the rows, so a restart loses
//! nothing; a picture that cannot be decoded keeps working without one.

mod picture;

use std::{sync::Arc, time::Duration};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{
    actions,
    model::{Thumbnail, Upload},
    objects::{self, Objects},
    queries,
};
use crate::{
    error::{Error, Result},
    ids::UploadId,
    store::{Store, Tx},
    threads::aside,
};

/// How long at most until the rows are looked at again: another server may have ended before it got to it.
const LOOK_AGAIN: Duration = Duration::from_mins(10);

/// Pictures in a row that cannot be read or written before it is taken for an outage of the store.
const OUTAGE: usize = 3;

/// Makes small versions. Cheap to clone.
#[derive(Clone)]
pub struct Thumbnails {
    store: Store,
    objects: Objects,
    most_pixels: u64,
    wake: Arc<Notify>,
}

impl Thumbnails {
    /// Makes them of the pictures in `objects` that have at most so many pixels.
    pub fn new(store: Store, objects: Objects, most_pixels: u64) -> Self {
        Self { store, objects, most_pixels, wake: Arc::default() }
    }

    /// There may be a picture that waits for its small version.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Makes them until `stop`. Where there is no store, none can be made.
    pub async fn run(self, stop: CancellationToken) {
        if self.objects.require().is_err() {
            return;
        }
        let mut last = None;
        while !stop.is_cancelled() {
            if let Err(error) = self.make_all(&mut last, &stop).await {
                tracing::warn!(%error, cause = ?error.source, "small versions of pictures have to wait");
            }
            tokio::select! {
                () = self.wake.notified() => {}
                () = tokio::time::sleep(LOOK_AGAIN) => {}
                () = stop.cancelled() => {}
            }
        }
    }

    /// Makes those that wait, from the one after `last` on. In an outage it stops, and the next time goes on behind where it
    /// stopped, so that no picture, however broken, stands in the way of the others.
    async fn make_all(&self, last: &mut Option<UploadId>, stop: &CancellationToken) -> Result<()> {
        let mut failures = 0;
        while let Some(upload) = queries::next_thumbnail(self.store.reader(), last.as_ref()).await? {
            if stop.is_cancelled() {
                return Ok(());
            }
            let made = self.make(&upload).await;
            *last = Some(upload.id.clone());
            let Err(error) = made else {
                failures = 0;
                continue;
            };
            failures += 1;
            if failures == OUTAGE {
                return Err(error);
            }
            tracing::warn!(upload = %upload.id, %error, cause = ?error.source, "a picture has to wait for its small version");
        }
        *last = None;
        Ok(())
    }

    async fn make(&self, upload: &Upload) -> Result<()> {
        let bytes = match self.objects.get(&upload.key).await {
            Ok(bytes) => bytes,
            Err(error) if objects::is_missing(&error) => return self.settle(upload, Thumbnail::Failed).await.map(drop),
            Err(error) => return Err(error),
        };
        let (kind, most) = (upload.kind, self.most_pixels);
        // A decoder that panics fails this picture and nothing else.
        let made = aside("thumbnail", move || picture::reduce(&bytes, kind, most)).await.map_err(Error::internal)?;
        let (kind, small) = match made.unwrap_or_else(|| Err("the decoder panicked".to_owned())) {
            Ok(made) => made,
            Err(error) => {
                tracing::info!(upload = %upload.id, error, "a picture has no small version, since it cannot be decoded");
                return self.settle(upload, Thumbnail::Failed).await.map(drop);
            }
        };
        let key = upload.key.small(kind);
        self.objects.put(&key, kind, &small).await?;
        if !self.settle(upload, Thumbnail::Made(kind)).await? {
            // Removed meanwhile.
            self.objects.remove(&key).await?;
        }
        Ok(())
    }

    async fn settle(&self, upload: &Upload, thumbnail: Thumbnail) -> Result<bool> {
        let input = (upload.id.clone(), thumbnail);
        self.store.write(input, |tx: &mut Tx, (id, thumbnail)| Box::pin(actions::set_thumbnail(tx, id, *thumbnail))).await
    }
}
