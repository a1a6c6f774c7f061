//! Words that people type after a slash: what there is, what was typed, and what is answered.
//!
//! ```
//! use openclaw_sdk::{Answer, Argument, Arguments, Command, Commands, Context};
//!
//! struct Greeter;
//!
//! impl Commands for Greeter {
//!     fn commands() -> Vec<Command> {
//!         vec![
//!             Command::new("hug", "Hug somebody").member("whom", "Who needs it"),
//!             Command::new("tea", "Make tea")
//!                 .text("kind", "Which one").choices([("black", "Wakes you up"), ("mint", "Calms you down")])
//!                 .integer("cups", "How many, 1 unless you say").between(1.0, 20.0).optional(),
//!         ]
//!     }
//!
//!     fn run(command: String, arguments: Vec<Argument>, context: Context) -> Result<Option<Answer>, String> {
//!         match (command.as_str(), arguments.member("whom")) {
//!             ("hug", Some(whom)) if *whom == context.caller => Err("Somebody else has to do that.".into()),
//!             ("hug", Some(whom)) => Ok(Some(Answer::room(format!("{} hugs {}.", context.caller.name, whom.name)))),
//!             _ => {
//!                 let cups = arguments.integer("cups").unwrap_or(1);
//!                 Ok(Some(Answer::caller(format!("{cups} × {} tea, here you are.", arguments.text("kind").unwrap_or("black")))))
//!             }
//!         }
//!     }
//! }
//!
//! # #[cfg(target_family = "wasm")]
//! openclaw_sdk::export_bot!(Greeter: commands);
//! ```

use crate::Member;
pub use crate::bindings::bot::openclaw::bot::types::{Choice, Context};
pub use crate::bindings::commands::exports::openclaw::bot::commands::{Answer, Argument, Audience, Command, Kind, Parameter, Value};

impl Command {
    /// A command without parameters: a name of `a-z`, `0-9` and `-`, and one line about it.
    pub fn new(name: &str, description: &str) -> Self {
        Self { name: name.to_owned(), description: description.to_owned(), parameters: Vec::new() }
    }

    /// A parameter that takes a word, or several in quotation marks; as the last one, everything that is left.
    #[must_use]
    pub fn text(self, name: &str, description: &str) -> Self {
        self.parameter(name, description, Kind::Text)
    }

    /// A parameter that takes a whole number.
    #[must_use]
    pub fn integer(self, name: &str, description: &str) -> Self {
        self.parameter(name, description, Kind::Integer)
    }

    /// A parameter that takes a number, with or without a fraction.
    #[must_use]
    pub fn number(self, name: &str, description: &str) -> Self {
        self.parameter(name, description, Kind::Number)
    }

    /// A parameter that takes `yes` or `no`.
    #[must_use]
    pub fn boolean(self, name: &str, description: &str) -> Self {
        self.parameter(name, description, Kind::Boolean)
    }

    /// A parameter that takes a member of the room, by name or id.
    #[must_use]
    pub fn member(self, name: &str, description: &str) -> Self {
        self.parameter(name, description, Kind::Member)
    }

    /// The last parameter may be left out. Those that must be given come first.
    #[must_use]
    pub fn optional(mut self) -> Self {
        if let Some(parameter) = self.parameters.last_mut() {
            parameter.required = false;
        }
        self
    }

    /// All that the last parameter accepts: values, and what each means.
    #[must_use]
    pub fn choices<'a>(mut self, choices: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        if let Some(parameter) = self.parameters.last_mut() {
            parameter.choices.extend(choices.into_iter().map(|(value, description)| Choice::new(value, description)));
        }
        self
    }

    /// The least and the most that the last parameter, a number, accepts.
    #[must_use]
    pub fn between(mut self, minimum: f64, maximum: f64) -> Self {
        if let Some(parameter) = self.parameters.last_mut() {
            (parameter.minimum, parameter.maximum) = (Some(minimum), Some(maximum));
        }
        self
    }

    fn parameter(mut self, name: &str, description: &str, kind: Kind) -> Self {
        let (name, description) = (name.to_owned(), description.to_owned());
        self.parameters.push(Parameter { name, description, kind, required: true, choices: Vec::new(), minimum: None, maximum: None });
        self
    }
}

impl Choice {
    /// A value that suggests itself, and what it means.
    pub fn new(value: impl Into<String>, description: impl Into<String>) -> Self {
        Self { value: value.into(), description: description.into() }
    }
}

impl Answer {
    /// For nobody but who typed the command. It is not stored.
    pub fn caller(body: impl Into<String>) -> Self {
        Self { body: body.into(), audience: Audience::Caller }
    }

    /// For everybody in the room: it becomes a message of the bot.
    pub fn room(body: impl Into<String>) -> Self {
        Self { body: body.into(), audience: Audience::Room }
    }
}

impl Context {
    /// Whether the caller is an owner or a moderator of the room.
    pub fn is_moderator(&self) -> bool {
        matches!(self.role.as_str(), "owner" | "moderator")
    }
}

/// Reading what was typed. The host has checked it against what the command takes, so an argument is missing only if it may be.
pub trait Arguments {
    /// The value of a parameter, whatever it takes.
    fn value(&self, name: &str) -> Option<&Value>;

    /// The value of a parameter that takes text.
    fn text(&self, name: &str) -> Option<&str> {
        match self.value(name)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The value of a parameter that takes a number, also of one that takes a whole number.
    fn number(&self, name: &str) -> Option<f64> {
        match self.value(name)? {
            Value::Number(number) => Some(*number),
            #[expect(clippy::cast_precision_loss, reason = "the host takes none that an f64 cannot tell from its neighbours")]
            Value::Integer(number) => Some(*number as f64),
            _ => None,
        }
    }

    /// The value of a parameter that takes a whole number.
    fn integer(&self, name: &str) -> Option<i64> {
        match self.value(name)? {
            Value::Integer(number) => Some(*number),
            _ => None,
        }
    }

    /// The value of a parameter that takes yes or no.
    fn boolean(&self, name: &str) -> Option<bool> {
        match self.value(name)? {
            Value::Boolean(boolean) => Some(*boolean),
            _ => None,
        }
    }

    /// The value of a parameter that takes a member of the room.
    fn member(&self, name: &str) -> Option<&Member> {
        match self.value(name)? {
            Value::Member(member) => Some(member),
            _ => None,
        }
    }
}

impl Arguments for [Argument] {
    fn value(&self, name: &str) -> Option<&Value> {
        self.iter().find(|argument| argument.name == name).map(|argument| &argument.value)
    }
}

#[cfg(test)]
mod tests {
    use super::{Argument, Arguments, Command, Kind, Value};

    #[test]
    fn a_command_takes_what_was_said() {
        let command = Command::new("tea", "Make tea")
            .text("kind", "Which")
            .choices([("mint", "Calm")])
            .integer("cups", "Many")
            .between(1.0, 9.0)
            .optional();
        let [kind, cups] = &command.parameters[..] else { panic!("{command:?}") };
        assert_eq!((kind.kind, kind.required, kind.choices[0].value.as_str()), (Kind::Text, true, "mint"));
        assert_eq!((cups.kind, cups.required, cups.minimum, cups.maximum), (Kind::Integer, false, Some(1.0), Some(9.0)));
    }

    #[test]
    fn arguments_are_read_by_name_and_kind() {
        let argument = |name: &str, value| Argument { name: name.to_owned(), value };
        let arguments = [
            argument("n", Value::Number(2.0)),
            argument("i", Value::Integer(3)),
            argument("t", Value::Text("x".to_owned())),
            argument("b", Value::Boolean(true)),
        ];
        assert_eq!((arguments.number("n"), arguments.text("t"), arguments.boolean("b")), (Some(2.0), Some("x"), Some(true)));
        assert_eq!((arguments.integer("i"), arguments.integer("n"), arguments.number("i")), (Some(3), None, Some(3.0)));
        assert_eq!((arguments.text("n"), arguments.number("t"), arguments.member("b"), arguments.text("no")), (None, None, None, None));
    }
}
