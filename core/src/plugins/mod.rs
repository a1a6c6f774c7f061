//! The plugin host: login providers (and later bots) as sandboxed WebAssembly components.
//!
//! *Providers decide, the host acts.* A provider answers questions about text; it has no network, no files, no
//! environment, and sees no password, token or session. What it may do at all is what it imports, and an import is a
//! permission request ([`grants`]): it is read from the file before anything is compiled ([`inspect`]) and compared with
//! what the operator granted. Nothing loads merely because it lies in a folder ([`registry`]).
//!
//! Every call runs in a fresh instance with a store of its own ([`call`]), so a plugin remembers nothing and a trap breaks
//! nothing but that one call. A call is bounded in CPU time, wall-clock time, memory, stack, calls to the host, bytes
//! returned and log lines ([`limits`]), and runs on a thread that guests have to themselves ([`engine`]), so that they
//! never occupy every core. What a plugin answers is checked again before anyone acts on it ([`answers`]).
//!
//! A plugin that cannot be loaded never stops the server: it is off, and its reason is kept for the operator.

mod answers;
mod bindings;
mod bundled;
mod call;
mod client;
mod component;
mod engine;
mod grants;
mod id;
mod inspect;
mod kind;
mod limits;
mod log;
mod oauth;
mod password;
mod registry;
mod settings;
mod source;
mod state;
mod stdio;
mod unavailable;

use std::{collections::BTreeMap, path::Path, sync::Arc};

pub use engine::EngineError;
pub use kind::PluginKind;
pub use oauth::{ClientAuthentication, Document, Email, Failure, Flow, Identity, OAuthProvider, Profile, Server, Site, Source};
pub use password::{Letter, Mail, PasswordProvider, Refusal, Registration, RegistrationForm, Subject};
pub use registry::{PluginStatus, ProviderStatus};
pub use unavailable::Unavailable;

use crate::config::PluginSection;

/// All plugins of this server, running or not. Cheap to clone.
#[derive(Clone)]
pub struct Plugins {
    entries: Arc<BTreeMap<String, registry::Entry>>,
}

impl Plugins {
    /// Loads the bundled plugins and those that have a section; compiled code is kept in `<data_dir>/cache/wasm`. `site` is
    /// what redirect providers are told about the community.
    ///
    /// A plugin that cannot run is logged and kept as off; only trouble with the engine itself is an error.
    pub async fn load(sections: &BTreeMap<String, PluginSection>, data_dir: &Path, site: &Site) -> Result<Self, EngineError> {
        let engine = engine::GuestEngine::start(data_dir)?;
        Ok(Self { entries: Arc::new(registry::load(&engine, sections, site).await) })
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
        self.entries.iter().filter_map(|(id, entry)| entry.provider(id)).collect()
    }

    /// What an operator wants to know about each plugin, ordered by id.
    pub fn status(&self) -> Vec<PluginStatus> {
        self.entries.iter().map(|(id, entry)| entry.status(id)).collect()
    }

    fn entry(&self, id: &str) -> Result<&registry::Entry, Unavailable> {
        self.entries.get(id).ok_or_else(|| Unavailable::new(format!("there is no plugin `{id}`")))
    }
}
