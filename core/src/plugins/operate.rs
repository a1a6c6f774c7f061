//! What operators do from the shell while the server runs: plugins are loaded anew, switched on and off.

use std::{collections::BTreeMap, sync::Arc};

use tokio::sync::mpsc::unbounded_channel;
use tokio_util::sync::CancellationToken;
use tracing::Level;

use super::{Plugins, bundled, events, queries};
use crate::{config::PluginSection, store::Store};

/// Reads the sections of all plugins again, or says what is wrong with the configuration.
pub type Sections = Arc<dyn Fn() -> Result<BTreeMap<String, PluginSection>, String> + Send + Sync>;

/// Does what operators want, until `stop`.
pub async fn operate(plugins: Plugins, store: Store, sections: Sections, stop: CancellationToken) {
    let (sender, mut wanted) = unbounded_channel();
    store.listen(move |event| {
        if let Some(plugin) = events::is_reload(event) {
            let _ = sender.send(plugin.to_owned());
        }
    });
    while let Some(Some(plugin)) = stop.run_until_cancelled(wanted.recv()).await {
        plugins.journal().note(&plugin, Level::INFO, "loading");
        let outcome = reload(&plugins, &store, &sections, &plugin).await;
        // Whoever hears of it may count on it.
        let _ = stop.run_until_cancelled(plugins.in_effect()).await;
        let (level, line) = match outcome {
            Ok(line) => (Level::INFO, line),
            Err(reason) => (Level::ERROR, reason),
        };
        if level == Level::ERROR {
            tracing::error!(plugin, "{line}");
        } else {
            tracing::info!(plugin, "{line}");
        }
        plugins.journal().note(&plugin, level, &line);
    }
}

/// The sentence about a plugin that nobody knows.
pub fn unknown(id: &str) -> String {
    format!("there is no plugin {id}: the configuration has no section [plugins.{id}]")
}

/// The sentence about events that a bot could not deal with.
pub fn put_aside(id: &str, count: i64) -> String {
    let events = if count == 1 { "1 event was".to_owned() } else { format!("{count} events were") };
    format!("{events} put aside, since the bot could not deal with that: `community plugin letters {id}` tells why")
}

/// Loads one plugin as the configuration says now. A sentence about what came of it.
async fn reload(plugins: &Plugins, store: &Store, sections: &Sections, plugin: &str) -> Result<String, String> {
    let read = sections.clone();
    let sections = tokio::task::spawn_blocking(move || read()).await.map_err(|error| error.to_string())?;
    let sections = sections.map_err(|problems| format!("not loaded anew, since the configuration is wrong: {problems}"))?;
    let off = queries::switched_off(store.reader()).await.map_err(|error| error.to_string())?.contains(plugin);
    let bundled = bundled::always().any(|name| name == plugin).then(PluginSection::default);
    let section = sections.get(plugin).cloned().or(bundled);
    if section.is_none() && !plugins.has(plugin) {
        return Err(unknown(plugin));
    }
    let outcome = plugins.reload(plugin, section.as_ref(), off).await;
    match outcome {
        Err(unavailable) => Err(format!("the new version is not loaded, the one before serves on: {}", unavailable.reason)),
        Ok(()) if section.is_none() => Ok("not in the configuration any more: gone".to_owned()),
        Ok(()) => match plugins.reason_off(plugin) {
            Some(reason) if off || section.is_some_and(|section| section.enabled == Some(false)) => {
                // Whoever reads this sees which plugin it is about.
                Ok(reason.trim_start_matches(&format!("plugin `{plugin}` is ")).to_owned())
            }
            Some(reason) => Err(format!("not loaded: {reason}")),
            None => Ok("loaded".to_owned()),
        },
    }
}
