//! `community serve`.

use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};

use super::{Outcome, log};
use crate::{
    config::Loaded,
    serve::{self, Parts},
};

pub async fn run(loaded: Loaded) -> Outcome {
    let Loaded { config, warnings, file } = loaded;
    let _log = log::start(&config.log)?;
    if let Some(file) = &file {
        tracing::info!(file = %file.display(), "configuration read");
    } else {
        tracing::info!("no community.toml here, so defaults and the environment are in effect");
    }
    for warning in &warnings {
        tracing::warn!("{warning}");
    }
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let base_url = config.http.base_url.clone();
    let grace = config.http.shutdown_timeout.0 + Duration::from_secs(5);
    let running = serve::start(config, Parts::of_system()).await?;
    let address = base_url.map_or_else(|| format!("http://{}", running.addr), |url| url.origin());
    tracing::info!(listen = %running.addr, "ready at {address}");
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping: finishing what is in flight; a second signal ends this at once");
    tokio::select! {
        () = running.stop() => tracing::info!("stopped"),
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        () = tokio::time::sleep(grace) => tracing::warn!("not everything ended in time"),
    }
    Ok(())
}
