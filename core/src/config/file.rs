//! `community.toml`: finding it, and turning it into entries that know their lines.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde_json::{Map, Number, Value};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    Problem,
    entry::{Entry, Origin, Written},
};

/// The name that is looked for in the working folder.
const NAME: &str = "community.toml";

/// The file to read and its text: `explicit`, which must exist, or `community.toml` in `directory`, which need not.
pub(super) fn find(explicit: Option<&Path>, directory: &Path) -> Result<Option<(PathBuf, String)>, Problem> {
    let path = explicit.map_or_else(|| directory.join(NAME), Path::to_path_buf);
    match fs::read_to_string(&path) {
        Ok(text) => Ok(Some((path, text))),
        Err(error) if error.kind() == io::ErrorKind::NotFound && explicit.is_none() => Ok(None),
        Err(error) => Err(Problem::new(path.display().to_string(), "", format!("cannot read the configuration file: {error}"))),
    }
}

/// The values in `text`, one entry per key. Errors name the line and never repeat it, since it may hold a secret.
pub(super) fn entries(path: &Path, text: &str) -> Result<Vec<Entry>, Problem> {
    let table = DeTable::parse(text).map_err(|error| {
        let line = line_at(text, error.span().map_or(0, |span| span.start));
        Problem::new(Origin::File(path.to_owned(), line).to_string(), "", format!("is not TOML: {}", error.message()))
    })?;
    let mut found = Vec::new();
    collect(&Document { path, text }, &[], table.get_ref(), &mut found);
    Ok(found)
}

/// A file and what is in it.
struct Document<'a> {
    path: &'a Path,
    text: &'a str,
}

/// Walks a table. A table without keys is an entry too, so that a misspelt section is found even when it is empty.
fn collect(document: &Document<'_>, above: &[String], table: &DeTable<'_>, found: &mut Vec<Entry>) {
    for (name, value) in table {
        let mut key = above.to_vec();
        key.push(name.get_ref().to_string());
        match value.get_ref() {
            DeValue::Table(inner) if !inner.is_empty() => collect(document, &key, inner, found),
            _ => {
                let origin = Origin::File(document.path.to_owned(), line_at(document.text, name.span().start));
                found.push(Entry { key, value: Written::Typed(json(value)), origin });
            }
        }
    }
}

/// The line of a byte offset, from 1.
fn line_at(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}

/// A TOML value as JSON. Dates, and numbers that JSON lacks, become text and are then refused by whoever wants a number.
fn json(value: &Spanned<DeValue<'_>>) -> Value {
    match value.get_ref() {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Boolean(truth) => Value::Bool(*truth),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Value::Number(number.into()),
            Err(_) => Value::String(number.to_string()),
        },
        DeValue::Float(number) => match number.as_str().parse().ok().and_then(Number::from_f64) {
            Some(number) => Value::Number(number),
            None => Value::String(number.to_string()),
        },
        DeValue::Datetime(moment) => Value::String(moment.to_string()),
        DeValue::Array(items) => Value::Array(items.iter().map(json).collect()),
        DeValue::Table(table) => {
            Value::Object(table.iter().map(|(key, value)| (key.get_ref().to_string(), json(value))).collect::<Map<_, _>>())
        }
    }
}
