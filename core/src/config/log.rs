//! `[log]`: what the server tells about its work.

use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;

use super::Report;

/// Which lines are written, and in which form. They go to standard error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogSection {
    /// A level, or levels by target: `info`, `warn,community=debug`.
    pub filter: String,
    /// One line of text or one JSON object per event.
    pub format: LogFormat,
}

/// The form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}

impl Default for LogSection {
    fn default() -> Self {
        Self { filter: "info".to_owned(), format: LogFormat::Text }
    }
}

impl LogSection {
    /// Checks the section.
    pub fn validate(&self, report: &mut Report) {
        if let Err(error) = EnvFilter::try_new(&self.filter) {
            report.error(
                "log.filter",
                format!("{error}; write a level (error, warn, info, debug, trace) or target=level, separated by commas"),
            );
        }
    }
}
