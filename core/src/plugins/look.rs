//! A component as its author and whoever is to install it look at it: what it wants, what it offers, whether this server can load
//! it and what it says of itself. Nothing of it takes part in anything.

use std::{fs::File, path::Path};

use super::{
    PluginKind, Unavailable,
    bindings::{oauth::OauthProviderPre, password::PasswordProviderPre},
    bot::{BotPlugin, Schema},
    bundled::{self, Bundled},
    component::{Candidate, unfit},
    engine::GuestEngine,
    grants,
    inspect::{Outline, inspect},
    journal::Journal,
    kind, limits,
    registry::compile,
    source::{BUNDLED, hex, read_file},
};
use crate::config::{PluginLimits, PluginSection, Size, Span};

/// How long compiling may take for somebody who waits for it.
pub const PATIENT: Span = Span::minutes(10);

/// A component.
pub struct Look {
    /// The bundled component that it is, if it is none of a file.
    pub bundled: Option<&'static Bundled>,
    /// Its size in bytes.
    pub size: usize,
    /// Its SHA-256 in hexadecimal.
    pub sha256: String,
    /// What it imports.
    pub imports: Vec<Wish>,
    /// What it exports of what this server calls, and what that means.
    pub exports: Vec<(String, &'static str)>,
    /// The grants that it needs.
    pub grants: Vec<String>,
    /// What it is there for, if it is a plugin.
    pub kind: Option<PluginKind>,
    /// What it says of itself, or why this server cannot load it, to complete "it …".
    pub said: Result<Said, String>,
}

/// An import.
pub struct Wish {
    /// The interface with its version.
    pub interface: String,
    /// What it allows, if that is worth a word.
    pub words: Option<&'static str>,
    /// The grant that it needs, if it needs one.
    pub grant: Option<&'static str>,
}

/// What a plugin says of itself.
#[derive(Default)]
pub struct Said {
    /// The name that others see.
    pub name: Option<String>,
    /// One line for operators.
    pub description: String,
    /// Its version, as its author counts.
    pub version: String,
    /// Its settings, if it says which there are.
    pub settings: Option<Vec<Setting>>,
    /// Its commands: how each is typed, and one line.
    pub commands: Vec<(String, String)>,
    /// Its jobs that come back: their names, and when they do.
    pub jobs: Vec<(String, String)>,
}

/// A setting that a plugin knows.
pub struct Setting {
    /// Its name.
    pub name: String,
    /// What values it may have.
    pub values: String,
    /// What it is unless set, or that it must be set.
    pub default: Option<String>,
    /// Whether it must be set.
    pub required: bool,
    /// A sentence for operators.
    pub description: String,
}

/// The grants that a component needs for all that it imports and hears.
///
/// # Errors
/// Why it cannot be read or is no component, to complete "it …".
pub fn grants_of(file: &Path) -> Result<Vec<String>, String> {
    Ok(grants_for(&inspect(&read_file(file, &PluginSection::default())?)?))
}

fn grants_for(outline: &Outline) -> Vec<String> {
    let mut grants: Vec<String> = outline.imports.iter().filter_map(|import| grants::describe(import).1).map(ToOwned::to_owned).collect();
    grants.dedup();
    // Whoever hears of posts reads them.
    if kind::reasons_in(&outline.exports).contains(&"on-post") && !grants.iter().any(|grant| grant == "posts-read") {
        grants.push("posts-read".to_owned());
    }
    grants
}

impl Look {
    /// Looks at a file, or at a bundled component that is written as in a section, as if it were the plugin `id` and had everything that
    /// it wants. Compiled code is kept below `cache`.
    ///
    /// # Errors
    /// Why it cannot be read or is no component, to complete "it …".
    pub async fn at(file: &Path, id: &str, cache: &Path) -> Result<Self, String> {
        let limits = PluginLimits { file: Size::mib(256), ..PluginLimits::default() };
        let bundled = bundled_name(file).map(bundled::named).transpose()?;
        let bytes = match bundled {
            Some(bundled) => bundled.bytes.to_vec(),
            None => read_named(file, limits)?,
        };
        let outline = inspect(&bytes)?;
        let imports: Vec<Wish> = outline.imports.iter().map(|import| Wish::of(import)).collect();
        let grants = grants_for(&outline);
        let section = PluginSection {
            component: Some(file.display().to_string()),
            dev: true,
            grants: grants.clone(),
            limits: PluginLimits { compile: PATIENT, ..PluginLimits::default() },
            ..PluginSection::default()
        };
        Ok(Self {
            bundled,
            size: bytes.len(),
            sha256: hex(&bytes),
            kind: PluginKind::of(&outline).ok(),
            said: load(id, &section, cache).await,
            exports: exports(&outline),
            imports,
            grants,
        })
    }
}

/// An id for a plugin whose file or folder is called `name`.
pub fn id_for(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let id: String = name.chars().map(plain).skip_while(|c| !c.is_ascii_lowercase()).take(28).collect();
    let id = id.trim_end_matches('-').to_owned();
    // What begins like this is the id of an account, and a section of a bundled plugin would put the file in its place.
    let taken = ["bot-", "usr-"].iter().any(|start| id.starts_with(start)) || bundled::find(&id).is_some();
    if super::id::check(&id).is_ok() && !taken { id } else { format!("my-{id}").trim_end_matches('-').to_owned() }
}

/// The bytes of a file that somebody named at the prompt: what is said of those in sections would not help there.
fn read_named(file: &Path, limits: PluginLimits) -> Result<Vec<u8>, String> {
    let about = File::open(file).and_then(|open| open.metadata()).map_err(|error| format!("cannot be read: {error}"))?;
    if !about.is_file() {
        return Err("is not a file".to_owned());
    }
    read_file(file, &PluginSection { limits, ..PluginSection::default() })
}

/// The name of the bundled component that is meant, if it is not a file.
fn bundled_name(file: &Path) -> Option<&str> {
    file.to_str()?.strip_prefix(BUNDLED)
}

/// An id for the plugin in a component file: by its name, or, where that is the same for all bots, by the name of its folder. A bundled
/// component has its name for it.
pub fn id_of(file: &Path) -> String {
    if let Some(name) = bundled_name(file) {
        return name.to_owned();
    }
    let name = |path: Option<&std::ffi::OsStr>| path.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let stem = name(file.file_stem());
    let folder = file.canonicalize().ok().and_then(|path| Some(name(path.parent()?.file_name())));
    id_for(&folder.filter(|_| matches!(stem.as_str(), "bot" | "plugin" | "main")).unwrap_or(stem))
}

impl Wish {
    fn of(import: &str) -> Self {
        let (words, grant) = grants::describe(import);
        Self { interface: import.to_owned(), words, grant }
    }
}

fn exports(outline: &Outline) -> Vec<(String, &'static str)> {
    outline.exports.iter().filter_map(|export| Some((export.clone(), kind::words(export)?))).collect()
}

/// Loads it for nothing but to hear what it says of itself.
async fn load(id: &str, section: &PluginSection, cache: &Path) -> Result<Said, String> {
    limits::check(&section.limits)?;
    let candidate = Candidate::read(id, section)?;
    let (kind, exports) = (candidate.kind, candidate.exports.clone());
    let engine = GuestEngine::start(cache).map_err(|error| format!("cannot be tried: {error}"))?;
    let (component, _) = compile(candidate, engine.clone(), &section.limits).await?;
    match kind {
        PluginKind::PasswordProvider => {
            PasswordProviderPre::new(component).map_err(|error| unfit(&error))?;
            Ok(Said::default())
        }
        PluginKind::OAuthProvider => {
            OauthProviderPre::new(component).map_err(|error| unfit(&error))?;
            Ok(Said::default())
        }
        PluginKind::Bot => {
            let asked = async { BotPlugin::open(id, &engine, section, component, &exports, Journal::new()).await?.sample().await };
            let bot = asked.await.map_err(|Unavailable { reason, .. }| reason.trim_start_matches(&format!("plugin `{id}` ")).to_owned())?;
            Ok(Said::of(&bot))
        }
    }
}

impl Said {
    fn of(bot: &BotPlugin) -> Self {
        Self {
            name: bot.about.name.as_ref().map(|name| name.as_str().to_owned()),
            description: bot.about.description.clone(),
            version: bot.about.version.clone(),
            settings: bot.about.settings.as_ref().map(settings),
            commands: bot.commands.values().map(|command| (command.usage(), command.description.clone())).collect(),
            jobs: bot.recurring.iter().map(|job| (job.name.clone(), job.pattern().to_owned())).collect(),
        }
    }
}

fn settings(schema: &Schema) -> Vec<Setting> {
    let mut defaults = schema.defaults();
    let setting = |(name, property): (&String, &super::bot::Property)| Setting {
        name: name.clone(),
        values: property.words(),
        default: defaults.remove(name),
        required: schema.required.contains(name),
        description: property.description.clone(),
    };
    schema.properties.iter().map(setting).collect()
}
