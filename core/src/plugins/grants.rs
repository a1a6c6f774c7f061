//! What a plugin may import: the fixed table from interface to plain words and to the grant it needs.

use std::fmt;

/// An interface that this server offers to plugins.
struct Offer {
    /// Package and interface; a trailing `/` stands for all interfaces of a package.
    name: &'static str,
    /// The version this server has. Versions that semantic versioning calls compatible are served too.
    version: Version,
    /// What it lets a plugin do, to complete "may …", if that is worth a word.
    words: Option<&'static str>,
    /// The name an operator lists in `grants`, or none when no permission is needed.
    grant: Option<&'static str>,
}

impl Offer {
    const fn free(name: &'static str, words: Option<&'static str>) -> Self {
        Self { name, version: OURS, words, grant: None }
    }

    const fn granted(name: &'static str, words: &'static str, grant: &'static str) -> Self {
        Self { name, version: OURS, words: Some(words), grant: Some(grant) }
    }
}

/// The version of our own interfaces.
pub const OURS: Version = Version::new(1, 0, 0);

const WASI: Version = Version { major: 0, minor: 2, patch: 12 };

/// Everything a plugin can be given.
const OFFERS: [Offer; 21] = [
    Offer::free("openclaw:settings/settings", Some("read its own settings")),
    Offer::free("openclaw:log/log", Some("write to the log")),
    Offer::free("openclaw:clock/clock", Some("read the clock")),
    Offer::free("openclaw:random/random", Some("use random numbers")),
    Offer::free("openclaw:types/types", None),
    Offer::free("openclaw:bot/types", None),
    Offer::granted("openclaw:chat/chat-read", "read what is said in its rooms", "chat-read"),
    Offer::granted("openclaw:chat/chat-write", "write and react in its rooms", "chat-write"),
    Offer::granted("openclaw:posts/posts-read", "read posts", "posts-read"),
    Offer::granted("openclaw:posts/posts-write", "write posts in its own name", "posts-write"),
    Offer::granted("openclaw:members/members", "see who is in its rooms", "members"),
    Offer::granted("openclaw:members/moderation", "delete messages and remove members where it is a moderator", "moderation"),
    Offer::granted("openclaw:store/store", "remember things", "store"),
    Offer::granted("openclaw:secrets/secrets", "use secrets without reading them", "secrets"),
    Offer::granted("openclaw:schedule/schedule", "do things later", "schedule"),
    Offer::granted("openclaw:http/http", "ask other servers that you allow", "http"),
    Offer { name: "wasi:clocks/monotonic-clock", version: WASI, words: Some("read the clock"), grant: None },
    Offer { name: "wasi:clocks/wall-clock", version: WASI, words: Some("read the clock"), grant: None },
    Offer { name: "wasi:random/", version: WASI, words: Some("use random numbers"), grant: None },
    // Toolchains import these by themselves. Behind them are an empty environment, an empty input and the log.
    Offer { name: "wasi:io/", version: WASI, words: None, grant: None },
    Offer { name: "wasi:cli/", version: WASI, words: None, grant: None },
];

/// Well-known interfaces that no plugin gets, and what they would allow.
const WITHHELD: [(&str, &str); 5] = [
    ("wasi:filesystem/", "read and write files"),
    ("wasi:sockets/", "open network connections"),
    ("wasi:http/", "send HTTP requests of its own"),
    ("wasi:keyvalue/", "use a database"),
    ("wasi:config/", "read configuration that is not its own"),
];

/// What `import` allows in plain words, if anything worth a word, when the plugin may have it; otherwise what it wants, what this server has and
/// what to do about it.
pub fn permit(import: &str, granted: &[String]) -> Result<Option<&'static str>, String> {
    let wanted = Interface::parse(import);
    if let Some((_, words)) = WITHHELD.iter().find(|(prefix, _)| import.starts_with(prefix)) {
        return Err(format!("wants to {words} (`{import}`), which this server lets no plugin do: build it without"));
    }
    let Some(offer) = OFFERS.iter().find(|offer| covers(offer.name, wanted.name)) else {
        return Err(format!(
            "wants `{import}`, which this server does not know; it has {}: install a newer server, or build the plugin without it",
            own_offers()
        ));
    };
    wanted.check_version(offer.version).map_err(|(has, fix)| format!("wants `{import}`, but this server has version {has}: {fix}"))?;
    match offer.grant {
        Some(grant) if !granted.iter().any(|granted| granted == grant) => {
            let wish = offer.words.unwrap_or("use");
            Err(format!("wants to {wish} (`{import}`), which it is not granted: add \"{grant}\" to its `grants`, if you agree"))
        }
        _ => Ok(offer.words),
    }
}

/// The version that this server has of `import`, if the plugin was built for a later one. Mostly that does not matter; but it may use
/// what came since.
pub fn outgrown(import: &str) -> Option<Version> {
    let wanted = Interface::parse(import);
    let offer = OFFERS.iter().find(|offer| covers(offer.name, wanted.name))?;
    wanted.version.filter(|version| *version > offer.version).map(|_| offer.version)
}

/// What `import` would allow, whether or not it is granted: the words, and the grant that it needs.
pub fn describe(import: &str) -> (Option<&'static str>, Option<&'static str>) {
    let wanted = Interface::parse(import);
    let offer = OFFERS.iter().find(|offer| covers(offer.name, wanted.name));
    offer.map_or((None, None), |offer| (offer.words, offer.grant))
}

/// A grant that no interface asks for is a typing error.
pub fn check_names(granted: &[String]) -> Result<(), String> {
    let known: Vec<&str> = OFFERS.iter().filter_map(|offer| offer.grant).collect();
    match granted.iter().find(|name| !known.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) if known.is_empty() => {
            Err(format!("is granted `{name}`, but this server has nothing to grant: remove it from `grants`"))
        }
        Some(name) => Err(format!("is granted `{name}`, which is not a permission; there are {}: correct its `grants`", known.join(", "))),
    }
}

fn covers(offered: &str, wanted: &str) -> bool {
    offered == wanted || (offered.ends_with('/') && wanted.starts_with(offered))
}

/// The interfaces of our own, as a list for people.
fn own_offers() -> String {
    let own = OFFERS.iter().filter(|offer| offer.name.starts_with("openclaw:"));
    own.map(|offer| format!("`{}@{}`", offer.name, offer.version)).collect::<Vec<_>>().join(", ")
}

/// The name of an import or export, `package/interface@version`.
pub struct Interface<'a> {
    /// Package and interface.
    pub name: &'a str,
    version: Option<Version>,
}

impl<'a> Interface<'a> {
    pub fn parse(text: &'a str) -> Self {
        match text.split_once('@') {
            Some((name, version)) => Self { name, version: Version::parse(version) },
            None => Self { name: text, version: None },
        }
    }

    /// Whether a host that has `has` serves this; if not, `has` and the way out.
    pub fn check_version(&self, has: Version) -> Result<(), (Version, &'static str)> {
        match self.version {
            Some(wanted) if wanted.track() == has.track() => Ok(()),
            Some(wanted) if wanted.track() < has.track() => Err((has, "install a newer build of the plugin")),
            _ => Err((has, "install a newer server, or build the plugin for that version")),
        }
    }
}

/// A released version. Pre-releases are not served.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    major: u64,
    minor: u64,
    patch: u64,
}

impl Version {
    pub const fn new(major: u64, minor: u64, patch: u64) -> Self {
        Self { major, minor, patch }
    }

    fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.split('.').map(|number| number.parse().ok());
        let version = Self { major: numbers.next()??, minor: numbers.next()??, patch: numbers.next()?? };
        numbers.next().is_none().then_some(version)
    }

    /// What must be equal for two versions to be compatible.
    fn track(self) -> (u64, u64, u64) {
        match self {
            Self { major: 0, minor: 0, patch } => (0, 0, patch),
            Self { major: 0, minor, .. } => (0, minor, 0),
            Self { major, .. } => (major, 0, 0),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}
