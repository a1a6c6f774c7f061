//! Moments, as the host writes them.

use std::{
    fmt,
    ops::{Add, Sub},
    str::FromStr,
    time::Duration,
};

/// Days from the first of March of the year 0 to the first of January 1970.
const DAYS_TO_1970: i64 = 719_468;
/// Days of 400 years, after which the calendar repeats itself.
const DAYS_OF_ERA: i64 = 146_097;
const MS_OF_DAY: i64 = 86_400_000;
/// The first and the last moment that RFC 3339 can write.
const FIRST: i64 = -62_167_219_200_000;
const LAST: i64 = 253_402_300_799_999;

/// A moment in UTC, to the millisecond, in the years 0 to 9999. Read and written as RFC 3339.
///
/// ```
/// use std::time::Duration;
/// use openclaw_sdk::Time;
///
/// let time = Time::parse("2026-02-28T23:59:30+01:00").unwrap();
/// assert_eq!(time.to_string(), "2026-02-28T22:59:30Z");
/// assert_eq!((time + Duration::from_secs(90)).to_string(), "2026-02-28T23:01:00Z");
/// assert!(Time::parse("tomorrow").is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(i64);

impl Time {
    /// The present moment. Needs no permission.
    ///
    /// Where the host says when something happened, that is the better answer: it is the same when the call runs again.
    #[cfg(target_family = "wasm")]
    pub fn now() -> Self {
        let now = wasip2::clocks::wall_clock::now();
        Self::from_unix_ms(i64::try_from(now.seconds).unwrap_or(i64::MAX).saturating_mul(1000) + i64::from(now.nanoseconds / 1_000_000))
    }

    /// The present moment: the one that [`crate::testing`] was given, or else that of the clock.
    #[cfg(not(target_family = "wasm"))]
    pub fn now() -> Self {
        crate::testing::now()
    }

    /// The moment so many milliseconds after the beginning of 1970.
    pub fn from_unix_ms(ms: i64) -> Self {
        Self(ms.clamp(FIRST, LAST))
    }

    /// Milliseconds since the beginning of 1970.
    pub fn unix_ms(self) -> i64 {
        self.0
    }

    /// Reads RFC 3339, such as `2026-02-28T22:59:30Z` or `2026-02-28T23:59:30.5+01:00`.
    ///
    /// # Errors
    /// A sentence, for anything else.
    pub fn parse(text: &str) -> Result<Self, String> {
        parse(text).ok_or_else(|| format!("`{text}` is no time such as 2026-02-28T18:30:00Z."))
    }

    /// Date and minute for people: `2026-02-28 22:59 UTC`.
    pub fn to_minute(self) -> String {
        let text = self.to_string();
        format!("{} {} UTC", &text[..10], &text[11..16])
    }

    /// How long after another moment this one is; nothing if it is before.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0 - earlier.0).unwrap_or_default())
    }
}

impl FromStr for Time {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::parse(text)
    }
}

impl Add<Duration> for Time {
    type Output = Self;

    /// A moment later; the last that there is, if it would be after it.
    fn add(self, time: Duration) -> Self {
        Self::from_unix_ms(self.0.saturating_add(ms(time)))
    }
}

impl Sub<Duration> for Time {
    type Output = Self;

    /// A moment earlier; the first that there is, if it would be before it.
    fn sub(self, time: Duration) -> Self {
        Self::from_unix_ms(self.0.saturating_sub(ms(time)))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = date(self.0.div_euclid(MS_OF_DAY));
        let (seconds, ms) = (self.0.rem_euclid(MS_OF_DAY) / 1000, self.0.rem_euclid(1000));
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        if ms > 0 {
            write!(f, ".{ms:03}")?;
        }
        f.write_str("Z")
    }
}

fn ms(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

fn parse(text: &str) -> Option<Time> {
    let (date, rest) = text.split_at_checked(10)?;
    let rest = rest.strip_prefix(['T', 't', ' '])?;
    let (clock, rest) = rest.split_at_checked(8)?;
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let [hour, minute, second] = numbers(clock, ':', [2, 2, 2])?;
    let (fraction, zone) = fraction(rest)?;
    // A leap second is taken for the first moment after it, as most clocks do.
    let valid = (1..=12).contains(&month) && (1..=days(year, month)).contains(&day) && hour < 24 && minute < 60 && second <= 60;
    let seconds = days_since_1970(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset(zone)?;
    let ms = seconds * 1000 + fraction;
    (valid && (FIRST..=LAST).contains(&ms)).then_some(Time(ms))
}

/// Three numbers of exactly so many digits, with something between them.
fn numbers(text: &str, between: char, digits: [usize; 3]) -> Option<[i64; 3]> {
    let mut parts = text.split(between);
    let mut next = |digits| number(parts.next().filter(|part| part.len() == digits)?);
    let numbers = [next(digits[0])?, next(digits[1])?, next(digits[2])?];
    parts.next().is_none().then_some(numbers)
}

fn number(text: &str) -> Option<i64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// Milliseconds from the digits after a point, if there is one, and what follows.
fn fraction(text: &str) -> Option<(i64, &str)> {
    let Some(rest) = text.strip_prefix('.') else { return Some((0, text)) };
    let end = rest.find(|c: char| !c.is_ascii_digit())?;
    let (digits, rest) = rest.split_at(end);
    let ms: String = digits.chars().chain("000".chars()).take(3).collect();
    (!digits.is_empty()).then_some((number(&ms)?, rest))
}

/// Seconds that a zone is ahead of UTC.
fn offset(zone: &str) -> Option<i64> {
    if zone.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let (sign, rest) = zone.split_at_checked(1)?;
    let (hours, minutes) = rest.split_once(':').filter(|(hours, minutes)| hours.len() == 2 && minutes.len() == 2)?;
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    let sign = match sign {
        "+" => 1,
        "-" => -1,
        _ => return None,
    };
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

/// How many days a month has.
fn days(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Counts from a year that begins in March, so that the leap day is its last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year) = (year.div_euclid(400), year.rem_euclid(400));
    let day = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * DAYS_OF_ERA + year * 365 + year / 4 - year / 100 + day - DAYS_TO_1970
}

/// Year, month and day, from the days since 1970: the way back.
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + DAYS_TO_1970;
    let (era, day) = (days.div_euclid(DAYS_OF_ERA), days.rem_euclid(DAYS_OF_ERA));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{LAST, Time, date, days, days_since_1970};

    #[test]
    fn every_day_is_found_again() {
        let mut next = days_since_1970(0, 1, 1);
        for year in 0..=9999 {
            for month in 1..=12 {
                for day in 1..=days(year, month) {
                    assert_eq!((days_since_1970(year, month, day), date(next)), (next, (year, month, day)));
                    next += 1;
                }
            }
        }
        assert_eq!(days_since_1970(1970, 1, 1), 0);
        assert_eq!(next * 86_400_000 - 1, LAST);
    }

    #[test]
    fn reads_what_the_host_writes() {
        for text in ["1970-01-01T00:00:00Z", "2024-02-29T23:59:59.007Z", "9999-12-31T23:59:59.999Z", "0000-01-01T00:00:00Z"] {
            assert_eq!(Time::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Time::parse("2026-11-28t13:00:00.1234567-02:30").unwrap().to_string(), "2026-11-28T15:30:00.123Z");
        assert_eq!(Time::parse("2016-12-31 23:59:60z").unwrap().to_string(), "2017-01-01T00:00:00Z");
        assert_eq!(Time::parse("2001-09-09T01:46:40Z").unwrap().unix_ms(), 1_000_000_000_000);
    }

    #[test]
    fn refuses_what_is_no_time() {
        for text in [
            "",
            "2026",
            "2026-11-28",
            "2026-11-28T13:00Z",
            "2026-11-28T13:00:00",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-01-00T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:60:00Z",
            "2026-01-01T00:00:61Z",
            "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00:00+1:00",
            "2026-01-01T00:00:00+24:00",
            "2026-01-01T00:00:00*01:00",
            "+026-01-01T00:00:00Z",
            "2026-01-01T-1:00:00Z",
            "0000-01-01T00:00:00+01:00",
            "２０２６-01-01T00:00:00Z",
            "2026-01-01T00:00:00Z ",
        ] {
            assert!(Time::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn time_passes_and_stops_at_the_end() {
        let time = Time::parse("2026-12-31T23:59:59.5Z").unwrap();
        assert_eq!((time + Duration::from_millis(500)).to_string(), "2027-01-01T00:00:00Z");
        assert_eq!((time - Duration::from_mins(1)).to_minute(), "2026-12-31 23:58 UTC");
        assert_eq!((time + Duration::MAX).to_string(), "9999-12-31T23:59:59.999Z");
        assert_eq!((time - Duration::MAX).to_string(), "0000-01-01T00:00:00Z");
        assert_eq!(
            ((time + Duration::from_secs(5)).since(time), time.since(time + Duration::from_secs(5))),
            (Duration::from_secs(5), Duration::ZERO)
        );
    }
}
