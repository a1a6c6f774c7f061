//! Values with a unit, as people write them: `"5m"`, `"64 KiB"`.

use std::{
    fmt::{self, Display, Formatter},
    str::FromStr,
    time::Duration,
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A length of time: `"250ms"`, `"10s"`, `"5m"`, `"24h"`, `"7 days"`. Whole numbers, one unit, milliseconds at the finest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(pub Duration);

/// A number of bytes: `"64 KiB"`, `"10 MiB"`, `"512 B"`. Units are powers of 1024 (`KiB`) or of 1000 (`kB`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Size(pub u64);

/// Units of a [`Span`] in milliseconds, the largest first; the first name of each is the one that is written.
const TIMES: [(&[&str], u64); 5] = [
    (&["d", "day", "days"], 86_400_000),
    (&["h", "hour", "hours"], 3_600_000),
    (&["m", "min", "minute", "minutes"], 60_000),
    (&["s", "sec", "second", "seconds"], 1_000),
    (&["ms", "millisecond", "milliseconds"], 1),
];

/// Units of a [`Size`] in bytes, those that are written first.
const SIZES: [(&str, u64); 8] =
    [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1), ("bytes", 1), ("kB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000)];

impl Span {
    /// `count` milliseconds.
    pub const fn millis(count: u64) -> Self {
        Self(Duration::from_millis(count))
    }

    /// `count` seconds.
    pub const fn seconds(count: u64) -> Self {
        Self(Duration::from_secs(count))
    }

    /// `count` minutes.
    pub const fn minutes(count: u64) -> Self {
        Self::seconds(count * 60)
    }

    /// `count` hours.
    pub const fn hours(count: u64) -> Self {
        Self::minutes(count * 60)
    }

    /// `count` days of 24 hours.
    pub const fn days(count: u64) -> Self {
        Self::hours(count * 24)
    }

    /// The length in whole milliseconds.
    pub fn as_millis(self) -> u64 {
        u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX)
    }
}

impl Size {
    /// `count` KiB.
    pub const fn kib(count: u64) -> Self {
        Self(count << 10)
    }

    /// `count` MiB.
    pub const fn mib(count: u64) -> Self {
        Self(count << 20)
    }

    /// The size as a length in memory.
    pub fn as_usize(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "\"{text}\" is not a length of time; write a whole number and a unit, like \"250ms\", \"10s\", \"5m\", \"24h\" or \"7 days\""
            )
        };
        let (count, unit) = split(text).ok_or_else(wrong)?;
        let (_, scale) = TIMES.iter().find(|(names, _)| names.contains(&unit.to_lowercase().as_str())).ok_or_else(wrong)?;
        count.checked_mul(*scale).map(Self::millis).ok_or_else(wrong)
    }
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("\"{text}\" is not a size; write a whole number and a unit, like \"512 B\", \"64 KiB\" or \"10 MiB\"");
        let (count, unit) = split(text).ok_or_else(wrong)?;
        let (_, scale) = SIZES.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit)).ok_or_else(wrong)?;
        count.checked_mul(*scale).map(Self).ok_or_else(wrong)
    }
}

/// The leading whole number of `text` and the rest of it.
fn split(text: &str) -> Option<(u64, &str)> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(end);
    Some((number.parse().ok()?, unit.trim_start()))
}

impl Display for Span {
    /// The largest unit in which the length is a whole number.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let millis = self.as_millis();
        let fits = |scale: u64| millis >= scale && millis.is_multiple_of(scale);
        match TIMES.iter().find(|(_, scale)| fits(*scale)) {
            Some((names, scale)) => write!(f, "{}{}", millis / scale, names[0]),
            None => f.write_str("0s"),
        }
    }
}

impl Display for Size {
    /// The largest binary unit in which the size is a whole number.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let fits = |scale: u64| self.0 >= scale && self.0.is_multiple_of(scale);
        let (unit, scale) = SIZES[..4].iter().find(|(_, scale)| fits(*scale)).unwrap_or(&SIZES[3]);
        write!(f, "{} {unit}", self.0 / scale)
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl Serialize for Size {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        text(from)
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        text(from)
    }
}

/// Reads a value from its text form. A bare number gets the error that names the units.
pub(super) fn text<'de, D: Deserializer<'de>, T: FromStr<Err = String>>(from: D) -> Result<T, D::Error> {
    match serde_json::Value::deserialize(from)? {
        serde_json::Value::String(text) => text.parse().map_err(de::Error::custom),
        serde_json::Value::Number(number) => number.to_string().parse().map_err(de::Error::custom),
        _ => Err(de::Error::custom("expected text in quotes")),
    }
}
