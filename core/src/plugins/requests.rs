//! Commands as clients see them.

use poem_openapi::{Enum, Object, types::Example};

use super::{
    bindings::bot::{exports::openclaw::bot::commands::Kind, openclaw::bot::types::Choice},
    bot::Parameter,
    dispatch::commands::Offered,
};

/// What can be typed after a slash.
#[derive(Debug, Clone, Object)]
#[oai(rename = "CommandsAnswer", rename_all = "camelCase", example)]
pub struct CommandsAnswer {
    /// Always `true`.
    pub ok: bool,
    /// Commands by name.
    pub commands: Vec<CommandBody>,
}

/// A command of a bot.
#[derive(Debug, Clone, Object)]
#[oai(rename = "Command", rename_all = "camelCase")]
pub struct CommandBody {
    /// What is typed after the slash.
    pub name: String,
    /// One line.
    pub description: String,
    /// The bot that runs it.
    pub bot_id: String,
    /// The bot's name.
    pub bot_name: String,
    /// How it is typed: `<must be given>`, `[may be given]`.
    pub usage: String,
    /// What it takes, in this order.
    pub parameters: Vec<ParameterBody>,
}

/// What a command takes.
#[derive(Debug, Clone, Object)]
#[oai(rename = "CommandParameter", rename_all = "camelCase")]
pub struct ParameterBody {
    /// Its name.
    pub name: String,
    /// One line.
    pub description: String,
    /// What kind of value.
    pub kind: ParameterKind,
    /// Whether it must be given.
    pub required: bool,
    /// If there are any, nothing else is accepted.
    pub choices: Vec<ChoiceBody>,
    /// The least that is accepted of a number.
    #[oai(skip_serializing_if_is_none)]
    pub minimum: Option<f64>,
    /// The most.
    #[oai(skip_serializing_if_is_none)]
    pub maximum: Option<f64>,
}

/// What kind of value a parameter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename = "ParameterKind", rename_all = "lowercase")]
pub enum ParameterKind {
    /// A word, or several in quotation marks; the last one takes all that is left.
    Text,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// `yes` or `no`.
    Boolean,
    /// A member of the room, by name or id.
    Member,
}

/// A value that suggests itself.
#[derive(Debug, Clone, Object)]
#[oai(rename = "CommandChoice", rename_all = "camelCase")]
pub struct ChoiceBody {
    /// What is typed.
    pub value: String,
    /// What it means.
    pub description: String,
}

/// What suggests itself for a parameter.
#[derive(Debug, Clone, Object)]
#[oai(rename = "ChoicesAnswer", rename_all = "camelCase", example)]
pub struct ChoicesAnswer {
    /// Always `true`.
    pub ok: bool,
    /// At most 25 values.
    pub choices: Vec<ChoiceBody>,
}

impl From<Vec<Offered>> for CommandsAnswer {
    fn from(offered: Vec<Offered>) -> Self {
        Self { ok: true, commands: offered.into_iter().map(CommandBody::from).collect() }
    }
}

impl From<Offered> for CommandBody {
    fn from(Offered { bot, bot_name, command }: Offered) -> Self {
        Self {
            usage: command.usage(),
            name: command.name,
            description: command.description,
            bot_id: bot,
            bot_name,
            parameters: command.parameters.into_iter().map(ParameterBody::from).collect(),
        }
    }
}

impl From<Parameter> for ParameterBody {
    fn from(parameter: Parameter) -> Self {
        let kind = match parameter.kind {
            Kind::Text => ParameterKind::Text,
            Kind::Integer => ParameterKind::Integer,
            Kind::Number => ParameterKind::Number,
            Kind::Boolean => ParameterKind::Boolean,
            Kind::Member => ParameterKind::Member,
        };
        let Parameter { name, description, required, choices, minimum, maximum, .. } = parameter;
        Self { name, description, kind, required, choices: choices.into_iter().map(ChoiceBody::from).collect(), minimum, maximum }
    }
}

impl From<Choice> for ChoiceBody {
    fn from(Choice { value, description }: Choice) -> Self {
        Self { value, description }
    }
}

impl From<Vec<Choice>> for ChoicesAnswer {
    fn from(choices: Vec<Choice>) -> Self {
        Self { ok: true, choices: choices.into_iter().map(ChoiceBody::from).collect() }
    }
}

impl Example for CommandsAnswer {
    fn example() -> Self {
        let sides = ParameterBody {
            name: "sides".to_owned(),
            description: "How many sides the die has.".to_owned(),
            kind: ParameterKind::Integer,
            required: false,
            choices: Vec::new(),
            minimum: Some(2.0),
            maximum: Some(1000.0),
        };
        let roll = CommandBody {
            name: "roll".to_owned(),
            description: "Rolls a die.".to_owned(),
            bot_id: "bot-01kb3x2v5q8m4n7p9r1s3t5v7w".to_owned(),
            bot_name: "Dice".to_owned(),
            usage: "/roll [sides]".to_owned(),
            parameters: vec![sides],
        };
        Self { ok: true, commands: vec![roll] }
    }
}

impl Example for ChoicesAnswer {
    fn example() -> Self {
        Self { ok: true, choices: vec![ChoiceBody { value: "20".to_owned(), description: "The big one.".to_owned() }] }
    }
}
