//! What plugins want to be told to do at certain times.

use sea_orm::{ConnectionTrait, QueryResult, Value};

use super::{places, sql};
use crate::{
    clock::Timestamp,
    error::Result,
    store::{Conn, Tx, moment},
};

/// Something to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// The plugin's name for it.
    pub name: String,
    /// Whether it comes back.
    pub recurring: bool,
    /// When.
    pub due_at: Timestamp,
    /// What the plugin wants to know then.
    pub payload: String,
}

fn job(row: &QueryResult) -> Result<Job> {
    Ok(Job {
        name: row.try_get("", "name")?,
        recurring: row.try_get("", "recurring")?,
        due_at: moment(&row.try_get::<String>("", "due_at")?)?,
        payload: row.try_get("", "payload")?,
    })
}

/// At most `limit` jobs of a plugin, soonest first.
pub async fn soonest(conn: &impl Conn, plugin: &str, limit: u32) -> Result<Vec<Job>> {
    let text = "SELECT name, recurring, due_at, payload FROM plugin_jobs WHERE plugin = $1 ORDER BY due_at, name LIMIT $2";
    let rows = conn.query_all_raw(sql(conn, text, [plugin.into(), i64::from(limit).into()])).await?;
    rows.iter().map(job).collect()
}

/// Those of a plugin that come back.
pub async fn recurring(conn: &impl Conn, plugin: &str) -> Result<Vec<Job>> {
    let text = "SELECT name, recurring, due_at, payload FROM plugin_jobs WHERE plugin = $1 AND recurring";
    let rows = conn.query_all_raw(sql(conn, text, [plugin.into()])).await?;
    rows.iter().map(job).collect()
}

/// Those of a plugin that are done once.
pub async fn once(conn: &impl Conn, plugin: &str) -> Result<Vec<Job>> {
    let text = "SELECT name, recurring, due_at, payload FROM plugin_jobs WHERE plugin = $1 AND NOT recurring";
    let rows = conn.query_all_raw(sql(conn, text, [plugin.into()])).await?;
    rows.iter().map(job).collect()
}

/// How many a plugin has that are done once.
pub async fn count(conn: &impl Conn, plugin: &str) -> Result<i64> {
    let text = "SELECT count(*) AS jobs FROM plugin_jobs WHERE plugin = $1 AND NOT recurring";
    let row = conn.query_one_raw(sql(conn, text, [plugin.into()])).await?;
    Ok(row.map(|row| row.try_get("", "jobs")).transpose()?.unwrap_or_default())
}

/// Adds jobs; those of the same name are replaced.
pub async fn put(tx: &Tx, plugin: &str, jobs: &[Job]) -> Result<()> {
    if jobs.is_empty() {
        return Ok(());
    }
    let conn = tx.conn();
    let text = format!(
        "INSERT INTO plugin_jobs (plugin, name, recurring, due_at, payload) VALUES {} \
         ON CONFLICT (plugin, recurring, name) DO UPDATE SET due_at = excluded.due_at, payload = excluded.payload",
        places(jobs.len(), 5)
    );
    let values = jobs.iter().flat_map(|job| {
        let row: [Value; 5] =
            [plugin.into(), job.name.as_str().into(), job.recurring.into(), job.due_at.to_string().into(), job.payload.as_str().into()];
        row
    });
    conn.execute_raw(sql(conn, &text, values)).await?;
    Ok(())
}

/// Removes a job; with `due_at` only if that is still its time. False if there was none.
pub async fn remove(tx: &Tx, plugin: &str, name: &str, recurring: bool, due_at: Option<Timestamp>) -> Result<bool> {
    let conn = tx.conn();
    let text = "DELETE FROM plugin_jobs WHERE plugin = $1 AND name = $2 AND recurring = $3 AND ($4 = '' OR due_at = $4)";
    let due = due_at.map_or_else(String::new, |at| at.to_string());
    Ok(conn.execute_raw(sql(conn, text, [plugin.into(), name.into(), recurring.into(), due.into()])).await?.rows_affected() > 0)
}
