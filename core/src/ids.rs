//! One type per kind of id. Ids are opaque and time-ordered: a prefix that names the kind, then a ULID in lower case.

use std::fmt;

use ulid::Ulid;

use crate::{clock::Timestamp, random::Random};

/// A new ULID text for this moment: 48 bits of time, 80 random bits.
fn ulid(now: Timestamp, random: &Random) -> String {
    Ulid::from_parts(u64::try_from(now.millis()).unwrap_or(0), random.after(now)).to_string().to_ascii_lowercase()
}

/// Whether `text` is `prefix` followed by a ULID as this server writes it.
fn well_formed(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(|tail| {
        tail.len() == 26 && tail.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase()) && Ulid::from_string(tail).is_ok()
    })
}

macro_rules! id {
    ($(#[doc = $doc:literal])+ $name:ident, $prefix:literal) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// A new id for something made at `now`.
            pub fn new(now: Timestamp, random: &Random) -> Self {
                Self(format!(concat!($prefix, "{}"), ulid(now, random)))
            }

            /// Reads an id that a client sent; `None` unless it has the form of one.
            pub fn parse(text: &str) -> Option<Self> {
                well_formed(text, $prefix).then(|| Self(text.to_owned()))
            }

            /// Takes an id from the database as it is.
            pub fn from_stored(text: String) -> Self {
                Self(text)
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id! {
    /// A person's account.
    UserId, "usr-"
}
id! {
    /// A way a person can sign in: one account at one provider.
    IdentityId, "idn-"
}
id! {
    /// A signed-in browser or program.
    SessionId, "ses-"
}
id! {
    /// A post.
    PostId, "u-"
}
id! {
    /// A mail that waits to be sent.
    MailId, "mail-"
}
id! {
    /// A process that writes to the database, new at each start.
    NodeId, "node-"
}
id! {
    /// A room.
    RoomId, "r-"
}
id! {
    /// A message in a room.
    MessageId, "m-"
}
id! {
    /// A program that takes part under a name of its own.
    BotId, "bot-"
}
id! {
    /// A file that somebody uploaded.
    UploadId, "up-"
}
id! {
    /// A secret by which a bot is known.
    BotTokenId, "bt-"
}

id! {
    /// An event that a bot could not deal with.
    LetterId, "pl-"
}

impl MessageId {
    /// An id that no message has, for what a client sent that is no id: it names nothing.
    pub const fn of_none() -> Self {
        Self(String::new())
    }
}

/// Whoever can be in a room: a person or a bot.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MemberId {
    /// A person.
    User(UserId),
    /// A program.
    Bot(BotId),
}

impl MemberId {
    /// Reads an id that a client sent; `None` unless it has the form of a user's or a bot's.
    pub fn parse(text: &str) -> Option<Self> {
        UserId::parse(text).map(Self::User).or_else(|| BotId::parse(text).map(Self::Bot))
    }

    /// Takes an id from the database as it is.
    pub fn from_stored(text: String) -> Self {
        if text.starts_with("bot-") { Self::Bot(BotId::from_stored(text)) } else { Self::User(UserId::from_stored(text)) }
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        match self {
            Self::User(id) => id.as_str(),
            Self::Bot(id) => id.as_str(),
        }
    }

    /// Whether this is a program.
    pub const fn is_bot(&self) -> bool {
        matches!(self, Self::Bot(_))
    }
}

impl fmt::Display for MemberId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
