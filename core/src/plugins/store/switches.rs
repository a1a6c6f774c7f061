//! What the operator switched on or off from the shell, and how those bots are that are not as they should be.

use std::collections::BTreeMap;

use sea_orm::ConnectionTrait;

use super::sql;
use crate::{
    clock::Timestamp,
    error::Result,
    store::{Conn, Tx},
};

/// All of them, by plugin.
pub async fn all(conn: &impl Conn) -> Result<BTreeMap<String, bool>> {
    let rows = conn.query_all_raw(sql(conn, "SELECT plugin, enabled FROM plugin_switches", [])).await?;
    rows.iter().map(|row| Ok((row.try_get("", "plugin")?, row.try_get("", "enabled")?))).collect()
}

/// Sets one.
pub async fn set(tx: &Tx, plugin: &str, enabled: bool) -> Result<()> {
    let conn = tx.conn();
    let text =
        "INSERT INTO plugin_switches (plugin, enabled) VALUES ($1, $2) ON CONFLICT (plugin) DO UPDATE SET enabled = excluded.enabled";
    conn.execute_raw(sql(conn, text, [plugin.into(), enabled.into()])).await?;
    Ok(())
}

/// How a bot is that is not as it should be.
#[derive(Debug, Clone)]
pub struct Note {
    /// What is wrong.
    pub text: String,
    /// When that is over by itself.
    pub ends: Option<Timestamp>,
}

/// What is wrong with bots at this moment, by plugin.
pub async fn notes(conn: &impl Conn, now: Timestamp) -> Result<BTreeMap<String, String>> {
    let text = "SELECT plugin, note FROM plugin_notes WHERE ends_at IS NULL OR ends_at > $1";
    let rows = conn.query_all_raw(sql(conn, text, [now.to_string().into()])).await?;
    rows.iter().map(|row| Ok((row.try_get("", "plugin")?, row.try_get("", "note")?))).collect()
}

/// Says how a bot is; `None` if it is as it should be.
pub async fn note(tx: &Tx, plugin: &str, note: Option<&Note>) -> Result<()> {
    let conn = tx.conn();
    let Some(Note { text, ends }) = note else {
        conn.execute_raw(sql(conn, "DELETE FROM plugin_notes WHERE plugin = $1", [plugin.into()])).await?;
        return Ok(());
    };
    let insert = "INSERT INTO plugin_notes (plugin, note, ends_at) VALUES ($1, $2, $3) \
                  ON CONFLICT (plugin) DO UPDATE SET note = excluded.note, ends_at = excluded.ends_at";
    let values = [plugin.into(), text.as_str().into(), ends.map(|ends| ends.to_string()).into()];
    conn.execute_raw(sql(conn, insert, values)).await?;
    Ok(())
}
