//! The last lines of each plugin's log.

use sea_orm::{ConnectionTrait, QueryResult, Value};

use super::{places, sql};
use crate::{
    error::Result,
    store::{Conn, Tx},
};

/// Lines that are kept of each plugin.
const KEPT: i64 = 1000;

/// A line of a plugin's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Later lines have greater numbers; 0 before it is stored.
    pub number: i64,
    /// Whose it is.
    pub plugin: String,
    /// When it was written.
    pub at: String,
    /// `DEBUG`, `INFO`, `WARN` or `ERROR`.
    pub level: String,
    /// What it says.
    pub line: String,
    /// Whether the server says it of the plugin, not the plugin itself.
    pub of_server: bool,
}

/// Adds lines, and removes the oldest of the same plugins.
pub async fn add(tx: &Tx, lines: &[Line]) -> Result<()> {
    let conn = tx.conn();
    let text = format!("INSERT INTO plugin_lines (plugin, at, level, line, of_server) VALUES {}", places(lines.len(), 5));
    let values = lines.iter().flat_map(|line| {
        let row: [Value; 5] = [
            line.plugin.as_str().into(),
            line.at.as_str().into(),
            line.level.as_str().into(),
            line.line.as_str().into(),
            line.of_server.into(),
        ];
        row
    });
    conn.execute_raw(sql(conn, &text, values)).await?;
    let mut plugins: Vec<&str> = lines.iter().map(|line| line.plugin.as_str()).collect();
    plugins.sort_unstable();
    plugins.dedup();
    for plugin in plugins {
        let text = "DELETE FROM plugin_lines WHERE plugin = $1 AND number <= \
                    (SELECT number FROM plugin_lines WHERE plugin = $1 ORDER BY number DESC LIMIT 1 OFFSET $2)";
        conn.execute_raw(sql(conn, text, [plugin.into(), KEPT.into()])).await?;
    }
    Ok(())
}

/// The first `limit` lines that the server says of a plugin after the line `after`, oldest first.
pub async fn of_server(conn: &impl Conn, plugin: &str, after: i64, limit: u32) -> Result<Vec<Line>> {
    let text = "SELECT number, at, level, line, of_server FROM plugin_lines WHERE plugin = $1 AND number > $2 AND of_server \
                ORDER BY number LIMIT $3";
    let rows = conn.query_all_raw(sql(conn, text, [plugin.into(), after.into(), i64::from(limit).into()])).await?;
    rows.iter().map(|row| line(row, plugin)).collect()
}

/// The last `limit` lines of a plugin after the line `after`, oldest first.
pub async fn last(conn: &impl Conn, plugin: &str, after: i64, limit: u32) -> Result<Vec<Line>> {
    let text =
        "SELECT number, at, level, line, of_server FROM plugin_lines WHERE plugin = $1 AND number > $2 ORDER BY number DESC LIMIT $3";
    let rows = conn.query_all_raw(sql(conn, text, [plugin.into(), after.into(), i64::from(limit).into()])).await?;
    rows.iter().rev().map(|row| line(row, plugin)).collect()
}

fn line(row: &QueryResult, plugin: &str) -> Result<Line> {
    Ok(Line {
        number: row.try_get("", "number")?,
        plugin: plugin.to_owned(),
        at: row.try_get("", "at")?,
        level: row.try_get("", "level")?,
        line: row.try_get("", "line")?,
        of_server: row.try_get("", "of_server")?,
    })
}
