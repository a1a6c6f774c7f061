//! `[database]`: where rows live and how many connections there are.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{Report, SecretUrl, Span};

/// SQLite in the data folder, unless a URL says otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DatabaseSection {
    /// `sqlite://path` or `postgres://user:password@host/name`. Unset: `community.db` in the data folder.
    pub url: Option<SecretUrl>,
    /// SQLite: connections that read. Writing has one of its own.
    pub readers: u32,
    /// Postgres: connections in the pool.
    pub connections: u32,
    /// How long a request waits for a connection before it is answered with 503.
    pub acquire_timeout: Span,
    /// How long the log of events is kept.
    pub events_retention: Span,
}

impl Default for DatabaseSection {
    fn default() -> Self {
        Self { url: None, readers: 4, connections: 10, acquire_timeout: Span::seconds(2), events_retention: Span::days(7) }
    }
}

impl DatabaseSection {
    /// The URL that is used when none is set.
    pub(crate) fn default_url(data_dir: &Path) -> SecretUrl {
        let path = data_dir.join("community.db").display().to_string();
        SecretUrl::new(format!("sqlite://{}", path.replace('%', "%25").replace('?', "%3F").replace('#', "%23")))
    }

    /// Checks the section.
    pub fn validate(&self, report: &mut Report) {
        if let Some(url) = &self.url {
            let known = matches!(url.scheme().as_str(), "sqlite" | "postgres" | "postgresql");
            report.require(known, "database.url", "must begin with sqlite:// or postgres://");
        }
        report.require((1..=256).contains(&self.readers), "database.readers", "must be 1 to 256");
        report.require((2..=1000).contains(&self.connections), "database.connections", "must be 2 to 1000");
        report.require(self.acquire_timeout.as_millis() > 0, "database.acquire_timeout", "must be longer than zero");
        report.require(self.events_retention >= Span::hours(1), "database.events_retention", "must be at least 1h");
    }
}
