//! One value somebody wrote, before it is known whether it fits.

use std::{
    fmt::{self, Display, Formatter},
    fs,
    path::PathBuf,
};

use serde_json::Value;

use super::{Environment, Problem};

/// A key, what it may mean, and where it was written.
pub(super) struct Entry {
    /// The key, segment by segment.
    pub key: Vec<String>,
    /// The value; text from the environment is still untyped.
    pub value: Written,
    /// Where it was written.
    pub origin: Origin,
}

/// A value as it was written.
pub(super) enum Written {
    /// From a file: it has a type.
    Typed(Value),
    /// From a variable: text that may stand for a number, a truth value or a list.
    Text(String),
}

/// Where a value was written.
#[derive(Clone)]
pub(super) enum Origin {
    /// A configuration file and the line in it, from 1.
    File(PathBuf, usize),
    /// An environment variable.
    Variable(String),
}

/// What a value stands for once references are followed.
pub(super) enum Resolved {
    /// The value is as it was written.
    Plain(Written),
    /// The text was read from elsewhere and must not be shown.
    Fetched(String),
    /// A plugin setting that refers to this variable, which is not set: there is no such setting.
    Unset(String),
}

impl Entry {
    /// The key with dots.
    pub fn dotted(&self) -> String {
        self.key.join(".")
    }

    /// The plugin and the name, if this is a plugin's own setting.
    pub fn plugin_setting(&self) -> Option<(&str, &str)> {
        match self.key.as_slice() {
            [plugins, id, settings, name] if plugins == "plugins" && settings == "settings" => Some((id, name)),
            _ => None,
        }
    }

    /// A problem with this entry.
    pub fn problem(&self, what: impl Into<String>) -> Problem {
        Problem::new(self.origin.to_string(), self.dotted(), what)
    }

    /// Follows `env:NAME` and `file:/path`.
    pub fn resolve(&mut self, env: &Environment) -> Result<Resolved, Problem> {
        let written = std::mem::replace(&mut self.value, Written::Typed(Value::Null));
        let text = match &written {
            Written::Typed(Value::String(text)) | Written::Text(text) => text.as_str(),
            Written::Typed(_) => return Ok(Resolved::Plain(written)),
        };
        if let Some(name) = text.strip_prefix("env:") {
            return match env.get(name).filter(|value| !value.is_empty()) {
                Some(value) => Ok(Resolved::Fetched(value.clone())),
                None if self.plugin_setting().is_some() => Ok(Resolved::Unset(name.to_owned())),
                None => Err(self.problem(format!("the environment variable {name} is not set; set it, or remove this key"))),
            };
        }
        if let Some(path) = text.strip_prefix("file:") {
            let content = fs::read_to_string(path);
            return content
                .map(|content| Resolved::Fetched(without_newline(&content).to_owned()))
                .map_err(|error| self.problem(format!("cannot read the file {path} ({error}); create it, or remove this key")));
        }
        Ok(Resolved::Plain(written))
    }
}

impl Written {
    /// The values this may mean, the likeliest first.
    pub fn readings(self, is_text: bool) -> Vec<Value> {
        match self {
            // What a plugin gets is always text, so a number there needs no quotes.
            Self::Typed(value @ (Value::Number(_) | Value::Bool(_))) if is_text => vec![Value::String(value.to_string())],
            Self::Typed(value) => vec![value],
            Self::Text(text) => text_readings(text),
        }
    }
}

/// What a text without a type may mean: text; a TOML number, truth value or list; words between commas.
pub(super) fn text_readings(text: String) -> Vec<Value> {
    let literal = toml::from_str::<serde_json::Map<String, Value>>(&format!("value = {text}")).ok();
    let literal = literal.and_then(|mut table| table.remove("value")).filter(|value| !value.is_string());
    let words = text.split(',').map(str::trim).filter(|word| !word.is_empty()).map(|word| Value::String(word.to_owned())).collect();
    let mut readings = vec![Value::Array(words)];
    readings.extend(literal);
    readings.push(Value::String(text));
    readings.reverse();
    readings
}

/// The content of a secret's file without the newline an editor leaves at its end.
fn without_newline(content: &str) -> &str {
    let content = content.strip_suffix('\n').unwrap_or(content);
    content.strip_suffix('\r').unwrap_or(content)
}

impl Display for Origin {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path, line) => write!(f, "{} line {line}", path.display()),
            Self::Variable(name) => write!(f, "variable {name}"),
        }
    }
}
