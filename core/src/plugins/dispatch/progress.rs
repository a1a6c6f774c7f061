//! How far a bot has come, for those who wait for it.

use tokio::sync::{Notify, watch};

use super::Runner;
use crate::{
    error::{Error, Result},
    plugins::store::jobs,
    store::Position,
};

/// How far a bot has come. Told by whoever serves it.
#[derive(Default)]
pub struct Progress {
    state: watch::Sender<State>,
    look: Notify,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct State {
    /// The last event that was read from the log.
    place: Option<Position>,
    /// Whether the bot is being told of something.
    busy: bool,
}

impl Progress {
    /// Says how far the log was read, and whether something of it is not dealt with.
    pub fn tell(&self, place: Position, busy: bool) {
        let state = State { place: Some(place), busy };
        self.state.send_if_modified(|before| std::mem::replace(before, state) != state);
    }

    /// Wants jobs and letters to be looked for at once.
    pub fn look(&self) {
        self.look.notify_one();
    }

    /// Waits until somebody wants jobs to be looked for at once.
    pub async fn wanted(&self) {
        self.look.notified().await;
    }
}

impl Runner {
    /// Waits until the bot has dealt with everything that has happened, what it caused itself included, and with the jobs whose time has
    /// come.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn caught_up(&self) -> Result<()> {
        let store = &self.host.store;
        let mut progress = self.progress.state.subscribe();
        loop {
            let end = store.log_end().await?;
            let there = progress.wait_for(|state| !state.busy && state.place >= Some(end)).await;
            drop(there.map_err(Error::internal)?);
            let soonest = jobs::soonest(store.reader(), &self.host.plugin, 1).await?;
            let due = self.plugin.has("scheduled") && soonest.first().is_some_and(|job| job.due_at <= store.now());
            if due {
                self.progress.look();
                progress.changed().await.map_err(Error::internal)?;
            } else if store.log_end().await? == end {
                return Ok(());
            }
        }
    }
}
