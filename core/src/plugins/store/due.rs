//! Which plugins have something to do that no event tells them.

use std::collections::BTreeSet;

use super::sql;
use crate::{clock::Timestamp, error::Result, store::Conn};

/// The plugins that have a job whose time has come, or something that they are to be told again.
pub async fn plugins(conn: &impl Conn, now: Timestamp) -> Result<BTreeSet<String>> {
    let text = "SELECT plugin FROM plugin_jobs WHERE due_at <= $1 UNION SELECT plugin FROM plugin_letters WHERE replay";
    let rows = conn.query_all_raw(sql(conn, text, [now.to_string().into()])).await?;
    rows.iter().map(|row| Ok(row.try_get("", "plugin")?)).collect()
}
