//! Remembering things between calls, each of which has a fresh instance of the bot. Permission: `store`.
//!
//! Keys are 1 to 256 bytes of text without control characters, and nobody else's; a value has at most 64 KiB. Changes are written when
//! the call ends well, together with what it says, and discarded when it does not. If a value that a call both read and changed was
//! changed by another call meanwhile, the whole call runs again: reading, computing and writing is safe without any lock.
//!
//! ```
//! use openclaw_sdk::{Error, store};
//!
//! fn another_visit(name: &str) -> Result<i64, Error> {
//!     store::set("last", name)?;
//!     store::increment("visits", 1)
//! }
//!
//! another_visit("Ann").unwrap();
//! assert_eq!(another_visit("Ben").unwrap(), 2);
//! assert_eq!(store::text("last").unwrap().as_deref(), Some("Ben"));
//! ```

use std::time::Duration;

use serde::{Serialize, de::DeserializeOwned};

use crate::Error;
pub use crate::bindings::bot::openclaw::store::store::Entry;
use crate::host::store;

/// How many keys one call of the host answers with.
const PAGE: u32 = 500;

/// The value of a key; none if there is none or its time is over.
///
/// # Errors
/// [`Error::Invalid`] for what cannot be a key.
pub fn get(key: &str) -> Result<Option<Vec<u8>>, Error> {
    Ok(entry(key)?.map(|entry| entry.value))
}

/// The value of a key with its version, for [`compare_and_set`].
///
/// # Errors
/// As [`get`].
pub fn entry(key: &str) -> Result<Option<Entry>, Error> {
    store::get(key)
}

/// The value of a key as text.
///
/// # Errors
/// As [`get`]; [`Error::Invalid`] for a value that is no text.
pub fn text(key: &str) -> Result<Option<String>, Error> {
    let text = get(key)?.map(String::from_utf8).transpose();
    text.map_err(|_| Error::Invalid(format!("the value of `{key}` is no text")))
}

/// The value of a key, read as JSON.
///
/// # Errors
/// As [`get`]; [`Error::Invalid`] for a value that is not that JSON.
pub fn json<T: DeserializeOwned>(key: &str) -> Result<Option<T>, Error> {
    let value = get(key)?.map(|value| serde_json::from_slice(&value)).transpose();
    value.map_err(|error| Error::Invalid(format!("the value of `{key}` is not the JSON it should be: {error}")))
}

/// The number that a counter stands at; 0 if it was never counted up or its time is over.
///
/// # Errors
/// As [`get`]; [`Error::Invalid`] for a value that is no number.
pub fn count(key: &str) -> Result<i64, Error> {
    let Some(text) = text(key)? else { return Ok(0) };
    text.parse().map_err(|_| Error::Invalid(format!("the value of `{key}` is no number")))
}

/// Gives a key a value, text or bytes, for good.
///
/// # Errors
/// [`Error::Invalid`] for what cannot be a key or is too large, [`Error::Limited`] when there is no more room.
pub fn set(key: &str, value: impl AsRef<[u8]>) -> Result<(), Error> {
    store::set(key, value.as_ref(), None)
}

/// Gives a key a value, text or bytes, that goes away after a while.
///
/// # Errors
/// As [`set`].
pub fn set_for(key: &str, value: impl AsRef<[u8]>, time: Duration) -> Result<(), Error> {
    store::set(key, value.as_ref(), Some(seconds(time)))
}

/// Gives a key a value, written as JSON, for good.
///
/// # Errors
/// As [`set`]; [`Error::Invalid`] for what cannot be JSON, such as a map whose keys are no texts.
pub fn set_json<T: Serialize + ?Sized>(key: &str, value: &T) -> Result<(), Error> {
    set(key, to_json(key, value)?)
}

/// Gives a key a value, written as JSON, that goes away after a while.
///
/// # Errors
/// As [`set_json`].
pub fn set_json_for<T: Serialize + ?Sized>(key: &str, value: &T, time: Duration) -> Result<(), Error> {
    set_for(key, to_json(key, value)?, time)
}

/// Gives a key a value if it still has this version, or with none if there still is no value. Answers whether it did.
///
/// Only needed where what was read in one call decides what is written in another: within a call, reading and writing is safe.
///
/// # Errors
/// As [`set`].
pub fn compare_and_set(key: &str, version: Option<u64>, value: impl AsRef<[u8]>, time: Option<Duration>) -> Result<bool, Error> {
    store::compare_and_set(key, version, value.as_ref(), time.map(seconds))
}

/// Removes a key. One that is not there is no error.
///
/// # Errors
/// [`Error::Invalid`] for what cannot be a key.
pub fn delete(key: &str) -> Result<(), Error> {
    store::delete(key)
}

/// Adds to a counter, which starts at 0, and answers with the sum.
///
/// Counting never makes a call run again. What others add at the same moment is counted, too, but may be missing in the answer.
///
/// # Errors
/// [`Error::Invalid`] for a key whose value is no number, or for a sum that is too large; [`Error::Limited`].
pub fn increment(key: &str, by: i64) -> Result<i64, Error> {
    store::increment(key, by, None)
}

/// Adds to a counter that starts at 0 and goes away so long after it was made, and answers with the sum.
///
/// # Errors
/// As [`increment`].
pub fn increment_for(key: &str, by: i64, time: Duration) -> Result<i64, Error> {
    store::increment(key, by, Some(seconds(time)))
}

/// All keys that begin with `prefix`, in order. Many keys cost a call of the host for every 500.
///
/// # Errors
/// [`Error::Unavailable`].
pub fn keys(prefix: &str) -> Result<Vec<String>, Error> {
    let mut all: Vec<String> = Vec::new();
    loop {
        let page = keys_after(prefix, all.last().map(String::as_str), PAGE)?;
        let full = page.len() == PAGE as usize;
        all.extend(page);
        if !full {
            return Ok(all);
        }
    }
}

/// Some keys that begin with `prefix`, in order, at most `limit`, which is at most 500, after the key `after`.
///
/// # Errors
/// [`Error::Unavailable`].
pub fn keys_after(prefix: &str, after: Option<&str>, limit: u32) -> Result<Vec<String>, Error> {
    store::list_keys(prefix, after, limit)
}

/// Whole seconds, upwards, so that nothing goes away too early.
fn seconds(time: Duration) -> u32 {
    let whole = time.as_secs().saturating_add(u64::from(time.subsec_nanos() > 0));
    u32::try_from(whole).unwrap_or(u32::MAX)
}

fn to_json<T: Serialize + ?Sized>(key: &str, value: &T) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(value).map_err(|error| Error::Invalid(format!("what `{key}` is to hold cannot be written as JSON: {error}")))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{compare_and_set, count, entry, get, increment, increment_for, json, keys, seconds, set, set_for, set_json, text};
    use crate::{Error, Time, testing};

    #[test]
    fn values_come_back_as_they_went_in() {
        set_json("list", &[1, 2]).unwrap();
        assert_eq!(json::<Vec<u8>>("list").unwrap(), Some(vec![1, 2]));
        assert_eq!(text("list").unwrap().as_deref(), Some("[1,2]"));
        assert_eq!(get("nothing").unwrap(), None);
        set("bytes", [0xff]).unwrap();
        assert!(matches!(text("bytes"), Err(Error::Invalid(why)) if why == "the value of `bytes` is no text"));
        assert!(matches!(json::<bool>("list"), Err(Error::Invalid(_))));
    }

    #[test]
    fn counters_count_and_other_values_do_not() {
        assert_eq!((count("c").unwrap(), increment("c", 3).unwrap(), increment("c", -1).unwrap(), count("c").unwrap()), (0, 3, 2, 2));
        set("word", "x").unwrap();
        assert!(matches!((increment("word", 1), count("word")), (Err(Error::Invalid(_)), Err(Error::Invalid(_)))));
    }

    #[test]
    fn a_version_can_be_waited_for() {
        assert!(compare_and_set("k", None, "1", None).unwrap());
        assert!(!compare_and_set("k", None, "2", None).unwrap());
        let version = entry("k").unwrap().unwrap().version;
        assert!(compare_and_set("k", Some(version), "2", None).unwrap());
        assert!(!compare_and_set("k", Some(version), "3", None).unwrap());
        assert_eq!(text("k").unwrap().as_deref(), Some("2"));
    }

    #[test]
    fn values_go_away_when_their_time_is_over() {
        let start = Time::parse("2026-01-01T00:00:00Z").unwrap();
        testing::with(|host| host.now = Some(start));
        set_for("k", "v", Duration::from_secs(10)).unwrap();
        increment_for("c", 1, Duration::from_secs(10)).unwrap();
        testing::with(|host| host.now = Some(start + Duration::from_secs(9)));
        assert_eq!((get("k").unwrap().is_some(), increment_for("c", 1, Duration::from_secs(10)).unwrap()), (true, 2));
        testing::with(|host| host.now = Some(start + Duration::from_secs(10)));
        assert_eq!((get("k").unwrap(), count("c").unwrap(), keys("").unwrap()), (None, 0, vec![]));
    }

    #[test]
    fn all_keys_are_found_in_order() {
        for number in 0..1201 {
            set(&format!("n/{number:04}"), "").unwrap();
        }
        set("other", "").unwrap();
        let keys = keys("n/").unwrap();
        assert_eq!((keys.len(), keys[0].as_str(), keys[1200].as_str()), (1201, "n/0000", "n/1200"));
    }

    #[test]
    fn a_started_second_counts() {
        let rounded = [Duration::from_millis(1), Duration::from_secs(2), Duration::MAX].map(seconds);
        assert_eq!(rounded, [1, 2, u32::MAX]);
    }
}
