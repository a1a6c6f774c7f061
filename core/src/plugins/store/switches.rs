//! What the operator switched on or off from the shell.

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
    let text = "INSERT INTO plugin_switches (plugin, enabled) VALUES ($1, $2) ON CONFLICT (plugin) DO UPDATE SET enabled = excluded.enabled";
    conn.execute_raw(sql(conn, text, [plugin.into(), enabled.into()])).await?;
    Ok(())
}
