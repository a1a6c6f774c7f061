//! Plugins as operators need them.

use std::collections::{BTreeMap, BTreeSet};

use super::store::{cursors, letters, lines, switches, values};
pub use super::store::{letters::Letter, lines::Line, values::Usage};
use crate::{
    clock::Timestamp,
    error::Result,
    ids::LetterId,
    store::{Conn, Store},
};

/// Most letters that are shown at once.
const LETTERS: u32 = 100;

/// The plugins that were switched off from the shell.
pub async fn switched_off(conn: &impl Conn) -> Result<BTreeSet<String>> {
    Ok(switches::all(conn).await?.into_iter().filter(|(_, enabled)| !enabled).map(|(plugin, _)| plugin).collect())
}

/// Why bots do not take part at this moment that should, by plugin.
pub async fn notes(conn: &impl Conn, now: Timestamp) -> Result<BTreeMap<String, String>> {
    switches::notes(conn, now).await
}

/// The bots that a server has which runs now, ordered by id.
pub async fn served(store: &Store) -> Result<Vec<String>> {
    if !store.is_followed().await? {
        return Ok(Vec::new());
    }
    cursors::served(store.reader(), store.now()).await
}

/// How much a plugin has stored.
pub async fn usage(conn: &impl Conn, plugin: &str) -> Result<Usage> {
    values::usage(conn, plugin).await
}

/// Everything that a plugin remembers, by name; at most 10,000 values.
pub async fn values(conn: &impl Conn, plugin: &str, now: Timestamp) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut all = BTreeMap::new();
    for name in values::names(conn, plugin, "", "", 10_000, now).await? {
        if let Some(stored) = values::get(conn, plugin, &name, now).await? {
            all.insert(name, stored.value);
        }
    }
    Ok(all)
}

/// What a bot could not deal with, oldest first; at most a hundred.
pub async fn letters(conn: &impl Conn, plugin: &str) -> Result<Vec<Letter>> {
    letters::after(conn, plugin, "", LETTERS).await
}

/// The same after a letter, and how many more there are.
pub async fn letters_after(conn: &impl Conn, plugin: &str, after: Option<&LetterId>) -> Result<(Vec<Letter>, i64)> {
    let letters = letters::after(conn, plugin, after.map_or("", LetterId::as_str), LETTERS).await?;
    let left = match letters.last() {
        Some(last) => letters::count(conn, plugin, last.id.as_str()).await?,
        None => 0,
    };
    Ok((letters, left))
}

/// The letters of each plugin that has any: how many.
pub async fn letter_counts(conn: &impl Conn) -> Result<BTreeMap<String, i64>> {
    letters::counts(conn).await
}

/// The first `limit` lines that the server says of a plugin after the line `after`, oldest first.
pub async fn server_lines(conn: &impl Conn, plugin: &str, after: i64, limit: u32) -> Result<Vec<Line>> {
    lines::of_server(conn, plugin, after, limit).await
}

/// The last `limit` lines of a plugin's log after the line `after`, oldest first.
pub async fn lines(conn: &impl Conn, plugin: &str, after: i64, limit: u32) -> Result<Vec<Line>> {
    lines::last(conn, plugin, after, limit).await
}
