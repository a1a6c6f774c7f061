//! Which plugins there are: the bundled ones and those with a section, each loaded or off with a reason.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use tokio::{task, time::timeout};
use wasmtime::component::InstancePre;

use super::{
    Unavailable,
    bindings::{oauth::OauthProviderPre, password::PasswordProviderPre},
    bot::BotPlugin,
    bundled::{self, Bundled},
    call::{CallCounts, Caller},
    client::{CREDENTIALS, Client},
    component::{CRASHED, Candidate, too_slow, unfit},
    engine::GuestEngine,
    grants,
    journal::Journal,
    kind::{PluginKind, reasons_in},
    oauth::{OAuthProvider, Site},
    password::PasswordProvider,
    settings::Settings,
    source::Source,
    state::GuestState,
};
use crate::{
    config::{PluginLimits, PluginSection},
    threads::aside,
};

/// The password provider that has routes: those of the email slice.
pub const PASSWORD: &str = "email";

/// What an operator wants to know about a plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginStatus {
    /// The id: the name of its section.
    pub id: String,
    /// What it is there for, if it could be read.
    pub kind: Option<PluginKind>,
    /// Its version, as its author counts; empty if it does not say.
    pub version: String,
    /// Whether it runs.
    pub on: bool,
    /// Why it does not run, or why nobody gets to it although it does.
    pub reason: Option<String>,
    /// What it may do, in plain words.
    pub imports: Vec<&'static str>,
    /// A sentence about each of its settings that nothing reads, and about a file that others can change.
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
    /// The grants without which it would not run.
    needs: BTreeSet<&'static str>,
    unread: Vec<String>,
    state: State,
}

enum State {
    Password(PasswordProvider),
    OAuth(OAuthProvider),
    Bot(Arc<BotPlugin>),
    Off(Unavailable),
}

impl Entry {
    /// The plugin as a password provider, or why it is none.
    pub fn password(&self, id: &str) -> Result<PasswordProvider, Unavailable> {
        match &self.state {
            State::Password(provider) => Ok(provider.clone()),
            State::OAuth(_) => Err(Unavailable::new(format!("plugin `{id}` takes no passwords: people sign in at another site"))),
            State::Bot(_) => Err(Unavailable::new(format!("plugin `{id}` is a bot: nobody signs in with it"))),
            State::Off(unavailable) => Err(unavailable.clone()),
        }
    }

    /// The plugin as a redirect provider, or why it is none.
    pub fn oauth(&self, id: &str) -> Result<OAuthProvider, Unavailable> {
        match &self.state {
            State::OAuth(provider) => Ok(provider.clone()),
            State::Password(_) => Err(Unavailable::new(format!("plugin `{id}` sends nobody to another site: it takes passwords"))),
            State::Bot(_) => Err(Unavailable::new(format!("plugin `{id}` is a bot: nobody signs in with it"))),
            State::Off(unavailable) => Err(unavailable.clone()),
        }
    }

    /// The plugin as a bot, if it is one that runs.
    pub fn bot(&self) -> Option<Arc<BotPlugin>> {
        if let State::Bot(bot) = &self.state { Some(bot.clone()) } else { None }
    }

    /// Why it does not run, if so.
    pub fn off(&self) -> Option<&Unavailable> {
        if let State::Off(unavailable) = &self.state { Some(unavailable) } else { None }
    }

    /// The same plugin, but it does not run.
    pub fn off_because(&self, unavailable: Unavailable) -> Self {
        let Self { kind, title, imports, needs, unread, .. } = self;
        let (title, imports, needs, unread) = (title.clone(), imports.clone(), needs.clone(), unread.clone());
        Self { kind: *kind, title, imports, needs, unread, state: State::Off(unavailable) }
    }

    /// Whether its section still grants all that it uses.
    pub fn may_run_on(&self, id: &str, section: &PluginSection) -> bool {
        let grants = granted(id, section).grants;
        self.needs.iter().all(|needed| grants.iter().any(|grant| grant == needed))
    }

    /// What an operator wants to know.
    pub fn status(&self, id: &str) -> PluginStatus {
        let (on, reason, counts) = match &self.state {
            State::Password(provider) => (true, unreachable_reason(id), provider.caller().counts()),
            State::OAuth(provider) => (true, None, provider.caller().counts()),
            State::Bot(bot) => (true, None, bot.caller().counts()),
            State::Off(unavailable) => (false, Some(unavailable.reason.clone()), CallCounts::default()),
        };
        let version = match &self.state {
            State::Bot(bot) => bot.about.version.clone(),
            State::Password(_) | State::OAuth(_) | State::Off(_) => String::new(),
        };
        let (imports, unread) = (self.imports.clone(), self.unread.clone());
        PluginStatus { id: id.to_owned(), kind: self.kind, version, on, reason, imports, unread, counts }
    }

    /// What people want to know, if it is a login provider.
    pub fn provider(&self, id: &str) -> Option<ProviderStatus> {
        let kind = self.kind.filter(|kind| kind.is_provider())?;
        let reason = match &self.state {
            State::OAuth(_) | State::Bot(_) => None,
            State::Password(_) => unreachable_reason(id).map(|_| "Nobody can sign in here.".to_owned()),
            State::Off(unavailable) => Some(unavailable.message().to_owned()),
        };
        Some(ProviderStatus { id: id.to_owned(), name: self.title.clone(), kind, reason })
    }

    /// A plugin that was not looked at yet.
    fn new(id: &str, section: &PluginSection) -> Self {
        let bundled = bundled_as(id, section);
        let title = bundled.filter(|bundled| bundled.name == id).map_or(id, |bundled| bundled.title).to_owned();
        let state = State::Off(Unavailable::new(format!("plugin `{id}` is being loaded")));
        let kind = bundled.map(|bundled| bundled.kind);
        Self { kind, title, imports: Vec::new(), needs: BTreeSet::new(), unread: Vec::new(), state }
    }
}

/// The bundled component that the section of plugin `id` names, if it is one.
pub fn bundled_as(id: &str, section: &PluginSection) -> Option<&'static Bundled> {
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

/// What loading a plugin needs.
pub struct Loader {
    /// The compiler.
    pub engine: GuestEngine,
    /// What redirect providers are told about the community.
    pub site: Site,
    /// How often plugins were called and hit their limits.
    pub journal: Journal,
}

impl Loader {
    /// Loads every plugin, one after the other: compiling uses a core as it is.
    pub async fn load_all(&self, sections: &BTreeMap<String, PluginSection>, off: &BTreeSet<String>) -> BTreeMap<String, Arc<Entry>> {
        let mut wanted: BTreeMap<String, PluginSection> =
            bundled::always().map(|name| (name.to_owned(), PluginSection::default())).collect();
        wanted.extend(sections.clone());
        let mut entries = BTreeMap::new();
        for (id, section) in wanted {
            let entry = self.load(&id, &section, off.contains(&id)).await;
            let wanted = section.enabled != Some(false) && !off.contains(&id);
            entry.tell(&id, wanted && sections.contains_key(&id));
            entries.insert(id, Arc::new(entry));
        }
        entries
    }

    /// Loads one plugin, unless it was switched `off` from the shell.
    pub async fn load(&self, id: &str, section: &PluginSection, off: bool) -> Entry {
        let mut entry = Entry::new(id, section);
        if off {
            entry.look(id, section).await;
            entry.state = State::Off(entry.disabled(id));
        } else {
            entry.state = entry.start(self, id, section).await.unwrap_or_else(State::Off);
        }
        entry
    }
}

impl Entry {
    /// Why a plugin does not run that was switched off from the shell.
    fn disabled(&self, id: &str) -> Unavailable {
        let reason = format!("plugin `{id}` is switched off: `community plugin enable {id}` switches it on");
        Unavailable::new(reason).telling(format!("Signing in with {} is switched off on this server.", self.title))
    }

    /// Notes what a plugin is that is not to run, if it can be read.
    async fn look(&mut self, id: &str, section: &PluginSection) {
        let (named, written) = (id.to_owned(), granted(id, section));
        if let Ok(candidate) = blocking(move || Candidate::read(&named, &written)).await {
            (self.kind, self.imports) = (Some(candidate.kind), candidate.imports);
        }
    }

    /// Everything between a section and a plugin that can be called.
    async fn start(&mut self, loader: &Loader, id: &str, section: &PluginSection) -> Result<State, Unavailable> {
        if section.enabled == Some(false) {
            let reason = format!("plugin `{id}` is switched off: set `enabled = true` in its section to use it");
            return Err(Unavailable::new(reason).telling(format!("Signing in with {} is switched off on this server.", self.title)));
        }
        let off = |reason: String| Unavailable::new(format!("plugin `{id}` {reason}"));
        let (named, written) = (id.to_owned(), granted(id, section));
        let candidate = blocking(move || Candidate::read(&named, &written)).await.map_err(off)?;
        self.kind = Some(candidate.kind);
        self.imports.clone_from(&candidate.imports);
        self.needs = candidate.capabilities.iter().filter_map(|interface| grants::describe(interface).1).collect();
        self.unread.extend(candidate.warning.clone());
        let client = match candidate.kind {
            PluginKind::PasswordProvider | PluginKind::Bot => {
                self.check_variables(id, section)?;
                None
            }
            // Identities are keyed by the id: they would be those of accounts with passwords.
            PluginKind::OAuthProvider if id == PASSWORD => {
                return Err(off(format!(
                    "sends people to another site, but `{PASSWORD}` stands for accounts with passwords: rename its section"
                )));
            }
            PluginKind::OAuthProvider => Some(Client::read(id, &self.title, section, bundled_as(id, section))?),
        };
        let (kind, exports) = (candidate.kind, candidate.exports.clone());
        let engine = loader.engine.clone();
        let (component, code) = compile(candidate, engine, &section.limits).await.map_err(off)?;
        if kind == PluginKind::Bot {
            let section = granted(id, section);
            self.needs.extend(hears_by(&section, &exports));
            let bot = BotPlugin::open(id, &loader.engine, &section, component, &exports, loader.journal.clone()).await?.start().await?;
            bot.about.name.as_ref().map_or(id, |name| name.as_str()).clone_into(&mut self.title);
            self.unread.extend(bot.own_settings().unread(&[], &code));
            return Ok(State::Bot(Arc::new(bot)));
        }
        let engines = (&loader.engine, component.engine());
        let caller = Caller::new(id, engines, Settings::new(section.settings.clone()), &section.limits, loader.journal.clone());
        let Some(client) = client else {
            let component = PasswordProviderPre::new(component).map_err(|error| off(unfit(&error)))?;
            self.unread.extend(caller.settings().unread(&[], &code));
            return Ok(State::Password(PasswordProvider::new(Arc::new(caller), component)));
        };
        let component = OauthProviderPre::new(component).map_err(|error| off(unfit(&error)))?;
        let provider = OAuthProvider::start(caller, component, client, &loader.site).await?;
        // What every section of a component would be called tells nobody which one it is.
        let is_called = bundled_as(id, section).is_none_or(|bundled| bundled.always || section.settings.contains_key("name"));
        self.title = if is_called { provider.flow().name.clone() } else { id.to_owned() };
        self.unread.extend(provider.caller().settings().unread(&CREDENTIALS, &code));
        Ok(State::OAuth(provider))
    }

    /// Whether every variable is set that the settings of a bot or a password provider refer to: what was written counts as wanted, and
    /// without a list of words, say, it would let everything pass.
    fn check_variables(&self, id: &str, section: &PluginSection) -> Result<(), Unavailable> {
        if section.unset.is_empty() {
            return Ok(());
        }
        let missing = section.unset.iter().map(|(key, variable)| format!("set {variable}, or remove `{key}` from its settings"));
        let reason = format!("plugin `{id}` is not set up: {}", missing.collect::<Vec<_>>().join("; "));
        let off = Unavailable::new(reason);
        let signs_in = self.kind.is_some_and(PluginKind::is_provider);
        Err(if signs_in { off.telling(format!("Signing in with {} is not set up on this server.", self.title)) } else { off })
    }

    /// Tells the log how it went. That one is off is an error only if it was `wanted`: nobody asked for the others, or somebody asked for that.
    pub fn tell(&self, id: &str, wanted: bool) {
        match self.off() {
            Some(Unavailable { reason, .. }) if wanted => tracing::error!(plugin = id, "{reason}"),
            Some(Unavailable { reason, .. }) => tracing::info!(plugin = id, "{reason}"),
            None => {}
        }
        self.tell_the_rest(id);
    }

    /// The same but for why it does not run, which somebody else tells.
    pub fn tell_the_rest(&self, id: &str) {
        if self.off().is_none() {
            tracing::info!(plugin = id, may = self.imports.join(", "), "plugin loaded");
        }
        for sentence in &self.unread {
            tracing::warn!(plugin = id, "plugin `{id}`: {sentence}");
        }
    }
}

/// The section of a plugin with what it ships with, if it is a bundled one.
fn granted(id: &str, section: &PluginSection) -> PluginSection {
    let shipped = bundled_as(id, section).map(|bundled| bundled.grants).unwrap_or_default();
    let mut section = section.clone();
    section.grants.extend(shipped.iter().map(|&grant| grant.to_owned()));
    section
}

/// The grant that a bot has use of although it imports nothing: whoever may read posts hears of them.
fn hears_by(section: &PluginSection, exports: &[String]) -> Option<&'static str> {
    let granted = section.grants.iter().any(|grant| grant == "posts-read");
    (granted && reasons_in(exports).contains(&"on-post")).then_some("posts-read")
}

/// Compiles on a thread of its own, which nobody waits for longer than the limit, not even the end of the program: nothing stops a
/// compiler that has begun. What it makes after that is in the cache at the next start.
pub async fn compile(
    candidate: Candidate,
    engine: GuestEngine,
    limits: &PluginLimits,
) -> Result<(InstancePre<GuestState>, Vec<u8>), String> {
    let (limit, limits) = (limits.compile, limits.clone());
    let work = move || {
        let compiled = candidate.compile(&engine, &limits).map(|component| (component, candidate.bytes));
        // What goes with the engine's last user must not be left to this thread: the program may end as soon as it hears.
        drop(engine);
        compiled
    };
    match timeout(limit.0, aside("compile", work)).await {
        Ok(Ok(Some(compiled))) => compiled,
        Ok(Ok(None)) => Err(CRASHED.to_owned()),
        Ok(Err(error)) => Err(format!("cannot be compiled: {error}")),
        Err(_) => Err(too_slow(limit)),
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, String> + Send + 'static) -> Result<T, String> {
    task::spawn_blocking(work).await.unwrap_or_else(|_| Err(CRASHED.to_owned()))
}
