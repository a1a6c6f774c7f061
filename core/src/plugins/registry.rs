//! Which plugins there are: the bundled ones and those with a section, each loaded or off with a reason.

use std::{collections::BTreeMap, sync::Arc, thread};

use tokio::{sync::oneshot, task, time::timeout};
use wasmtime::component::InstancePre;

use super::{
    Unavailable,
    bindings::{oauth::OauthProviderPre, password::PasswordProviderPre},
    bundled::{self, Bundled},
    call::{CallCounts, Caller},
    client::{CREDENTIALS, Client},
    component::{Candidate, unfit},
    engine::GuestEngine,
    kind::PluginKind,
    oauth::{OAuthProvider, Site},
    password::PasswordProvider,
    source::Source,
    state::GuestState,
};
use crate::{
    config::{PluginSection, Span},
    threads::stand_back,
};

/// The password provider that has routes: those of the email slice.
const PASSWORD: &str = "email";

/// What an operator wants to know about a plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginStatus {
    /// The id: the name of its section.
    pub id: String,
    /// What it is there for, if it could be read.
    pub kind: Option<PluginKind>,
    /// Whether it runs.
    pub on: bool,
    /// Why it does not run, or why nobody gets to it although it does.
    pub reason: Option<String>,
    /// What it may do, in plain words.
    pub imports: Vec<&'static str>,
    /// A sentence about each of its settings that nothing reads.
    pub unread: Vec<String>,
    /// How its calls went.
    pub counts: CallCounts,
}

/// A way to sign in, on or off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderStatus {
    /// The id of the plugin, which is part of its paths.
    pub id: String,
    /// What people call it: 1 to 64 characters.
    pub name: String,
    /// How it works.
    pub kind: PluginKind,
    /// Why it cannot be used, in a sentence that people may be shown.
    pub reason: Option<String>,
}

/// A plugin of this server.
pub struct Entry {
    kind: Option<PluginKind>,
    title: String,
    imports: Vec<&'static str>,
    unread: Vec<String>,
    state: State,
}

enum State {
    Password(PasswordProvider),
    OAuth(OAuthProvider),
    Off(Unavailable),
}

impl Entry {
    /// The plugin as a password provider, or why it is none.
    pub fn password(&self, id: &str) -> Result<PasswordProvider, Unavailable> {
        match &self.state {
            State::Password(provider) => Ok(provider.clone()),
            State::OAuth(_) => Err(Unavailable::new(format!("plugin `{id}` takes no passwords: people sign in at another site"))),
            State::Off(unavailable) => Err(unavailable.clone()),
        }
    }

    /// The plugin as a redirect provider, or why it is none.
    pub fn oauth(&self, id: &str) -> Result<OAuthProvider, Unavailable> {
        match &self.state {
            State::OAuth(provider) => Ok(provider.clone()),
            State::Password(_) => Err(Unavailable::new(format!("plugin `{id}` sends nobody to another site: it takes passwords"))),
            State::Off(unavailable) => Err(unavailable.clone()),
        }
    }

    /// What an operator wants to know.
    pub fn status(&self, id: &str) -> PluginStatus {
        let (on, reason, counts) = match &self.state {
            State::Password(provider) => (true, unreachable_reason(id), provider.caller().counts()),
            State::OAuth(provider) => (true, None, provider.caller().counts()),
            State::Off(unavailable) => (false, Some(unavailable.reason.clone()), CallCounts::default()),
        };
        PluginStatus { id: id.to_owned(), kind: self.kind, on, reason, imports: self.imports.clone(), unread: self.unread.clone(), counts }
    }

    /// What people want to know, if it is a login provider.
    pub fn provider(&self, id: &str) -> Option<ProviderStatus> {
        let reason = match &self.state {
            State::OAuth(_) => None,
            State::Password(_) => unreachable_reason(id).map(|_| "Nobody can sign in here.".to_owned()),
            State::Off(unavailable) => Some(unavailable.message().to_owned()),
        };
        Some(ProviderStatus { id: id.to_owned(), name: self.title.clone(), kind: self.kind?, reason })
    }

    /// A plugin that was not looked at yet.
    fn new(id: &str, section: &PluginSection) -> Self {
        let bundled = bundled_as(id, section);
        let title = bundled.filter(|bundled| bundled.name == id).map_or(id, |bundled| bundled.title).to_owned();
        let state = State::Off(Unavailable::new(format!("plugin `{id}` is being loaded")));
        Self { kind: bundled.map(|bundled| bundled.kind), title, imports: Vec::new(), unread: Vec::new(), state }
    }
}

fn bundled_as(id: &str, section: &PluginSection) -> Option<&'static Bundled> {
    Source::of(id, section).ok()?.bundled()
}

/// Why nobody gets to a password provider that runs.
fn unreachable_reason(id: &str) -> Option<String> {
    (id != PASSWORD).then(|| {
        format!(
            "plugin `{id}` runs, but nobody can sign in with it: passwords are typed at the paths of `{PASSWORD}`, so name this component in \
             [plugins.{PASSWORD}] instead"
        )
    })
}

/// Loads every plugin, one after the other: compiling uses a core as it is.
pub async fn load(engine: &GuestEngine, sections: &BTreeMap<String, PluginSection>, site: &Site) -> BTreeMap<String, Entry> {
    let always = bundled::ALL.iter().filter(|bundled| bundled.always);
    let mut wanted: BTreeMap<String, PluginSection> = always.map(|bundled| (bundled.name.to_owned(), PluginSection::default())).collect();
    wanted.extend(sections.clone());
    let mut entries = BTreeMap::new();
    for (id, section) in wanted {
        let mut entry = Entry::new(&id, &section);
        entry.state = entry.start(engine, &id, &section, site).await.unwrap_or_else(State::Off);
        entry.tell(&id, sections.contains_key(&id));
        entries.insert(id, entry);
    }
    entries
}

impl Entry {
    /// Everything between a section and a plugin that can be called.
    async fn start(&mut self, engine: &GuestEngine, id: &str, section: &PluginSection, site: &Site) -> Result<State, Unavailable> {
        if section.enabled == Some(false) {
            let reason = format!("plugin `{id}` is switched off: set `enabled = true` in its section to use it");
            return Err(Unavailable::new(reason).telling(format!("Signing in with {} is switched off on this server.", self.title)));
        }
        let off = |reason: String| Unavailable::new(format!("plugin `{id}` {reason}"));
        let (named, written) = (id.to_owned(), section.clone());
        let candidate = blocking(move || Candidate::read(&named, &written)).await.map_err(off)?;
        self.kind = Some(candidate.kind);
        self.imports.clone_from(&candidate.imports);
        let client = match candidate.kind {
            PluginKind::PasswordProvider => None,
            // Identities are keyed by the id: they would be those of accounts with passwords.
            PluginKind::OAuthProvider if id == PASSWORD => {
                return Err(off(format!(
                    "sends people to another site, but `{PASSWORD}` stands for accounts with passwords: rename its section"
                )));
            }
            PluginKind::OAuthProvider => Some(Client::read(id, &self.title, section, bundled_as(id, section))?),
        };
        let (component, code) = compile(candidate, engine.clone(), section.limits.compile).await.map_err(off)?;
        let caller = Caller::new(id, engine.clone(), section);
        let Some(client) = client else {
            let component = PasswordProviderPre::new(component).map_err(|error| off(unfit(&error)))?;
            self.unread = caller.settings().unread(&[], &code);
            return Ok(State::Password(PasswordProvider::new(Arc::new(caller), component)));
        };
        let component = OauthProviderPre::new(component).map_err(|error| off(unfit(&error)))?;
        let provider = OAuthProvider::start(caller, component, client, site).await?;
        self.title.clone_from(&provider.flow().name);
        self.unread = provider.caller().settings().unread(&CREDENTIALS, &code);
        Ok(State::OAuth(provider))
    }

    /// Tells the log how it went. What nobody asked for is no error.
    fn tell(&self, id: &str, has_section: bool) {
        match &self.state {
            State::Off(Unavailable { reason, .. }) if has_section => tracing::error!(plugin = id, "{reason}"),
            State::Off(Unavailable { reason, .. }) => tracing::info!(plugin = id, "{reason}"),
            _ => tracing::info!(plugin = id, may = self.imports.join(", "), "plugin loaded"),
        }
        for sentence in &self.unread {
            tracing::warn!(plugin = id, "plugin `{id}`: {sentence}");
        }
    }
}

/// Compiles on a thread of its own, which nobody waits for longer than `limit`, not even the end of the program: nothing stops a
/// compiler that has begun. What it makes after that is in the cache at the next start.
async fn compile(candidate: Candidate, engine: GuestEngine, limit: Span) -> Result<(InstancePre<GuestState>, Vec<u8>), String> {
    let (done, outcome) = oneshot::channel();
    let work = move || {
        stand_back();
        // Whoever has given up does not want it any more.
        let _ = done.send(candidate.compile(&engine).map(|component| (component, candidate.bytes)));
    };
    thread::Builder::new().name("compile".to_owned()).spawn(work).map_err(|error| format!("cannot be compiled: {error}"))?;
    match timeout(limit.0, outcome).await {
        Ok(Ok(compiled)) => compiled,
        Ok(Err(_)) => Err(CRASHED.to_owned()),
        Err(_) => Err(format!("takes longer than {limit} to compile: build it smaller, or raise limits.compile in its section")),
    }
}

/// The sentence for a component on which the reader or the compiler broke down.
const CRASHED: &str = "could not be compiled: report this to its author";

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, String> + Send + 'static) -> Result<T, String> {
    task::spawn_blocking(work).await.unwrap_or_else(|_| Err(CRASHED.to_owned()))
}
