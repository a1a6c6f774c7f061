//! `[outbound]`: how the server itself calls others over HTTP.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Report, Size, Span};

/// The smallest cap on headers that the HTTP library can keep.
const HEAD_MIN: Size = Size::kib(8);

/// Bounds on every request that the server makes, for itself or on behalf of a plugin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OutboundSection {
    /// How long connecting may take, TLS included.
    pub connect_timeout: Span,
    /// How long a request may take, from waiting for its turn to the last byte of the answer. The requests of one sign-in together may
    /// take as long as two, and 10 s at most.
    pub timeout: Span,
    /// The largest body of an answer.
    pub max_response: Size,
    /// The largest head of an answer: status line and headers.
    pub max_head: Size,
    /// Headers in an answer.
    pub max_headers: usize,
    /// Requests at the same time; more wait.
    pub concurrency: usize,
    /// A PEM file with certificates of authorities that are trusted beside the public ones.
    pub ca_file: Option<PathBuf>,
}

impl Default for OutboundSection {
    fn default() -> Self {
        Self {
            connect_timeout: Span::seconds(3),
            timeout: Span::seconds(10),
            max_response: Size::kib(256),
            max_head: Size::kib(32),
            max_headers: 100,
            concurrency: 32,
            ca_file: None,
        }
    }
}

impl OutboundSection {
    /// Checks the section. The file of `ca_file` is read when the server starts.
    pub fn validate(&self, report: &mut Report) {
        report.require(!self.connect_timeout.0.is_zero(), "outbound.connect_timeout", "must be longer than nothing");
        report.require(self.timeout >= self.connect_timeout, "outbound.timeout", "must not be shorter than outbound.connect_timeout");
        report.require(self.max_response.0 > 0, "outbound.max_response", "must be at least \"1 B\"");
        report.require(self.max_head >= HEAD_MIN, "outbound.max_head", "must be at least \"8 KiB\"");
        report.require((1..=1000).contains(&self.max_headers), "outbound.max_headers", "must be 1 to 1000");
        report.require((1..=1024).contains(&self.concurrency), "outbound.concurrency", "must be 1 to 1024");
    }
}
