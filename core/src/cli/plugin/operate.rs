//! What operators do with plugins: look at them, switch them, load them anew, read their logs and what they could not deal with. A
//! running server hears of it within a second.

use std::{sync::Arc, time::Duration};

use clap::Subcommand;
use tokio::time::{Instant, sleep};
use tracing::{instrument::WithSubscriber, subscriber::NoSubscriber};

use crate::{
    cli::Outcome,
    clock::SystemClock,
    config::Config,
    ids::LetterId,
    plugins::{self, PluginKind, PluginStatus, Plugins, Site, actions, dispatch::record::in_words, queries},
    random::Random,
    serve,
    store::Store,
};

/// How long a server may take.
struct Patience {
    /// To hear of something if none is seen to run.
    heard: Duration,
    /// The same for one that runs, and may be busy with other things.
    busy: Duration,
    /// To load a plugin.
    loaded: Duration,
}

const PATIENCE: Patience = Patience { heard: Duration::from_secs(4), busy: Duration::from_secs(30), loaded: Duration::from_mins(3) };

/// After how long somebody who waits is told what for: a component of some size is compiled first.
const SILENCE: Duration = Duration::from_secs(2);
/// How often its answer is looked for.
const LOOK: Duration = Duration::from_millis(100);
/// How often new lines are looked for.
const FOLLOW: Duration = Duration::from_millis(500);
/// Lines that are read at once.
const LINES: u32 = 200;

#[derive(Subcommand)]
pub enum Command {
    /// Load a plugin anew in the running server, with its section as it is now. A version that cannot run leaves the old one at work.
    Reload {
        /// The id of the plugin.
        id: String,
    },
    /// Switch a plugin on that was switched off with `disable`.
    Enable {
        /// The id of the plugin.
        id: String,
    },
    /// Switch a plugin off, now and at every start, until `enable`.
    Disable {
        /// The id of the plugin.
        id: String,
    },
    /// The last lines of a plugin's log.
    Logs {
        /// The id of the plugin.
        id: String,
        /// How many.
        #[arg(short = 'n', long, default_value_t = 50)]
        lines: u32,
        /// Go on with what comes.
        #[arg(short, long)]
        follow: bool,
    },
    /// What a bot could not deal with and was put aside, with the reason, a hundred at a time.
    Letters {
        /// The id of the plugin.
        id: String,
        /// Only those after this letter.
        #[arg(long)]
        after: Option<String>,
    },
    /// Let a bot be told again of what was put aside.
    Retry {
        /// The id of the plugin.
        id: String,
        /// Only this letter.
        letter: Option<String>,
    },
    /// Throw away what was put aside.
    Discard {
        /// The id of the plugin.
        id: String,
        /// Only this letter.
        letter: Option<String>,
    },
}

pub async fn run(command: &Command, config: &Config) -> Outcome {
    let store = open(config).await?;
    match command {
        Command::Reload { id } => {
            // A server that runs may still have what the configuration has no more.
            let is_served = queries::served(&store).await?.contains(id);
            let id = if is_served { id.clone() } else { remembered(&store, config, id).await? };
            let answer = reload(&store, &id).await?;
            say!("{id}: {answer}");
            Ok(())
        }
        Command::Enable { id } => {
            let id = known(config, id)?;
            if config.plugins.get(&id).is_some_and(|section| section.enabled == Some(false)) {
                // What the server answers is that its section switches it off.
                answer(&store, &id, &PATIENCE, async |id| switched(&store, id, true).await).await?;
                return Err(stays_off(&id).into());
            }
            switch(&store, id, true).await
        }
        Command::Disable { id } => switch(&store, known(config, id)?, false).await,
        Command::Logs { id, lines, follow } => logs(&store, &remembered(&store, config, id).await?, *lines, *follow).await,
        Command::Letters { id, after } => letters(&store, &remembered(&store, config, id).await?, after.as_deref()).await,
        Command::Retry { id, letter } => {
            let input = (remembered(&store, config, id).await?, letter_id(letter.as_deref())?);
            let count = store.write(input, |tx, (id, letter)| Box::pin(actions::retry(tx, id, letter.as_ref()))).await?;
            say!("{count} to be told again");
            Ok(())
        }
        Command::Discard { id, letter } => {
            let input = (remembered(&store, config, id).await?, letter_id(letter.as_deref())?);
            let count = store.write(input, |tx, (id, letter)| Box::pin(actions::discard(tx, id, letter.as_ref()))).await?;
            say!("{count} thrown away");
            Ok(())
        }
    }
}

/// The database alone: what plugins are is not needed here.
pub async fn open(config: &Config) -> Result<Store, Box<dyn std::error::Error>> {
    serve::make_private(&config.data_dir)?;
    let (clock, random) = (Arc::new(SystemClock), Arc::new(Random::from_system()));
    Ok(Store::open(&config.database, &config.data_dir, clock, random).await?)
}

fn known(config: &Config, id: &str) -> Result<String, String> {
    if Plugins::is_known(&config.plugins, id) {
        return Ok(id.to_owned());
    }
    Err(plugins::unknown(id))
}

/// The same for what a plugin left behind, which may be gone itself.
async fn remembered(store: &Store, config: &Config, id: &str) -> Result<String, Box<dyn std::error::Error>> {
    let left = !queries::lines(store.reader(), id, 0, 1).await?.is_empty() || !queries::letters(store.reader(), id).await?.is_empty();
    if left { Ok(id.to_owned()) } else { Ok(known(config, id)?) }
}

fn letter_id(text: Option<&str>) -> Result<Option<LetterId>, String> {
    let parse =
        |text: &str| LetterId::parse(text).ok_or_else(|| format!("{text} is not the id of a letter; see `community plugin letters`"));
    text.map(parse).transpose()
}

async fn switch(store: &Store, id: String, enabled: bool) -> Outcome {
    wait_for(store, id, async |id| switched(store, id, enabled).await).await
}

async fn switched(store: &Store, id: String, enabled: bool) -> crate::error::Result<()> {
    store.write((id, enabled), |tx, (id, on)| Box::pin(actions::switch(tx, id, *on))).await
}

fn stays_off(id: &str) -> String {
    format!(
        "{id} stays off: its section says `enabled = false`, which no command changes; take that out of [plugins.{id}], then \
         `community plugin reload {id}`"
    )
}

/// Does something to a plugin and prints what the running server says to it.
async fn wait_for(store: &Store, id: String, work: impl AsyncFnOnce(String) -> crate::error::Result<()>) -> Outcome {
    let answer = answer(store, &id, &PATIENCE, work).await?;
    say!("{id}: {answer}");
    Ok(())
}

/// Loads a plugin anew in the running server; what it says to that.
pub async fn reload(store: &Store, id: &str) -> Result<String, Box<dyn std::error::Error>> {
    let record = async |id| store.write(id, |tx, id: &String| Box::pin(actions::reload(tx, id))).await;
    answer(store, id, &PATIENCE, record).await
}

/// Does something to a plugin; what the running server says to it.
async fn answer(
    store: &Store,
    id: &str,
    patience: &Patience,
    work: impl AsyncFnOnce(String) -> crate::error::Result<()>,
) -> Result<String, Box<dyn std::error::Error>> {
    let last = queries::lines(store.reader(), id, 0, 1).await?.last().map_or(0, |line| line.number);
    work(id.to_owned()).await?;
    let (begun, runs) = (Instant::now(), store.is_followed().await?);
    let (mut heard, mut told, mut limit) = (None, false, if runs { patience.busy } else { patience.heard });
    while begun.elapsed() < limit {
        // The server's alone: what the plugin says meanwhile may be more than is read at once.
        let mut answers = queries::server_lines(store.reader(), id, heard.unwrap_or(last), 2).await?.into_iter();
        // The first says that it was heard, the second what came of it.
        if heard.is_none()
            && let Some(first) = answers.next()
        {
            (heard, limit) = (Some(first.number), patience.loaded);
        }
        if let Some(answer) = answers.next() {
            return if answer.level == "ERROR" { Err(format!("{id}: {}", answer.line).into()) } else { Ok(answer.line) };
        }
        if heard.is_some() && begun.elapsed() > SILENCE && !std::mem::replace(&mut told, true) {
            eprintln!("{id}: the server is still loading it; a large component is compiled first");
        }
        sleep(LOOK).await;
    }
    let seconds = limit.as_secs();
    match (heard.is_some(), runs) {
        (true, _) => {
            Err(format!("{id}: the server has not finished loading it within {seconds} s; `community plugin logs {id}` tells").into())
        }
        (false, true) => Err(format!(
            "{id}: noted, but the server that runs has not taken it up within {seconds} s; it does as soon as it can, and `community plugin \
             logs {id}` tells"
        )
        .into()),
        (false, false) => Ok("noted; no server is running on this database, so it takes effect at the next start".to_owned()),
    }
}

async fn letters(store: &Store, plugin: &str, after: Option<&str>) -> Outcome {
    let (letters, left) = queries::letters_after(store.reader(), plugin, letter_id(after)?.as_ref()).await?;
    if letters.is_empty() {
        say!("no letters{}", after.map(|after| format!(" after {after}")).unwrap_or_default());
    }
    for queries::Letter { id, what, reason, attempts, created_at, .. } in &letters {
        // What is gone can be named no more.
        let about = in_words(store, plugin, what).await?.unwrap_or_else(|| what.clone());
        say!("{id}\t{created_at}\t{attempts} attempts\t{reason}\t{about}");
    }
    if let Some(last) = letters.last().filter(|_| left > 0) {
        say!("{left} more: community plugin letters {plugin} --after {}", last.id);
    }
    Ok(())
}

async fn logs(store: &Store, id: &str, count: u32, follow: bool) -> Outcome {
    let mut lines = queries::lines(store.reader(), id, 0, count).await?;
    let mut last = 0;
    loop {
        for queries::Line { number, at, level, line, .. } in lines {
            say!("{at} {level:5} {line}");
            last = number;
        }
        if !follow {
            return Ok(());
        }
        sleep(FOLLOW).await;
        lines = queries::lines(store.reader(), id, last, LINES).await?;
    }
}

/// All plugins, a line each, and the bots that come with the server and are not among them.
pub async fn list(config: &Config) -> Outcome {
    let store = open(config).await?;
    let (off, notes) = (queries::switched_off(store.reader()).await?, queries::notes(store.reader(), store.now()).await?);
    let letters = queries::letter_counts(store.reader()).await?;
    let site = Site::of(config);
    // What the log would tell of them stands in their lines.
    let plugins = Plugins::load(&config.plugins, &off, &config.data_dir, &site).with_subscriber(NoSubscriber::new()).await?;
    for plugin in plugins.status() {
        let kind = plugin.kind.map_or("plugin", PluginKind::words);
        let state = state(&plugin, notes.get(&plugin.id).map(String::as_str));
        let version = if plugin.version.is_empty() { String::new() } else { format!(" {}", plugin.version) };
        say!("{}\t{kind}{version}\t{state}{}", plugin.id, may(&plugin));
        for sentence in &plugin.unread {
            say!("{}\twarning: {sentence}", plugin.id);
        }
        if let Some(count) = letters.get(&plugin.id) {
            say!("{}\twarning: {}", plugin.id, plugins::put_aside(&plugin.id, *count));
        }
    }
    let served = queries::served(&store).await?;
    for id in served.iter().filter(|id| !Plugins::is_known(&config.plugins, id)) {
        let kind = PluginKind::Bot.words();
        say!("{id}\t{kind}\ton: the server has it still, though its section is gone; `community plugin reload {id}` lets go of it");
    }
    for name in Plugins::available(&config.plugins).filter(|name| !served.iter().any(|id| id == name)) {
        say!("{name}\t{}\tavailable: the line [plugins.{name}] in community.toml switches it on", PluginKind::Bot.words());
    }
    Ok(())
}

/// What it may do. Of one that is off and has nothing that was not read.
fn may(plugin: &PluginStatus) -> String {
    match plugin.imports[..] {
        [] if plugin.on => "\tmay: nothing beyond its own computing".to_owned(),
        [] => String::new(),
        ref imports => format!("\tmay: {}", imports.join("; ")),
    }
}

fn state(plugin: &PluginStatus, note: Option<&str>) -> String {
    match (plugin.on, &plugin.reason, note) {
        (true, None, None) => "on".to_owned(),
        (true, Some(reason), _) => format!("on: {reason}"),
        (true, None, Some(note)) => format!("on, but {note}"),
        (false, reason, _) => format!("off: {}", reason.as_deref().unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::{
        config::DatabaseSection,
        plugins::store::lines::{self, Line},
    };

    const SOON: Patience = Patience { heard: Duration::ZERO, busy: Duration::from_secs(1), loaded: Duration::from_secs(2) };

    fn said(plugin: &str, line: &str, of_server: bool) -> Line {
        Line { number: 0, plugin: plugin.to_owned(), at: String::new(), level: "INFO".to_owned(), line: line.to_owned(), of_server }
    }

    async fn write(store: &Store, said: Vec<Line>) -> crate::error::Result<()> {
        store.write(said, |tx, lines| Box::pin(lines::add(tx, lines))).await
    }

    #[tokio::test]
    async fn a_plugin_that_talks_while_it_is_loaded_drowns_no_answer() {
        let folder = tempfile::tempdir().unwrap();
        let (clock, random) = (Arc::new(SystemClock), Arc::new(Random::seeded(1)));
        let store = Store::open(&DatabaseSection::default(), folder.path(), clock, random).await.unwrap();
        let talks = async |plugin: String| {
            let mut lines = vec![said(&plugin, "chatter", false); 500];
            lines[0] = said(&plugin, "loading", true);
            write(&store, lines).await?;
            write(&store, vec![said(&plugin, "loaded", true)]).await
        };
        assert_eq!(answer(&store, "echo", &PATIENCE, talks).await.unwrap(), "loaded");
    }

    #[tokio::test]
    async fn who_gets_no_answer_is_told_how_far_the_server_has_come() {
        let folder = tempfile::tempdir().unwrap();
        let (clock, random) = (Arc::new(SystemClock), Arc::new(Random::seeded(1)));
        let store = Store::open(&DatabaseSection::default(), folder.path(), clock, random).await.unwrap();
        // As one that runs and is busy: it is there, and does nothing of what it hears.
        let stop = CancellationToken::new();
        let server = store.follow(stop.clone()).await.unwrap();
        let silent = answer(&store, "echo", &SOON, async |_| Ok(())).await.unwrap_err().to_string();
        assert_eq!(
            silent,
            "echo: noted, but the server that runs has not taken it up within 1 s; it does as soon as it can, and `community plugin logs \
             echo` tells"
        );
        let begins = async |plugin: String| write(&store, vec![said(&plugin, "loading", true)]).await;
        let slow = answer(&store, "echo", &SOON, begins).await.unwrap_err().to_string();
        assert_eq!(slow, "echo: the server has not finished loading it within 2 s; `community plugin logs echo` tells");
        stop.cancel();
        server.await.unwrap();
        let gone = answer(&store, "echo", &SOON, async |_| Ok(())).await.unwrap();
        assert_eq!(gone, "noted; no server is running on this database, so it takes effect at the next start");
    }
}
