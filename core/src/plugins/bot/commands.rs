//! The commands of a bot: what they take, and reading what was typed.

use std::collections::{BTreeMap, BTreeSet};

use crate::plugins::bindings::bot::{
    exports::openclaw::bot::commands::{Argument, Command as Said, Kind, Parameter as SaidParameter, Value},
    openclaw::{bot::types::Choice, types::types::Member},
};

const MAX_COMMANDS: usize = 50;
const MAX_PARAMETERS: usize = 10;
const MAX_NAME: usize = 32;
/// Most values that suggest themselves.
pub const MAX_CHOICES: usize = 25;
/// The longest value that suggests itself, and the longest description, in characters.
pub const MAX_DESCRIPTION: usize = 200;
/// Beyond this there are whole numbers that an `f64` cannot tell apart.
const MAX_INTEGER: u64 = (1 << 53) - 1;

/// A command.
#[derive(Debug, Clone)]
pub struct Command {
    /// What is typed after the slash.
    pub name: String,
    /// One line.
    pub description: String,
    /// What it takes, in this order.
    pub parameters: Vec<Parameter>,
}

/// What a command takes.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// One line.
    pub description: String,
    /// What kind of value.
    pub kind: Kind,
    /// Whether it must be given.
    pub required: bool,
    /// If there are any, nothing else is accepted.
    pub choices: Vec<Choice>,
    /// The least that is accepted of a number.
    pub minimum: Option<f64>,
    /// The most.
    pub maximum: Option<f64>,
}

/// A command with its arguments, for the bot.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// The command.
    pub command: String,
    /// What was given.
    pub arguments: Vec<Argument>,
}

/// A value as it was typed. Members are still to be found.
#[derive(Debug, Clone, PartialEq)]
pub enum Typed {
    /// A text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A number.
    Number(f64),
    /// Yes or no.
    Boolean(bool),
    /// A name or an id.
    Member(String),
}

/// What was typed is not what the command takes: a sentence for who typed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfit(pub String);

/// Whether `name` can be the name of a command or a parameter.
pub fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !name.is_empty() && name.len() <= MAX_NAME && name.bytes().all(plain)
}

fn is_line(text: &str) -> bool {
    text.chars().count() <= MAX_DESCRIPTION && !text.chars().any(char::is_control)
}

/// Whether a value can stand in a list and be typed as it is, and what it means in the line beside it.
pub fn is_choice(choice: &Choice) -> bool {
    !choice.value.trim().is_empty() && is_line(&choice.value) && is_line(&choice.description)
}

/// Each value once.
pub fn distinct_choices(choices: Vec<Choice>) -> Vec<Choice> {
    let mut values = BTreeSet::new();
    choices.into_iter().filter(|choice| values.insert(choice.value.clone())).collect()
}

/// Checks the commands of a bot. What is wrong completes "the plugin …".
pub fn read(said: Vec<Said>) -> Result<BTreeMap<String, Command>, String> {
    if said.len() > MAX_COMMANDS {
        return Err(format!("has {} commands, and there may be {MAX_COMMANDS}", said.len()));
    }
    let mut all = BTreeMap::new();
    for command in said {
        let name = command.name.clone();
        if all.insert(name.clone(), check(command)?).is_some() {
            return Err(format!("has two commands called {name}"));
        }
    }
    Ok(all)
}

fn check(said: Said) -> Result<Command, String> {
    let Said { name, description, parameters } = said;
    let wrong = |what: &str| Err(format!("has the command {name:?}, {what}"));
    if !is_name(&name) || !is_line(&description) {
        return wrong("whose name is not made of a-z, 0-9 and -, or whose description is not one line of 200 characters");
    }
    if parameters.len() > MAX_PARAMETERS {
        return wrong("which takes more than ten parameters");
    }
    if parameters.iter().any(|parameter| !is_name(&parameter.name) || !is_line(&parameter.description)) {
        return wrong("of which a parameter has no proper name or description");
    }
    if parameters.windows(2).any(|pair| pair[1].required && !pair[0].required) {
        return wrong("of which a parameter that must be given comes after one that need not be");
    }
    let doubled = |at: usize| parameters[..at].iter().any(|other| other.name == parameters[at].name);
    if (0..parameters.len()).any(doubled) || parameters.iter().any(|parameter| parameter.choices.len() > MAX_CHOICES) {
        return wrong("of which two parameters have the same name, or one has more than 25 choices");
    }
    if parameters.iter().any(|parameter| !has_sensible_bounds(parameter)) {
        return wrong("of which a parameter has bounds without being a number, or bounds between which there is none");
    }
    let parameters: Vec<Parameter> = parameters.into_iter().map(Parameter::of).collect();
    if let Some(fault) = parameters.iter().find_map(Parameter::unfit_choice) {
        return wrong(&format!("of which {fault}"));
    }
    Ok(Command { name, description, parameters })
}

fn has_sensible_bounds(SaidParameter { kind, minimum, maximum, .. }: &SaidParameter) -> bool {
    let (least, most) = (minimum.unwrap_or(f64::NEG_INFINITY), maximum.unwrap_or(f64::INFINITY));
    least <= most && (matches!(kind, Kind::Integer | Kind::Number) || (minimum.is_none() && maximum.is_none()))
}

/// A command as it was typed: its name, and what stands after it. `None` if `text` is no command.
pub fn split(text: &str) -> Option<(&str, &str)> {
    let (name, rest) = text.strip_prefix('/')?.split_once(char::is_whitespace).unwrap_or((&text[1..], ""));
    is_name(name).then_some((name, rest.trim()))
}

impl Command {
    /// How it is typed: `/poll <question> [options]`.
    pub fn usage(&self) -> String {
        let parameters = self.parameters.iter().map(|parameter| {
            let name = &parameter.name;
            if parameter.required { format!(" <{name}>") } else { format!(" [{name}]") }
        });
        format!("/{}{}", self.name, parameters.collect::<String>())
    }

    /// Reads the arguments in `rest`.
    pub fn parse(&self, rest: &str) -> Result<Vec<(String, Typed)>, Unfit> {
        let (mut rest, mut values) = (rest.trim(), Vec::new());
        for (at, parameter) in self.parameters.iter().enumerate() {
            if rest.is_empty() {
                if parameter.required {
                    return Err(self.unfit(&format!("{} is missing", parameter.name)));
                }
                break;
            }
            let takes_rest = at + 1 == self.parameters.len() && parameter.kind == Kind::Text && parameter.choices.is_empty();
            let (word, after) = if takes_rest { (unquoted(rest), "") } else { next_word(rest).map_err(|fault| self.unfit(fault))? };
            values.push((parameter.name.clone(), parameter.value(&word).map_err(|fault| self.unfit(&fault))?));
            rest = after;
        }
        if rest.is_empty() { Ok(values) } else { Err(self.unfit("there is more than it takes")) }
    }

    fn unfit(&self, fault: &str) -> Unfit {
        Unfit(format!("{}: {fault}. It is typed like this: {}", self.name, self.usage()))
    }
}

impl Parameter {
    fn of(said: SaidParameter) -> Self {
        let SaidParameter { name, description, kind, required, choices, minimum, maximum } = said;
        Self { name, description, kind, required, choices: distinct_choices(choices), minimum, maximum }
    }

    /// What is wrong with a choice that nobody could take.
    fn unfit_choice(&self) -> Option<String> {
        let fault = |choice: &Choice| {
            if !is_choice(choice) {
                return Some("it and its description must be one line of at most 200 characters".to_owned());
            }
            self.value(&choice.value).err()
        };
        self.choices.iter().find_map(|choice| Some(format!("the choice {:?} cannot be taken: {}", choice.value, fault(choice)?)))
    }

    fn value(&self, word: &str) -> Result<Typed, String> {
        if !self.choices.is_empty() && !self.choices.iter().any(|choice| choice.value == word) {
            let choices: Vec<&str> = self.choices.iter().map(|choice| choice.value.as_str()).collect();
            return Err(format!("{} must be one of {}", self.name, choices.join(", ")));
        }
        match self.kind {
            Kind::Text => Ok(Typed::Text(word.to_owned())),
            Kind::Member => Ok(Typed::Member(word.trim_start_matches('@').to_owned())),
            Kind::Integer => match word.parse::<i64>() {
                #[expect(clippy::cast_precision_loss, reason = "it is within what an f64 can tell apart")]
                Ok(number) if number.unsigned_abs() <= MAX_INTEGER => self.bounded(number as f64).map(|_| Typed::Integer(number)),
                _ => Err(format!("{} must be a whole number", self.name)),
            },
            Kind::Number => match word.parse::<f64>() {
                Ok(number) if number.is_finite() => self.bounded(number).map(Typed::Number),
                _ => Err(format!("{} must be a number", self.name)),
            },
            Kind::Boolean => match word.to_ascii_lowercase().as_str() {
                "yes" | "true" | "on" => Ok(Typed::Boolean(true)),
                "no" | "false" | "off" => Ok(Typed::Boolean(false)),
                _ => Err(format!("{} must be yes or no", self.name)),
            },
        }
    }

    /// The number, if it is within bounds.
    fn bounded(&self, number: f64) -> Result<f64, String> {
        let name = &self.name;
        match (self.minimum, self.maximum) {
            (Some(least), _) if number < least => Err(format!("{name} must be at least {least}")),
            (_, Some(most)) if number > most => Err(format!("{name} must be at most {most}")),
            _ => Ok(number),
        }
    }
}

/// The text, without quotation marks around all of it.
fn unquoted(text: &str) -> String {
    match next_word(text) {
        Ok((word, "")) if text.starts_with('"') => word,
        _ => text.to_owned(),
    }
}

/// The first word, or what stands in quotation marks, and the rest.
fn next_word(text: &str) -> Result<(String, &str), &'static str> {
    let Some(quoted) = text.strip_prefix('"') else {
        let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        return Ok((word.to_owned(), rest.trim_start()));
    };
    let mut word = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Ok((word, quoted[at + 1..].trim_start())),
            '\\' => word.extend(chars.next().map(|(_, next)| next)),
            _ => word.push(c),
        }
    }
    Err("a quotation mark is not closed")
}

/// A value for the bot, with members as `found`.
pub fn argument(name: String, typed: Typed, found: Option<Member>) -> Option<Argument> {
    let value = match typed {
        Typed::Text(text) => Value::Text(text),
        Typed::Integer(number) => Value::Integer(number),
        Typed::Number(number) => Value::Number(number),
        Typed::Boolean(yes) => Value::Boolean(yes),
        Typed::Member(_) => Value::Member(found?),
    };
    Some(Argument { name, value })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameter(name: &str, kind: Kind, required: bool) -> SaidParameter {
        SaidParameter {
            name: name.to_owned(),
            description: "It.".to_owned(),
            kind,
            required,
            choices: Vec::new(),
            minimum: None,
            maximum: None,
        }
    }

    fn command(parameters: Vec<SaidParameter>) -> Command {
        check(Said { name: "poll".to_owned(), description: "Asks.".to_owned(), parameters }).unwrap()
    }

    #[test]
    fn commands_are_told_from_other_texts() {
        assert_eq!(split("/roll 6  sides"), Some(("roll", "6  sides")));
        assert_eq!(split("/help"), Some(("help", "")));
        for text in ["hello", "/", "//roll", "/usr/bin", "/Été", " /roll", "/ roll"] {
            assert_eq!(split(text), None, "{text}");
        }
    }

    #[test]
    fn arguments_are_words_or_quoted_and_the_last_text_takes_the_rest() {
        let poll = command(vec![
            parameter("count", Kind::Number, true),
            parameter("who", Kind::Member, true),
            parameter("text", Kind::Text, false),
        ]);
        let typed = poll.parse(r#"3 "Ann Lee" what is \ this "thing""#).unwrap();
        let expected = [
            ("count".to_owned(), Typed::Number(3.0)),
            ("who".to_owned(), Typed::Member("Ann Lee".to_owned())),
            ("text".to_owned(), Typed::Text(r#"what is \ this "thing""#.to_owned())),
        ];
        assert_eq!(typed, expected);
        assert_eq!(poll.parse("3 @ann \"a \\\"b\\\"\"").unwrap()[2].1, Typed::Text("a \"b\"".to_owned()));
        assert_eq!(poll.parse("3 ann").unwrap().len(), 2);
        assert_eq!(poll.parse("x ann").unwrap_err().0, "poll: count must be a number. It is typed like this: /poll <count> <who> [text]");
        assert!(poll.parse("3 \"ann").unwrap_err().0.contains("not closed"));
        assert!(poll.parse("3").unwrap_err().0.contains("who is missing"));
    }

    #[test]
    fn commands_that_make_no_sense_are_refused() {
        let said = |name: &str, parameters| vec![Said { name: name.to_owned(), description: String::new(), parameters }];
        for bad in ["", "Roll", "a b", &"x".repeat(33)] {
            assert!(read(said(bad, vec![])).is_err(), "{bad}");
        }
        let wrong = vec![parameter("a", Kind::Text, false), parameter("b", Kind::Text, true)];
        assert!(read(said("roll", wrong)).unwrap_err().contains("comes after"));
        assert!(read([said("a", vec![]), said("a", vec![])].concat()).unwrap_err().contains("two commands"));
    }

    #[test]
    fn choices_that_nobody_could_take_are_refused_and_equal_ones_are_one() {
        let choice = |value: &str| Choice { value: value.to_owned(), description: "It.".to_owned() };
        let said = |kind, values: &[&str]| {
            let choices = values.iter().copied().map(choice).collect();
            let chosen = SaidParameter { choices, ..parameter("size", kind, true) };
            read(vec![Said { name: "buy".to_owned(), description: String::new(), parameters: vec![chosen] }])
        };
        for (kind, value, fault) in [
            (Kind::Integer, "large", "size must be a whole number"),
            (Kind::Number, "1e999", "size must be a number"),
            (Kind::Boolean, "perhaps", "size must be yes or no"),
            (Kind::Text, " ", "one line of at most 200 characters"),
            (Kind::Text, "two\nlines", "one line of at most 200 characters"),
            (Kind::Text, &"x".repeat(201), "one line of at most 200 characters"),
        ] {
            let reason = said(kind, &["1", value]).map(|_| ()).unwrap_err();
            let refused = if kind == Kind::Boolean { "\"1\"" } else { &format!("{value:?}") };
            let expected = format!("has the command \"buy\", of which the choice {refused} cannot be taken: ");
            assert!(reason.starts_with(&expected) && reason.contains(fault), "{reason}");
        }
        let once = said(Kind::Text, &["s", "m", "s", "l", "m"]).unwrap();
        let values: Vec<&str> = once["buy"].parameters[0].choices.iter().map(|choice| choice.value.as_str()).collect();
        assert_eq!(values, ["s", "m", "l"]);
    }
}
