//! `[limits]`: how often things may be done, and how much at a time. The defaults are far from what a person or a small script does.

use std::{
    fmt::{self, Display, Formatter},
    num::NonZeroU32,
    str::FromStr,
    time::Duration,
};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Report, Size, Span, values};

/// The section `[limits]`. "Per client" means per IPv4 address or IPv6 /64.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitsSection {
    /// `false` switches the limits of this section off, and the delay after failed sign-ins. What protects memory stays: files at a
    /// time, and of sockets all but the two rates.
    pub enabled: bool,
    /// New posts per user.
    pub posts: Rate,
    /// Edits and deletions of posts per user.
    pub post_changes: Rate,
    /// Changes of their name per user.
    pub renames: Rate,
    /// Sign-ins by password per client, right or wrong.
    pub login: Rate,
    /// Registrations per client.
    pub register: Rate,
    /// Requests for another verification mail per client.
    pub resend: Rate,
    /// Verification links per client.
    pub verify: Rate,
    /// Requests for a password reset per client.
    pub forgot: Rate,
    /// Attempts to set a new password, by mail or by the old one, per client.
    pub passwords: Rate,
    /// Sign-ins begun at other providers per client, and as many returns from them.
    pub providers: Rate,
    /// New messages per user, over HTTP and sockets together.
    pub messages: Rate,
    /// New messages per bot.
    pub bot_messages: Rate,
    /// Messages of all bots that are plugins in one room; when there are more, those are silent there for a minute. This holds even where
    /// `enabled` is `false`: a chain of bots would otherwise talk for ever.
    pub bots_in_a_room: Rate,
    /// Edits and deletions of messages and reactions, per user or bot.
    pub message_changes: Rate,
    /// New rooms per user.
    pub rooms: Rate,
    /// Changes of rooms, members and roles, per user or bot.
    pub room_changes: Rate,
    /// Rooms joined, per user or bot.
    pub joins: Rate,
    /// Invitations to rooms, per user or bot.
    pub invites: Rate,
    /// Notes of how far somebody has read, per user or bot.
    pub read_markers: Rate,
    /// Questions for what suggests itself while a command is typed, per user or bot.
    pub suggestions: Rate,
    /// Wrong passwords for one account, or from one device that it knows, that are free. After each further one the next attempt has to
    /// wait: 1, 2, 4 … seconds.
    pub login_failures: u32,
    /// The longest such wait.
    pub login_longest_wait: Span,
    /// Wrong passwords are forgotten after this long without an attempt.
    pub login_forgotten_after: Span,
    /// Mails of each kind to one address, whoever asks for them; more are left out without a word.
    pub mails_per_address: Rate,
    /// Files that are received at the same time. This and the next two hold even where `enabled` is `false`.
    pub uploads_at_a_time: usize,
    /// How many of them may be those of one user.
    pub uploads_at_a_time_per_user: usize,
    /// How long another one waits for its turn before it is answered with 503.
    pub upload_wait: Span,
    /// Files of one user in 24 hours; 0 for no limit.
    pub uploads_per_day: u32,
    /// Their bytes; nothing for no limit.
    pub upload_bytes_per_day: Size,
    /// Sockets at the same time. What is over is refused. Of what follows, only the two rates are off where `enabled` is `false`.
    pub sockets: usize,
    /// Sockets at the same time from one IPv4 address or IPv6 /64. Trusted proxies and this machine are not counted.
    pub sockets_per_client: usize,
    /// Sockets of one user or bot at the same time; the oldest is disconnected for a new one.
    pub sockets_per_user: usize,
    /// New connections per client.
    pub socket_handshakes: Rate,
    /// How long a connection may stay without saying who it is.
    pub socket_connect_timeout: Span,
    /// The largest packet and frame a client may send, and the largest body of a polling request.
    pub socket_message: Size,
    /// How much one WebSocket may send per second on average, after a start of as much; what is more has to wait.
    pub socket_bytes_per_second: Size,
    /// Events from one socket.
    pub socket_events: Rate,
    /// Events over that limit, in a row, after which the socket is disconnected.
    pub socket_refused: u32,
    /// Events of one socket that are worked on at the same time.
    pub socket_at_once: usize,
    /// Events of one socket that may wait for their turn.
    pub socket_waiting: usize,
    /// Packets that may wait for one client to take them. One that falls further behind is disconnected and resumes later.
    pub socket_unsent: usize,
    /// How long a client that fell behind has to take what is waiting before its connection is cut.
    pub socket_slow_grace: Span,
}

impl Default for LimitsSection {
    fn default() -> Self {
        Self {
            enabled: true,
            posts: Rate::per_minute(60),
            post_changes: Rate::per_minute(120),
            renames: Rate::per_day(5),
            login: Rate::per_minute(10),
            register: Rate::per_hour(20),
            resend: Rate::per_hour(20),
            verify: Rate::per_minute(20),
            forgot: Rate::per_hour(5),
            passwords: Rate::per_hour(20),
            providers: Rate::per_minute(20),
            messages: Rate::per_minute(240),
            bot_messages: Rate::per_minute(1200),
            bots_in_a_room: Rate::within(20, 10),
            message_changes: Rate::per_minute(240),
            rooms: Rate::per_hour(60),
            room_changes: Rate::per_minute(240),
            joins: Rate::per_hour(600),
            invites: Rate::per_hour(120),
            read_markers: Rate::per_minute(600),
            suggestions: Rate::within(10, 1),
            login_failures: 4,
            login_longest_wait: Span::minutes(1),
            login_forgotten_after: Span::minutes(15),
            mails_per_address: Rate::per_day(5),
            uploads_at_a_time: 16,
            uploads_at_a_time_per_user: 4,
            upload_wait: Span::seconds(10),
            uploads_per_day: 200,
            upload_bytes_per_day: Size::mib(500),
            sockets: 20_000,
            sockets_per_client: 100,
            sockets_per_user: 30,
            socket_handshakes: Rate::per_minute(300),
            socket_connect_timeout: Span::seconds(5),
            socket_message: Size::kib(64),
            socket_bytes_per_second: Size::kib(256),
            socket_events: Rate::within(300, 10),
            socket_refused: 200,
            socket_at_once: 4,
            socket_waiting: 300,
            socket_unsent: 128,
            socket_slow_grace: Span::seconds(5),
        }
    }
}

impl LimitsSection {
    /// Mails of each kind that one address gets, in effect.
    pub const fn mails_per_address(&self) -> Rate {
        self.in_effect(self.mails_per_address)
    }

    /// New connections of sockets per client, in effect.
    pub const fn socket_handshakes(&self) -> Rate {
        self.in_effect(self.socket_handshakes)
    }

    /// Events from one socket, in effect.
    pub const fn socket_events(&self) -> Rate {
        self.in_effect(self.socket_events)
    }

    const fn in_effect(&self, rate: Rate) -> Rate {
        if self.enabled { rate } else { Rate::UNLIMITED }
    }

    /// Checks the section.
    pub fn validate(&self, report: &mut Report) {
        let (wait, forgotten) = (self.login_longest_wait, self.login_forgotten_after);
        report.require(wait >= Span::seconds(1), "limits.login_longest_wait", "must be at least 1s");
        report.require(forgotten >= wait, "limits.login_forgotten_after", "must not be shorter than limits.login_longest_wait");
        let counted = self.mails_per_address.get().is_none_or(|(_, span)| span <= Span::days(1).0);
        for (key, most) in
            [("limits.uploads_at_a_time", self.uploads_at_a_time), ("limits.uploads_at_a_time_per_user", self.uploads_at_a_time_per_user)]
        {
            report.require((1..=1000).contains(&most), key, "must be 1 to 1000");
        }
        report.require(counted, "limits.mails_per_address", "must be a number in a day or less, since older mails are not kept");
        self.validate_sockets(report);
    }

    fn validate_sockets(&self, report: &mut Report) {
        for (key, most) in [
            ("limits.sockets", self.sockets),
            ("limits.sockets_per_client", self.sockets_per_client),
            ("limits.sockets_per_user", self.sockets_per_user),
            ("limits.socket_at_once", self.socket_at_once),
            ("limits.socket_waiting", self.socket_waiting),
            ("limits.socket_unsent", self.socket_unsent),
        ] {
            report.require(most > 0, key, "must be at least 1");
        }
        report.require(!self.socket_connect_timeout.0.is_zero(), "limits.socket_connect_timeout", "must be longer than nothing");
        let fits = self.socket_message >= Size::kib(20);
        report.require(fits, "limits.socket_message", "must be at least \"20 KiB\", or a long message does not fit");
        let flows = self.socket_bytes_per_second >= self.socket_message;
        report.require(flows, "limits.socket_bytes_per_second", "must not be less than limits.socket_message");
    }
}

/// So many in a length of time: `"60/minute"`, `"5/hour"`, `"10/15 minutes"`; `"unlimited"` for no limit. That many may also
/// come at once; they grow back evenly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate(Option<(NonZeroU32, Duration)>);

impl Rate {
    /// No limit.
    pub const UNLIMITED: Self = Self(None);

    /// `count` a minute; 0 is no limit.
    pub const fn per_minute(count: u32) -> Self {
        Self::new(count, 60)
    }

    /// `count` an hour; 0 is no limit.
    pub const fn per_hour(count: u32) -> Self {
        Self::new(count, 3600)
    }

    /// `count` a day; 0 is no limit.
    pub const fn per_day(count: u32) -> Self {
        Self::new(count, 86_400)
    }

    /// `count` within so many seconds; 0 is no limit.
    pub const fn within(count: u32, seconds: u64) -> Self {
        Self::new(count, seconds)
    }

    const fn new(count: u32, seconds: u64) -> Self {
        match NonZeroU32::new(count) {
            Some(count) => Self(Some((count, Duration::from_secs(seconds)))),
            None => Self::UNLIMITED,
        }
    }

    /// How many in which length of time; `None` for no limit.
    pub const fn get(self) -> Option<(NonZeroU32, Duration)> {
        self.0
    }
}

/// Names of units and their seconds.
const UNITS: [(&str, u64); 4] = [("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1)];

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("\"{text}\" is not a limit; write one like \"60/minute\", \"5/hour\", \"10/15 minutes\" or \"unlimited\"");
        if text.trim() == "unlimited" {
            return Ok(Self::UNLIMITED);
        }
        let (count, span) = text.split_once('/').ok_or_else(wrong)?;
        let (times, unit) = span.trim().split_once(' ').unwrap_or(("1", span.trim()));
        let unit = unit.trim().to_lowercase();
        let unit = unit.strip_suffix('s').unwrap_or(&unit);
        let (_, seconds) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?;
        let count: NonZeroU32 = count.trim().parse().map_err(|_| wrong())?;
        let times: NonZeroU32 = times.parse().map_err(|_| wrong())?;
        Ok(Self(Some((count, Duration::from_secs(seconds * u64::from(times.get()))))))
    }
}

impl Display for Rate {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Some((count, span)) = self.0 else { return f.write_str("unlimited") };
        let (unit, scale) = UNITS.iter().find(|(_, scale)| span.as_secs().is_multiple_of(*scale)).unwrap_or(&UNITS[3]);
        match span.as_secs() / scale {
            1 => write!(f, "{count}/{unit}"),
            times => write!(f, "{count}/{times} {unit}s"),
        }
    }
}

impl Serialize for Rate {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        values::text(from)
    }
}

#[cfg(test)]
mod tests {
    use super::Rate;

    #[test]
    fn limits_are_read_as_they_are_written() {
        for text in ["60/minute", "5/hour", "1/second", "10/15 minutes", "3/day", "unlimited"] {
            assert_eq!(text.parse::<Rate>().map(|rate| rate.to_string()), Ok(text.to_owned()));
        }
        for text in ["", "60", "60/", "/minute", "0/minute", "-1/minute", "60/fortnight", "60 minute", "6e1/minute", "1/0 minutes"] {
            assert!(text.parse::<Rate>().is_err(), "{text}");
        }
    }
}
