//! The configuration: one struct per section, each in its own file, each checked at start.
//!
//! A value comes from the defaults, then from `community.toml`, then from the environment; the last one wins ([`load()`]).
//! Unknown keys are errors. Secrets cannot be printed: their types hide them, and [`Config`] itself shows the redacted
//! [`Config::effective`] text when it is logged.

mod auth;
mod base_url;
mod chat;
mod cors;
mod database;
mod entry;
mod env;
mod file;
mod http;
mod limits;
mod load;
mod log;
mod mail;
mod metrics;
mod outbound;
mod plugins;
mod realtime;
mod report;
mod rooms;
mod schema;
mod secret;
mod sessions;
mod site;
mod uploads;
mod values;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::{self, Debug, Formatter},
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use serde::{Deserialize, Serialize};

pub use self::{
    auth::{AuthSection, PasswordProfile},
    base_url::BaseUrl,
    chat::ChatSection,
    cors::CorsSection,
    database::DatabaseSection,
    env::{Environment, of_process},
    http::{HttpSection, Network},
    limits::{LimitsSection, Rate},
    load::{Loaded, Sources, load},
    log::{LogFormat, LogSection},
    mail::{MailSection, MailTransport},
    metrics::MetricsSection,
    outbound::OutboundSection,
    plugins::{BeforeMessage, HeardRooms, OnFailure, PluginLimits, PluginSection, RoomsWord},
    realtime::RealtimeSection,
    report::{Problem, Problems, Report},
    rooms::RoomsSection,
    schema::keys,
    secret::{REDACTED, Secret, SecretUrl},
    sessions::SessionsSection,
    site::SiteSection,
    uploads::{Addressing, OssSignature, UploadsBackend, UploadsSection},
    values::{Size, Span},
};

/// Everything an operator can set. Serialised, the default is the schema, so no field may be left out of it.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The folder for the database, uploads, mails and compiled plugins. Relative to the working folder.
    pub data_dir: PathBuf,
    /// `[site]`
    pub site: SiteSection,
    /// `[http]`
    pub http: HttpSection,
    /// `[cors]`
    pub cors: CorsSection,
    /// `[database]`
    pub database: DatabaseSection,
    /// `[sessions]`
    pub sessions: SessionsSection,
    /// `[auth]`
    pub auth: AuthSection,
    /// `[mail]`
    pub mail: MailSection,
    /// `[uploads]`
    pub uploads: UploadsSection,
    /// `[outbound]`
    pub outbound: OutboundSection,
    /// `[chat]`
    pub chat: ChatSection,
    /// `[rooms]`
    pub rooms: RoomsSection,
    /// `[realtime]`
    pub realtime: RealtimeSection,
    /// `[limits]`
    pub limits: LimitsSection,
    /// `[log]`
    pub log: LogSection,
    /// `[metrics]`
    pub metrics: MetricsSection,
    /// `[plugins.<id>]`
    pub plugins: BTreeMap<String, PluginSection>,
    /// Plugin settings that were read from elsewhere, by plugin and name: never shown.
    #[serde(skip)]
    hidden: BTreeSet<(String, String)>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data_dir: PathBuf::from("data"),
            site: SiteSection::default(),
            http: HttpSection::default(),
            cors: CorsSection::default(),
            database: DatabaseSection::default(),
            sessions: SessionsSection::default(),
            auth: AuthSection::default(),
            mail: MailSection::default(),
            uploads: UploadsSection::default(),
            outbound: OutboundSection::default(),
            chat: ChatSection::default(),
            rooms: RoomsSection::default(),
            realtime: RealtimeSection::default(),
            limits: LimitsSection::default(),
            log: LogSection::default(),
            metrics: MetricsSection::default(),
            plugins: BTreeMap::new(),
            hidden: BTreeSet::new(),
        }
    }
}

impl Config {
    /// The address under which people reach the server; unless set, the one it listens on.
    pub fn base_url(&self) -> BaseUrl {
        self.http.base_url.clone().unwrap_or_else(|| {
            let listen = self.http.listen;
            let reachable = if listen.ip().is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { listen.ip() };
            BaseUrl::of_listener(SocketAddr::new(reachable, listen.port()))
        })
    }

    /// The database; unless set, SQLite in the data folder.
    pub fn database_url(&self) -> SecretUrl {
        self.database.url.clone().unwrap_or_else(|| DatabaseSection::default_url(&self.data_dir))
    }

    /// Where mail goes: to the mail server, or into files below the data folder.
    pub fn mail_transport(&self) -> MailTransport {
        match &self.mail.smtp_url {
            Some(url) => MailTransport::Smtp(url.clone()),
            None => MailTransport::Files(self.mail.directory.clone().unwrap_or_else(|| self.data_dir.join("mail"))),
        }
    }

    /// The sender of mails, as `address@host` or `Name <address@host>`.
    pub fn mail_from(&self) -> String {
        self.mail.from.clone().unwrap_or_else(|| MailSection::default_from(&self.base_url()))
    }

    /// The folder for uploads, where they are kept in one.
    pub fn uploads_directory(&self) -> PathBuf {
        self.uploads.directory.clone().unwrap_or_else(|| self.data_dir.join("uploads"))
    }

    /// The address below which everybody finds uploaded files, without a slash at its end.
    pub fn uploads_url(&self) -> String {
        self.uploads.public_url(&self.base_url())
    }

    /// Checks every section, and what only shows when two are seen together.
    pub fn validate(&self, report: &mut Report) {
        report.require(!self.data_dir.as_os_str().is_empty(), "data_dir", "must name a folder");
        self.site.validate(report);
        self.http.validate(report);
        self.cors.validate(report);
        self.database.validate(report);
        self.sessions.validate(report);
        self.auth.validate(report);
        self.mail.validate(report);
        self.uploads.validate(report);
        self.outbound.validate(report);
        self.chat.validate(report);
        self.rooms.validate(report);
        self.realtime.validate(report);
        self.limits.validate(report);
        self.log.validate(report);
        self.validate_address(report);
        self.validate_cookies(report);
        self.validate_quota(report);
    }

    /// An upload that does not say how large it is counts as the largest until it is there, and must be possible on an idle day.
    fn validate_quota(&self, report: &mut Report) {
        let (quota, largest) = (self.limits.upload_bytes_per_day, self.uploads.max_file);
        let fits = quota.0 == 0 || quota >= largest;
        let fix = format!("must not be less than one file, which may have {largest} (uploads.max_file); \"0 B\" is no limit");
        report.require(fits, "limits.upload_bytes_per_day", &fix);
    }

    /// Whoever opens another address than the base URL gets pages without pictures and forms that are refused.
    fn validate_address(&self, report: &mut Report) {
        let (base_url, listen) = (self.base_url(), self.http.listen);
        let fix = "set http.base_url (BASE_URL) to what people type";
        if base_url.is_unspecified() {
            report.warning("http.base_url", format!("{base_url} is where to listen (http.listen), and nowhere to go: {fix}"));
        } else if base_url.is_loopback() && !listen.ip().to_canonical().is_loopback() {
            let sentence =
                format!("http.listen lets in other machines at {listen}, but links lead each of them to itself, {base_url}: {fix}");
            report.warning("http.base_url", sentence);
        }
    }

    /// Cookies over plain http can be read on the way, so beyond this machine that needs an explicit word.
    fn validate_cookies(&self, report: &mut Report) {
        let base_url = self.base_url();
        if base_url.is_https() {
            return;
        }
        if self.cors.cross_site_cookies {
            report.error("cors.cross_site_cookies", "needs an https base URL, since browsers refuse such cookies over plain http");
        }
        if base_url.is_loopback() {
            return;
        }
        if self.sessions.allow_insecure_cookies {
            report.warning("sessions.allow_insecure_cookies", format!("session cookies travel unencrypted to {base_url}"));
        } else {
            let fix = "use https (behind a proxy, set the public https address), or set sessions.allow_insecure_cookies = true in a network you trust";
            report.error(
                "http.base_url",
                format!("{base_url} is plain http on a host that is not this machine, so session cookies could be stolen; {fix}"),
            );
        }
    }

    /// The configuration in force as TOML, defaults filled in and secrets redacted.
    pub fn effective(&self) -> String {
        let mut shown = self.clone();
        shown.http.base_url = Some(self.base_url());
        shown.database.url = Some(self.database_url());
        shown.mail.from = Some(self.mail_from());
        if let MailTransport::Files(directory) = self.mail_transport() {
            shown.mail.directory = Some(directory);
        }
        for (id, plugin) in &mut shown.plugins {
            for (name, value) in &mut plugin.settings {
                if sounds_secret(name) || self.hidden.contains(&(id.clone(), name.clone())) {
                    REDACTED.clone_into(value);
                } else if let Some(shown) = without_user(value) {
                    *value = shown;
                }
            }
        }
        toml::to_string_pretty(&shown).unwrap_or_else(|error| format!("# cannot be shown as TOML: {error}\n"))
    }
}

impl Debug for Config {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.effective())
    }
}

/// An address whose user, with a password or as a token, is kept out of sight; `None` if there is none in it.
fn without_user(value: &str) -> Option<String> {
    let mut url = url::Url::parse(value).ok().filter(|url| !url.username().is_empty() || url.password().is_some())?;
    url.set_password(None).ok()?;
    url.set_username(REDACTED).ok()?;
    Some(url.into())
}

/// True for names of settings whose values are kept out of sight wherever they come from.
fn sounds_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    !name.ends_with("_url") && ["secret", "token", "password", "key", "credential"].iter().any(|word| name.contains(word))
}
