//! Which plugins there are: the bundled ones and those with a section, each loaded or off with a reason.

use std::{collections::BTreeMap, fmt::Write, fs::File, io::Read, path::Path, sync::Arc};

use sha2::{Digest, Sha256};
use tokio::task;
use wasmtime::component::{Component, Linker};

use super::{
    Unavailable,
    bindings::PasswordProviderPre,
    bundled,
    call::{CallCounts, Caller},
    engine::GuestEngine,
    grants::{self, Interface, Version},
    inspect::{Outline, inspect},
    limits,
    password::PasswordProvider,
    state::{self, GuestState},
};
use crate::config::PluginSection;

/// First parts of `/api/…` paths and other names of the host: a plugin called like that could not be told from it.
const RESERVED: [&str; 27] = [
    "admin",
    "api",
    "bot",
    "bots",
    "callback",
    "docs",
    "events",
    "health",
    "identities",
    "invite",
    "login",
    "logout",
    "me",
    "messages",
    "metrics",
    "plugin",
    "plugins",
    "posts",
    "provider",
    "providers",
    "rooms",
    "sessions",
    "socket",
    "system",
    "upload",
    "uploads",
    "users",
];

/// The longest id.
const MAX_ID: usize = 32;

/// The interface of password providers that this server calls.
const PASSWORD: (&str, Version) = ("openclaw:provider/password", Version::new(0, 1, 0));

/// What a plugin is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PluginKind {
    /// People sign in with a password that the host keeps.
    PasswordProvider,
}

/// What an operator wants to know about a plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginStatus {
    /// The id: the name of its section.
    pub id: String,
    /// What it is there for, if it could be read.
    pub kind: Option<PluginKind>,
    /// Whether it runs.
    pub on: bool,
    /// Why it does not run.
    pub reason: Option<String>,
    /// What it may do, in plain words.
    pub imports: Vec<&'static str>,
    /// How its calls went.
    pub counts: CallCounts,
}

/// A plugin of this server.
pub struct Entry {
    imports: Vec<&'static str>,
    state: State,
}

enum State {
    Password(PasswordProvider),
    Off(String),
}

/// Where the bytes of a component come from.
enum Source<'a> {
    Bundled(&'a str),
    File(&'a Path),
}

impl Entry {
    /// The plugin as a password provider, or why it is none.
    pub fn password(&self) -> Result<PasswordProvider, Unavailable> {
        match &self.state {
            State::Password(provider) => Ok(provider.clone()),
            State::Off(reason) => Err(Unavailable::new(reason.clone())),
        }
    }

    /// What an operator wants to know.
    pub fn status(&self, id: &str) -> PluginStatus {
        let (kind, reason, counts) = match &self.state {
            State::Password(provider) => (Some(PluginKind::PasswordProvider), None, provider.caller().counts()),
            State::Off(reason) => (None, Some(reason.clone()), CallCounts::default()),
        };
        PluginStatus { id: id.to_owned(), kind, on: reason.is_none(), reason, imports: self.imports.clone(), counts }
    }

    fn off(reason: String) -> Self {
        Self { imports: Vec::new(), state: State::Off(reason) }
    }
}

/// Loads every plugin, one after the other: compiling uses a core as it is.
pub async fn load(engine: &GuestEngine, sections: &BTreeMap<String, PluginSection>) -> BTreeMap<String, Entry> {
    let mut wanted: BTreeMap<String, PluginSection> = bundled::ALWAYS_ON.map(|id| (id.to_owned(), PluginSection::default())).into();
    wanted.extend(sections.clone());
    let mut entries = BTreeMap::new();
    for (id, section) in wanted {
        let entry = if section.enabled == Some(false) {
            Entry::off(format!("plugin `{id}` is switched off: set `enabled = true` in its section to use it"))
        } else {
            load_one(engine.clone(), id.clone(), section).await
        };
        entries.insert(id, entry);
    }
    entries
}

async fn load_one(engine: GuestEngine, id: String, section: PluginSection) -> Entry {
    let name = id.clone();
    let loaded = task::spawn_blocking(move || prepare(&engine, &name, &section)).await;
    match loaded.unwrap_or_else(|_| Err("could not be compiled: report this to its author".to_owned())) {
        Ok(entry) => {
            tracing::info!(plugin = id, may = entry.imports.join(", "), "plugin loaded");
            entry
        }
        Err(reason) => {
            let reason = format!("plugin `{id}` {reason}");
            tracing::error!(plugin = id, "{reason}");
            Entry::off(reason)
        }
    }
}

/// Everything between a section and a plugin that can be called, the cheap checks first.
fn prepare(engine: &GuestEngine, id: &str, section: &PluginSection) -> Result<Entry, String> {
    check_id(id)?;
    limits::check(&section.limits)?;
    grants::check_names(&section.grants)?;
    let bytes = read(id, section)?;
    let outline = inspect(&bytes)?;
    let mut imports = Vec::new();
    for import in &outline.imports {
        let words = grants::permit(import, &section.grants)?;
        imports.extend(words.filter(|words| !imports.contains(words)));
    }
    check_exports(&outline)?;
    let component = compile(engine, &bytes)?;
    let caller = Arc::new(Caller::new(id, engine.clone(), section));
    Ok(Entry { imports, state: State::Password(PasswordProvider::new(caller, component)) })
}

fn check_id(id: &str) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let fits = id.len() <= MAX_ID && id.starts_with(|c: char| c.is_ascii_lowercase()) && id.chars().all(plain) && !id.ends_with('-');
    if !fits {
        return Err("has an id that cannot be part of a path: use small letters, digits and dashes, at most 32".to_owned());
    }
    if RESERVED.contains(&id) {
        return Err("has an id that the server needs for its own paths: choose another".to_owned());
    }
    Ok(())
}

fn check_exports(outline: &Outline) -> Result<(), String> {
    let (name, has) = PASSWORD;
    let Some(export) = outline.exports.iter().map(|export| (export, Interface::parse(export))).find(|(_, export)| export.name == name)
    else {
        return Err(format!(
            "exports nothing that this server calls: it looks for `{name}@{has}`; build it with an export macro of the SDK"
        ));
    };
    let (export, interface) = export;
    interface.check_version(has).map_err(|(has, fix)| format!("offers `{export}`, but this server calls version {has}: {fix}"))
}

/// The bytes of the component, from the binary or from a file whose checksum is as written.
fn read(id: &str, section: &PluginSection) -> Result<Vec<u8>, String> {
    let source = match &section.component {
        Some(text) => text.strip_prefix("bundled:").map_or_else(|| Source::File(Path::new(text)), Source::Bundled),
        None => Source::Bundled(id),
    };
    let bytes = match source {
        Source::Bundled(name) => {
            bundled::component(name).map(<[u8]>::to_vec).ok_or_else(|| not_bundled(name, section.component.is_some()))?
        }
        Source::File(path) => {
            if section.sha256.is_none() && !section.dev {
                return Err(unpinned(path, section));
            }
            read_file(path, section)?
        }
    };
    check_sum(&bytes, section)?;
    Ok(bytes)
}

fn not_bundled(name: &str, said_so: bool) -> String {
    let bundled = bundled::names();
    if said_so {
        format!("wants the component `bundled:{name}`, but this server carries {bundled}: name one of them, or a file")
    } else {
        format!("has no `component`, and no bundled plugin is called like that (there is {bundled}): set `component` to a file")
    }
}

/// A file without a checksum is refused with the line to add, if there is a file.
fn unpinned(path: &Path, section: &PluginSection) -> String {
    match read_file(path, section) {
        Ok(bytes) => format!("has no checksum: if you trust {}, add sha256 = \"{}\" to its section", path.display(), hex(&bytes)),
        Err(reason) => reason,
    }
}

fn read_file(path: &Path, section: &PluginSection) -> Result<Vec<u8>, String> {
    let shown = path.display();
    let failed = |error| format!("cannot be read from {shown} ({error}): correct `component`");
    let file = File::open(path).map_err(failed)?;
    if !file.metadata().map_err(failed)?.is_file() {
        return Err(format!("cannot be read from {shown}, which is not a file: correct `component`"));
    }
    let limit = section.limits.file;
    let mut bytes = Vec::new();
    file.take(limit.0.saturating_add(1)).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() > limit.as_usize() {
        return Err(format!("is larger than {limit}: build it smaller, or raise limits.file in its section"));
    }
    Ok(bytes)
}

fn check_sum(bytes: &[u8], section: &PluginSection) -> Result<(), String> {
    match &section.sha256 {
        Some(expected) if !hex(bytes).eq_ignore_ascii_case(expected.trim()) => {
            Err(format!("is not the file its section describes (its sha256 is {}): restore it, or correct `sha256`", hex(bytes)))
        }
        _ => Ok(()),
    }
}

/// The SHA-256 of `bytes`, in hexadecimal.
fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Compiles the component, or takes it from the cache, and links it with what it was granted.
fn compile(engine: &GuestEngine, bytes: &[u8]) -> Result<PasswordProviderPre<GuestState>, String> {
    let component = Component::new(engine.wasmtime(), bytes).map_err(|error| format!("cannot be compiled ({error:#}): build it again"))?;
    let unfit = |error| format!("does not fit this server ({error:#}): build it against the server's own `wit` folder");
    let mut linker = Linker::new(engine.wasmtime());
    state::link_basics(&mut linker).map_err(unfit)?;
    PasswordProviderPre::new(linker.instantiate_pre(&component).map_err(unfit)?).map_err(unfit)
}
