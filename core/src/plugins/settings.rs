//! What an operator set for a plugin, and what the plugin never asks for: most often a key that was mistyped, where the plugin
//! silently goes on with its default.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, PoisonError},
};

/// Different keys of one plugin that are remembered.
const MAX_ASKED: usize = 64;

/// The settings of one plugin.
pub struct Settings {
    values: BTreeMap<String, String>,
    /// What is answered for keys that the operator did not set.
    defaults: BTreeMap<String, String>,
    asked: Mutex<BTreeSet<String>>,
}

impl Settings {
    pub fn new(values: BTreeMap<String, String>) -> Self {
        Self { values, defaults: BTreeMap::new(), asked: Mutex::default() }
    }

    /// The same with `defaults`, all of which the plugin knows.
    pub fn with_defaults(values: BTreeMap<String, String>, defaults: BTreeMap<String, String>, known: BTreeSet<String>) -> Self {
        Self { values, defaults, asked: Mutex::new(known) }
    }

    /// The secret `key`, for use on the plugin's behalf.
    pub fn secret(&self, key: &str) -> Option<&str> {
        self.values.get(key).filter(|value| key.ends_with("secret") && !value.is_empty()).map(String::as_str)
    }

    /// What the plugin gets that asks for `key`. Secrets the host uses on the plugin's behalf, so the plugin has no need to see them.
    pub fn get(&self, key: &str) -> Option<String> {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if asked.len() < MAX_ASKED && !asked.contains(key) {
            asked.insert(key.to_owned());
        }
        drop(asked);
        self.values.get(key).or_else(|| self.defaults.get(key)).filter(|_| !key.ends_with("secret")).cloned()
    }

    /// A sentence about each setting that nobody reads: neither the host, which reads those in `hosts`, nor the plugin, which has not
    /// asked for it so far and nowhere in its `code` writes its name.
    pub fn unread(&self, hosts: &[&str], code: &[u8]) -> Vec<String> {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let known: BTreeSet<&str> = asked.iter().map(String::as_str).chain(hosts.iter().copied()).collect();
        let unread = self.values.keys().filter(|key| !known.contains(key.as_str()) && !names(code, key, &known));
        unread.map(|key| describe(key, &known)).collect()
    }
}

/// Whether `code` has the name `key` in it, other than as a part of a name that is known.
fn names(code: &[u8], key: &str, known: &BTreeSet<&str>) -> bool {
    let inside = known.iter().filter(|name| name.contains(key)).map(|name| count(code, name));
    count(code, key) > inside.sum()
}

fn count(code: &[u8], name: &str) -> usize {
    let (Some(first), name) = (name.bytes().next(), name.as_bytes()) else { return 0 };
    let starts = code.iter().enumerate().filter(|(_, byte)| **byte == first);
    starts.filter(|(start, _)| code[*start..].starts_with(name)).count()
}

fn describe(key: &str, known: &BTreeSet<&str>) -> String {
    let nearest = known.iter().map(|name| (strsim::damerau_levenshtein(key, name), name)).min();
    match nearest {
        Some((distance, name)) if distance <= 1 + key.len() / 4 => format!("nothing reads its setting {key}; did you mean {name}?"),
        _ => format!("nothing reads its setting {key}: correct it, or take it out"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(keys: &[&str]) -> Settings {
        Settings::new(keys.iter().map(|key| ((*key).to_owned(), String::new())).collect())
    }

    #[test]
    fn a_mistyped_key_is_told_apart_from_one_that_is_read_later() {
        let settings = settings(&["client_id", "token_url", "token_ur", "tokenurl", "allowed_domains", "zebra"]);
        settings.get("token_url");
        let unread = settings.unread(&["client_id"], b"\0token_urlallowed_domains\0");
        let tell = |key: &str| format!("nothing reads its setting {key}; did you mean token_url?");
        assert_eq!(unread, [tell("token_ur"), tell("tokenurl"), "nothing reads its setting zebra: correct it, or take it out".to_owned()]);
    }

    #[test]
    fn p12_a_secret_is_not_given_out() {
        let settings = Settings::new(BTreeMap::from([("client_secret".to_owned(), "hunter2".to_owned())]));
        assert_eq!(settings.get("client_secret"), None);
    }

    #[test]
    fn a_plugin_cannot_fill_the_memory_with_questions() {
        let settings = settings(&[]);
        (0..1000).for_each(|number| assert_eq!(settings.get(&number.to_string()), None));
        assert_eq!(settings.asked.lock().unwrap().len(), MAX_ASKED);
    }
}
