//! `community serve`.

use std::{path::PathBuf, sync::Arc, time::Duration};

use tokio::signal::unix::{SignalKind, signal};

use super::{Outcome, log};
use crate::{
    config::Loaded,
    plugins::Sections,
    serve::{self, Parts},
};

/// `path` is the configuration file that was named on the command line, for reading it again.
pub async fn run(loaded: Loaded, path: Option<PathBuf>) -> Outcome {
    let Loaded { config, warnings, file, .. } = loaded;
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
    let (base_url, own_pages) = (config.http.base_url.clone(), config.base_url().origin());
    let grace = config.http.shutdown_timeout.0 + Duration::from_secs(5);
    let sections: Sections = Arc::new(move || {
        let loaded = super::configuration(path.as_deref()).map_err(|problems| problems.to_string())?;
        Ok(loaded.config.plugins)
    });
    let running = serve::start(config, Parts { sections: Some(sections), ..Parts::of_system() }).await?;
    let address = base_url.map_or_else(|| format!("http://{}", running.addr), |url| url.origin());
    tracing::info!(
        base_url = own_pages,
        "forms and sockets work on pages of this address; on others they are refused as origin_rejected: set BASE_URL (http.base_url) to \
         what people type"
    );
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
