//! What a bot is, and what its tokens permit.

use std::{fmt, str::FromStr};

use crate::{
    clock::Timestamp,
    error::{Error, Result},
    ids::{BotId, BotTokenId, RoomId},
    text,
};

/// Longest handle.
const MAX_HANDLE: usize = 32;

/// A program that takes part in rooms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bot {
    /// Opaque id.
    pub id: BotId,
    /// What it is called by in commands and on connecting.
    pub handle: Handle,
    /// The name that others see.
    pub name: BotName,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A word for a bot: 1 to 32 of `a-z`, `0-9`, `_` and `-`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Handle(String);

impl Handle {
    /// Reads a handle. Capitals are taken as small letters.
    ///
    /// # Errors
    /// `invalid_request`.
    pub fn parse(text: &str) -> Result<Self> {
        let handle = text.to_ascii_lowercase();
        let fits = (1..=MAX_HANDLE).contains(&handle.len())
            && handle.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-'));
        // What looks like the id of a person, or stands for the server itself, is no handle.
        if !fits || handle == "system" || handle.starts_with("usr-") || handle.starts_with("bot-") {
            let rule = "must be 1 to 32 of a-z, 0-9, _ and -, must not be \"system\" and must not begin with usr- or bot-";
            return Err(Error::invalid(format!("The id of a bot {rule}, like \"openclaw\".")));
        }
        Ok(Self(handle))
    }

    /// The handle that suggests itself for a name.
    ///
    /// # Errors
    /// `invalid_request` if nothing of the name can stand in a handle.
    pub fn of_name(name: &BotName) -> Result<Self> {
        let words = name.0.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        let handle: String = words.collect::<Vec<_>>().join("-").chars().take(MAX_HANDLE).collect();
        Self::parse(handle.trim_end_matches('-'))
    }

    /// Takes a handle from the database as it is.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The handle as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The name of a bot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BotName(String);

impl BotName {
    /// Accepts what can be a name: 1 to 64 visible characters in one line.
    ///
    /// # Errors
    /// `invalid_request`.
    pub fn parse(text: &str) -> Result<Self> {
        if text::one_line(text, text::MAX_NAME) != text || text.is_empty() || text::name_key(text) == "system" {
            return Err(Error::invalid("The name of a bot must be 1 to 64 visible characters in one line, and not \"system\"."));
        }
        Ok(Self(text.to_owned()))
    }

    /// Takes a name from the database as it is.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What it has in common with names that look like it.
    pub fn key(&self) -> String {
        text::name_key(&self.0)
    }
}

/// What a token permits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ability {
    /// To see rooms, members and messages, to join and to leave.
    Read,
    /// To send messages, and to edit and delete one's own.
    Write,
    /// To put reactions on messages.
    React,
    /// What owners and moderators do, in rooms where the bot is one.
    Moderate,
    /// To write posts. Tokens never permit this, an operator may permit it to a plugin.
    Post,
}

impl Ability {
    /// All that tokens may permit.
    pub const ALL: [Self; 4] = [Self::Read, Self::Write, Self::React, Self::Moderate];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::React => "react",
            Self::Moderate => "moderate",
            Self::Post => "post",
        }
    }
}

impl fmt::Display for Ability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Ability {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("\"{text}\" is no ability; there are read, write, react and moderate");
        Self::ALL.into_iter().find(|ability| ability.as_str() == text).ok_or_else(wrong)
    }
}

/// What a bot may do, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rights {
    /// The token that it came with; none for the token of the configuration.
    pub token: Option<BotTokenId>,
    /// What it may do.
    pub abilities: Vec<Ability>,
    /// In which rooms; `None` for every room that it is in.
    pub rooms: Option<Vec<RoomId>>,
    /// Whether it may become a member of every room, and list them all.
    pub everywhere: bool,
}

impl Rights {
    /// Those of whoever has the token of the configuration.
    pub fn of_configuration() -> Self {
        Self { token: None, abilities: Ability::ALL.to_vec(), rooms: None, everywhere: true }
    }

    /// Those of a plugin: what its operator granted.
    pub fn of_plugin(abilities: Vec<Ability>, rooms: Option<Vec<RoomId>>, everywhere: bool) -> Self {
        Self { token: None, abilities, rooms, everywhere }
    }

    /// Whether `room` is among those that they are for.
    pub fn reach(&self, room: &RoomId) -> bool {
        self.rooms.as_ref().is_none_or(|rooms| rooms.contains(room))
    }

    /// Whether they permit this in `room`.
    ///
    /// # Errors
    /// `not_found` for a room that they are not for; `forbidden` without the ability.
    pub fn require(&self, ability: Ability, room: &RoomId) -> Result<()> {
        if !self.reach(room) {
            return Err(Error::not_found("room"));
        }
        self.require_ability(ability)
    }

    /// Whether they permit this anywhere.
    ///
    /// # Errors
    /// `forbidden`.
    pub fn require_ability(&self, ability: Ability) -> Result<()> {
        if self.abilities.contains(&ability) {
            Ok(())
        } else {
            Err(Error::forbidden(format!("This bot's token lacks the ability \"{ability}\".")))
        }
    }
}

/// A token as the operator sees it, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BotToken {
    /// Opaque id.
    pub id: BotTokenId,
    /// Whose it is.
    pub bot: BotId,
    /// What it permits.
    pub abilities: Vec<Ability>,
    /// Where; `None` for every room that the bot is in.
    pub rooms: Option<Vec<RoomId>>,
    /// When it was made.
    pub created_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handles_are_words_and_never_look_like_an_id() {
        for good in ["openclaw", "OpenClaw", "a", "my_bot-2", &"x".repeat(32)] {
            assert_eq!(Handle::parse(good).expect(good).as_str(), good.to_lowercase());
        }
        for bad in ["", "system", "SYSTEM", "usr-1", "bot-1", "a b", "é", "<b>", "a\n", &"x".repeat(33)] {
            assert!(Handle::parse(bad).is_err(), "{bad:?}");
        }
        assert_eq!(Handle::of_name(&BotName::parse("Nice Helper!").expect("a name")).expect("a handle").as_str(), "nice-helper");
        assert!(Handle::of_name(&BotName::parse("助手").expect("a name")).is_err());
    }

    #[test]
    fn s06_names_of_bots_are_visible_and_compared_as_they_look() {
        for bad in ["", " a", "a\u{202e}b", "a\nb", "system", "ＳＹＳＴＥＭ", &"x".repeat(65), "\u{200b}"] {
            assert!(BotName::parse(bad).is_err(), "{bad:?}");
        }
        assert_eq!(BotName::parse("ＯpenClaw").expect("a name").key(), "openclaw");
    }
}
