//! What authors do beside a server that runs: working on a bot while it takes part, and writing down what it was told.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::{Subcommand, builder::RangedU64ValueParser};
use tokio::time::Instant;

use super::operate::{open, reload};
use crate::{
    cli::Outcome,
    config::{Config, Loaded, PluginSection},
    plugins::{self, PluginKind, Plugins, Senses, Site, dispatch::record::told_lately, look::Look, queries},
    store::Store,
    workbench::{
        build::{self, Built},
        report,
        watch::Sources,
    },
};

#[derive(Subcommand)]
pub enum Command {
    /// Work on a bot: builds it and loads it into the running server, again whenever a file in its folder changes, and shows its log.
    /// Run it in the server's folder, or name its configuration with `--config`.
    Dev {
        /// The folder.
        #[arg(default_value = ".")]
        folder: PathBuf,
        /// The id of the plugin in the configuration; unless given, the name of the folder.
        #[arg(long)]
        id: Option<String>,
    },
    /// Write down the last events that a bot was told, a line of JSON each, with what people said: keep it as private as that was. Commands
    /// and jobs are not among them.
    Record {
        /// The id of the plugin.
        id: String,
        /// How many events.
        #[arg(short = 'n', long, default_value_t = 100, value_parser = RangedU64ValueParser::<usize>::new().range(1..))]
        events: usize,
        /// The file to write them to, in place of standard output.
        #[arg(long)]
        file: Option<PathBuf>,
    },
}

/// `reread` reads the configuration again.
pub async fn run(command: &Command, config: &Config, reread: impl Fn() -> Result<Loaded, String>) -> Outcome {
    match command {
        Command::Dev { folder, id } => {
            let id = id.clone().map_or_else(|| build::id(folder), Ok)?;
            Box::pin(develop(folder, &id, config, reread)).await
        }
        Command::Record { id, events, file } => record(id, *events, file.as_deref(), config).await,
    }
}

/// Builds and loads whenever something changes, for ever.
async fn develop(folder: &Path, id: &str, config: &Config, reread: impl Fn() -> Result<Loaded, String>) -> Outcome {
    build::language(folder)?;
    if reread()?.file.is_none() && !config.plugins.contains_key(id) {
        return Err(
            "no configuration was found here: `--config FILE` names the server's, or run this in its folder and name the bot's".into()
        );
    }
    let store = open(config).await?;
    let mut shown = queries::lines(store.reader(), id, 0, 1).await?.last().map_or(0, |line| line.number);
    let mut sources = Sources::beside(folder, &config.data_dir);
    let mut told = false;
    loop {
        let built = build::run(folder).await;
        for file in sources.built() {
            say!(
                "{} changed during several builds in a row: what builds write themselves belongs below `dist` or `target`, or each leads to \
                 another one, twice as late each time",
                file.display()
            );
        }
        match built {
            Ok(built) => load(&built, id, &store, reread(), &mut told).await,
            Err(reason) => say!("{reason}"),
        }
        while !sources.changed().await {
            shown = show_lines(&store, id, shown).await?;
        }
    }
}

/// Loads what was built, or says what is missing for that.
async fn load(built: &Built, id: &str, store: &Store, loaded: Result<Loaded, String>, told: &mut bool) {
    let finished = Instant::now();
    say!("built in {:.1} s, {}", built.took.as_secs_f64(), report::size(built.size));
    let Loaded { config, file, .. } = match loaded {
        Ok(loaded) => loaded,
        Err(reason) => return say!("not loaded, since the configuration is wrong: {reason}"),
    };
    if !config.plugins.contains_key(id) {
        if !std::mem::replace(told, true) {
            let file = file.unwrap_or_else(|| PathBuf::from("community.toml"));
            tell_section(built, id, &config, &file).await;
        }
        return;
    }
    match reload(store, id).await {
        Ok(answer) => say!("{id}: {answer}, {:.2} s after it was built", finished.elapsed().as_secs_f64()),
        Err(error) => say!("{error}"),
    }
}

async fn tell_section(built: &Built, id: &str, config: &Config, file: &Path) {
    match Look::at(&built.component, id, &config.data_dir).await {
        Ok(look) => {
            let section = report::section(&look, &built.component, id, true);
            say!("Paste this into {}, then save a source file here:\n\n{}", file.display(), section.trim_end());
        }
        Err(reason) => say!("{} {reason}", built.component.display()),
    }
}

/// Shows the lines after the line `shown`; says which was the last.
async fn show_lines(store: &Store, id: &str, shown: i64) -> crate::error::Result<i64> {
    let lines = queries::lines(store.reader(), id, shown, 200).await?;
    for line in lines.iter().filter(|line| !line.of_server) {
        say!("{} {:5} {}", line.at, line.level, line.line);
    }
    Ok(lines.last().map_or(shown, |line| line.number))
}

async fn record(id: &str, events: usize, file: Option<&Path>, config: &Config) -> Outcome {
    let written = config.plugins.get(id).cloned();
    let mut section =
        written.or_else(|| Plugins::is_known(&config.plugins, id).then(PluginSection::default)).ok_or_else(|| plugins::unknown(id))?;
    // What it was told does not depend on variables, which are set where the server runs.
    section.unset.clear();
    let store = open(config).await?;
    let plugins = Plugins::on_stage(id, &section, &config.data_dir, &Site::of(config), Senses::default()).await?;
    let bots = plugins.bots();
    let Some(bot) = bots.first() else {
        let may_be = plugins.status().iter().all(|plugin| plugin.kind.is_none_or(|kind| kind == PluginKind::Bot));
        let reason = plugins.reason_off(id).filter(|_| may_be);
        return Err(reason.unwrap_or_else(|| format!("plugin `{id}` is no bot: nobody tells it anything")).into());
    };
    let mut text = String::new();
    for event in told_lately(&store, bot, events).await? {
        text.push_str(&serde_json::to_string(&event)?);
        text.push('\n');
    }
    match file {
        Some(file) => {
            fs::write(file, &text).map_err(|error| format!("{} cannot be written: {error}", file.display()))?;
            let count = text.lines().count();
            say!("{count} {} in {}", if count == 1 { "event" } else { "events" }, file.display());
        }
        None => text.lines().for_each(|line| say!("{line}")),
    }
    Ok(())
}
