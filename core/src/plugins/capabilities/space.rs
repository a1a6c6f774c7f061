//! Whether there is space for what a call wants to remember. That is told at once, so that a bot can do without it.

use std::collections::HashMap;

use wasmtime::Result;

use super::{
    Session, convert,
    values::{Change, MAX_TOUCHED, Values, number},
};
use crate::plugins::{
    actions,
    bindings::bot::openclaw::types::types::Error,
    store::values::{self, Usage, size},
};

/// How much space there is; read when a call first needs some.
#[derive(Default)]
pub struct Space {
    /// What was stored when the call first wanted to store something.
    before: Option<Usage>,
    /// The most that its changes can take, as if nothing was there.
    most: Usage,
    /// What is there under the names that it changes; read once that matters.
    taken: HashMap<String, Option<i64>>,
    /// Whether what is over was removed to make space.
    swept: bool,
}

impl Session {
    /// Makes a change, unless it would be one too many or there is no space for it.
    pub(super) async fn change(&mut self, name: String, change: Change) -> Result<(), Error> {
        if self.values.changes.len() >= MAX_TOUCHED && !self.values.changes.contains_key(&name) {
            return Err(self.limited("keys_touched", format!("a call may change {MAX_TOUCHED} keys")));
        }
        let wanted = self.values.size_of(&name, &change);
        let before = self.values.changes.insert(name.clone(), change);
        let Some(bytes) = wanted else { return Ok(()) };
        self.values.space.most = self.values.space.most.plus(Usage { entries: 1, bytes });
        let outcome = self.require_space().await;
        if outcome.is_err() {
            match before {
                Some(before) => self.values.changes.insert(name, before),
                None => self.values.changes.remove(&name),
            };
        }
        outcome
    }

    /// Checks that everything the call wants to store fits beside what is there. If it does not, what is over goes first.
    async fn require_space(&mut self) -> Result<(), Error> {
        let Err(sentence) = self.check_space().await? else { return Ok(()) };
        if !self.values.space.swept {
            self.make_space().await?;
            if self.check_space().await?.is_ok() {
                return Ok(());
            }
        }
        Err(self.limited("stored", sentence))
    }

    /// Removes what is over, once in a call, and forgets how much space there was before.
    async fn make_space(&mut self) -> Result<(), Error> {
        let (store, plugin) = (self.host.store.clone(), self.host.plugin.to_string());
        let sweep = async move {
            while store.write(plugin.clone(), |tx, plugin| Box::pin(actions::make_space(tx, plugin))).await? {}
            Ok(())
        };
        self.host.outside(sweep).await.map_err(convert::error)?;
        let space = &mut self.values.space;
        (space.before, space.swept) = (None, true);
        space.taken.clear();
        Ok(())
    }

    /// Whether it all fits; if not, the sentence.
    async fn check_space(&mut self) -> Result<Result<(), String>, Error> {
        let before = self.stored_before().await?;
        let most = self.values.space.most;
        if before.plus(most).check(most, &self.host.limits).is_ok() {
            return Ok(Ok(()));
        }
        let unknown = self.values.changes.keys().filter(|name| !self.values.space.taken.contains_key(*name));
        for name in unknown.cloned().collect::<Vec<_>>() {
            let (store, plugin, asked) = (self.host.store.clone(), self.host.plugin.clone(), name.clone());
            let read = async move { values::space(store.reader(), &plugin, &asked).await };
            let taken = self.host.outside(read).await.map_err(convert::error)?;
            self.values.space.taken.insert(name, taken);
        }
        let more = self.values.growth();
        Ok(before.plus(more).check(more, &self.host.limits))
    }

    /// How much the plugin had stored when this call first asked.
    async fn stored_before(&mut self) -> Result<Usage, Error> {
        if let Some(before) = self.values.space.before {
            return Ok(before);
        }
        let (store, plugin) = (self.host.store.clone(), self.host.plugin.clone());
        let read = async move { values::usage(store.reader(), &plugin).await };
        let before = self.host.outside(read).await.map_err(convert::error)?;
        self.values.space.before = Some(before);
        Ok(before)
    }
}

impl Values {
    /// The space that a value takes after a change, with its name; `None` if there is none then.
    fn size_of(&self, name: &str, change: &Change) -> Option<i64> {
        let value = match change {
            Change::Remove => return None,
            Change::Put(value, _) => value.len(),
            Change::Add(by, _) => {
                let before = self.seen.get(name).and_then(Option::as_ref).and_then(|stored| number(&stored.value)).unwrap_or_default();
                before.saturating_add(*by).to_string().len()
            }
        };
        Some(size(name.len() + value))
    }

    /// How much more is stored after the changes than before.
    fn growth(&self) -> Usage {
        let mut more = Usage::default();
        for (name, change) in &self.changes {
            let before = self.space.taken.get(name).copied().flatten();
            let after = self.size_of(name, change);
            more.entries += i64::from(after.is_some()) - i64::from(before.is_some());
            more.bytes += after.unwrap_or_default() - before.unwrap_or_default();
        }
        more
    }
}
