//! What it costs to ask a plugin, beside a function of our own that answers the same question.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    hint::black_box,
    path::Path,
    time::{Duration, Instant},
};

use community::plugins::{PasswordProvider, Plugins, Site};

use crate::{
    Outcome,
    table::{Budget, Figure, Table, Unit},
};

const CALLS: u32 = 2000;
const ROUNDS: usize = 5;
const LOGIN: &str = "Ann.Example@Example.COM";

pub async fn measure(folder: &Path, table: &mut Table) -> Outcome {
    fs::create_dir_all(folder)?;
    let (_, compiled) = load(folder).await?;
    let (mut provider, mut cached) = load(folder).await?;
    for _ in 1..ROUNDS {
        let (next, time) = load(folder).await?;
        (provider, cached) = (next, cached.min(time));
    }
    table.add(Figure::new("plugin loaded from the cache", Unit::Millis, millis(cached)).beside("compiled", millis(compiled)));

    calls(&provider).await?;
    let (mut plugin, mut native) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        plugin.push(calls(&provider).await?);
        native.push(native_calls());
    }
    let figure = Figure::new("plugin call, instance and all", Unit::Micros, median(plugin)).beside("native", median(native));
    table.add(figure.budget(Budget::Below(100.0)));
    Ok(())
}

/// Starts an engine and loads the email provider.
async fn load(folder: &Path) -> Outcome<(PasswordProvider, Duration)> {
    let started = Instant::now();
    let site = Site { name: "Example".to_owned(), url: "https://community.example".to_owned() };
    let plugins = Plugins::load(&BTreeMap::new(), &BTreeSet::new(), folder, &site).await?;
    let provider = plugins.password("email")?;
    Ok((provider, started.elapsed()))
}

/// Microseconds per call, one after the other.
async fn calls(provider: &PasswordProvider) -> Outcome<f64> {
    let started = Instant::now();
    for _ in 0..CALLS {
        black_box(provider.check_login(black_box(LOGIN)).await?).map_err(|refusal| refusal.message)?;
    }
    Ok(started.elapsed().as_secs_f64() * 1e6 / f64::from(CALLS))
}

fn native_calls() -> f64 {
    let started = Instant::now();
    for _ in 0..CALLS {
        black_box(check_login(black_box(LOGIN)));
    }
    started.elapsed().as_secs_f64() * 1e6 / f64::from(CALLS)
}

/// The address in the form in which it is compared.
fn check_login(login: &str) -> Option<String> {
    let (local, host) = login.trim().rsplit_once('@')?;
    let plain = |text: &str| !text.is_empty() && text.chars().all(|c| !c.is_control() && !c.is_whitespace());
    (plain(local) && plain(host) && host.contains('.')).then(|| format!("{}@{}", local.to_lowercase(), host.to_lowercase()))
}

fn median(mut rounds: Vec<f64>) -> f64 {
    rounds.sort_by(f64::total_cmp);
    rounds[rounds.len() / 2]
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
