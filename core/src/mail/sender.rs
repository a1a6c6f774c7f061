//! Delivers what is queued, until the server stops.

use std::{sync::Arc, time::Duration};

use tokio::{sync::Notify, task::JoinSet};
use tokio_util::sync::CancellationToken;

use super::{
    actions, events,
    model::DueMail,
    policy, store,
    transport::{SendError, Transport},
};
use crate::{clock::Clock, config::MailSection, error::Result, store::Store};

/// How long at most until the queue is looked at again.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

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

    /// Delivers until `stop`; a delivery that has begun is finished. A slow one holds up no other, as long as connections are free.
    pub async fn run(self, stop: CancellationToken) {
        let wake = Arc::new(Notify::new());
        let waker = wake.clone();
        self.store.listen(move |event| {
            if events::is_queued(event) {
                waker.notify_one();
            }
        });
        let (sender, mut deliveries) = (Arc::new(self), JoinSet::new());
        while !stop.is_cancelled() {
            sender.begin(&mut deliveries).await;
            tokio::select! {
                Some(_) = deliveries.join_next() => {}
                () = wake.notified() => {}
                () = tokio::time::sleep(LOOK_AGAIN) => {}
                () = stop.cancelled() => {}
            }
        }
        deliveries.join_all().await;
    }

    /// Begins to deliver what is due, on the connections that are free.
    async fn begin(self: &Arc<Self>, deliveries: &mut JoinSet<()>) {
        let free = (self.section.connections as usize).saturating_sub(deliveries.len());
        let mails = self.take(free).await.unwrap_or_else(|error| {
            tracing::warn!(%error, cause = ?error.source, "the mail queue could not be read");
            Vec::new()
        });
        for mail in mails {
            let sender = self.clone();
            deliveries.spawn(async move {
                if let Err(error) = sender.deliver(&mail).await {
                    tracing::warn!(mail = %mail.id, %error, cause = ?error.source, "a delivery could not be written down");
                }
            });
        }
    }

    /// Takes up to `limit` mails whose turn has come.
    async fn take(&self, limit: usize) -> Result<Vec<DueMail>> {
        let now = self.clock.now();
        let due = if limit == 0 { Vec::new() } else { store::due(self.store.reader(), now, limit as u64).await? };
        if due.is_empty() {
            return Ok(due);
        }
        // Should this process die, another try begins when the lease is over.
        let lease = now.plus(policy::lease(&self.section));
        self.store.write((due, lease), |tx, (due, lease)| Box::pin(actions::claim(tx, due, *lease))).await
    }

    async fn deliver(&self, mail: &DueMail) -> Result<()> {
        let outcome = self.transport.send(mail).await;
        let now = self.clock.now();
        let (error, retry) = match outcome {
            Ok(()) => (None, None),
            Err(error) => {
                let given_up = error.for_good || now.since(mail.created_at) >= self.section.give_up_after.0;
                let retry = (!given_up).then(|| now.plus(policy::backoff(&self.section, mail.attempts + 1)));
                (Some(error), retry)
            }
        };
        if let Some(SendError { brief, .. }) = &error {
            let (attempt, given_up) = (mail.attempts + 1, retry.is_none());
            tracing::warn!(mail = %mail.id, attempt, given_up, error = brief, "a mail was not delivered");
        }
        let settled = (mail.id.clone(), error.map(|error| error.text), retry);
        self.store.write(settled, |tx, (id, error, retry)| Box::pin(store::settle(tx, id, error.as_deref(), *retry))).await
    }
}
