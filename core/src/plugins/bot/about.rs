//! What a bot says of itself, and whether the operator's settings are what it expects.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

use crate::{bots::model::BotName, plugins::bindings::bot::exports::openclaw::bot::lifecycle::Introduction};

/// Longest description in characters.
const MAX_DESCRIPTION: usize = 500;
/// Longest version in characters.
const MAX_VERSION: usize = 64;
/// Largest schema in bytes.
const MAX_SCHEMA: usize = 64 << 10;

/// What a bot says of itself.
#[derive(Debug, Clone, Default)]
pub struct About {
    /// Its name in rooms, if it has a wish.
    pub name: Option<BotName>,
    /// One line for operators.
    pub description: String,
    /// Its version, as its author counts; empty for a bot that does not say.
    pub version: String,
    /// Its settings; `None` for a bot that does not say.
    pub settings: Option<Schema>,
}

/// The settings of a bot: an object of plain values, described by a part of JSON Schema 2020-12.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Schema {
    #[serde(rename = "$schema")]
    _dialect: Option<String>,
    #[serde(rename = "type")]
    _type: Option<ObjectType>,
    #[serde(rename = "title")]
    _title: Option<String>,
    #[serde(rename = "description")]
    _description: Option<String>,
    /// The settings by name.
    #[serde(default)]
    pub properties: BTreeMap<String, Property>,
    /// Those that must be set.
    #[serde(default)]
    pub required: BTreeSet<String>,
    #[serde(default, rename = "additionalProperties")]
    additional: Option<bool>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ObjectType {
    Object,
}

/// One setting.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Property {
    /// What kind of value.
    #[serde(rename = "type")]
    pub kind: ValueType,
    #[serde(rename = "title")]
    _title: Option<String>,
    /// A sentence for operators.
    #[serde(default)]
    pub description: String,
    /// What the bot gets unless the operator sets something.
    pub default: Option<Value>,
    #[serde(rename = "enum")]
    choices: Option<Vec<Value>>,
    minimum: Option<f64>,
    maximum: Option<f64>,
    min_length: Option<usize>,
    max_length: Option<usize>,
}

/// What kind of value a setting has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ValueType {
    /// Text.
    String,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
}

impl ValueType {
    /// The words for a sentence.
    pub const fn words(self) -> &'static str {
        match self {
            Self::String => "text",
            Self::Integer => "a whole number",
            Self::Number => "a number",
            Self::Boolean => "true or false",
        }
    }
}

impl About {
    /// Checks what a bot says of itself. What is wrong completes "the plugin …".
    pub fn read(said: Introduction) -> Result<Self, String> {
        let name = BotName::parse(said.name.trim()).map_err(|error| format!("calls itself {:?}: {error}", said.name))?;
        let is_line = |text: &str, most: usize| text.chars().count() <= most && !text.chars().any(char::is_control);
        if !is_line(&said.description, MAX_DESCRIPTION) {
            return Err(format!("describes itself in more than one line of {MAX_DESCRIPTION} characters"));
        }
        if !is_line(&said.version, MAX_VERSION) {
            return Err(format!("has a version of more than {MAX_VERSION} characters"));
        }
        let settings = match said.settings_schema.as_deref() {
            None => None,
            Some(text) if text.len() > MAX_SCHEMA => return Err("has a settings schema of more than 64 KiB".to_owned()),
            Some(text) => Some(Schema::parse(text)?),
        };
        Ok(Self { name: Some(name), description: said.description, version: said.version, settings })
    }
}

impl Schema {
    fn parse(text: &str) -> Result<Self, String> {
        let schema: Self =
            serde_json::from_str(text).map_err(|error| format!("has a settings schema that this server cannot read: {error}"))?;
        for (name, property) in &schema.properties {
            if let Some(default) = &property.default {
                property.check(&plain(default)).map_err(|fault| format!("has a settings schema whose default of {name} {fault}"))?;
            }
        }
        Ok(schema)
    }

    /// What the bot gets for settings that are not set.
    pub fn defaults(&self) -> BTreeMap<String, String> {
        let given = self.properties.iter().filter_map(|(name, property)| Some((name.clone(), plain(property.default.as_ref()?))));
        given.collect()
    }

    /// Whether the operator's settings are what the bot expects; otherwise every fault, to complete "the plugin …".
    pub fn check(&self, values: &BTreeMap<String, String>) -> Result<(), String> {
        let mut faults: Vec<String> = Vec::new();
        for name in self.required.iter().filter(|name| values.get(*name).is_none_or(String::is_empty)) {
            let told = self.properties.get(name).map_or("", |property| property.description.as_str());
            faults.push(format!("{name} must be set{}{told}", if told.is_empty() { "" } else { ": " }));
        }
        for (name, value) in values {
            match self.properties.get(name) {
                Some(property) => faults.extend(property.check(value).err().map(|fault| format!("{name} {fault}"))),
                None if self.additional == Some(true) => {}
                None => faults.push(self.unknown(name)),
            }
        }
        if faults.is_empty() { Ok(()) } else { Err(format!("has wrong settings: {}", faults.join("; "))) }
    }

    fn unknown(&self, name: &str) -> String {
        let nearest = self.properties.keys().map(|known| (strsim::damerau_levenshtein(name, known), known)).min();
        match nearest {
            Some((distance, known)) if distance <= 1 + name.len() / 4 => format!("{name} is none of its settings; did you mean {known}?"),
            _ => {
                let known: Vec<&str> = self.properties.keys().map(String::as_str).collect();
                format!("{name} is none of its settings, which are {}", known.join(", "))
            }
        }
    }
}

/// A plain value as it stands in the configuration.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

impl Property {
    /// Whether `text` is such a value; otherwise how the sentence about it ends.
    fn check(&self, text: &str) -> Result<(), String> {
        let number = match self.kind {
            ValueType::String => None,
            ValueType::Integer => Some(text.parse::<i64>().map_err(|_| self.expected())?.to_string().parse::<f64>().unwrap_or_default()),
            ValueType::Number => Some(text.parse::<f64>().ok().filter(|number| number.is_finite()).ok_or_else(|| self.expected())?),
            ValueType::Boolean => {
                text.parse::<bool>().map_err(|_| self.expected())?;
                None
            }
        };
        if let Some(choices) = &self.choices
            && !choices.iter().any(|choice| plain(choice) == text)
        {
            return Err(format!("must be one of {}", choices.iter().map(plain).collect::<Vec<_>>().join(", ")));
        }
        let length = text.chars().count();
        let low = self.minimum.filter(|least| number.is_some_and(|number| number < *least));
        let high = self.maximum.filter(|most| number.is_some_and(|number| number > *most));
        let short = self.min_length.filter(|least| length < *least);
        let long = self.max_length.filter(|most| length > *most);
        match (low, high, short, long) {
            (Some(least), ..) => Err(format!("must be at least {least}")),
            (_, Some(most), ..) => Err(format!("must be at most {most}")),
            (_, _, Some(least), _) => Err(format!("must have at least {least} characters")),
            (.., Some(most)) => Err(format!("must have at most {most} characters")),
            _ => Ok(()),
        }
    }

    fn expected(&self) -> String {
        format!("must be {}", self.kind.words())
    }

    /// What values it may have, in words.
    pub fn words(&self) -> String {
        if let Some(choices) = &self.choices {
            return format!("one of {}", choices.iter().map(plain).collect::<Vec<_>>().join(", "));
        }
        let length = |length: Option<usize>| length.map(|length| length.to_string());
        let number = |number: Option<f64>| number.map(|number| number.to_string());
        let (least, most, unit) = match self.kind {
            ValueType::String => (length(self.min_length), length(self.max_length), " characters"),
            _ => (number(self.minimum), number(self.maximum), ""),
        };
        let range = match (least, most) {
            (Some(least), Some(most)) => format!(", {least} to {most}{unit}"),
            (Some(least), None) => format!(", at least {least}{unit}"),
            (None, Some(most)) => format!(", at most {most}{unit}"),
            (None, None) => String::new(),
        };
        format!("{}{range}", self.kind.words())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEMA: &str = r#"{ "type": "object", "properties": {
        "limit": { "type": "integer", "minimum": 1, "maximum": 9, "default": 5, "description": "How many." },
        "mode": { "type": "string", "enum": ["soft", "hard"], "default": "soft" },
        "word": { "type": "string", "minLength": 2, "maxLength": 4 },
        "loud": { "type": "boolean" }, "share": { "type": "number" } }, "required": ["word"] }"#;

    fn values(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn settings_are_what_the_schema_says() {
        let schema = Schema::parse(SCHEMA).unwrap();
        assert_eq!(schema.defaults(), values(&[("limit", "5"), ("mode", "soft")]));
        schema.check(&values(&[("word", "abc"), ("limit", "9"), ("loud", "true"), ("share", "0.5")])).unwrap();
        let wrong = [
            (values(&[]), "word must be set"),
            (values(&[("word", "a")]), "at least 2 characters"),
            (values(&[("word", "abcde")]), "at most 4 characters"),
            (values(&[("word", "abc"), ("limit", "10")]), "limit must be at most 9"),
            (values(&[("word", "abc"), ("limit", "x")]), "limit must be a whole number"),
            (values(&[("word", "abc"), ("mode", "odd")]), "mode must be one of soft, hard"),
            (values(&[("word", "abc"), ("loud", "yes")]), "loud must be true or false"),
            (values(&[("word", "abc"), ("share", "NaN")]), "share must be a number"),
            (values(&[("word", "abc"), ("limt", "3")]), "did you mean limit?"),
        ];
        for (given, expected) in wrong {
            let fault = schema.check(&given).unwrap_err();
            assert!(fault.contains(expected), "{fault}");
        }
    }

    #[test]
    fn what_a_setting_may_be_is_told_with_its_bounds() {
        let schema = Schema::parse(SCHEMA).unwrap();
        let words: Vec<String> = schema.properties.values().map(Property::words).collect();
        let expected = ["a whole number, 1 to 9", "true or false", "one of soft, hard", "a number", "text, 2 to 4 characters"];
        assert_eq!(words, expected);
    }

    #[test]
    fn a_schema_that_says_more_than_is_checked_is_refused() {
        for bad in [
            r#"{ "properties": { "a": { "type": "string", "pattern": "x" } } }"#,
            r#"{ "properties": { "a": { "type": "array" } } }"#,
            r#"{ "properties": { "a": { "type": "integer", "default": "x" } } }"#,
            "[]",
            "{",
        ] {
            assert!(Schema::parse(bad).is_err(), "{bad}");
        }
    }
}
