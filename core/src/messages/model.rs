//! What a message is.

use std::sync::Arc;

use url::Url;

use super::requests::{MessageBody, ReactionBody};
use crate::{
    clock::Timestamp,
    error::{Error, Kind, Result},
    ids::{MemberId, MessageId, RoomId},
    posts, text,
};

/// Longest text in characters.
pub const MAX_BODY: usize = 4000;
/// Most different emoji on one message.
pub const MAX_EMOJI: usize = 20;
/// Most reactions on one message: every change of one tells everybody of them all.
pub const MAX_REACTIONS: usize = 1000;

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Opaque id.
    pub id: MessageId,
    /// Where it was said.
    pub room: RoomId,
    /// Its place there.
    pub seq: u64,
    /// The room's count of changes when it was last changed.
    pub rev: u64,
    /// What its author called it before it had an id.
    pub client_id: Option<ClientId>,
    /// Who said it.
    pub author: MemberId,
    /// The author's name at that time.
    pub author_name: String,
    /// What it says.
    pub content: Content,
    /// Which message it answers.
    pub reply_to: Option<MessageId>,
    /// What others put on it.
    pub reactions: Vec<Reaction>,
    /// When it was said.
    pub created_at: Timestamp,
    /// When its text was last changed.
    pub edited_at: Option<Timestamp>,
    /// Whether only its place is left.
    pub deleted: bool,
}

impl Message {
    /// Removes what it said; its place stays.
    pub fn clear(&mut self) {
        self.content = Content { body: String::new(), attachments: Vec::new() };
        self.reactions.clear();
        self.deleted = true;
    }

    /// Puts a reaction on it, or takes it away. False if that changes nothing.
    ///
    /// # Errors
    /// `conflict` if there are too many.
    pub fn react(&mut self, who: &MemberId, emoji: &Emoji, on: bool) -> Result<bool> {
        let place = self.reactions.iter().position(|reaction| reaction.emoji == emoji.as_str());
        let has = place.is_some_and(|place| self.reactions[place].who.contains(who));
        if has == on {
            return Ok(false);
        }
        match place {
            Some(place) if on => {
                self.require_space()?;
                self.reactions[place].who.push(who.clone());
            }
            Some(place) => {
                self.reactions[place].who.retain(|other| other != who);
                self.reactions.retain(|reaction| !reaction.who.is_empty());
            }
            None => {
                if self.reactions.len() >= MAX_EMOJI {
                    return Err(full(&format!("A message has at most {MAX_EMOJI} different reactions.")));
                }
                self.require_space()?;
                self.reactions.push(Reaction { emoji: emoji.0.clone(), who: vec![who.clone()] });
            }
        }
        Ok(true)
    }

    fn require_space(&self) -> Result<()> {
        let all: usize = self.reactions.iter().map(|reaction| reaction.who.len()).sum();
        if all < MAX_REACTIONS { Ok(()) } else { Err(full(&format!("A message has at most {MAX_REACTIONS} reactions."))) }
    }

    /// The message as clients see it.
    pub fn body(&self) -> MessageBody {
        let reaction = |reaction: &Reaction| ReactionBody {
            emoji: reaction.emoji.clone(),
            user_ids: reaction.who.iter().map(ToString::to_string).collect(),
        };
        MessageBody {
            id: self.id.to_string(),
            room_id: self.room.to_string(),
            seq: self.seq,
            rev: self.rev,
            client_id: self.client_id.as_ref().map(|id| id.0.clone()),
            author_id: self.author.to_string(),
            author_name: self.author_name.clone(),
            is_bot: self.author.is_bot(),
            body: self.content.body.clone(),
            reply_to: self.reply_to.as_ref().map(ToString::to_string),
            attachments: self.content.attachments.clone(),
            reactions: self.reactions.iter().map(reaction).collect(),
            created_at: self.created_at.to_string(),
            edited_at: self.edited_at.map(|at| at.to_string()),
            deleted: self.deleted,
        }
    }

    /// The message with its text for the wire.
    ///
    /// # Errors
    /// None that could happen; writing JSON may fail in general.
    pub fn shown(self) -> Result<Shown> {
        let json = serde_json::to_string(&self.body()).map_err(Error::internal)?;
        Ok(Shown { message: self, json: json.into() })
    }
}

fn full(sentence: &str) -> Error {
    Error::new(Kind::Conflict, "too_many_reactions", sentence)
}

/// A message, and what clients see of it as JSON: written once, however many it goes to.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The message.
    pub message: Message,
    /// A [`MessageBody`].
    pub json: Arc<str>,
}

/// Which messages of a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Range {
    /// The newest.
    Latest,
    /// Those just before this place.
    Before(u64),
    /// Those just after this place.
    After(u64),
    /// Those that were changed after this `rev`, in the order of `rev`, as they are now.
    ChangedSince(u64),
}

/// What somebody did to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trace {
    /// They said it.
    Said,
    /// They put a reaction on it.
    Reacted,
}

/// What was found in a piece of all messages.
#[derive(Debug, Default)]
pub struct Found {
    /// Oldest first.
    pub messages: Vec<MessageId>,
    /// The last message that was looked at; `None` at the end.
    pub last: Option<MessageId>,
}

/// What a message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// The text, stored as it was typed. Whoever shows it escapes it.
    pub body: String,
    /// Addresses of files.
    pub attachments: Vec<String>,
}

impl Content {
    /// Accepts what someone typed. `files_at` is where our own files are, whatever its scheme.
    ///
    /// # Errors
    /// `invalid_request` naming the field.
    pub fn parse(body: String, attachments: &[String], files_at: &Url) -> Result<Self> {
        Self::new(body, posts::model::parse_attachments(attachments, files_at)?)
    }

    /// A text with attachments that were accepted before.
    ///
    /// # Errors
    /// `invalid_request` naming the field.
    pub fn new(body: String, attachments: Vec<String>) -> Result<Self> {
        if body.contains('\0') {
            return Err(Error::invalid("body must not contain the character U+0000."));
        }
        if body.chars().count() > MAX_BODY {
            return Err(Error::invalid(format!("body must be at most {MAX_BODY} characters.")));
        }
        if attachments.is_empty() && body.chars().all(text::is_invisible) {
            return Err(Error::invalid("body required: it must contain something visible, unless there are attachments."));
        }
        posts::model::require_readable("body", &body)?;
        Ok(Self { body, attachments })
    }
}

/// A client's name for a message: sending again under the same name gives the first message back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientId(String);

impl ClientId {
    /// 1 to 64 characters without controls.
    ///
    /// # Errors
    /// `invalid_request`.
    pub fn parse(text: &str) -> Result<Self> {
        if (1..=64).contains(&text.chars().count()) && !text.chars().any(char::is_control) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Error::invalid("clientId must be 1 to 64 characters without control characters."))
        }
    }

    /// Takes one from the database as it is.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An emoji on a message.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Reaction {
    /// Which.
    pub emoji: String,
    /// Who put it there, in the order in which they did.
    #[serde(rename = "userIds", with = "members")]
    pub who: Vec<MemberId>,
}

/// Members by their ids, as they stand in the database and on the wire.
mod members {
    use serde::{Deserialize as _, Deserializer, Serializer};

    use crate::ids::MemberId;

    pub fn serialize<S: Serializer>(who: &[MemberId], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(who.iter().map(MemberId::as_str))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<MemberId>, D::Error> {
        Ok(Vec::<String>::deserialize(from)?.into_iter().map(MemberId::from_stored).collect())
    }
}

/// One emoji.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Emoji(String);

/// The longest emoji in bytes: a family of four with skin tones takes 41, a flag of a region 28.
const MAX_EMOJI_BYTES: usize = 64;

impl Emoji {
    /// Accepts exactly one emoji, however many code points it is made of.
    ///
    /// # Errors
    /// `invalid_request`.
    pub fn parse(text: &str) -> Result<Self> {
        let points: Vec<char> = text.chars().collect();
        if text.len() <= MAX_EMOJI_BYTES && is_one_emoji(&points) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Error::invalid("emoji must be one emoji."))
        }
    }

    /// The emoji as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

const JOINER: char = '\u{200d}';
const AS_EMOJI: char = '\u{fe0f}';
const KEYCAP: char = '\u{20e3}';

/// A flag, a keycap, or pictures held together by joiners (Unicode Technical Standard 51).
fn is_one_emoji(points: &[char]) -> bool {
    let regional = |c: &char| matches!(c, '\u{1f1e6}'..='\u{1f1ff}');
    match points {
        [first, second] if regional(first) => regional(second),
        ['0'..='9' | '#' | '*', rest @ ..] => matches!(rest, [AS_EMOJI, KEYCAP] | [KEYCAP]),
        _ => !points.is_empty() && points.split(|c| *c == JOINER).all(is_picture),
    }
}

/// A picture with what may follow it: a skin tone, the wish to be shown as an emoji, or the tags of a region's flag.
fn is_picture(points: &[char]) -> bool {
    let Some((first, rest)) = points.split_first() else { return false };
    let tone = |c: &char| matches!(c, '\u{1f3fb}'..='\u{1f3ff}');
    pictographic(*first)
        && match rest {
            [] | [AS_EMOJI] => true,
            [one] => tone(one),
            [tags @ .., '\u{e007f}'] => *first == '\u{1f3f4}' && tags.iter().all(|c| matches!(c, '\u{e0030}'..='\u{e007a}')),
            _ => false,
        }
}

fn pictographic(c: char) -> bool {
    matches!(c,
        '\u{a9}' | '\u{ae}' | '\u{203c}' | '\u{2049}' | '\u{2122}' | '\u{2139}' | '\u{2194}'..='\u{21aa}' | '\u{231a}'..='\u{23ff}'
        | '\u{24c2}' | '\u{25aa}'..='\u{25fe}' | '\u{2600}'..='\u{27bf}' | '\u{2934}'..='\u{2935}' | '\u{2b05}'..='\u{2b55}'
        | '\u{3030}' | '\u{303d}' | '\u{3297}' | '\u{3299}' | '\u{1f004}'..='\u{1f0cf}' | '\u{1f170}'..='\u{1f19a}'
        | '\u{1f201}'..='\u{1f251}' | '\u{1f300}'..='\u{1faff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_emoji_is_one_emoji_however_long() {
        for good in ["👍", "👍🏽", "❤️", "❤", "👩‍💻", "👨‍👩‍👧‍👦", "🇩🇪", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "1️⃣", "#⃣", "🏳️‍🌈", "☺️", "👩🏿‍🤝‍👩🏻"]
        {
            assert!(Emoji::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "a", "1", "👍👍", "👍 ", "🇩", "🇩🇪🇫🇷", "ok👍", "<b>", "\u{200d}", "👍\u{200d}", "é", "👍\0", &"👩‍".repeat(20)]
        {
            assert!(Emoji::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn s19_messages_say_something_and_not_too_much() {
        let new = |body: &str| Content::new(body.to_owned(), Vec::new());
        for good in ["a", "👍", "a\u{202e}b", "<b>", &"ü".repeat(MAX_BODY)] {
            assert!(new(good).is_ok(), "{good:?}");
        }
        for bad in ["", " \n\t", "\u{200b}\u{202e}", "a\0", &"ü".repeat(MAX_BODY + 1), &format!("a{}", "\u{301}".repeat(9))] {
            assert!(new(bad).is_err(), "{bad:?}");
        }
        assert!(Content::new(String::new(), vec!["https://a.example/".to_owned()]).is_ok());
    }
}
