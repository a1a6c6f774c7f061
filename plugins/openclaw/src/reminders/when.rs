//! When a reminder is due, from what was typed.

use std::time::Duration;

use openclaw_sdk::Time;

/// The farthest that somebody may look ahead.
const FARTHEST: Duration = Duration::from_hours(24 * 366);

/// The moment that is meant by `in` and a while, or by `at` and a time.
pub fn parse(how: &str, when: &str, now: Time) -> Result<Time, String> {
    let at = match how {
        "in" => now + duration(when).ok_or_else(|| format!("`{when}` is no while such as 10m, 2h30m, 1d or 2w."))?,
        "at" => Time::parse(when)?,
        _ => return Err("Type `/remind in 10m …` or `/remind at 2026-12-24T18:00:00Z …`.".to_owned()),
    };
    if at <= now {
        return Err("That is over already.".to_owned());
    }
    if at > now + FARTHEST {
        return Err("That is more than a year away.".to_owned());
    }
    Ok(at)
}

/// Numbers with units, larger ones first, each unit at most once: `1h30m`.
fn duration(text: &str) -> Option<Duration> {
    let units = [('w', 604_800), ('d', 86_400), ('h', 3600), ('m', 60), ('s', 1)];
    let mut units = units.into_iter();
    let mut seconds: u64 = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let at = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, from) = rest.split_at(at);
        let unit = from.chars().next()?;
        let (_, each) = units.find(|(known, _)| *known == unit.to_ascii_lowercase())?;
        seconds = number.parse::<u64>().ok()?.checked_mul(each)?.checked_add(seconds)?;
        rest = &from[unit.len_utf8()..];
    }
    (!text.is_empty()).then_some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use openclaw_sdk::Time;

    use super::{duration, parse};

    fn parsed(how: &str, when: &str) -> Result<String, String> {
        let now = Time::parse("2026-11-28T13:00:00Z").unwrap();
        parse(how, when, now).map(|time| time.to_string())
    }

    #[test]
    fn a_while_is_numbers_with_units() {
        let seconds = |text| duration(text).map(|time| time.as_secs());
        assert_eq!(
            (seconds("10m"), seconds("1h30m"), seconds("2D"), seconds("1w1s")),
            (Some(600), Some(5400), Some(172_800), Some(604_801))
        );
        for wrong in ["", "10", "m", "10x", "1m1h", "1m1m", "-1m", "1.5h", "10 m", "1µ", "99999999999999999999s", "9999999999999999999w"] {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn both_ways_lead_to_a_moment() {
        assert_eq!(parsed("in", "1h30m").unwrap(), "2026-11-28T14:30:00Z");
        assert_eq!(parsed("at", "2026-12-24T18:00:00+01:00").unwrap(), "2026-12-24T17:00:00Z");
    }

    #[test]
    fn other_moments_are_refused_with_the_reason() {
        assert_eq!(parsed("in", "0s").unwrap_err(), "That is over already.");
        assert_eq!(parsed("at", "2026-11-28T12:59:59Z").unwrap_err(), "That is over already.");
        assert_eq!(parsed("in", "367d").unwrap_err(), "That is more than a year away.");
        assert_eq!(parsed("in", "soon").unwrap_err(), "`soon` is no while such as 10m, 2h30m, 1d or 2w.");
        assert_eq!(parsed("at", "noon").unwrap_err(), "`noon` is no time such as 2026-02-28T18:30:00Z.");
        assert!(parsed("on", "1d").unwrap_err().starts_with("Type "));
    }
}
