//! The components that are part of the binary.

use super::kind::PluginKind;

/// A component that is part of the binary, and what its section says when it says nothing.
pub struct Bundled {
    /// Its name, which is also the id that it has without a section.
    pub name: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// What it is there for.
    pub kind: PluginKind,
    /// Whether it has an entry without a section.
    pub always: bool,
    /// Where the host may go on its behalf.
    pub hosts: &'static [&'static str],
    /// Whether its site only talks to clients that have a secret.
    pub needs_secret: bool,
    /// What it may import beyond what needs no permission.
    pub grants: &'static [&'static str],
    /// The component.
    pub bytes: &'static [u8],
}

macro_rules! component {
    ($name:literal) => {
        include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".wasm"))
    };
}

/// All of them.
pub const ALL: [Bundled; 6] = [
    Bundled {
        name: "email",
        title: "Email",
        kind: PluginKind::PasswordProvider,
        always: true,
        hosts: &[],
        needs_secret: false,
        grants: &[],
        bytes: component!("email"),
    },
    Bundled {
        name: "discord",
        title: "Discord",
        kind: PluginKind::OAuthProvider,
        always: true,
        hosts: &["discord.com"],
        needs_secret: true,
        grants: &[],
        bytes: component!("discord"),
    },
    Bundled {
        name: "reddit",
        title: "Reddit",
        kind: PluginKind::OAuthProvider,
        always: true,
        hosts: &["www.reddit.com", "oauth.reddit.com"],
        needs_secret: true,
        grants: &[],
        bytes: component!("reddit"),
    },
    Bundled {
        name: "oidc",
        title: "OpenID",
        kind: PluginKind::OAuthProvider,
        always: false,
        hosts: &[],
        needs_secret: false,
        grants: &[],
        bytes: component!("oidc"),
    },
    Bundled {
        name: "openclaw",
        title: "OpenClaw",
        kind: PluginKind::Bot,
        always: false,
        hosts: &[],
        needs_secret: false,
        grants: &["chat-read", "chat-write", "store", "schedule", "http", "secrets"],
        bytes: component!("openclaw"),
    },
    Bundled {
        name: "moderator",
        title: "Moderator",
        kind: PluginKind::Bot,
        always: false,
        hosts: &[],
        needs_secret: false,
        grants: &["store"],
        bytes: component!("moderator"),
    },
];

/// The names of those that are there without a section.
pub fn always() -> impl Iterator<Item = &'static str> {
    ALL.iter().filter(|bundled| bundled.always).map(|bundled| bundled.name)
}

/// The bundled component `name`.
pub fn find(name: &str) -> Option<&'static Bundled> {
    ALL.iter().find(|bundled| bundled.name == name)
}

/// The bundled component that somebody calls `name`.
///
/// # Errors
/// Why there is none, to complete "it …".
pub fn named(name: &str) -> Result<&'static Bundled, String> {
    find(name).ok_or_else(|| format!("names nothing: this server carries {}; name one of them, or a file", names()))
}

/// The names of all bundled components, as a list for people.
pub fn names() -> String {
    ALL.map(|bundled| bundled.name).join(", ")
}
