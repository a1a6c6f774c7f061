//! `community plugin`.

mod author;
mod live;
mod operate;
mod replay;
mod test;

use clap::Subcommand;

use super::{Outcome, trial};
use crate::config::{Config, Loaded};

#[derive(Subcommand)]
pub enum Command {
    /// The plugins, whether they can run, and what they may do: as their sections and files are now. A running server has what it loaded
    /// at its start or with `reload`. Bots that come with the server and have no section stand there as available.
    List,
    /// Check a redirect provider, then sign in with it in your browser and see what it says of you. Makes no account.
    Try {
        /// The id of the plugin, like `discord`.
        id: String,
    },
    #[command(flatten)]
    Operate(operate::Command),
    #[command(flatten)]
    Live(live::Command),
    #[command(flatten)]
    Author(author::Command),
}

/// `reread` reads the configuration again.
pub async fn run(command: &Command, config: Config, reread: impl Fn() -> Result<Loaded, String>) -> Outcome {
    match command {
        Command::List => operate::list(&config).await,
        Command::Try { id } => Box::pin(trial::run(id, config)).await,
        Command::Operate(command) => operate::run(command, &config).await,
        Command::Live(command) => live::run(command, &config, reread).await,
        Command::Author(command) => author(command).await,
    }
}

/// What authors do works without a configuration.
pub async fn author(command: &author::Command) -> Outcome {
    author::run(command).await
}
