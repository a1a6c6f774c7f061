//! The keys there are, taken from the serialised default, so that no list of them has to be kept.

use serde_json::Value;

use super::{Config, PluginSection};

/// The default configuration as a tree: tables are objects, keys without a default are null.
pub(super) fn tree() -> Value {
    serde_json::to_value(Config::default()).unwrap_or_default()
}

/// Every key with dots, plugins as `plugins.<id>.…` and their own settings as `plugins.<id>.settings.<name>`.
pub fn keys() -> Vec<String> {
    let mut found = Vec::new();
    leaves("", &tree(), &mut found);
    found.retain(|key| key != "plugins");
    leaves("plugins.<id>", &plugin(), &mut found);
    found.retain(|key| key != "plugins.<id>.settings");
    found.push("plugins.<id>.settings.<name>".to_owned());
    found
}

/// What is wrong with `key`, if there is no such key: the nearest known one, or the keys of its section.
pub(super) fn unknown(key: &[String]) -> Option<String> {
    match key {
        [first, _, settings, _] if first == "plugins" && settings == "settings" => None,
        [first, id, rest @ ..] if first == "plugins" => walk(&plugin(), rest, &format!("plugins.{id}")),
        _ => walk(&tree(), key, ""),
    }
}

/// The schema of one plugin's section.
fn plugin() -> Value {
    serde_json::to_value(PluginSection::default()).unwrap_or_default()
}

/// Follows `key` down from `node`, which is at `above`.
fn walk(node: &Value, key: &[String], above: &str) -> Option<String> {
    let ([name, rest @ ..], Value::Object(known)) = (key, node) else { return None };
    if let Some(inner) = known.get(name) {
        return walk(inner, rest, &dotted(above, name));
    }
    let nearest = known.keys().map(|other| (strsim::damerau_levenshtein(name, other), dotted(above, other))).min();
    match nearest {
        Some((distance, key)) if distance <= 2.max(name.chars().count() / 3) => {
            Some(format!("unknown key; the nearest known one is {key}"))
        }
        _ => Some(elsewhere(name).unwrap_or_else(|| listing(known, above))),
    }
}

/// The same name in another section.
fn elsewhere(name: &str) -> Option<String> {
    let end = format!(".{name}");
    keys().into_iter().find(|key| key.ends_with(&end)).map(|key| format!("unknown key; the nearest known one is {key}"))
}

/// The keys of a section in one sentence.
fn listing(known: &serde_json::Map<String, Value>, above: &str) -> String {
    let names: Vec<&str> = known.keys().map(String::as_str).collect();
    let place = if above.is_empty() { "the top level".to_owned() } else { format!("[{above}]") };
    format!("unknown key; {place} knows {}", names.join(", "))
}

/// Adds the dotted keys below `node`.
fn leaves(above: &str, node: &Value, found: &mut Vec<String>) {
    match node {
        Value::Object(inner) if !inner.is_empty() => inner.iter().for_each(|(name, node)| leaves(&dotted(above, name), node, found)),
        _ => found.push(above.to_owned()),
    }
}

/// `above.name`
fn dotted(above: &str, name: &str) -> String {
    if above.is_empty() { name.to_owned() } else { format!("{above}.{name}") }
}
