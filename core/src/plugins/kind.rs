//! What a plugin is there for, as its exports say.

use super::{
    grants::{self, Interface, OURS},
    inspect::Outline,
};

/// What a plugin is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PluginKind {
    /// People sign in with a password that the host keeps.
    PasswordProvider,
    /// People are sent to another site and come back signed in.
    OAuthProvider,
    /// It takes part in rooms, or looks at what is said there.
    Bot,
}

/// The package of the interfaces of bots.
const BOT: &str = "openclaw:bot/";

/// The reasons for which this server calls a bot: the names of their interfaces, and what each means in plain words.
const REASONS: [(&str, &str); 9] = [
    ("on-message", "hears what is said in its rooms"),
    ("on-change", "hears of edits, deletions and reactions in its rooms"),
    ("on-member", "hears who comes and goes in its rooms"),
    ("on-post", "hears of posts"),
    ("commands", "has commands"),
    ("completion", "suggests arguments of its commands"),
    ("scheduled", "does things at certain times"),
    ("before-message", "looks at messages before they are said, and may refuse or change them"),
    ("lifecycle", "introduces itself, and says whether it can work"),
];

/// The reason whose interface is `export`, if it is one of a bot: its name and its words.
fn reason(export: &str) -> Option<(&'static str, &'static str)> {
    let name = Interface::parse(export).name.strip_prefix(BOT)?;
    REASONS.into_iter().find(|(reason, _)| *reason == name)
}

/// The names of the reasons among `exports`.
pub fn reasons_in(exports: &[String]) -> Vec<&'static str> {
    exports.iter().filter_map(|export| Some(reason(export)?.0)).collect()
}

/// What an export of this server's interfaces means, in plain words.
pub fn words(export: &str) -> Option<&'static str> {
    match Interface::parse(export).name {
        "openclaw:provider/password" => Some("people sign in with a password that the server keeps"),
        "openclaw:provider/oauth" => Some("people sign in at another site"),
        _ => reason(export).map(|(_, words)| words),
    }
}

impl PluginKind {
    const PROVIDERS: [Self; 2] = [Self::PasswordProvider, Self::OAuthProvider];

    /// The words for a list.
    pub fn words(self) -> &'static str {
        match self {
            Self::PasswordProvider => "password provider",
            Self::OAuthProvider => "redirect provider",
            Self::Bot => "bot",
        }
    }

    /// Whether people sign in with it.
    pub const fn is_provider(self) -> bool {
        !matches!(self, Self::Bot)
    }

    /// Whether a plugin of this kind can use what it imports. All that needs a grant is something of the community's, where bots take part
    /// and providers do not: a provider that asked for it would break down at every sign-in.
    pub fn check_use(self, import: &str) -> Result<(), String> {
        let (words, grant) = grants::describe(import);
        if !self.is_provider() || grant.is_none() {
            return Ok(());
        }
        Err(format!(
            "wants to {} (`{import}`), which only bots can do, and this is a {}: build it without",
            words.unwrap_or("use"),
            self.words()
        ))
    }

    /// The interface that this server calls, of those kinds that have only one.
    fn interface(self) -> &'static str {
        match self {
            Self::PasswordProvider => "openclaw:provider/password",
            Self::OAuthProvider => "openclaw:provider/oauth",
            Self::Bot => "openclaw:bot",
        }
    }

    /// The kind of a component, or why it is none that this server can call.
    pub fn of(outline: &Outline) -> Result<Self, String> {
        let exports = |kind: &Self| outline.exports.iter().find(|export| Interface::parse(export).name == kind.interface());
        let mut found: Vec<(Self, &String)> = Self::PROVIDERS.into_iter().filter_map(|kind| Some((kind, exports(&kind)?))).collect();
        found.extend(reasons(outline)?.first().map(|export| (Self::Bot, *export)));
        let [(kind, export)] = found[..] else {
            let wrong = if found.is_empty() {
                "exports nothing that this server calls"
            } else {
                "exports interfaces of more than one kind of plugin"
            };
            return Err(format!("{wrong}: it looks for {}; build it with the export macros of the SDK", offers()));
        };
        check_version(export).map(|()| kind)
    }
}

/// The interfaces of bots that a component exports, all of which this server must know.
fn reasons(outline: &Outline) -> Result<Vec<&String>, String> {
    let own = |export: &&String| Interface::parse(export).name.starts_with(BOT);
    let exports: Vec<&String> = outline.exports.iter().filter(own).collect();
    for export in &exports {
        if reason(export).is_none() {
            return Err(format!(
                "offers `{export}`, which this server does not call: install a newer server, or build the plugin without it"
            ));
        }
        check_version(export)?;
    }
    Ok(exports)
}

fn check_version(export: &str) -> Result<(), String> {
    let fits = Interface::parse(export).check_version(OURS);
    fits.map_err(|(has, fix)| format!("offers `{export}`, but this server calls version {has}: {fix}"))
}

/// The interfaces that this server calls, as a list for people.
fn offers() -> String {
    let providers = PluginKind::PROVIDERS.map(|kind| format!("`{}@{OURS}`", kind.interface()));
    let reasons = REASONS.map(|(name, _)| name);
    format!("one of {}, or any of `openclaw:bot@{OURS}` ({})", providers.join(", "), reasons.join(", "))
}
