//! `[realtime]`: the timing of sockets at `/socket.io`, and who is told what. What one of them may do is in `[limits]`.

use serde::{Deserialize, Serialize};

use super::{Report, Span};

/// The section `[realtime]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RealtimeSection {
    /// How often a client is asked whether it is still there.
    pub ping_interval: Span,
    /// How long it may take to answer.
    pub ping_timeout: Span,
    /// How long a change from polling to WebSocket may take.
    pub upgrade_timeout: Span,
    /// Who has read up to where is told to a whole room only if it has at most so many sockets on a server, otherwise to the reader's own.
    pub receipts_up_to: usize,
    /// Whether somebody is typing is told at most once in this time for each socket and room.
    pub typing_every: Span,
    /// When the server stops, clients are told to come back at a random moment within this time.
    pub retry_within: Span,
}

impl Default for RealtimeSection {
    fn default() -> Self {
        Self {
            ping_interval: Span::seconds(25),
            ping_timeout: Span::seconds(20),
            upgrade_timeout: Span::seconds(10),
            receipts_up_to: 100,
            typing_every: Span::millis(500),
            retry_within: Span::seconds(5),
        }
    }
}

impl RealtimeSection {
    /// Checks the section.
    pub fn validate(&self, report: &mut Report) {
        for (key, span) in [
            ("realtime.ping_interval", self.ping_interval),
            ("realtime.ping_timeout", self.ping_timeout),
            ("realtime.upgrade_timeout", self.upgrade_timeout),
        ] {
            report.require(!span.0.is_zero(), key, "must be longer than nothing");
        }
    }
}
