//! `[mail]`: how mail leaves the house.

use std::path::PathBuf;

use lettre::{AsyncSmtpTransport, Tokio1Executor, message::Mailbox};
use serde::{Deserialize, Serialize};

use super::{BaseUrl, Report, SecretUrl, Span};

/// A mail server by URL; without one, mails become files in the data folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MailSection {
    /// `smtp://host:port`, `smtps://user:password@host`, or `smtp://user:password@host:587?tls=required`. Unset: files.
    pub smtp_url: Option<SecretUrl>,
    /// A PEM file with certificates of authorities that are trusted beside the public ones, for a mail server inside an intranet.
    pub ca_file: Option<PathBuf>,
    /// Where mails go as `.eml` files while no mail server is set. Unset: `mail` in the data folder.
    pub directory: Option<PathBuf>,
    /// The sender: `address@host` or `Name <address@host>`. Unset: `community@` and the host of the base URL.
    pub from: Option<String>,
    /// Connections to the mail server.
    pub connections: u32,
    /// How long reaching the mail server may take; a whole delivery may take three times as long.
    pub timeout: Span,
    /// The wait before the first retry; each further wait is twice as long, up to `retry_max`.
    pub retry_first: Span,
    /// The longest wait between two tries.
    pub retry_max: Span,
    /// A mail that could not be delivered for this long is given up.
    pub give_up_after: Span,
}

/// Where mail goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailTransport {
    /// To a mail server.
    Smtp(SecretUrl),
    /// Into this folder, a file each.
    Files(PathBuf),
}

impl Default for MailSection {
    fn default() -> Self {
        Self {
            smtp_url: None,
            ca_file: None,
            directory: None,
            from: None,
            connections: 4,
            timeout: Span::seconds(10),
            retry_first: Span::seconds(10),
            retry_max: Span::hours(1),
            give_up_after: Span::hours(24),
        }
    }
}

impl MailSection {
    /// The sender that is used when none is set: an address needs a name, so a bare IP address becomes `localhost`.
    pub(super) fn default_from(base_url: &BaseUrl) -> String {
        let host = base_url.host();
        let named = host.chars().any(|c| c.is_ascii_alphabetic()) && !host.starts_with('[');
        format!("community@{}", if named { host } else { "localhost" })
    }

    /// Checks the section.
    pub fn validate(&self, report: &mut Report) {
        if let Some(url) = &self.smtp_url {
            let usable = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.expose()).is_ok();
            report.require(
                usable,
                "mail.smtp_url",
                "is not the URL of a mail server; write smtp://host:port or smtps://user:password@host",
            );
            if usable && url.scheme() == "smtp" && !url.expose().contains("tls=") && url.expose().contains('@') {
                report.warning("mail.smtp_url", "sends its password unencrypted; use smtps:// or add ?tls=required");
            }
        }
        let encrypted = self.smtp_url.as_ref().is_some_and(|url| url.scheme() == "smtps" || url.expose().contains("tls="));
        if self.ca_file.is_some() && !encrypted {
            report.warning("mail.ca_file", "has no effect: mail.smtp_url does not ask for TLS; use smtps:// or add ?tls=required");
        }
        if let Some(from) = &self.from {
            report.require(
                from.parse::<Mailbox>().is_ok(),
                "mail.from",
                "is not a mail address; write \"address@host\" or \"Name <address@host>\"",
            );
        }
        report.require((1..=64).contains(&self.connections), "mail.connections", "must be 1 to 64");
        report.require(self.timeout >= Span::seconds(1), "mail.timeout", "must be at least 1s");
        report.require(self.retry_first.as_millis() > 0, "mail.retry_first", "must be longer than zero");
        report.require(self.retry_max >= self.retry_first, "mail.retry_max", "must not be shorter than mail.retry_first");
    }
}
