//! Events that a bot could not deal with, put aside for the operator.

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait, QueryResult};

use super::sql;
use crate::{
    error::Result,
    ids::LetterId,
    store::{Conn, Tx},
};

/// An event that was put aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Opaque id.
    pub id: LetterId,
    /// Whose it is.
    pub plugin: String,
    /// What was to be told, as JSON.
    pub what: String,
    /// Why the bot could not deal with it.
    pub reason: String,
    /// How often it was tried.
    pub attempts: i32,
    /// When it was put aside.
    pub created_at: String,
}

fn letter(row: &QueryResult) -> Result<Letter> {
    Ok(Letter {
        id: LetterId::from_stored(row.try_get("", "id")?),
        plugin: row.try_get("", "plugin")?,
        what: row.try_get("", "what")?,
        reason: row.try_get("", "reason")?,
        attempts: row.try_get("", "attempts")?,
        created_at: row.try_get("", "created_at")?,
    })
}

/// Letters that are kept of each plugin.
const KEPT: i64 = 1000;

/// Puts an event aside. If there are too many, the oldest go; says how many.
pub async fn add(tx: &Tx, letter: &Letter) -> Result<u64> {
    let conn = tx.conn();
    let text = "INSERT INTO plugin_letters (id, plugin, what, reason, attempts, created_at, replay) VALUES ($1, $2, $3, $4, $5, $6, FALSE)";
    let Letter { id, plugin, what, reason, attempts, created_at } = letter;
    let values = [
        id.as_str().into(),
        plugin.as_str().into(),
        what.as_str().into(),
        reason.as_str().into(),
        (*attempts).into(),
        created_at.as_str().into(),
    ];
    conn.execute_raw(sql(conn, text, values)).await?;
    let text = "DELETE FROM plugin_letters WHERE plugin = $1 AND id <= \
                (SELECT id FROM plugin_letters WHERE plugin = $1 ORDER BY id DESC LIMIT 1 OFFSET $2)";
    Ok(conn.execute_raw(sql(conn, text, [plugin.as_str().into(), KEPT.into()])).await?.rows_affected())
}

/// At most `limit` of a plugin after the letter `after`, oldest first; from the first if that is empty.
pub async fn after(conn: &impl Conn, plugin: &str, after: &str, limit: u32) -> Result<Vec<Letter>> {
    let text = "SELECT id, plugin, what, reason, attempts, created_at FROM plugin_letters \
                WHERE plugin = $1 AND id > $2 ORDER BY id LIMIT $3";
    let rows = conn.query_all_raw(sql(conn, text, [plugin.into(), after.into(), i64::from(limit).into()])).await?;
    rows.iter().map(letter).collect()
}

/// How many of a plugin there are after the letter `after`.
pub async fn count(conn: &impl Conn, plugin: &str, after: &str) -> Result<i64> {
    let text = "SELECT count(*) AS letters FROM plugin_letters WHERE plugin = $1 AND id > $2";
    let row = conn.query_one_raw(sql(conn, text, [plugin.into(), after.into()])).await?;
    Ok(row.map(|row| row.try_get("", "letters")).transpose()?.unwrap_or_default())
}

/// Those of a plugin, oldest first; only those that are to be told again if `replay`.
pub async fn list(conn: &impl Conn, plugin: &str, replay: bool, limit: u32) -> Result<Vec<Letter>> {
    let text = "SELECT id, plugin, what, reason, attempts, created_at FROM plugin_letters \
                WHERE plugin = $1 AND (replay OR NOT $2) ORDER BY id LIMIT $3";
    let rows = conn.query_all_raw(sql(conn, text, [plugin.into(), replay.into(), i64::from(limit).into()])).await?;
    rows.iter().map(letter).collect()
}

/// Wants one told again, or all of a plugin; says how many.
pub async fn replay(tx: &Tx, plugin: &str, id: Option<&LetterId>) -> Result<u64> {
    let conn = tx.conn();
    let text = "UPDATE plugin_letters SET replay = TRUE WHERE plugin = $1 AND ($2 = '' OR id = $2)";
    let id = id.map_or("", LetterId::as_str);
    Ok(conn.execute_raw(sql(conn, text, [plugin.into(), id.into()])).await?.rows_affected())
}

/// Does not want one told again any more.
pub async fn leave(tx: &Tx, plugin: &str, id: &LetterId) -> Result<()> {
    let conn = tx.conn();
    let text = "UPDATE plugin_letters SET replay = FALSE WHERE plugin = $1 AND id = $2";
    conn.execute_raw(sql(conn, text, [plugin.into(), id.as_str().into()])).await?;
    Ok(())
}

/// How many there are of each plugin that has any.
pub async fn counts(conn: &impl Conn) -> Result<BTreeMap<String, i64>> {
    let rows = conn.query_all_raw(sql(conn, "SELECT plugin, count(*) AS letters FROM plugin_letters GROUP BY plugin", [])).await?;
    rows.iter().map(|row| Ok((row.try_get("", "plugin")?, row.try_get("", "letters")?))).collect()
}

/// Removes one, or all of a plugin; says how many.
pub async fn remove(tx: &Tx, plugin: &str, id: Option<&LetterId>) -> Result<u64> {
    let conn = tx.conn();
    let text = "DELETE FROM plugin_letters WHERE plugin = $1 AND ($2 = '' OR id = $2)";
    let id = id.map_or("", LetterId::as_str);
    Ok(conn.execute_raw(sql(conn, text, [plugin.into(), id.into()])).await?.rows_affected())
}
