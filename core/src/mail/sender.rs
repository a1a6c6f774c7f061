//! Delivers what is queued, until the server stops.

use std::{sync::Arc, time::Duration};

use futures_util::{StreamExt, future::ready, stream};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{
    events,
    model::DueMail,
    policy, store,
    transport::{SendError, Transport},
};
use crate::{clock::Clock, config::MailSection, error::Result, store::Store};

/// How long at most until the queue is looked at again.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// Mails taken from the queue at once.
const CHUNK: u64 = 32;

/// Delivers queued mails.
pub struct Sender {
    store: Store,
    transport: Transport,
    section: MailSection,
    clock: Arc<dyn Clock>,
}

impl Sender {
    /// A sender for the queue in `store`.
    pub fn new(store: Store, transport: Transport, section: MailSection, clock: Arc<dyn Clock>) -> Self {
        Self { store, transport, section, clock }
    }

    /// Delivers until `stop`; a delivery that has begun is finished.
    pub async fn run(self, stop: CancellationToken) {
        let wake = Arc::new(Notify::new());
        let waker = wake.clone();
        self.store.listen(move |event| {
            if events::is_queued(event) {
                waker.notify_one();
            }
        });
        while !stop.is_cancelled() {
            match self.round(&stop).await {
                Ok(full) if full => continue,
                Ok(_) => {}
                Err(error) => tracing::warn!(%error, cause = ?error.source, "the mail queue could not be read"),
            }
            tokio::select! {
                () = wake.notified() => {}
                () = tokio::time::sleep(LOOK_AGAIN) => {}
                () = stop.cancelled() => {}
            }
        }
    }

    /// Tries everything that is due now, but begins nothing after `stop`; true if there may be more.
    async fn round(&self, stop: &CancellationToken) -> Result<bool> {
        let due = store::due(self.store.reader(), self.clock.now(), CHUNK).await?;
        let full = due.len() as u64 == CHUNK;
        let due = stream::iter(due).take_while(|_| ready(!stop.is_cancelled()));
        let tries = due.for_each_concurrent(self.section.connections as usize, |mail| async move {
            if let Err(error) = self.deliver(&mail).await {
                tracing::warn!(mail = %mail.id, %error, cause = ?error.source, "a delivery could not be written down");
            }
        });
        tries.await;
        Ok(full)
    }

    async fn deliver(&self, mail: &DueMail) -> Result<()> {
        // Should this process die, another try begins when the lease is over.
        let lease = self.clock.now().plus(policy::lease(&self.section));
        let claimed = self.store.write((mail.clone(), lease), |tx, (mail, lease)| Box::pin(store::claim(tx, mail, *lease))).await?;
        if !claimed {
            return Ok(());
        }
        let outcome = self.transport.send(mail).await;
        let now = self.clock.now();
        let (error, retry) = match outcome {
            Ok(()) => (None, None),
            Err(SendError::Permanent(error)) => (Some(error), None),
            Err(SendError::Passing(error)) if now.since(mail.created_at) >= self.section.give_up_after.0 => (Some(error), None),
            Err(SendError::Passing(error)) => (Some(error), Some(now.plus(policy::backoff(&self.section, mail.attempts + 1)))),
        };
        if let Some(error) = &error {
            tracing::warn!(mail = %mail.id, attempt = mail.attempts + 1, given_up = retry.is_none(), error, "a mail was not delivered");
        }
        let settled = (mail.id.clone(), error, retry);
        self.store.write(settled, |tx, (id, error, retry)| Box::pin(store::settle(tx, id, error.as_deref(), *retry))).await
    }
}
