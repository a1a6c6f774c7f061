//! The log on the terminal.

use std::io::{IsTerminal, stderr};

use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use super::{
    gather::{Flush, Gathered},
    lines::Lines,
};
use crate::config::{LogFormat, LogSection};

/// Starts the server's log, on standard error, until what it returns is dropped.
///
/// # Errors
/// The filter cannot be read.
pub fn start(section: &LogSection) -> Result<Flush, Box<dyn std::error::Error>> {
    let filter = EnvFilter::try_new(&section.filter)?;
    let log = tracing_subscriber::registry().with(filter);
    let (out, flush) = Gathered::start(stderr())?;
    match section.format {
        LogFormat::Json => log.with(fmt::layer().json().flatten_event(true).with_writer(out)).try_init()?,
        LogFormat::Text if stderr().is_terminal() => log.with(fmt::layer().with_writer(out)).try_init()?,
        LogFormat::Text => log.with(fmt::layer().event_format(Lines).fmt_fields(Lines).with_writer(out)).try_init()?,
    }
    Ok(flush)
}

/// Starts a log that says only what is wrong.
pub fn start_quiet() {
    let log = tracing_subscriber::registry()
        .with(EnvFilter::new("warn"))
        .with(fmt::layer().without_time().with_ansi(stderr().is_terminal()).with_writer(stderr));
    // A second start in the same process changes nothing.
    let _ = log.try_init();
}
