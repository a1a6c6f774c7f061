//! Who is connected at the moment. Whoever serves connections fills it; until then nobody is.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use crate::ids::MemberId;

/// The people and bots that are connected, each with the number of their connections. Cheap to clone.
#[derive(Clone, Default)]
pub struct Online(Arc<RwLock<HashMap<MemberId, usize>>>);

impl Online {
    /// Counts one more connection. True if it is the first.
    pub fn came(&self, who: &MemberId) -> bool {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let count = all.entry(who.clone()).or_default();
        *count += 1;
        *count == 1
    }

    /// Counts one connection less. True if it was the last.
    pub fn went(&self, who: &MemberId) -> bool {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let Some(count) = all.get_mut(who) else { return false };
        *count -= 1;
        let last = *count == 0;
        if last {
            all.remove(who);
        }
        last
    }

    /// Whether they have a connection.
    pub fn is_online(&self, who: &MemberId) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).contains_key(who)
    }
}
