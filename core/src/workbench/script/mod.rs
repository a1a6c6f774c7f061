//! Conversations in a text file, and playing them with a bot: people do what the script says, and the bot is expected to do what it says.

mod parse;

use std::{collections::VecDeque, fmt::Write, path::Path, time::Duration};

use self::parse::{Expected, Text};
pub use self::parse::{Script, Step};
use super::stage::{Change, Deed, Effort, Play, Stage};
use crate::ids::RoomId;

/// Between two things that people do, so that the limits on what is done within a second are those of people who talk.
const PAUSE: Duration = Duration::from_secs(1);

/// What came of a line of a script.
#[derive(Debug)]
pub struct Report {
    /// The line.
    pub line: usize,
    /// What is wrong, if something is.
    pub fault: Option<String>,
    /// What the bot used for it, if it was called.
    pub effort: Option<Effort>,
    /// What the bot wrote into its log: level and line.
    pub log: Vec<(String, String)>,
}

/// A script that is being played.
pub struct Performance {
    stage: Stage,
    room: Option<RoomId>,
    /// What the bot did that the script has not come to.
    deeds: VecDeque<Deed>,
    /// Why the last thing that somebody did was refused.
    refusal: Option<String>,
    /// What the bot wrote into its log since somebody last did something.
    logged: Vec<String>,
    /// What suggested itself since then.
    suggested: Vec<String>,
}

impl Performance {
    /// Sets the stage for a script.
    ///
    /// # Errors
    /// Why the bot cannot take part.
    pub async fn begin(component: &Path, id: &str, script: &Script, cache: &Path) -> Result<Self, String> {
        let play =
            Play { component: component.to_owned(), id: id.to_owned(), settings: script.settings.clone(), hosts: script.hosts.clone() };
        let stage = Stage::open(&play, cache).await?;
        Ok(Self { stage, room: None, deeds: VecDeque::new(), refusal: None, logged: Vec::new(), suggested: Vec::new() })
    }

    /// Plays one line; `next` is the one after it, which may be about what becomes of this one.
    pub async fn play(&mut self, line: usize, step: &Step, next: Option<&Step>) -> Report {
        let fault = match step {
            Step::Expect(expected) => self.expect(expected),
            Step::Refused(part) => self.refused(part),
            Step::Silence => self.silence(),
            Step::Logs(part) => self.logs(part),
            Step::Suggests(values) => self.suggests(values),
            _ => self.act(step).await,
        }
        .err();
        // Asked each time, so that the step is named that caused it. It says more than what people are told of it.
        let trouble = self.stage.trouble().await.unwrap_or_else(Some);
        let refusal = if matches!(next, Some(Step::Refused(_))) { None } else { self.refusal.take() };
        let fault = fault.or(trouble).or_else(|| refusal.map(|reason| format!("this was refused: {reason}")));
        let log = self.stage.lines();
        self.logged.extend(log.iter().map(|(_, line)| line.clone()));
        let effort = Some(self.stage.effort()).filter(|effort| effort.calls > 0);
        Report { line, fault, effort, log }
    }

    /// What the bot did at the end that the script says nothing of.
    pub async fn end(self) -> Vec<Deed> {
        self.stage.close().await;
        self.deeds.into()
    }

    /// Somebody does something, or time passes.
    async fn act(&mut self, step: &Step) -> Result<(), String> {
        // What nobody asked about is no part of what comes now.
        self.deeds.clear();
        self.logged.clear();
        self.suggested.clear();
        self.stage.wait(PAUSE).await?;
        match self.perform(step).await {
            Ok(told) => self.deeds.extend(told),
            Err(Refusal::Here(reason)) => self.refusal = Some(reason),
            Err(Refusal::Script(reason)) => return Err(reason),
        }
        self.stage.settle().await?;
        self.deeds.extend(self.stage.deeds().await?);
        Ok(())
    }

    async fn perform(&mut self, step: &Step) -> Result<Option<Deed>, Refusal> {
        if let Step::Room(name) = step {
            self.room = Some(self.stage.room(name).await?);
            return Ok(None);
        }
        if let Step::Wait(span) = step {
            return self.stage.wait(*span).await.map(|()| None).map_err(Refusal::Script);
        }
        if let Step::Posts(who, title) = step {
            return Ok(self.stage.posts(who, title, "").await.map(|_| None)?);
        }
        let room = self.room.clone().ok_or_else(|| Refusal::Script("nobody is anywhere yet: begin with `room` and a name".to_owned()))?;
        match step {
            Step::Joins(who, role) => self.stage.join(who, &room, *role).await?,
            Step::Leaves(who) => self.stage.leave(who, &room).await?,
            Step::Types(who, text) => return Ok(self.stage.types(who, &room, text).await?),
            Step::Begins(who, typing) => self.suggested = self.stage.begins(who, &room, typing).await?,
            Step::Edits(who, text) => self.stage.change(who, None, Change::Edit(text)).await?,
            Step::Deletes(who) => self.stage.change(who, None, Change::Delete).await?,
            Step::Reacts(who, emoji) => self.stage.change(who, None, Change::React(emoji, true)).await?,
            Step::ReactsToBot(who, emoji) => {
                self.deeds.extend(self.stage.deeds().await.map_err(Refusal::Script)?);
                let none = || Refusal::Script("the bot has said nothing here so far".to_owned());
                let said = self.stage.last_of_bot(&room).ok_or_else(none)?;
                self.stage.change(who, Some(said), Change::React(emoji, true)).await?;
            }
            Step::Promote => self.stage.promote_bot(&room).await?,
            _ => {}
        }
        Ok(None)
    }

    fn expect(&mut self, expected: &Expected) -> Result<(), String> {
        match self.deeds.pop_front() {
            Some(deed) if expected.fits(&deed) => Ok(()),
            Some(deed) => Err(format!("what came is:  {deed}")),
            None => Err("nothing came".to_owned()),
        }
    }

    fn refused(&mut self, part: &str) -> Result<(), String> {
        match self.refusal.take() {
            Some(reason) if reason.contains(part) => Ok(()),
            Some(reason) => Err(format!("it was refused like this:  {reason}")),
            None => Err("it was not refused".to_owned()),
        }
    }

    fn silence(&mut self) -> Result<(), String> {
        if self.deeds.is_empty() {
            return Ok(());
        }
        let list = self.deeds.drain(..).fold(String::new(), |mut list, deed| {
            let _ = write!(list, "\n  {deed}");
            list
        });
        Err(format!("what came is:{list}"))
    }

    fn suggests(&self, values: &[String]) -> Result<(), String> {
        match &self.suggested[..] {
            suggested if suggested == values => Ok(()),
            [] => Err("nothing suggests itself".to_owned()),
            others => Err(format!("what suggests itself is:  {}", others.join(", "))),
        }
    }

    fn logs(&self, part: &str) -> Result<(), String> {
        if self.logged.iter().any(|line| line.contains(part)) {
            return Ok(());
        }
        Err(if self.logged.is_empty() { "its log has nothing".to_owned() } else { format!("its log has:\n  {}", self.logged.join("\n  ")) })
    }
}

/// Why something that a script wants did not happen.
enum Refusal {
    /// The community refused it, which the script may expect.
    Here(String),
    /// It makes no sense.
    Script(String),
}

impl From<crate::error::Error> for Refusal {
    fn from(error: crate::error::Error) -> Self {
        Self::Here(error.message)
    }
}

impl Expected {
    fn fits(&self, deed: &Deed) -> bool {
        match (self, deed) {
            (Self::Said(expected), Deed::Said { bot, text }) => said(expected, bot, text),
            (Self::Told(whom, expected), Deed::Told { whom: told, text }) => whom.eq_ignore_ascii_case(told) && expected.fits(text),
            (Self::Edited(expected), Deed::Edited(text)) | (Self::Posted(expected), Deed::Posted(text)) => expected.fits(text),
            (Self::Deleted, Deed::Deleted) => true,
            (Self::Reacted(expected), Deed::Reacted(emoji)) | (Self::Unreacted(expected), Deed::Unreacted(emoji)) => expected == emoji,
            (Self::Removed(expected), Deed::Removed(who)) => expected.eq_ignore_ascii_case(who),
            _ => false,
        }
    }
}

/// What is said may be written with the name of who says it.
fn said(expected: &Text, bot: &str, text: &str) -> bool {
    expected.fits(text)
        || matches!(expected, Text::Is(line) if line.strip_prefix(bot).and_then(|rest| rest.strip_prefix(": ")) == Some(text))
}
