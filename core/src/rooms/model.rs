//! What a room is, and who can be invited to it.

use std::fmt;

use crate::{
    accounts::model::Identity,
    clock::Timestamp,
    error::{Error, Result},
    ids::{MemberId, RoomId},
    text,
};

/// Longest name in characters.
pub const MAX_NAME: usize = 80;
/// Combining marks in a row; languages need fewer.
const MAX_MARKS: usize = 8;

/// A room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    /// Opaque, and the key to an open room.
    pub id: RoomId,
    /// What it is called.
    pub name: String,
    /// Who may become a member.
    pub access: Access,
    /// The least role that may invite.
    pub invite_role: RoomRole,
    /// The place of its last message.
    pub seq: u64,
    /// Its count of changes.
    pub rev: u64,
    /// When it was made.
    pub created_at: Timestamp,
}

/// The name of a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomName(String);

impl RoomName {
    /// Accepts one line with something visible in it, of at most 80 characters. Direction controls are left out.
    ///
    /// # Errors
    /// `invalid_request`.
    pub fn parse(typed: &str) -> Result<Self> {
        let name: String = typed.trim().chars().filter(|c| !text::is_bidi_control(*c)).collect();
        if name.chars().all(text::is_invisible) {
            return Err(Error::invalid("name required: it must contain something visible."));
        }
        if name.chars().any(char::is_control) {
            return Err(Error::invalid("name must be one line without control characters."));
        }
        if name.chars().count() > MAX_NAME {
            return Err(Error::invalid(format!("name must be at most {MAX_NAME} characters.")));
        }
        if text::has_stacked_marks(&name, MAX_MARKS) {
            return Err(Error::invalid(format!("name must not stack more than {MAX_MARKS} combining marks.")));
        }
        Ok(Self(name))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Who may become a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Whoever holds the id.
    Open,
    /// Whoever was invited.
    Invite,
}

impl Access {
    /// The word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Invite => "invite",
        }
    }

    /// Reads [`Self::as_str`]; anything else is the stricter one.
    pub fn from_stored(text: &str) -> Self {
        if text == "open" { Self::Open } else { Self::Invite }
    }
}

/// What a member may do; a greater one may do more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RoomRole {
    /// Reading and writing.
    Member,
    /// Also removing members and messages of others.
    Moderator,
    /// Everything.
    Owner,
}

impl RoomRole {
    /// The number in the database: those with the most rights come first.
    pub const fn rank(self) -> i16 {
        match self {
            Self::Owner => 0,
            Self::Moderator => 1,
            Self::Member => 2,
        }
    }

    /// Reads [`Self::rank`]; anything else is a plain member.
    pub const fn from_rank(rank: i16) -> Self {
        match rank {
            0 => Self::Owner,
            1 => Self::Moderator,
            _ => Self::Member,
        }
    }
}

/// Somebody in a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub id: MemberId,
    /// What they may do.
    pub role: RoomRole,
    /// When they came.
    pub joined_at: Timestamp,
}

/// A room, and how somebody stands to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The room.
    pub room: Room,
    /// Their role, if they are in it.
    pub role: Option<RoomRole>,
    /// The place up to which they have read.
    pub read_seq: u64,
    /// When its latest message came, or when it was made.
    pub active_at: Timestamp,
}

/// A place in a list of rooms, those with the latest messages first: right after a room, as it stood when the list was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListPlace {
    /// When the room's latest message had come.
    pub active_at: Timestamp,
    /// The room.
    pub room: RoomId,
}

impl ListPlace {
    /// The place after a room of a list.
    pub fn after(standing: &Standing) -> Self {
        Self { active_at: standing.active_at, room: standing.room.id.clone() }
    }

    /// Reads what an answer said as `next`.
    ///
    /// # Errors
    /// `invalid_request`.
    pub fn parse(text: &str) -> Result<Self> {
        let parts = text.split_once('_').and_then(|(at, room)| Some((Timestamp::parse(at)?, RoomId::parse(room)?)));
        let (active_at, room) = parts.ok_or_else(|| Error::invalid("before must be the next of an earlier answer."))?;
        Ok(Self { active_at, room })
    }
}

impl fmt::Display for ListPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.active_at, self.room)
    }
}

/// How many messages a room has had, and how many changes of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counters {
    /// The place of the last message.
    pub seq: u64,
    /// The number of the last change.
    pub rev: u64,
}

/// What is counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A new message. Its author has read the room up to it.
    Message(MemberId),
    /// A change of one that is there.
    Change,
}

/// How long invitations hold, seen from one who has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InviteState {
    /// It can be accepted.
    Open,
    /// It is too old.
    Expired,
    /// It was taken back, or the person was removed.
    TakenBack,
}

/// Who is invited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Invitee {
    /// Somebody who is here, by id.
    Known(MemberId),
    /// Somebody at a provider.
    Elsewhere(Elsewhere),
}

/// Somebody by what they are known by at a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Elsewhere {
    /// Whoever has verified this address, in small letters.
    Email(String),
    /// A subject of a provider that is never reused.
    Subject {
        /// The provider.
        provider: &'static str,
        /// Its name for the person.
        subject: String,
    },
    /// A name at Reddit, in small letters; names there never change hands.
    RedditName(String),
}

impl Invitee {
    /// Reads any of the forms in which somebody can be named: our own user or bot id, `email_<address>`, `discord_<id>`, `reddit_<id or
    /// name>`, 17 to 20 digits (Discord), `t2_…`, and else a name at Reddit.
    ///
    /// # Errors
    /// `invalid_request` for what is none of them.
    pub fn parse(text: &str) -> Result<Self> {
        if let Some(id) = MemberId::parse(text) {
            return Ok(Self::Known(id));
        }
        let elsewhere = match text.split_once('_') {
            Some(("email", address)) => email(address),
            Some(("discord", id)) => discord(id),
            Some(("reddit", who)) => reddit_id(who).or_else(|| reddit_name(who)),
            _ => discord(text).or_else(|| reddit_id(text)).or_else(|| reddit_name(text)),
        };
        let forms = "a user or bot id, email_<address>, discord_<id>, reddit_<name>, a Discord id or a Reddit name";
        elsewhere.map(Self::Elsewhere).ok_or_else(|| Error::invalid(format!("userId must be {forms}.")))
    }
}

impl Elsewhere {
    /// How an invitation of them is kept.
    pub fn key(&self) -> String {
        match self {
            Self::Email(address) => format!("email:{address}"),
            Self::Subject { provider, subject } => format!("{provider}:{subject}"),
            Self::RedditName(name) => format!("reddit-name:{name}"),
        }
    }

    /// The keys of invitations that are meant for whoever has `identity`. An address counts only where it was verified.
    pub fn keys_of(identity: &Identity) -> Vec<String> {
        let provider = identity.provider.as_str();
        let found = match provider {
            "email" => vec![identity.email_verified.then(|| Self::Email(identity.subject.to_ascii_lowercase()))],
            "discord" => vec![Some(Self::Subject { provider: "discord", subject: identity.subject.clone() })],
            "reddit" => {
                let name = identity.handle.as_deref().and_then(reddit_name);
                vec![Some(Self::Subject { provider: "reddit", subject: identity.subject.clone() }), name]
            }
            _ => Vec::new(),
        };
        found.into_iter().flatten().map(|elsewhere| elsewhere.key()).collect()
    }
}

/// Loosely, since the provider is the judge of addresses: what it would never accept is only never claimed.
fn email(address: &str) -> Option<Elsewhere> {
    let (local, domain) = address.split_once('@')?;
    let fits = |part: &str| !part.is_empty() && !part.contains('@') && part.chars().all(|c| !c.is_whitespace() && !text::is_hidden(c));
    let valid = address.len() <= 254 && local.len() <= 64 && fits(local) && fits(domain) && domain.contains('.');
    valid.then(|| Elsewhere::Email(address.to_lowercase()))
}

fn discord(id: &str) -> Option<Elsewhere> {
    let fits = (17..=20).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| Elsewhere::Subject { provider: "discord", subject: id.to_owned() })
}

fn reddit_id(id: &str) -> Option<Elsewhere> {
    let tail = id.strip_prefix("t2_")?;
    let fits = (1..=16).contains(&tail.len()) && tail.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    fits.then(|| Elsewhere::Subject { provider: "reddit", subject: id.to_owned() })
}

fn reddit_name(name: &str) -> Option<Elsewhere> {
    let fits = (3..=20).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    fits.then(|| Elsewhere::RedditName(name.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Option<String> {
        match Invitee::parse(text).ok()? {
            Invitee::Known(id) => Some(id.to_string()),
            Invitee::Elsewhere(elsewhere) => Some(elsewhere.key()),
        }
    }

    #[test]
    fn people_are_found_in_every_form_of_the_table() {
        for (typed, wanted) in [
            ("usr-01kb3x2v5q8m4n7p9r1s3t5v7w", "usr-01kb3x2v5q8m4n7p9r1s3t5v7w"),
            ("bot-01kb3x2v5q8m4n7p9r1s3t5v7w", "bot-01kb3x2v5q8m4n7p9r1s3t5v7w"),
            ("email_Foo@X.com", "email:foo@x.com"),
            ("email_foo_bar@x.com", "email:foo_bar@x.com"),
            ("discord_123456789012345678", "discord:123456789012345678"),
            ("123456789012345678", "discord:123456789012345678"),
            ("reddit_t2_1abc", "reddit:t2_1abc"),
            ("t2_1abc", "reddit:t2_1abc"),
            ("reddit_Some_One", "reddit-name:some_one"),
            ("Some_One", "reddit-name:some_one"),
            ("1234567", "reddit-name:1234567"),
        ] {
            assert_eq!(key(typed).as_deref(), Some(wanted), "{typed}");
        }
    }

    #[test]
    fn f09_what_names_nobody_is_refused() {
        let long = "x".repeat(10_000);
        for typed in [
            "",
            "email_",
            "email_x",
            "email_@x.com",
            "email_a@b",
            "email_a@x.com\r\nBcc: b",
            "email_a@b@c.d",
            "discord_1",
            "discord_x",
            "reddit_",
            "a b",
            "é_name",
            "ab",
            "<b>",
            &long,
        ] {
            assert_eq!(key(typed), None, "{typed:?}");
        }
    }
}
