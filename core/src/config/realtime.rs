//! `[realtime]`: sockets at `/socket.io`, and what one of them may do.

use serde::{Deserialize, Serialize};

use super::{LimitsSection, Rate, Report, Size, Span};

/// Sizes, times and caps of sockets. The rates in here are off, too, when `limits.enabled` is `false`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RealtimeSection {
    /// The largest packet a client may send, and the largest body of a polling request.
    pub max_message: Size,
    /// Packets that may wait for one client to take them. One that falls further behind is disconnected and resumes later.
    pub max_unsent: usize,
    /// How long a client that fell behind has to take what is waiting before its connection is cut.
    pub slow_grace: Span,
    /// How often a client is asked whether it is still there.
    pub ping_interval: Span,
    /// How long it may take to answer.
    pub ping_timeout: Span,
    /// How long a change from polling to WebSocket may take.
    pub upgrade_timeout: Span,
    /// How long a connection may stay without saying who it is.
    pub connect_timeout: Span,
    /// Sockets at the same time. What is over is refused.
    pub max_sockets: usize,
    /// Sockets at the same time from one IPv4 address or IPv6 /64. Trusted proxies and this machine are not counted.
    pub max_sockets_per_client: usize,
    /// Sockets of one user or bot at the same time; the oldest is disconnected for a new one.
    pub max_sockets_per_user: usize,
    /// New connections per client.
    pub handshakes: Rate,
    /// Events from one socket.
    pub events: Rate,
    /// Events over that limit, in a row, after which the socket is disconnected.
    pub max_refused: u32,
    /// How much one WebSocket may send per second on average, after a start of as much; what is more has to wait.
    pub bytes_per_second: Size,
    /// Events of one socket that are worked on at the same time.
    pub max_at_once: usize,
    /// Events of one socket that may wait for their turn.
    pub max_waiting: usize,
    /// Who has read up to where is told to a whole room only if it has at most so many sockets, otherwise to the reader's own.
    pub receipts_up_to: usize,
    /// Who is typing is told at most once in this time for each socket.
    pub typing_every: Span,
    /// When the server stops, clients are told to come back at a random moment within this time.
    pub retry_within: Span,
}

impl Default for RealtimeSection {
    fn default() -> Self {
        Self {
            max_message: Size::kib(64),
            max_unsent: 128,
            slow_grace: Span::seconds(5),
            ping_interval: Span::seconds(25),
            ping_timeout: Span::seconds(20),
            upgrade_timeout: Span::seconds(10),
            connect_timeout: Span::seconds(5),
            max_sockets: 20_000,
            max_sockets_per_client: 100,
            max_sockets_per_user: 30,
            handshakes: Rate::per_minute(300),
            events: Rate::within(300, 10),
            max_refused: 200,
            bytes_per_second: Size::kib(256),
            max_at_once: 4,
            max_waiting: 256,
            receipts_up_to: 100,
            typing_every: Span::millis(500),
            retry_within: Span::seconds(5),
        }
    }
}

impl RealtimeSection {
    /// Checks the section.
    pub fn validate(&self, report: &mut Report) {
        for (key, count) in [
            ("realtime.max_unsent", self.max_unsent),
            ("realtime.max_sockets", self.max_sockets),
            ("realtime.max_sockets_per_client", self.max_sockets_per_client),
            ("realtime.max_sockets_per_user", self.max_sockets_per_user),
            ("realtime.max_at_once", self.max_at_once),
            ("realtime.max_waiting", self.max_waiting),
        ] {
            report.require(count > 0, key, "must be at least 1");
        }
        for (key, span) in [
            ("realtime.ping_interval", self.ping_interval),
            ("realtime.ping_timeout", self.ping_timeout),
            ("realtime.upgrade_timeout", self.upgrade_timeout),
            ("realtime.connect_timeout", self.connect_timeout),
        ] {
            report.require(!span.0.is_zero(), key, "must be longer than nothing");
        }
        report.require(
            self.max_message >= Size::kib(20),
            "realtime.max_message",
            "must be at least \"20 KiB\", or a long message does not fit",
        );
        report.require(
            self.bytes_per_second >= self.max_message,
            "realtime.bytes_per_second",
            "must not be less than realtime.max_message",
        );
    }

    /// The limit on events, in effect.
    pub const fn events(&self, limits: &LimitsSection) -> Rate {
        if limits.enabled { self.events } else { Rate::UNLIMITED }
    }

    /// The limit on new connections, in effect.
    pub const fn handshakes(&self, limits: &LimitsSection) -> Rate {
        if limits.enabled { self.handshakes } else { Rate::UNLIMITED }
    }
}
