//! The plugin host: login providers and bots as sandboxed WebAssembly components.
//!
//! *Providers decide, the host acts.* A provider answers questions about text; it has no network, no files, no
//! environment, and sees no password, token or session. What it may do at all is what it imports, and an import is a
//! permission request ([`grants`]): it is read from the file before anything is compiled ([`inspect`]) and compared with
//! what the operator granted. Nothing loads merely because it lies in a folder ([`registry`]).
//!
//! Every call runs in a fresh instance with a store of its own ([`call`]), so a plugin remembers nothing and a trap breaks
//! nothing but that one call. A call is bounded in CPU time, wall-clock time, memory, stack, calls to the host, bytes
//! returned and log lines ([`limits`]), and runs on threads that guests have to themselves ([`engine`]), so that they
//! never occupy every core. What a plugin answers is checked again before anyone acts on it ([`answers`]).
//!
//! A plugin that cannot be loaded never stops the server: it is off, and its reason is kept for the operator.

pub mod actions;
mod answers;
mod apart;
mod bindings;
mod bot;
mod bundled;
mod call;
mod capabilities;
mod client;
mod component;
pub mod dispatch;
mod engine;
pub mod events;
mod grants;
pub mod http;
mod id;
mod inspect;
mod journal;
mod kind;
mod limits;
mod log;
pub mod look;
mod oauth;
mod operate;
mod password;
pub mod queries;
mod registry;
pub mod requests;
mod senses;
mod settings;
mod source;
mod state;
mod stdio;
pub(crate) mod store;
mod unavailable;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{Arc, OnceLock, PoisonError, RwLock},
};

use futures_util::future::BoxFuture;
use tokio::sync::watch;

pub use apart::{Order, compile_apart};
pub use bot::BotPlugin;
pub use capabilities::Busy;
pub use engine::EngineError;
pub use kind::PluginKind;
pub use oauth::{ClientAuthentication, Document, Email, Failure, Flow, Identity, OAuthProvider, Profile, Server, Site, Source};
pub use operate::{Sections, operate, put_aside, unknown};
pub use password::{Letter, Mail, PasswordProvider, Refusal, Registration, RegistrationForm, Subject};
pub use registry::{PASSWORD, PluginStatus, ProviderStatus};
pub use senses::Senses;
pub use unavailable::Unavailable;

use self::{journal::Journal, registry::Loader};
use crate::config::PluginSection;

/// All plugins of this server, running or not. Cheap to clone.
#[derive(Clone)]
pub struct Plugins {
    inner: Arc<Inner>,
}

struct Inner {
    loader: Loader,
    entries: RwLock<BTreeMap<String, Arc<registry::Entry>>>,
    /// Told whenever an entry is another one.
    changed: watch::Sender<u64>,
    /// Up to which of these changes bots are served as they are.
    served: watch::Sender<u64>,
    /// What lets bots begin, where they take part.
    begin: OnceLock<Begin>,
}

/// Lets a bot begin, before it takes the place of the one before it. Its error says why it does not. It must not hold the plugins, which
/// hold it.
pub type Begin = Box<dyn Fn(Arc<BotPlugin>) -> BoxFuture<'static, Result<(), Unavailable>> + Send + Sync>;

impl Plugins {
    /// Loads the bundled plugins and those that have a section, without those that were switched `off` from the shell; compiled code is
    /// kept in `<data_dir>/cache/wasm`. `site` is what redirect providers are told about the community.
    ///
    /// A plugin that cannot run is logged and kept as off; only trouble with the engine itself is an error.
    pub async fn load(
        sections: &BTreeMap<String, PluginSection>,
        off: &BTreeSet<String>,
        data_dir: &Path,
        site: &Site,
    ) -> Result<Self, EngineError> {
        Ok(Self::load_with(engine::GuestEngine::start(data_dir)?, sections, off, site).await)
    }

    /// The same, those that are switched off included, for whoever only looks at them: no folder is made.
    pub async fn load_to_look(sections: &BTreeMap<String, PluginSection>, data_dir: &Path, site: &Site) -> Result<Self, EngineError> {
        Ok(Self::load_with(engine::GuestEngine::start_to_look(data_dir)?, sections, &BTreeSet::new(), site).await)
    }

    async fn load_with(
        engine: engine::GuestEngine,
        sections: &BTreeMap<String, PluginSection>,
        off: &BTreeSet<String>,
        site: &Site,
    ) -> Self {
        let loader = Loader { engine, site: site.clone(), journal: Journal::new() };
        let entries = loader.load_all(sections, off).await;
        Self::of(loader, entries)
    }

    fn of(loader: Loader, entries: BTreeMap<String, Arc<registry::Entry>>) -> Self {
        let (changed, served) = (watch::Sender::new(0), watch::Sender::new(0));
        Self { inner: Arc::new(Inner { loader, entries: RwLock::new(entries), changed, served, begin: OnceLock::new() }) }
    }

    /// Loads one plugin and no other, on a stage: guests see the time and the chance of `senses`.
    ///
    /// # Errors
    /// Only trouble with the engine itself.
    pub async fn on_stage(id: &str, section: &PluginSection, cache: &Path, site: &Site, senses: Senses) -> Result<Self, EngineError> {
        let engine = engine::GuestEngine::start(cache)?.sensing(senses);
        let loader = Loader { engine, site: site.clone(), journal: Journal::new() };
        let entry = Arc::new(loader.load(id, section, false).await);
        Ok(Self::of(loader, BTreeMap::from([(id.to_owned(), entry)])))
    }

    /// Whether there is a plugin `id`: it has a section, or needs none.
    pub fn is_known(sections: &BTreeMap<String, PluginSection>, id: &str) -> bool {
        sections.contains_key(id) || bundled::always().any(|name| name == id)
    }

    /// The bundled bots that no section names: they do not take part until one does.
    pub fn available(sections: &BTreeMap<String, PluginSection>) -> impl Iterator<Item = &'static str> {
        let named: BTreeSet<&str> =
            sections.iter().filter_map(|(id, section)| registry::bundled_as(id, section)).map(|bundled| bundled.name).collect();
        let bots = bundled::ALL.iter().filter(|bundled| bundled.kind == PluginKind::Bot).map(|bundled| bundled.name);
        bots.filter(move |name| !named.contains(name) && !sections.contains_key(*name))
    }

    /// The password provider `id`, or why there is none: unknown, off, or of another kind.
    pub fn password(&self, id: &str) -> Result<PasswordProvider, Unavailable> {
        self.entry(id)?.password(id)
    }

    /// The redirect provider `id`, or why there is none: unknown, off, or of another kind.
    pub fn oauth(&self, id: &str) -> Result<OAuthProvider, Unavailable> {
        self.entry(id)?.oauth(id)
    }

    /// Every way to sign in, on or off, ordered by id.
    pub fn providers(&self) -> Vec<ProviderStatus> {
        self.all().iter().filter_map(|(id, entry)| entry.provider(id)).collect()
    }

    /// The bots that run, ordered by id.
    pub fn bots(&self) -> Vec<Arc<BotPlugin>> {
        self.all().values().filter_map(|entry| entry.bot()).collect()
    }

    /// What an operator wants to know about each plugin, ordered by id.
    pub fn status(&self) -> Vec<PluginStatus> {
        self.all().iter().map(|(id, entry)| entry.status(id)).collect()
    }

    /// Loads a plugin anew. One that cannot run leaves the one before it at work, unless that was switched off, or may not do any more
    /// what it does: then it is off for the reason that the new one is.
    ///
    /// # Errors
    /// Why the new one does not run, while the one before it does.
    pub async fn reload(&self, id: &str, section: Option<&PluginSection>, off: bool) -> Result<(), Unavailable> {
        let Some(section) = section else {
            self.put(id, None);
            return Ok(());
        };
        let mut entry = self.inner.loader.load(id, section, off).await;
        if let (Some(bot), Some(begin)) = (entry.bot(), self.inner.begin.get())
            && let Err(unavailable) = begin(bot).await
        {
            entry = entry.off_because(unavailable);
        }
        // Why it does not run is told by whoever loads it anew.
        entry.tell_the_rest(id);
        let off = off || section.enabled == Some(false);
        if let Some(reason) = entry.off().filter(|_| !off && self.may_run_on(id, section)) {
            return Err(reason.clone());
        }
        self.put(id, Some(entry));
        Ok(())
    }

    /// From now on `begin` lets bots begin that are loaded anew.
    pub fn let_begin(&self, begin: Begin) {
        // Whoever lets bots take part does so once.
        let _ = self.inner.begin.set(begin);
    }

    /// Notes that a bot does not begin.
    pub fn cannot_begin(&self, bot: &Arc<BotPlugin>, unavailable: Unavailable) {
        let mut entries = self.inner.entries.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = entries.get_mut(bot.id()).filter(|entry| entry.bot().is_some_and(|there| Arc::ptr_eq(&there, bot))) {
            *entry = Arc::new(entry.off_because(unavailable));
        }
    }

    /// Tells when plugins change.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.inner.changed.subscribe()
    }

    /// Says that bots are served as they were after so many changes.
    pub fn are_served(&self, changes: u64) {
        self.inner.served.send_replace(changes);
    }

    /// Waits until bots are served as they are now, where they take part.
    pub async fn in_effect(&self) {
        let changes = *self.inner.changed.borrow();
        if self.inner.begin.get().is_some() {
            // This holds the sender.
            let _ = self.inner.served.subscribe().wait_for(|served| *served >= changes).await;
        }
    }

    /// What plugins do.
    pub fn journal(&self) -> &Journal {
        &self.inner.loader.journal
    }

    /// Why a plugin does not run, if so.
    pub fn reason_off(&self, id: &str) -> Option<String> {
        match self.entry(id) {
            Ok(entry) => entry.off().map(|unavailable| unavailable.reason.clone()),
            Err(unavailable) => Some(unavailable.reason),
        }
    }

    fn put(&self, id: &str, entry: Option<registry::Entry>) {
        let mut entries = self.inner.entries.write().unwrap_or_else(PoisonError::into_inner);
        match entry {
            Some(entry) => entries.insert(id.to_owned(), Arc::new(entry)),
            None => entries.remove(id),
        };
        drop(entries);
        self.inner.changed.send_modify(|count| *count += 1);
    }

    /// Whether there is a plugin `id` here, running or not, whatever the configuration says by now.
    pub fn has(&self, id: &str) -> bool {
        self.entry(id).is_ok()
    }

    /// Whether `id` runs and is still granted all that it uses.
    fn may_run_on(&self, id: &str, section: &PluginSection) -> bool {
        self.entry(id).is_ok_and(|entry| entry.off().is_none() && entry.may_run_on(id, section))
    }

    fn all(&self) -> BTreeMap<String, Arc<registry::Entry>> {
        self.inner.entries.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn entry(&self, id: &str) -> Result<Arc<registry::Entry>, Unavailable> {
        let entries = self.inner.entries.read().unwrap_or_else(PoisonError::into_inner);
        entries.get(id).cloned().ok_or_else(|| Unavailable::new(format!("there is no plugin `{id}`")))
    }
}
