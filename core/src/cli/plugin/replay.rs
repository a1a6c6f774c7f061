//! `community plugin replay`: telling a component what was recorded.

use std::{collections::BTreeMap, fs, path::Path};

use super::test::words;
use crate::{
    cli::Outcome,
    plugins::{dispatch::record::Recorded, look::id_of},
    workbench::{self, replay::Replay},
};

/// What the bot does goes to standard output and is the same each time; what it takes goes to standard error.
#[allow(clippy::print_stderr, reason = "what differs from time to time is kept out of what is compared")]
pub async fn run(component: &Path, events: &Path, settings: &[String]) -> Outcome {
    let text = fs::read_to_string(events).map_err(|error| format!("{} cannot be read: {error}", events.display()))?;
    let mut replay = Replay::begin(component, &id_of(component), pairs(settings)?, &workbench::cache()?).await?;
    let (mut told, mut failed) = (0, 0);
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let wrong = |reason: String| format!("{}, line {}: {reason}", events.display(), number + 1);
        let event: Recorded = serde_json::from_str(line).map_err(|error| wrong(format!("is no recorded event: {error}")))?;
        let report = replay.tell(&event).await.map_err(wrong)?;
        say!("{}", report.text);
        if let Some(fault) = &report.fault {
            say!("    FAILED {fault}");
        }
        if report.effort.calls > 0 {
            eprintln!("{}: {}", event.id, words(report.effort));
        }
        (told, failed) = (told + 1, failed + usize::from(report.fault.is_some()));
    }
    replay.end().await;
    if failed > 0 { Err(format!("{failed} of {told} events failed").into()) } else { Ok(()) }
}

fn pairs(settings: &[String]) -> Result<BTreeMap<String, String>, String> {
    let pair = |setting: &String| {
        let (name, value) = setting.split_once('=').ok_or_else(|| format!("{setting} is no setting: write name=value"))?;
        Ok((name.to_owned(), value.to_owned()))
    };
    settings.iter().map(pair).collect()
}
