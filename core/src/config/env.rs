//! The environment as a source of values: the names people know, and `COMMUNITY_<SECTION>__<KEY>`.

use std::{collections::BTreeMap, net::SocketAddr};

use super::{
    Problem,
    entry::{Entry, Origin, Written},
};

/// The environment, handed to the loader as a value.
pub type Environment = BTreeMap<String, String>;

/// The names people know from elsewhere, and the keys they set.
const FAMILIAR: [(&str, &str); 9] = [
    ("BASE_URL", "http.base_url"),
    ("DATABASE_URL", "database.url"),
    ("SMTP_URL", "mail.smtp_url"),
    ("CHAT_BOT_TOKEN", "chat.bot_token"),
    ("DISCORD_CLIENT_ID", "plugins.discord.settings.client_id"),
    ("DISCORD_CLIENT_SECRET", "plugins.discord.settings.client_secret"),
    ("REDDIT_CLIENT_ID", "plugins.reddit.settings.client_id"),
    ("REDDIT_CLIENT_SECRET", "plugins.reddit.settings.client_secret"),
    ("COMMUNITY_DATA_DIR", "data_dir"),
];

/// The prefix of every variable that is ours.
const PREFIX: &str = "COMMUNITY_";

/// The variables of this process that are valid text. Nothing else reads them.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
pub fn of_process() -> Environment {
    std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))).collect()
}

/// Entries from the familiar names. One that is set to nothing counts as not set, as compose files like to do.
pub(super) fn familiar(env: &Environment) -> Vec<Entry> {
    FAMILIAR.iter().filter_map(|(name, key)| Some(familiar_entry(name, key, given(env, name)?.to_owned()))).collect()
}

/// The address to listen on as `PORT` changes it, if it is set.
pub(super) fn port(env: &Environment, listen: SocketAddr) -> Result<Option<Entry>, Problem> {
    let Some(port) = given(env, "PORT") else { return Ok(None) };
    let wrong = |_| Problem::new("variable PORT", "http.listen", format!("\"{port}\" is not a port; write a number up to 65535"));
    let address = SocketAddr::new(listen.ip(), port.parse().map_err(wrong)?);
    Ok(Some(familiar_entry("PORT", "http.listen", address.to_string())))
}

fn given<'a>(env: &'a Environment, name: &str) -> Option<&'a str> {
    env.get(name).map(String::as_str).filter(|value| !value.is_empty())
}

fn familiar_entry(name: &str, key: &str, value: String) -> Entry {
    let key = key.split('.').map(str::to_owned).collect();
    Entry { key, value: Written::Text(value), origin: Origin::Variable(name.to_owned()) }
}

/// Entries from `COMMUNITY_<SECTION>__<KEY>`. `ids` are the plugins the file names: a dash in an id cannot be written in a
/// variable, so an underscore finds it.
pub(super) fn prefixed(env: &Environment, ids: &[String]) -> Vec<Entry> {
    let ours = env.iter().filter_map(|(name, value)| Some((name, name.strip_prefix(PREFIX)?, value)));
    ours.filter(|(_, key, _)| key.contains("__"))
        .map(|(name, key, value)| {
            let mut key: Vec<String> = key.to_lowercase().split("__").map(str::to_owned).collect();
            if key[0] == "plugins"
                && let Some(known) = ids.iter().find(|id| id.replace('-', "_").eq_ignore_ascii_case(&key[1]))
            {
                key[1].clone_from(known);
            }
            Entry { key, value: Written::Text(value.clone()), origin: Origin::Variable(name.clone()) }
        })
        .collect()
}

/// Variables that look like ours and set nothing. Not an error, because platforms make up such names for their own use.
pub(super) fn strangers(env: &Environment) -> Vec<Problem> {
    let ours = env.keys().filter(|name| name.starts_with(PREFIX) && !name.contains("__"));
    ours.filter(|name| FAMILIAR.iter().all(|(known, _)| known != name) && *name != "COMMUNITY_CONFIG")
        .map(|name| {
            Problem::new(format!("variable {name}"), "", "sets nothing; a key is written COMMUNITY_<SECTION>__<KEY>, with two underscores")
        })
        .collect()
}
