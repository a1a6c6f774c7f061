//! Reading a script.

use std::{collections::BTreeMap, time::Duration};

use crate::{config::Span, rooms::model::RoomRole, workbench::stage::Typing};

/// A script: what is set up before it begins, and its lines.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Script {
    /// The operator's settings.
    pub settings: BTreeMap<String, String>,
    /// Where requests may go.
    pub hosts: Vec<String>,
    /// What happens and what is expected, each with its line.
    pub steps: Vec<(usize, Step)>,
}

/// A line of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// What follows happens in this room.
    Room(String),
    /// Somebody comes, with a role.
    Joins(String, Option<RoomRole>),
    /// Somebody goes.
    Leaves(String),
    /// Somebody types something.
    Types(String, String),
    /// Somebody changes what they said last.
    Edits(String, String),
    /// Somebody deletes it.
    Deletes(String),
    /// Somebody puts an emoji on it.
    Reacts(String, String),
    /// The same on what the bot said last.
    ReactsToBot(String, String),
    /// Somebody writes a post.
    Posts(String, String),
    /// Somebody begins to type what a parameter of a command takes.
    Begins(String, Typing),
    /// The bot becomes a moderator.
    Promote,
    /// Time passes.
    Wait(Duration),
    /// What the bot is expected to do.
    Expect(Expected),
    /// These values suggest themselves, and no others.
    Suggests(Vec<String>),
    /// What was typed is refused with a sentence that contains this.
    Refused(String),
    /// The bot's log has a line that contains this.
    Logs(String),
    /// The bot does nothing more.
    Silence,
}

/// What a bot is expected to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// Say this to all.
    Said(Text),
    /// Tell one person this.
    Told(String, Text),
    /// Change a message to this.
    Edited(Text),
    /// Delete a message.
    Deleted,
    /// Put this emoji on a message.
    Reacted(String),
    /// Take it away.
    Unreacted(String),
    /// Remove somebody.
    Removed(String),
    /// Write a post with this title.
    Posted(Text),
}

/// What a text is expected to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Text {
    /// Exactly this.
    Is(String),
    /// Something with this in it.
    Has(String),
    /// Anything.
    Any,
}

impl Text {
    fn parse(text: &str) -> Self {
        let text = text.trim();
        match text.strip_prefix('~') {
            _ if text.is_empty() => Self::Any,
            Some(part) => Self::Has(unescaped(part.trim())),
            None => Self::Is(unescaped(text)),
        }
    }

    /// Whether a text is as expected.
    pub fn fits(&self, text: &str) -> bool {
        match self {
            Self::Is(expected) => expected == text,
            Self::Has(part) => text.contains(part),
            Self::Any => true,
        }
    }
}

/// `\n` is a line break, since a line of a script is one.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, if c == '\\' { chars.next() } else { None }) {
            ('\\', Some('n')) => out.push('\n'),
            ('\\', Some('\\') | None) => out.push('\\'),
            ('\\', Some(other)) => out.extend(['\\', other]),
            (plain, _) => out.push(plain),
        }
    }
    out
}

/// A line without its comment, which begins the line or stands after two spaces.
fn without_comment(line: &str) -> &str {
    if line.trim_start().starts_with('#') { "" } else { line.find("  # ").map_or(line, |at| &line[..at]) }
}

impl Script {
    /// Reads a script.
    ///
    /// # Errors
    /// The line that makes no sense, and why.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (mut script, mut in_settings) = (Self::default(), false);
        for (number, line) in text.lines().enumerate().map(|(at, line)| (at + 1, line)) {
            let trimmed = without_comment(line).trim();
            if trimmed.is_empty() {
                continue;
            }
            let wrong = |reason: &str| format!("line {number}: {reason}");
            if in_settings && line.starts_with([' ', '\t']) {
                let (name, value) = trimmed.split_once('=').ok_or_else(|| wrong("a setting is written `name = value`"))?;
                let value = value.trim();
                let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
                script.settings.insert(name.trim().to_owned(), value.to_owned());
                continue;
            }
            in_settings = trimmed == "settings";
            let allowed = trimmed.strip_prefix("allow ");
            if (in_settings || allowed.is_some()) && !script.steps.is_empty() {
                return Err(wrong("`settings` and `allow` come first, since the bot is loaded before anything happens"));
            }
            match allowed {
                Some(host) => script.hosts.push(host.trim().to_owned()),
                None if in_settings => {}
                None => script.steps.push((number, Step::parse(trimmed).map_err(|reason| wrong(&reason))?)),
            }
        }
        Ok(script)
    }
}

impl Step {
    fn parse(line: &str) -> Result<Self, String> {
        if let Some(rest) = line.strip_prefix('<') {
            return Ok(Self::Expect(expected(rest)));
        }
        if let Some(sentence) = line.strip_prefix('!') {
            return Ok(Self::Refused(sentence.trim().to_owned()));
        }
        let (word, rest) = line.split_once(' ').map_or((line, ""), |(word, rest)| (word, rest.trim()));
        match (word, rest) {
            ("room", name) if !name.is_empty() => return Ok(Self::Room(name.to_owned())),
            ("wait", span) => return span.parse().map(|Span(span)| Self::Wait(span)),
            ("silence", "") => return Ok(Self::Silence),
            ("promote", "") => return Ok(Self::Promote),
            ("suggests", values) => {
                let values = values.split(',').map(|value| value.trim().to_owned());
                return Ok(Self::Suggests(values.filter(|value| !value.is_empty()).collect()));
            }
            ("logs", text) => return Ok(Self::Logs(text.to_owned())),
            ("edits", text) => return Ok(Self::Expect(Expected::Edited(Text::parse(text)))),
            ("deletes", "") => return Ok(Self::Expect(Expected::Deleted)),
            ("reacts", emoji) => return Ok(Self::Expect(Expected::Reacted(emoji.to_owned()))),
            ("unreacts", emoji) => return Ok(Self::Expect(Expected::Unreacted(emoji.to_owned()))),
            ("removes", who) => return Ok(Self::Expect(Expected::Removed(who.to_owned()))),
            ("posts", title) => return Ok(Self::Expect(Expected::Posted(Text::parse(title)))),
            _ => {}
        }
        person(line).ok_or_else(|| {
            format!("{line:?} says nothing that is known here; people do `ann joins`, `ann: hello`, `ann leaves`, and a bot's answer is `< text`")
        })
    }
}

fn expected(rest: &str) -> Expected {
    match rest.split_once(char::is_whitespace).unwrap_or((rest, "")) {
        ("" | "~", _) => Expected::Said(Text::parse(rest)),
        (whom, text) => Expected::Told(whom.to_owned(), Text::parse(text)),
    }
}

/// What somebody does: `ann: text`, or `ann` and a verb.
fn person(line: &str) -> Option<Step> {
    if let Some((who, text)) = line.split_once(':')
        && is_name(who)
    {
        return Some(Step::Types(who.to_owned(), unescaped(text.trim())));
    }
    let (who, rest) = line.split_once(' ')?;
    let (verb, rest) = rest.split_once(' ').map_or((rest, ""), |(verb, rest)| (verb, rest.trim()));
    let (who, rest) = (Some(who.to_owned()).filter(|who| is_name(who))?, rest.to_owned());
    Some(match (verb, rest.as_str()) {
        ("joins", "") => Step::Joins(who, None),
        ("joins", "as moderator") => Step::Joins(who, Some(RoomRole::Moderator)),
        ("joins", "as owner") => Step::Joins(who, Some(RoomRole::Owner)),
        ("leaves", "") => Step::Leaves(who),
        ("deletes", "") => Step::Deletes(who),
        ("edits", _) => Step::Edits(who, unescaped(&rest)),
        ("reacts", _) => match rest.strip_suffix(" to bot") {
            Some(emoji) => Step::ReactsToBot(who, emoji.trim().to_owned()),
            None => Step::Reacts(who, rest),
        },
        ("posts", _) => Step::Posts(who, rest),
        ("begins", text) => Step::Begins(who, typing(text)?),
        _ => return None,
    })
}

/// Reads `/paint colour gr`.
fn typing(text: &str) -> Option<Typing> {
    let (command, rest) = text.strip_prefix('/')?.split_once(' ')?;
    let (parameter, typed) = rest.split_once(' ').unwrap_or((rest, ""));
    Some(Typing { command: command.to_owned(), parameter: parameter.to_owned(), typed: typed.trim().to_owned() })
}

fn is_name(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_says_what_happens_and_what_is_expected() {
        let text = "# a comment\nsettings\n  greeting = \"Moin\"\nallow 127.0.0.1:80\nroom Lobby\nann joins as moderator\nann: a: b\\nc\nann reacts 1️⃣ to bot\n\
                    < Dice: x #1   # exactly\n<~ part\n<\n<ann ~ y\n! not here\nwait 1h\nreacts 👍\nann begins /paint colour sea gr\nsuggests sea green, sea grey\n\
                    ann begins /roll sides\nsuggests\nsilence\n";
        let script = Script::parse(text).unwrap();
        assert_eq!(script.settings["greeting"], "Moin");
        assert_eq!(script.hosts, ["127.0.0.1:80"]);
        let steps: Vec<Step> = script.steps.iter().map(|(_, step)| step.clone()).collect();
        let said = |text| Step::Expect(Expected::Said(text));
        let typing = |command: &str, parameter: &str, typed: &str| {
            let [command, parameter, typed] = [command, parameter, typed].map(str::to_owned);
            Step::Begins("ann".to_owned(), Typing { command, parameter, typed })
        };
        let expected = [
            Step::Room("Lobby".to_owned()),
            Step::Joins("ann".to_owned(), Some(RoomRole::Moderator)),
            Step::Types("ann".to_owned(), "a: b\nc".to_owned()),
            Step::ReactsToBot("ann".to_owned(), "1️⃣".to_owned()),
            said(Text::Is("Dice: x #1".to_owned())),
            said(Text::Has("part".to_owned())),
            said(Text::Any),
            Step::Expect(Expected::Told("ann".to_owned(), Text::Has("y".to_owned()))),
            Step::Refused("not here".to_owned()),
            Step::Wait(Duration::from_hours(1)),
            Step::Expect(Expected::Reacted("👍".to_owned())),
            typing("paint", "colour", "sea gr"),
            Step::Suggests(vec!["sea green".to_owned(), "sea grey".to_owned()]),
            typing("roll", "sides", ""),
            Step::Suggests(Vec::new()),
            Step::Silence,
        ];
        assert_eq!(steps, expected);
        assert_eq!(script.steps[0].0, 5, "lines are counted from one");
    }

    #[test]
    fn what_makes_no_sense_is_named_with_its_line() {
        for (text, reason) in [
            ("room A\nann dances", "line 2: \"ann dances\""),
            ("settings\n  greeting", "line 2: a setting"),
            ("room A\nsettings", "line 2: `settings`"),
            ("wait a while", "line 1: \"a while\" is not a length of time"),
        ] {
            let said = Script::parse(text).unwrap_err();
            assert!(said.starts_with(reason), "{said}");
        }
    }
}
