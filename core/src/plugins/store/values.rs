//! What plugins remember: bytes by name.

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait, QueryResult, Value};

use super::{further, places, sql};
use crate::{
    clock::Timestamp,
    config::PluginLimits,
    error::Result,
    store::{Conn, Tx},
};

/// Values that are removed in one go.
const SWEEP: i64 = 500;

/// A value as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The bytes.
    pub value: Vec<u8>,
    /// Changes whenever the value does.
    pub version: i64,
    /// When its time is over, if ever.
    pub expires_at: Option<String>,
}

/// How much a plugin has stored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Values.
    pub entries: i64,
    /// Bytes of names and values.
    pub bytes: i64,
}

impl Usage {
    /// Both together.
    #[must_use]
    pub fn plus(self, more: Self) -> Self {
        Self { entries: self.entries + more.entries, bytes: self.bytes + more.bytes }
    }

    /// Whether this is too much of what is growing, `more` being what it grew by; if so, the sentence. What shrinks is never too much.
    pub fn check(self, more: Self, limits: &PluginLimits) -> Result<(), String> {
        let too_many = more.entries > 0 && self.entries > i64::from(limits.stored_keys);
        let too_large = more.bytes > 0 && self.bytes > i64::try_from(limits.stored.0).unwrap_or(i64::MAX);
        if too_many || too_large {
            return Err(format!("it may store {} in {} keys (limits.stored, limits.stored_keys)", limits.stored, limits.stored_keys));
        }
        Ok(())
    }
}

fn stored(row: &QueryResult) -> Result<Stored> {
    Ok(Stored { value: row.try_get("", "value")?, version: row.try_get("", "version")?, expires_at: row.try_get("", "expires_at")? })
}

/// One value, unless its time is over.
pub async fn get(conn: &impl Conn, plugin: &str, name: &str, now: Timestamp) -> Result<Option<Stored>> {
    let text = "SELECT value, version, expires_at FROM plugin_values \
                WHERE plugin = $1 AND name = $2 AND (expires_at IS NULL OR expires_at > $3)";
    let row = conn.query_one_raw(sql(conn, text, [plugin.into(), name.into(), now.to_string().into()])).await?;
    row.as_ref().map(stored).transpose()
}

/// The names that begin with `prefix`, in order, after the name `after`.
pub async fn names(conn: &impl Conn, plugin: &str, prefix: &str, after: &str, limit: u32, now: Timestamp) -> Result<Vec<String>> {
    // Greater than every name with this prefix.
    let end = format!("{prefix}\u{10ffff}");
    let text = "SELECT name FROM plugin_values WHERE plugin = $1 AND name >= $2 AND name < $3 AND name > $4 \
                AND (expires_at IS NULL OR expires_at > $5) ORDER BY name LIMIT $6";
    let values: [Value; 6] = [plugin.into(), prefix.into(), end.into(), after.into(), now.to_string().into(), i64::from(limit).into()];
    let rows = conn.query_all_raw(sql(conn, text, values)).await?;
    Ok(rows.iter().map(|row| row.try_get("", "name")).collect::<Result<_, _>>()?)
}

/// How much space a value takes, with its name; `None` if there is none. One whose time is over takes space until it is swept.
pub async fn space(conn: &impl Conn, plugin: &str, name: &str) -> Result<Option<i64>> {
    let text = "SELECT length(value) AS bytes FROM plugin_values WHERE plugin = $1 AND name = $2";
    let row = conn.query_one_raw(sql(conn, text, [plugin.into(), name.into()])).await?;
    row.map(|row| Ok(bytes(&row)? + size(name.len()))).transpose()
}

/// The length of a value, which the databases count with numbers of different sizes.
fn bytes(row: &QueryResult) -> Result<i64> {
    Ok(row.try_get::<i64>("", "bytes").or_else(|_| row.try_get::<i32>("", "bytes").map(i64::from))?)
}

/// What is stored under each of `names`, whether or not its time is over.
pub async fn present(tx: &Tx, plugin: &str, names: &[&str]) -> Result<BTreeMap<String, Stored>> {
    let conn = tx.conn();
    let text =
        format!("SELECT name, value, version, expires_at FROM plugin_values WHERE plugin = $1 AND name IN ({})", further(names.len()));
    let values = std::iter::once(Value::from(plugin)).chain(names.iter().map(|name| Value::from(*name)));
    let rows = conn.query_all_raw(sql(conn, &text, values)).await?;
    rows.iter().map(|row| Ok((row.try_get("", "name")?, stored(row)?))).collect()
}

/// Writes values in one statement.
pub async fn put(tx: &Tx, plugin: &str, rows: &[(String, Stored)]) -> Result<()> {
    let conn = tx.conn();
    let text = format!(
        "INSERT INTO plugin_values (plugin, name, value, version, expires_at) VALUES {} ON CONFLICT (plugin, name) \
         DO UPDATE SET value = excluded.value, version = excluded.version, expires_at = excluded.expires_at",
        places(rows.len(), 5)
    );
    let values = rows.iter().flat_map(|(name, Stored { value, version, expires_at })| {
        let row: [Value; 5] = [plugin.into(), name.as_str().into(), value.clone().into(), (*version).into(), expires_at.clone().into()];
        row
    });
    conn.execute_raw(sql(conn, &text, values)).await?;
    Ok(())
}

/// Removes values.
pub async fn remove(tx: &Tx, plugin: &str, names: &[&str]) -> Result<()> {
    let conn = tx.conn();
    let text = format!("DELETE FROM plugin_values WHERE plugin = $1 AND name IN ({})", further(names.len()));
    let values = std::iter::once(Value::from(plugin)).chain(names.iter().map(|name| Value::from(*name)));
    conn.execute_raw(sql(conn, &text, values)).await?;
    Ok(())
}

/// Adds to what a plugin has stored, and answers with the sum.
pub async fn add_usage(tx: &Tx, plugin: &str, more: Usage) -> Result<Usage> {
    let conn = tx.conn();
    let text = "INSERT INTO plugin_usage (plugin, entries, bytes) VALUES ($1, $2, $3) ON CONFLICT (plugin) DO UPDATE \
                SET entries = plugin_usage.entries + excluded.entries, bytes = plugin_usage.bytes + excluded.bytes \
                RETURNING entries, bytes";
    let row = conn.query_one_raw(sql(conn, text, [plugin.into(), more.entries.into(), more.bytes.into()])).await?;
    let Some(row) = row else { return Ok(Usage::default()) };
    Ok(Usage { entries: row.try_get("", "entries")?, bytes: row.try_get("", "bytes")? })
}

/// How much a plugin has stored.
pub async fn usage(conn: &impl Conn, plugin: &str) -> Result<Usage> {
    let text = "SELECT entries, bytes FROM plugin_usage WHERE plugin = $1";
    let Some(row) = conn.query_one_raw(sql(conn, text, [plugin.into()])).await? else { return Ok(Usage::default()) };
    Ok(Usage { entries: row.try_get("", "entries")?, bytes: row.try_get("", "bytes")? })
}

/// Removes values whose time is over, some at a time, of one plugin or of all; true if there may be more.
pub async fn sweep(tx: &Tx, plugin: Option<&str>) -> Result<bool> {
    let conn = tx.conn();
    let text = "DELETE FROM plugin_values WHERE (plugin, name) IN \
                (SELECT plugin, name FROM plugin_values WHERE expires_at <= $1 AND ($3 = '' OR plugin = $3) \
                ORDER BY expires_at LIMIT $2) RETURNING plugin, name, length(value) AS bytes";
    let values: [Value; 3] = [tx.now().to_string().into(), SWEEP.into(), plugin.unwrap_or_default().into()];
    let rows = conn.query_all_raw(sql(conn, text, values)).await?;
    let mut freed: BTreeMap<String, Usage> = BTreeMap::new();
    for row in &rows {
        let (plugin, name): (String, String) = (row.try_get("", "plugin")?, row.try_get("", "name")?);
        let usage = freed.entry(plugin).or_default();
        usage.entries -= 1;
        usage.bytes -= bytes(row)? + size(name.len());
    }
    for (plugin, usage) in &freed {
        add_usage(tx, plugin, *usage).await?;
    }
    Ok(rows.len() == usize::try_from(SWEEP).unwrap_or(0))
}

/// A length as the database counts it.
pub fn size(bytes: usize) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}
