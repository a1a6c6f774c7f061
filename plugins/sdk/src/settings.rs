//! The plugin's own configuration.

/// The value of `key` in the plugin's `[plugins.<id>.settings]` section, or none when it is not set.
///
/// Keys that end in `secret` are never handed out.
#[cfg(target_family = "wasm")]
pub fn get(key: &str) -> Option<String> {
    crate::bindings::password::openclaw::settings::settings::get(key)
}

/// Outside a component there is no host to ask: none.
#[cfg(not(target_family = "wasm"))]
pub fn get(_key: &str) -> Option<String> {
    None
}

/// The value of `key`, or `default` when it is not set or empty.
pub fn get_or(key: &str, default: &str) -> String {
    get(key).filter(|value| !value.trim().is_empty()).unwrap_or_else(|| default.to_owned())
}

/// The words of the value of `key`, between which there is white space or a comma.
pub fn words(key: &str) -> Option<Vec<String>> {
    get(key).map(|value| split(&value)).filter(|words| !words.is_empty())
}

fn split(value: &str) -> Vec<String> {
    let words = value.split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty());
    words.map(ToOwned::to_owned).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn words_stand_between_spaces_and_commas() {
        assert_eq!(super::split(" a,b  c,\n"), ["a", "b", "c"]);
        assert!(super::split(" , ").is_empty());
    }
}
