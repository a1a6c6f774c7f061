//! `community plugin`.

use clap::Subcommand;

use super::Outcome;
use crate::{config::Config, plugins::Plugins};

#[derive(Subcommand)]
pub enum Command {
    /// The plugins, whether they are on, and what they may do.
    List,
}

pub async fn run(command: &Command, config: &Config) -> Outcome {
    let Command::List = command;
    for plugin in Plugins::load(&config.plugins, &config.data_dir).await?.status() {
        let state = match &plugin.reason {
            None => "on".to_owned(),
            Some(reason) => format!("off: {reason}"),
        };
        let may = if plugin.imports.is_empty() { "nothing beyond its own computing".to_owned() } else { plugin.imports.join("; ") };
        println!("{}\t{state}\tmay: {may}", plugin.id);
    }
    Ok(())
}
