//! Plugins as operators need them.

use std::collections::{BTreeMap, BTreeSet};

pub use super::store::{
    letters::Letter,
    lines::Line,
    values::Usage,
};
use super::store::{letters, lines, switches, values};
use crate::{error::Result, store::Conn};

/// Most letters that are shown at once.
const LETTERS: u32 = 100;

/// The plugins that were switched off from the shell.
pub async fn switched_off(conn: &impl Conn) -> Result<BTreeSet<String>> {
    Ok(switches::all(conn).await?.into_iter().filter(|(_, enabled)| !enabled).map(|(plugin, _)| plugin).collect())
}

/// Why bots do not take part that should, by plugin.
pub async fn notes(conn: &impl Conn) -> Result<BTreeMap<String, String>> {
    switches::notes(conn).await
}

/// How much a plugin has stored.
pub async fn usage(conn: &impl Conn, plugin: &str) -> Result<Usage> {
    values::usage(conn, plugin).await
}

/// What a bot could not deal with, oldest first.
pub async fn letters(conn: &impl Conn, plugin: &str) -> Result<Vec<Letter>> {
    letters::list(conn, plugin, false, LETTERS).await
}

/// The last `limit` lines of a plugin's log after the line `after`, oldest first.
pub async fn lines(conn: &impl Conn, plugin: &str, after: i64, limit: u32) -> Result<Vec<Line>> {
    lines::last(conn, plugin, after, limit).await
}
