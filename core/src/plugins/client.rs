//! What the host itself reads from the section of a redirect provider: who this server is at the provider's site, and where the
//! host may go.

use std::sync::atomic::{AtomicU64, Ordering};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;
use url::Url;

use super::{Unavailable, bundled::Bundled};
use crate::{
    config::{PluginSection, Secret},
    outbound::AllowList,
};

/// Settings whose hosts count as allowed: the operator typed them.
const ADDRESSES: [&str; 4] = ["issuer", "authorize_url", "token_url", "api_url"];
/// The settings that the host reads by itself: what the server is called at the provider's site, and what proves it.
pub const CREDENTIALS: [&str; 2] = ["client_id", "client_secret"];
/// Longest client id and secret, in bytes.
const MAX_CREDENTIAL: usize = 512;

/// This server as a client of the provider's site.
pub struct Client {
    /// What the site calls it.
    pub id: String,
    /// What proves it.
    pub secret: Option<Secret>,
    /// Where the host may go.
    pub allowed: AllowList,
    /// How often at the same time: a site that stalls must not hold up the requests of other plugins.
    pub requests: Semaphore,
    /// The hash of all that the operator wrote about the plugin when it was loaded.
    pub fingerprint: String,
    /// The id, and a number that no other loading of this process has.
    pub loaded_as: String,
}

/// Redirect providers that were loaded so far.
static LOADED: AtomicU64 = AtomicU64::new(0);

impl Client {
    /// Reads the section of plugin `id`.
    pub fn read(id: &str, title: &str, section: &PluginSection, bundled: Option<&Bundled>) -> Result<Self, Unavailable> {
        let given = |key: &str| section.settings.get(key).map(|value| value.trim()).filter(|value| !value.is_empty());
        let wants_secret = bundled.is_some_and(|bundled| bundled.needs_secret);
        // What was written counts as wanted: without its secret the server would go on as a client that needs none, and without a
        // rule on who may come in everybody might.
        let wanted = |key: &str| key == "client_id" || (key == "client_secret" && wants_secret) || section.unset.contains_key(key);
        let others = section.unset.keys().map(String::as_str).filter(|key| !CREDENTIALS.contains(key));
        let missing: Vec<&str> = CREDENTIALS.into_iter().chain(others).filter(|key| wanted(key) && given(key).is_none()).collect();
        let (Some(client), secret, true) = (given("client_id"), given("client_secret"), missing.is_empty()) else {
            return Err(not_set_up(id, title, section, &missing));
        };
        let wrong = |reason: String| Unavailable::new(format!("plugin `{id}` {reason}"));
        for (key, value) in CREDENTIALS.into_iter().zip([Some(client), secret]) {
            let plain = |value: &str| value.len() <= MAX_CREDENTIAL && value.bytes().all(|byte| matches!(byte, 0x20..=0x7e));
            if value.is_some_and(|value| !plain(value)) {
                return Err(wrong(format!("has a {key} that is longer than 512 characters or not plain ASCII: copy it again")));
            }
        }
        let allowed = allow_list(section, bundled).map_err(wrong)?;
        Ok(Self {
            id: client.to_owned(),
            secret: secret.map(Secret::new),
            allowed,
            requests: Semaphore::new(section.limits.requests as usize),
            fingerprint: fingerprint(section),
            loaded_as: format!("{id} {}", LOADED.fetch_add(1, Ordering::Relaxed)),
        })
    }
}

/// A hash, because the section has secrets in it.
fn fingerprint(section: &PluginSection) -> String {
    let text = serde_json::to_vec(section).unwrap_or_default();
    URL_SAFE_NO_PAD.encode(Sha256::digest(text))
}

/// What the operator and everybody else are told when the settings `missing` are.
fn not_set_up(id: &str, title: &str, section: &PluginSection, missing: &[&str]) -> Unavailable {
    let names = |name: &dyn Fn(&str) -> String| missing.iter().map(|key| name(key)).collect::<Vec<_>>().join(" and ");
    let places = names(&|key| setting(id, key));
    let variables = names(&|key| section.unset.get(key).cloned().unwrap_or_else(|| setting(id, key)));
    Unavailable::new(format!("plugin `{id}` is not set up: set {variables}"))
        .telling(format!("Signing in with {title} is not set up on this server: its operator has to set {places}."))
}

/// The place where an operator sets `key`: the variable that people know, or the section.
fn setting(id: &str, key: &str) -> String {
    match id {
        "discord" | "reddit" => format!("{}_{}", id.to_uppercase(), key.to_uppercase()),
        _ => format!("[plugins.{id}.settings] {key}"),
    }
}

/// The hosts of the component, of the section and of the addresses among the settings.
fn allow_list(section: &PluginSection, bundled: Option<&Bundled>) -> Result<AllowList, String> {
    let mut hosts: Vec<String> = section.allow_hosts.clone();
    hosts.extend(bundled.iter().flat_map(|bundled| bundled.hosts).map(|&host| host.to_owned()));
    for key in ADDRESSES {
        let Some(value) = section.settings.get(key) else { continue };
        let url = Url::parse(value).ok().filter(|url| matches!(url.scheme(), "https" | "http"));
        let Some((host, port)) = url.as_ref().and_then(|url| Some((url.host_str()?, url.port_or_known_default()?))) else {
            return Err(format!("has a setting {key} that is not a web address: write it like https://example.com/path"));
        };
        hosts.push(format!("{host}:{port}"));
    }
    AllowList::parse(&hosts, section.allow_private)
        .map_err(|reason| format!("has hosts that cannot be used ({reason}): correct allow_hosts, or the addresses in its settings"))
}
