//! What the operator switched on or off from the shell, and how those bots are that are not as they should be.

use std::collections::BTreeMap;

use sea_orm::ConnectionTrait;

use super::sql;
use crate::{
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

/// How the bots are that are not as they should be, by plugin.
pub async fn notes(conn: &impl Conn) -> Result<BTreeMap<String, String>> {
    let rows = conn.query_all_raw(sql(conn, "SELECT plugin, note FROM plugin_notes", [])).await?;
    rows.iter().map(|row| Ok((row.try_get("", "plugin")?, row.try_get("", "note")?))).collect()
}

/// Says how a bot is; an empty text that it is as it should be.
pub async fn note(tx: &Tx, plugin: &str, note: &str) -> Result<()> {
    let conn = tx.conn();
    if note.is_empty() {
        conn.execute_raw(sql(conn, "DELETE FROM plugin_notes WHERE plugin = $1", [plugin.into()])).await?;
        return Ok(());
    }
    let text = "INSERT INTO plugin_notes (plugin, note) VALUES ($1, $2) ON CONFLICT (plugin) DO UPDATE SET note = excluded.note";
    conn.execute_raw(sql(conn, text, [plugin.into(), note.into()])).await?;
    Ok(())
}
