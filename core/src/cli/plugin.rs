//! `community plugin`.

use std::collections::BTreeSet;

use clap::Subcommand;

use super::{Outcome, trial};
use crate::{
    config::Config,
    plugins::{PluginKind, Plugins, Site},
};

#[derive(Subcommand)]
pub enum Command {
    /// The plugins, whether they are on, and what they may do.
    List,
    /// Check a redirect provider, then sign in with it in your browser and see what it says of you. Makes no account.
    Try {
        /// The id of the plugin, like `discord`.
        id: String,
    },
}

pub async fn run(command: &Command, config: Config) -> Outcome {
    match command {
        Command::List => list(&config).await,
        Command::Try { id } => Box::pin(trial::run(id, config)).await,
    }
}

async fn list(config: &Config) -> Outcome {
    for plugin in Plugins::load(&config.plugins, &BTreeSet::new(), &config.data_dir, &Site::of(config)).await?.status() {
        let kind = plugin.kind.map_or("unknown kind", PluginKind::words);
        let state = match (plugin.on, &plugin.reason) {
            (true, None) => "on".to_owned(),
            (true, Some(reason)) => format!("on: {reason}"),
            (false, reason) => format!("off: {}", reason.as_deref().unwrap_or_default()),
        };
        let may = if plugin.imports.is_empty() { "nothing beyond its own computing".to_owned() } else { plugin.imports.join("; ") };
        say!("{}\t{kind}\t{state}\tmay: {may}", plugin.id);
        for sentence in &plugin.unread {
            say!("{}\twarning: {sentence}", plugin.id);
        }
    }
    Ok(())
}
