//! The way of a file from a request into the store.

mod parts;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use poem::Body;
use prometheus::{IntCounterVec, opts};
use tokio::{
    sync::{AcquireError, OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout},
};

use self::parts::Parts;
use super::{
    actions::{self, Finish, Reserve},
    clean::{self, Bounds, Input},
    model::{Dimensions, Kind, Upload},
    objects::{ObjectWriter, Objects},
    policy::Quota,
    thumbnails::Thumbnails,
};
use crate::{
    actor::Actor,
    config::Config,
    error::{Error, Kind as ErrorKind, Result},
    ids::UserId,
    store::Store,
};

/// What receives files. Cheap to clone.
#[derive(Clone)]
pub struct Intake {
    store: Store,
    objects: Objects,
    thumbnails: Thumbnails,
    slots: Arc<Semaphore>,
    /// The shares of those who upload at the moment.
    shares: Arc<Mutex<HashMap<UserId, Weak<Semaphore>>>>,
    rules: Rules,
    /// What became of them.
    pub outcomes: IntCounterVec,
}

#[derive(Debug, Clone, Copy)]
struct Rules {
    wait: Duration,
    share: usize,
    most: u64,
    longest: Duration,
    bounds: Bounds,
    quota: Quota,
    thumbnail_pixels: u64,
}

/// A request with a file, its body still unread.
pub struct Incoming {
    /// Who sends it.
    pub actor: Actor,
    /// What the request says that its body is.
    pub content_type: Option<String>,
    /// How long it says that its body is.
    pub length: Option<u64>,
    /// The body.
    pub body: Body,
}

impl Intake {
    /// One with the limits of `config`.
    pub fn new(config: &Config, store: Store, objects: Objects, thumbnails: Thumbnails) -> Self {
        let (uploads, limits) = (&config.uploads, &config.limits);
        let million = |count: u32| u64::from(count) * 1_000_000;
        let rules = Rules {
            wait: limits.upload_wait.0,
            share: limits.uploads_at_a_time_per_user,
            most: uploads.max_file.0,
            longest: uploads.max_duration.0,
            bounds: Bounds { pixels: million(uploads.max_megapixels), frames: uploads.max_frames },
            quota: Quota::of(limits),
            thumbnail_pixels: million(uploads.thumbnail_megapixels),
        };
        let counted = opts!("uploads_total", "Files sent, by what became of them.");
        Self {
            store,
            objects,
            thumbnails,
            slots: Arc::new(Semaphore::new(limits.uploads_at_a_time)),
            shares: Arc::default(),
            rules,
            outcomes: IntCounterVec::new(counted, &["outcome"]).expect("names are valid"),
        }
    }

    /// Receives a file: waits for its turn, checks it while it passes, and makes it an upload.
    ///
    /// # Errors
    /// `invalid_request` (no file, not one that is taken), `payload_too_large`, `request_timeout`, `rate_limited`,
    /// `upload_unavailable`.
    pub async fn receive(&self, incoming: Incoming) -> Result<Upload> {
        let received = self.receive_one(incoming).await;
        let outcome = received.as_ref().map_or_else(|error| error.code, |_| "ready");
        self.outcomes.with_label_values(&[outcome]).inc();
        received
    }

    async fn receive_one(&self, incoming: Incoming) -> Result<Upload> {
        self.objects.require()?;
        let boundary = parts::boundary(incoming.content_type.as_deref())?;
        let slots = self.slots(incoming.actor.user()?).await?;
        // A task of its own goes on when the client goes away: it sees the body end too early, and cleans up.
        let (intake, deadline) = (self.clone(), Instant::now() + self.rules.longest);
        let task = tokio::spawn(async move {
            let _slots = slots;
            let parts = Parts::new(incoming.body, boundary, deadline);
            intake.take_in(incoming.actor, incoming.length, parts).await
        });
        task.await.map_err(Error::internal)?
    }

    /// A place among one's own uploads, and one among all.
    async fn slots(&self, user: &UserId) -> Result<[OwnedSemaphorePermit; 2]> {
        let share = self.share(user);
        let both = async { Ok::<_, AcquireError>([share.acquire_owned().await?, self.slots.clone().acquire_owned().await?]) };
        match timeout(self.rules.wait, both).await {
            Ok(Ok(slots)) => Ok(slots),
            _ => Err(Error {
                retry_after: Some(self.rules.wait.as_secs().max(1)),
                ..Error::new(ErrorKind::Unavailable, "upload_unavailable", "Too many files are being uploaded; please try again later.")
            }),
        }
    }

    fn share(&self, user: &UserId) -> Arc<Semaphore> {
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        shares.retain(|_, share| share.strong_count() > 0);
        let known = shares.get(user).and_then(Weak::upgrade);
        known.unwrap_or_else(|| {
            let share = Arc::new(Semaphore::new(self.rules.share));
            shares.insert(user.clone(), Arc::downgrade(&share));
            share
        })
    }

    async fn take_in(self, actor: Actor, length: Option<u64>, mut parts: Parts) -> Result<Upload> {
        let (content, name) = parts.file().await?;
        let mut input = Input::new(content, self.rules.most);
        let head = input.peek(Kind::HEAD).await?;
        if head.is_empty() {
            return Err(parts::no_file());
        }
        let kind =
            Kind::of(&head).ok_or_else(|| Error::invalid("This type of file is not allowed; send a JPEG, PNG, GIF, WebP or PDF."))?;
        let size = length.unwrap_or(u64::MAX).min(self.rules.most);
        let reserve = Reserve { actor, kind, name, size, length_known: length.is_some(), quota: self.rules.quota };
        let upload = self.store.write(reserve, |tx, reserve| Box::pin(actions::reserve(tx, reserve))).await?;
        match self.fill(&upload, input, parts).await {
            Ok(ready) => {
                self.thumbnails.wake();
                Ok(ready)
            }
            Err(error) => {
                aside(&error, self.undo(upload)).await;
                Err(error)
            }
        }
    }

    /// Writes the object of a reserved upload and makes the upload ready.
    async fn fill(&self, upload: &Upload, input: Input<'_>, parts: Parts) -> Result<Upload> {
        let mut writer = self.objects.writer(&upload.key, upload.kind).await?;
        let dimensions = match self.pass(upload.kind, input, parts, &mut writer).await {
            Ok(dimensions) => dimensions,
            Err(error) => {
                aside(&error, writer.abort()).await;
                return Err(error);
            }
        };
        let size = writer.close().await?;
        let thumbnail = dimensions.is_some_and(|dimensions| dimensions.pixels() <= self.rules.thumbnail_pixels);
        let finish = Finish { upload: upload.clone(), size, dimensions, thumbnail };
        self.store.write(finish, |tx, finish| Box::pin(actions::finish(tx, finish))).await
    }

    /// Passes the file on, and sees that nothing else is in the request.
    async fn pass(&self, kind: Kind, mut input: Input<'_>, parts: Parts, writer: &mut ObjectWriter) -> Result<Option<Dimensions>> {
        let dimensions = clean::pass(kind, &mut input, writer, self.rules.bounds).await?;
        drop(input);
        parts.end().await?;
        Ok(dimensions)
    }

    /// Leaves nothing of an upload that came to nothing. What fails here is done by the janitor.
    async fn undo(self, upload: Upload) {
        let undone = async {
            if self.store.write(upload.id.clone(), |tx, id| Box::pin(actions::give_up(tx, id))).await? {
                self.objects.remove(&upload.key).await?;
                self.store.write(upload.id.clone(), |tx, id| Box::pin(actions::forget(tx, id))).await?;
            }
            Ok::<_, Error>(())
        };
        if let Err(error) = undone.await {
            tracing::info!(upload = %upload.id, cause = ?error.source, "an upload that failed will be cleaned up later");
        }
    }
}

/// Cleans up after `error`. If the store is at fault, nobody waits until it has failed once more.
async fn aside(error: &Error, work: impl Future<Output = ()> + Send + 'static) {
    let task = tokio::spawn(work);
    if error.kind != ErrorKind::Unavailable {
        let _ = task.await;
    }
}

/// The error of a body that took too long.
fn too_late() -> Error {
    Error::new(ErrorKind::TooSlow, "request_timeout", "The file came too slowly.")
}
