//! The plugin's own configuration.
//!
//! Read settings by names that stand in the code as they are: operators are warned of a setting that the component nowhere names.

use std::str::FromStr;

use crate::host::settings;

/// The value of `key` in the plugin's `[plugins.<id>.settings]` section, or none when it is not set.
///
/// Keys that end in `secret` are never handed out.
pub fn get(key: &str) -> Option<String> {
    settings::get(key)
}

/// The value of `key`, or `default` when it is not set or empty.
pub fn get_or(key: &str, default: &str) -> String {
    get(key).filter(|value| !value.trim().is_empty()).unwrap_or_else(|| default.to_owned())
}

/// The words of the value of `key`, between which there is white space or a comma.
pub fn words(key: &str) -> Option<Vec<String>> {
    get(key).map(|value| split(&value)).filter(|words| !words.is_empty())
}

/// The value of `key` as a whole number, or none when it is not set or empty.
///
/// # Errors
/// A sentence that names the setting, for anything else.
pub fn integer(key: &str) -> Result<Option<i64>, String> {
    read(key, get(key).as_deref(), "a whole number")
}

/// The value of `key` as a number, or none when it is not set or empty.
///
/// # Errors
/// A sentence that names the setting, for anything else.
pub fn number(key: &str) -> Result<Option<f64>, String> {
    let number = read(key, get(key).as_deref(), "a number")?;
    match number.filter(|number: &f64| !number.is_finite()) {
        Some(_) => Err(wrong(key, "a number")),
        None => Ok(number),
    }
}

/// The value of `key` as `true` or `false`, or none when it is not set or empty.
///
/// # Errors
/// A sentence that names the setting, for anything else.
pub fn boolean(key: &str) -> Result<Option<bool>, String> {
    read(key, get(key).as_deref(), "true or false")
}

fn read<T: FromStr>(key: &str, value: Option<&str>, what: &str) -> Result<Option<T>, String> {
    let value = value.map(str::trim).filter(|value| !value.is_empty());
    value.map(str::parse).transpose().map_err(|_| wrong(key, what))
}

fn wrong(key: &str, what: &str) -> String {
    format!("set `{key}` to {what}")
}

fn split(value: &str) -> Vec<String> {
    let words = value.split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty());
    words.map(ToOwned::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::{boolean, get, get_or, integer, number, words};
    use crate::testing;

    fn set(value: &str) {
        testing::with(|host| host.settings.insert("key".to_owned(), value.to_owned()));
    }

    #[test]
    fn words_stand_between_spaces_and_commas() {
        assert_eq!(super::split(" a,b  c,\n"), ["a", "b", "c"]);
        assert!(super::split(" , ").is_empty());
    }

    #[test]
    fn what_is_not_set_is_none() {
        assert_eq!((get("key"), words("key"), integer("key"), number("key"), boolean("key")), (None, None, Ok(None), Ok(None), Ok(None)));
        set(" ");
        assert_eq!((get_or("key", "x").as_str(), integer("key"), number("key"), boolean("key")), ("x", Ok(None), Ok(None), Ok(None)));
    }

    #[test]
    fn values_are_read_or_the_setting_is_named() {
        set(" 12 ");
        assert_eq!(
            (integer("key"), number("key"), boolean("key")),
            (Ok(Some(12)), Ok(Some(12.0)), Err("set `key` to true or false".to_owned()))
        );
        set("true");
        assert_eq!((boolean("key"), integer("key")), (Ok(Some(true)), Err("set `key` to a whole number".to_owned())));
        set("inf");
        assert_eq!(number("key"), Err("set `key` to a number".to_owned()));
    }
}
