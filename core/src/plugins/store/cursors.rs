//! How far each bot has heard what happened. Whoever serves a bot has a lease on its row, and every step checks that it still has.

use sea_orm::{ConnectionTrait, DbBackend, Value};

use super::{further, sql};
use crate::{
    clock::Timestamp,
    error::{Error, Kind, Result},
    store::{Conn, Position, Tx},
};

/// What stands between the process and the rest of a lease.
const OF_NODE: char = ':';

/// What was found when a bot's cursor was taken.
#[derive(Debug)]
pub struct Taken {
    /// Everything up to here has been dealt with.
    pub at: Position,
    /// Events after it that have been dealt with already.
    pub settled: Vec<i64>,
    /// Under which it was taken.
    pub lease: String,
}

/// How far a bot has come with a call.
#[derive(Debug, Clone, Default)]
pub struct Step {
    /// Under which the cursor was taken.
    pub lease: String,
    /// The place up to which everything is dealt with now, if that changed.
    pub cursor: Option<Position>,
    /// An event after that place which is dealt with now.
    pub settled: Option<i64>,
    /// Events that need not be remembered one by one any more.
    pub passed: Vec<i64>,
}

/// Takes the cursor of `plugin` until `until`; one that is new begins at `head`. `None` while another process has it.
pub async fn take(tx: &Tx, plugin: &str, head: Position, until: Timestamp) -> Result<Option<Taken>> {
    let conn = tx.conn();
    let node = tx.node().as_str();
    // Each time another one, so that what this process began under an earlier one, and could not stop, is not written after all.
    let lease = format!("{node}{OF_NODE}{}", &tx.random().token().expose()[..22]);
    // Whoever else was at work on SQLite has ended: there is one server.
    let free = if tx.is_postgres() {
        format!("WHERE plugin_cursors.lease_until < $6 OR split_part(plugin_cursors.node, '{OF_NODE}', 1) = $7")
    } else {
        "WHERE $6 = $6 AND $7 = $7".to_owned()
    };
    let text = format!(
        "INSERT INTO plugin_cursors (plugin, transaction_id, position, node, lease_until) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (plugin) DO UPDATE SET node = excluded.node, lease_until = excluded.lease_until {free} \
         RETURNING transaction_id, position"
    );
    let values: [Value; 7] = [
        plugin.into(),
        head.transaction.into(),
        head.position.into(),
        lease.as_str().into(),
        until.to_string().into(),
        tx.now().to_string().into(),
        node.into(),
    ];
    let Some(row) = conn.query_one_raw(sql(conn, &text, values)).await? else { return Ok(None) };
    let at = Position { transaction: row.try_get("", "transaction_id")?, position: row.try_get("", "position")? };
    let rows = conn.query_all_raw(sql(conn, "SELECT position FROM plugin_settled WHERE plugin = $1", [plugin.into()])).await?;
    let settled = rows.iter().map(|row| row.try_get("", "position")).collect::<Result<_, _>>()?;
    Ok(Some(Taken { at, settled, lease }))
}

/// Keeps the cursor, and notes how far the bot has come.
///
/// # Errors
/// `lease_lost` if another process serves the bot by now.
pub async fn advance(tx: &Tx, plugin: &str, step: &Step, until: Timestamp) -> Result<()> {
    let conn = tx.conn();
    // Two calls that end at the same time may be written in either order: the cursor never goes back.
    let text = "UPDATE plugin_cursors SET lease_until = $1, \
                transaction_id = CASE WHEN (transaction_id, position) < ($2, $3) THEN $2 ELSE transaction_id END, \
                position = CASE WHEN (transaction_id, position) < ($2, $3) THEN $3 ELSE position END WHERE plugin = $4 AND node = $5";
    let at = step.cursor.unwrap_or(Position::START);
    let values = [until.to_string().into(), at.transaction.into(), at.position.into(), plugin.into(), step.lease.as_str().into()];
    if conn.execute_raw(sql(conn, text, values)).await?.rows_affected() == 0 {
        return Err(Error::new(Kind::Conflict, "lease_lost", "Another server serves this bot by now."));
    }
    if let Some(position) = step.settled {
        let text = "INSERT INTO plugin_settled (plugin, position) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        conn.execute_raw(sql(conn, text, [plugin.into(), position.into()])).await?;
    }
    if !step.passed.is_empty() {
        let text = format!("DELETE FROM plugin_settled WHERE plugin = $1 AND position IN ({})", further(step.passed.len()));
        let values = std::iter::once(plugin.into()).chain(step.passed.iter().map(|position| Value::from(*position)));
        conn.execute_raw(sql(conn, &text, values)).await?;
    }
    Ok(())
}

/// Lets others take the cursor at once.
pub async fn release(tx: &Tx, plugin: &str, lease: &str) -> Result<()> {
    let conn = tx.conn();
    let text = "UPDATE plugin_cursors SET lease_until = '' WHERE plugin = $1 AND node = $2";
    conn.execute_raw(sql(conn, text, [plugin.into(), lease.into()])).await?;
    Ok(())
}

/// Takes all cursors from whoever has them.
pub async fn release_all(tx: &Tx) -> Result<()> {
    let conn = tx.conn();
    conn.execute_raw(sql(conn, "UPDATE plugin_cursors SET lease_until = '' WHERE lease_until <> ''", [])).await?;
    Ok(())
}

/// The plugins that some server serves which runs at the moment `now`, ordered by id. On SQLite, where there is one server, a lease that
/// nobody gave back is its, whenever it was renewed.
pub async fn served(conn: &impl Conn, now: Timestamp) -> Result<Vec<String>> {
    let until = if conn.get_database_backend() == DbBackend::Postgres { now.to_string() } else { String::new() };
    let text = "SELECT plugin FROM plugin_cursors WHERE lease_until > $1 ORDER BY plugin";
    let rows = conn.query_all_raw(sql(conn, text, [until.into()])).await?;
    rows.iter().map(|row| Ok(row.try_get("", "plugin")?)).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn places_are_numbered_row_by_row() {
        assert_eq!(super::super::places(2, 2), "($1, $2), ($3, $4)");
        assert_eq!(super::super::further(2), "$2, $3");
    }
}
