//! What has expired is removed, now and then. Each kind by itself: one that cannot be removed keeps no other.

use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use crate::{
    devices, email,
    error::Result,
    mail, messages, oauth, plugins, rooms, sessions,
    store::{Store, Tx},
    uploads::janitor::Janitor,
};

/// How often.
const EVERY: Duration = Duration::from_hours(1);

/// Files that belong to no upload are left behind only by a database that was set back, and all files are listed to find them: in one
/// round of so many.
const ORPHANS_EVERY: u32 = 24;

/// Removes some of a kind; true if there may be more.
type Sweep = for<'a> fn(&'a mut Tx, &'a ()) -> BoxFuture<'a, Result<bool>>;

/// In this order, each with its name in the log.
const SWEEPS: [(&str, Sweep); 10] = [
    ("sessions", |tx, ()| Box::pin(sessions::actions::sweep(tx))),
    ("mails", |tx, ()| Box::pin(mail::actions::sweep(tx))),
    ("registrations", |tx, ()| Box::pin(at_once(email::actions::sweep(tx)))),
    ("attempts to sign in", |tx, ()| Box::pin(at_once(oauth::actions::sweep(tx)))),
    ("devices", |tx, ()| Box::pin(at_once(devices::actions::sweep(tx)))),
    ("deleted rooms", |tx, ()| Box::pin(rooms::actions::sweep(tx))),
    ("deleted bots", |tx, ()| Box::pin(rooms::actions::let_deleted_bots_leave(tx))),
    ("rooms of shut accounts", |tx, ()| Box::pin(rooms::actions::let_rooms_of_shut_accounts_pass_on(tx))),
    ("messages of deleted rooms", |tx, ()| Box::pin(messages::actions::sweep(tx))),
    ("values of plugins", |tx, ()| Box::pin(plugins::actions::sweep(tx))),
];

/// Removes what has expired, and events older than `keep_events`, until `stop`.
pub async fn keep_clean(store: Store, janitor: Janitor, keep_events: Duration, stop: CancellationToken) {
    for round in 0_u32.. {
        // What is left at the end is removed the next time.
        if stop.run_until_cancelled(clean(&store, &janitor, keep_events, round % ORPHANS_EVERY == 0)).await.is_none() {
            return;
        }
        if stop.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_none() {
            return;
        }
    }
}

async fn clean(store: &Store, janitor: &Janitor, keep_events: Duration, orphans: bool) {
    for (kind, sweep) in SWEEPS {
        told(kind, all(store, sweep).await);
    }
    told("old events", store.sweep_events(keep_events).await);
    told("removed uploads", janitor.sweep().await);
    if orphans {
        told("files without an upload", janitor.sweep_orphans().await);
    }
}

async fn all(store: &Store, sweep: Sweep) -> Result<()> {
    while store.write((), sweep).await? {}
    Ok(())
}

async fn at_once(swept: impl Future<Output = Result<()>>) -> Result<bool> {
    swept.await.map(|()| false)
}

fn told(kind: &str, outcome: Result<()>) {
    if let Err(error) = outcome {
        tracing::warn!(%error, cause = ?error.source, "{kind} could not be removed");
    }
}
