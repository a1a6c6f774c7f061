//! What readers are answered from without asking the database: a tag that changes whenever the list does, and the first pages.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{
    events,
    queries::{self, Page},
};
use crate::{error::Result, ids::PostId, random::Random, store::Store};

/// Bytes of first pages that are kept: the longest one, or many of ordinary length.
const KEPT: usize = 16 << 20;

/// The list of posts. Cheap to clone.
#[derive(Clone)]
pub struct Feed {
    store: Store,
    state: Arc<State>,
}

struct State {
    /// Tells this process's tags from those of others: what a version number means is known to this one only.
    process: String,
    version: AtomicU64,
    /// The first page by its length.
    first: Mutex<HashMap<u64, Page>>,
    /// Held by whoever reads a first page: of many who want it at once, one reads it for all.
    reading: tokio::sync::Mutex<()>,
}

impl Feed {
    /// The list in `store`, from now on.
    pub fn new(store: Store, random: &Random) -> Self {
        let process = random.token().expose()[..11].to_owned();
        let state =
            Arc::new(State { process, version: AtomicU64::new(0), first: Mutex::default(), reading: tokio::sync::Mutex::default() });
        let heard = state.clone();
        store.listen(move |event| {
            if events::changes_the_list(event) {
                let mut first = heard.first.lock().unwrap_or_else(PoisonError::into_inner);
                heard.version.fetch_add(1, Ordering::SeqCst);
                first.clear();
            }
        });
        Self { store, state }
    }

    /// The tag of the list as it is now, for `ETag`. Whoever reads the list afterwards reads this state or a later one.
    pub fn tag(&self) -> String {
        format!("\"{}-{}\"", self.state.process, self.state.version.load(Ordering::SeqCst))
    }

    /// The newest `limit` posts, or those just older than `before`.
    pub async fn page(&self, before: Option<&PostId>, limit: u64) -> Result<Page> {
        if before.is_some() {
            return queries::page(self.store.reader(), before, limit).await;
        }
        if let Some(page) = self.kept(limit) {
            return Ok(page);
        }
        let _turn = self.state.reading.lock().await;
        if let Some(page) = self.kept(limit) {
            return Ok(page);
        }
        let version = self.state.version.load(Ordering::SeqCst);
        let page = queries::page(self.store.reader(), None, limit).await?;
        let mut first = self.first();
        // Kept only if nothing changed while it was read.
        if version == self.state.version.load(Ordering::SeqCst) {
            let kept: usize = first.values().map(|page| page.json.len()).sum();
            if kept + page.json.len() > KEPT {
                first.clear();
            }
            if page.json.len() <= KEPT {
                first.insert(limit, page.clone());
            }
        }
        Ok(page)
    }

    fn kept(&self, limit: u64) -> Option<Page> {
        self.first().get(&limit).cloned()
    }

    fn first(&self) -> std::sync::MutexGuard<'_, HashMap<u64, Page>> {
        self.state.first.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
