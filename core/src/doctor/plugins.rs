//! The plugins: which are on, and why one is not.

use std::sync::Arc;

use super::Finding;
use crate::{
    clock::SystemClock,
    config::Config,
    plugins::{PluginStatus, Plugins, put_aside, queries},
    random::Random,
    store::Store,
};

pub fn examine(config: &Config, plugins: &Plugins) -> Vec<Finding> {
    plugins.status().iter().flat_map(|status| [describe(status, config)].into_iter().chain(unread(status))).collect()
}

/// What bots could not deal with. The database is there, and as this program wants it.
pub async fn letters(config: &Config) -> Vec<Finding> {
    let (clock, random) = (Arc::new(SystemClock), Arc::new(Random::from_system()));
    // What is wrong with the database was told already.
    let Ok(store) = Store::open(&config.database, &config.data_dir, clock, random).await else { return Vec::new() };
    let counts = queries::letter_counts(store.reader()).await.unwrap_or_default();
    let finding = |(id, count): (&String, &i64)| Finding::doubtful(&format!("plugin {id}"), put_aside(id, *count));
    counts.iter().map(finding).collect()
}

fn unread(status: &PluginStatus) -> impl Iterator<Item = Finding> {
    status.unread.iter().map(|sentence| Finding::doubtful(&format!("plugin {}", status.id), sentence))
}

fn describe(status: &PluginStatus, config: &Config) -> Finding {
    let subject = format!("plugin {}", status.id);
    let Some(reason) = &status.reason else {
        let may = if status.imports.is_empty() { "nothing beyond its own computing".to_owned() } else { status.imports.join(", ") };
        return Finding::good(&subject, format!("on; may: {may}"));
    };
    match config.plugins.get(&status.id) {
        // What ships with the server and nobody asked for.
        None => Finding::good(&subject, format!("off; {reason}")),
        Some(section) if section.enabled == Some(false) => Finding::good(&subject, reason),
        Some(_) if status.on => Finding::doubtful(&subject, reason),
        Some(_) => Finding::bad(&subject, reason),
    }
}
