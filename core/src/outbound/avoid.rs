//! This server's own back rooms: what it is connected to itself, and what nobody may have it send a request to on the way round.

use std::net::{IpAddr, SocketAddr};

use url::{Host, Url};

use super::resolve::Resolve;
use crate::config::{Config, MailTransport, SecretUrl};

/// A host and a port where no request goes, whatever a list of hosts permits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    host: String,
    port: u16,
}

impl Place {
    /// This host, a name or an address, and this port.
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        Self { host: host.into(), port }
    }

    /// The database, the mail server, the store for files that the operator named and the listener of the counters.
    pub fn back_rooms(config: &Config) -> Vec<Self> {
        let mail = match config.mail_transport() {
            MailTransport::Smtp(url) => Some(url),
            MailTransport::Files(_) => None,
        };
        let servers = [Some(config.database_url()), mail].into_iter().flatten().filter_map(|url| Self::of(&url));
        let counters = config.metrics.listen.map(|listen| Self::new(listen.ip().to_string(), listen.port()));
        let files = config.uploads.endpoint.as_ref().filter(|_| config.uploads.endpoint().is_some());
        let files = files.and_then(|url| Some(Self::new(url.host_str()?.trim_matches(['[', ']']), url.port_or_known_default()?)));
        servers.chain(counters).chain(files).collect()
    }

    fn of(url: &SecretUrl) -> Option<Self> {
        let url = Url::parse(url.expose()).ok()?;
        let usual = match url.scheme() {
            "postgres" | "postgresql" => 5432,
            "smtps" => 465,
            "smtp" if url.query().is_some_and(|query| query.contains("tls=")) => 587,
            "smtp" => 25,
            _ => return None,
        };
        let host = url.host_str().filter(|host| !host.is_empty())?;
        Some(Self::new(host.trim_start_matches('[').trim_end_matches(']'), url.port().unwrap_or(usual)))
    }

    /// Whether `host`, which is at `addresses`, is this place when it is asked on `port`.
    pub(super) async fn is(&self, host: &Host, port: u16, addresses: &[IpAddr], resolver: &dyn Resolve) -> bool {
        if port != self.port {
            return false;
        }
        let own = match self.host.parse() {
            Ok(address) => vec![address],
            Err(_) if matches!(host, Host::Domain(name) if name.eq_ignore_ascii_case(&self.host)) => return true,
            Err(_) => match resolver.resolve(&self.host, port).await {
                Ok(found) => found.iter().map(SocketAddr::ip).collect(),
                Err(_) => Vec::new(),
            },
        };
        let here = |address: &IpAddr| address.is_unspecified() || resolver.is_own(*address);
        addresses.iter().any(|address| own.contains(address)) || (own.iter().any(here) && addresses.iter().any(here))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::UploadsBackend;

    #[test]
    fn p06_the_database_and_the_mail_server_are_found_by_their_addresses() {
        let of = |url: &str| Place::of(&SecretUrl::new(url));
        assert_eq!(of("postgres://ann:secret@db.intranet/community"), Some(Place::new("db.intranet", 5432)));
        assert_eq!(of("postgres://[::1]:6000/community"), Some(Place::new("::1", 6000)));
        assert_eq!(of("smtps://mail.intranet"), Some(Place::new("mail.intranet", 465)));
        assert_eq!(of("smtp://mail.intranet?tls=required"), Some(Place::new("mail.intranet", 587)));
        assert_eq!(of("smtp://127.0.0.1:2525"), Some(Place::new("127.0.0.1", 2525)));
        assert_eq!(of("sqlite:///srv/community.db"), None);
    }

    #[test]
    fn p06_so_is_the_store_for_files_that_the_operator_names() {
        let mut config = Config::default();
        config.uploads.endpoint = "http://store.intranet:9000".parse().ok();
        assert_eq!(Place::back_rooms(&config), []);
        config.uploads.backend = UploadsBackend::S3;
        assert_eq!(Place::back_rooms(&config), [Place::new("store.intranet", 9000)]);
    }
}
