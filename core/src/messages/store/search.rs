//! Looking for messages that no index knows, piece by piece, so that no statement takes long.

use sea_orm::{ConnectionTrait, DbBackend, FromQueryResult, Statement};

use super::stored;
use crate::{
    error::Result,
    ids::{MemberId, MessageId},
    messages::model::{Found, Trace},
};

/// Messages that are looked through at once.
const PIECE: u64 = 5000;

#[derive(FromQueryResult)]
struct Row {
    last: Option<String>,
    found: Option<String>,
}

/// Looks through some messages after the id `after`, of all rooms.
pub async fn search(conn: &impl ConnectionTrait, who: &MemberId, trace: Trace, after: Option<&MessageId>) -> Result<Found> {
    let backend = conn.get_database_backend();
    let concat = if backend == DbBackend::Postgres { "string_agg" } else { "group_concat" };
    let (is_meant, meant) = match trace {
        Trace::Said => ("author_id = $2", who.to_string()),
        // Ids have no characters that mean something to LIKE.
        Trace::Reacted => ("reactions LIKE $2", format!("%\"{who}\"%")),
    };
    let sql = format!(
        "WITH piece AS (SELECT id, author_id, reactions FROM messages WHERE id > $1 ORDER BY id LIMIT +$3) \
        SELECT (SELECT max(id) FROM piece) AS last, (SELECT {concat}(id, ' ') FROM piece WHERE {is_meant}) AS found"
    );
    let values = [after.map_or("", MessageId::as_str).into(), meant.into(), stored(PIECE).into()];
    let row = Row::find_by_statement(Statement::from_sql_and_values(backend, sql, values)).one(conn).await?;
    let Some(Row { last, found }) = row else { return Ok(Found::default()) };
    let mut messages: Vec<MessageId> =
        found.iter().flat_map(|ids| ids.split(' ')).map(|id| MessageId::from_stored(id.to_owned())).collect();
    messages.sort();
    Ok(Found { messages, last: last.map(MessageId::from_stored) })
}
