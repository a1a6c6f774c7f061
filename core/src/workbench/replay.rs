//! Telling a component what another one was told in a server that is not there: the people, rooms and messages of a record are put on a
//! stage, in their order and at their times, and what the bot does about each of them is written down.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    path::Path,
    time::Duration,
};

use super::stage::{Change, Effort, Play, Stage, one_line};
use crate::{
    clock::Timestamp,
    error::Result,
    ids::{MessageId, PostId},
    plugins::dispatch::record::Recorded,
};

/// The longest value that is shown.
const SHOWN: usize = 200;

/// A record that is being told.
pub struct Replay {
    stage: Stage,
    /// What messages of the record are called here.
    messages: BTreeMap<String, MessageId>,
    posts: BTreeMap<String, PostId>,
    /// Who put which emoji on which message.
    reactions: BTreeSet<(String, String, String)>,
    values: BTreeMap<String, Vec<u8>>,
}

/// What came of one event.
pub struct Report {
    /// The event, and what the bot did about it, a line each.
    pub text: String,
    /// Why it failed, if it did.
    pub fault: Option<String>,
    /// What the bot used.
    pub effort: Effort,
}

impl Replay {
    /// Sets the stage.
    ///
    /// # Errors
    /// Why the bot cannot take part.
    pub async fn begin(component: &Path, id: &str, settings: BTreeMap<String, String>, cache: &Path) -> std::result::Result<Self, String> {
        let play = Play { component: component.to_owned(), id: id.to_owned(), settings, hosts: Vec::new() };
        let stage = Stage::open(&play, cache).await?;
        let values = stage.values().await?;
        Ok(Self { stage, messages: BTreeMap::new(), posts: BTreeMap::new(), reactions: BTreeSet::new(), values })
    }

    /// Tells one event. Who is not there yet comes in before, and what was said before the record began is said before; what the bot does
    /// about that is not shown.
    ///
    /// # Errors
    /// The record makes no sense, or the bot takes too long.
    pub async fn tell(&mut self, event: &Recorded) -> std::result::Result<Report, String> {
        let named = |reason: String| format!("event {}: {reason}", event.id);
        let time = Timestamp::parse(&event.time).ok_or_else(|| named("its time is no time".to_owned()))?;
        self.stage.turn_clock(time);
        self.stage.wait(Duration::ZERO).await?;
        self.prepare(event).await.map_err(|error| named(error.message))?;
        self.stage.settle().await?;
        let mut text = describe(event);
        self.happened(&mut text, "before that").await?;
        self.stage.effort();
        self.happen(event).await.map_err(|error| named(error.message))?;
        self.stage.settle().await?;
        self.happened(&mut text, "").await?;
        Ok(Report { text, fault: self.stage.trouble().await?, effort: self.stage.effort() })
    }

    /// Takes the stage down.
    pub async fn end(self) {
        self.stage.close().await;
    }

    /// Brings what the event is about, as far as the record has not.
    async fn prepare(&mut self, event: &Recorded) -> Result<()> {
        if !event.room.is_empty() {
            let room = self.stage.room(&event.room).await?;
            if event.what != "joined" {
                self.stage.join(&event.who, &room, None).await?;
            }
            let is_change = matches!(event.what.as_str(), "edited" | "deleted" | "reacted" | "unreacted");
            if is_change && !self.messages.contains_key(&event.subject) {
                let body = if event.body.is_empty() { "…" } else { &event.body };
                let message = self.stage.said(&event.who, &room, body, None).await?;
                self.messages.insert(event.subject.clone(), message);
            }
            for (_, names) in &event.reactions {
                for name in names {
                    self.stage.join(name, &room, None).await?;
                }
            }
        } else if event.what == "post edited" && !self.posts.contains_key(&event.subject) {
            let post = self.stage.posts(&event.who, &event.title, &event.body).await?;
            self.posts.insert(event.subject.clone(), post);
        }
        Ok(())
    }

    async fn happen(&mut self, event: &Recorded) -> Result<()> {
        let message = self.messages.get(&event.subject).cloned();
        match event.what.as_str() {
            "said" => {
                let room = self.stage.room(&event.room).await?;
                let reply_to = event.reply_to.as_ref().and_then(|id| self.messages.get(id)).cloned();
                let message = self.stage.said(&event.who, &room, &event.body, reply_to).await?;
                self.messages.insert(event.subject.clone(), message);
            }
            "edited" => self.stage.change(&event.who, message, Change::Edit(&event.body)).await?,
            "deleted" => self.stage.change(&event.who, message, Change::Delete).await?,
            "reacted" | "unreacted" => self.react(event, message).await?,
            "joined" => {
                let room = self.stage.room(&event.room).await?;
                self.stage.join(&event.who, &room, None).await?;
            }
            "left" | "removed" => {
                let room = self.stage.room(&event.room).await?;
                if event.what == "left" { self.stage.leave(&event.who, &room).await? } else { self.stage.remove(&event.who, &room).await? }
            }
            "post created" => {
                let post = self.stage.posts(&event.who, &event.title, &event.body).await?;
                self.posts.insert(event.subject.clone(), post);
            }
            "post edited" => {
                let Some(post) = self.posts.get(&event.subject).cloned() else { return Ok(()) };
                self.stage.edit_post(&event.who, post, &event.title, &event.body).await?;
            }
            other => return Err(crate::error::Error::invalid(format!("nobody knows what {other:?} is."))),
        }
        Ok(())
    }

    /// Puts the emojis of the event on its message, and takes those away that it has not.
    async fn react(&mut self, event: &Recorded, message: Option<MessageId>) -> Result<()> {
        let each = |(emoji, names): &(String, Vec<String>)| {
            let one = |name: &String| (event.subject.clone(), emoji.clone(), name.clone());
            names.iter().map(one).collect::<Vec<_>>()
        };
        let wanted: BTreeSet<_> = event.reactions.iter().flat_map(each).collect();
        let there: BTreeSet<_> = self.reactions.iter().filter(|(subject, ..)| *subject == event.subject).cloned().collect();
        for change in wanted.symmetric_difference(&there) {
            let (_, emoji, name) = change;
            let on = wanted.contains(change);
            self.stage.change(name, message.clone(), Change::React(emoji, on)).await?;
            if on {
                self.reactions.insert(change.clone())
            } else {
                self.reactions.remove(change)
            };
        }
        Ok(())
    }

    /// Adds what the bot did and what it remembers now.
    async fn happened(&mut self, text: &mut String, when: &str) -> std::result::Result<(), String> {
        let mark = if when.is_empty() { String::new() } else { format!("({when}) ") };
        for deed in self.stage.deeds().await? {
            let _ = write!(text, "\n    {mark}{deed}");
        }
        let values = self.stage.values().await?;
        for (key, value) in values.iter().filter(|(key, value)| self.values.get(*key) != Some(value)) {
            let _ = write!(text, "\n    {mark}stores {key} = {}", shown(value));
        }
        for key in self.values.keys().filter(|key| !values.contains_key(*key)) {
            let _ = write!(text, "\n    {mark}forgets {key}");
        }
        self.values = values;
        for (level, line) in self.stage.lines() {
            let _ = write!(text, "\n    {mark}log: {level} {line}");
        }
        Ok(())
    }
}

fn describe(event: &Recorded) -> String {
    let Recorded { id, time, what, room, who, body, title, .. } = event;
    let place = if room.is_empty() { String::new() } else { format!(" in {room}") };
    let text = if title.is_empty() { one_line(body) } else { title.clone() };
    let text = if text.is_empty() { text } else { format!(": {text}") };
    format!("{id} {time} {who} {what}{place}{text}")
}

/// A value as text, if it is one.
fn shown(value: &[u8]) -> String {
    match std::str::from_utf8(value) {
        Ok(text) => one_line(&text.chars().take(SHOWN).collect::<String>()),
        Err(_) => format!("{} bytes", value.len()),
    }
}
