//! Runs of messages, written as JSON by the database: one row instead of many, since most of what a page costs is moving rows.

use sea_orm::{ConnectionTrait, DbBackend, FromQueryResult, Statement};

use super::{Range, stored};
use crate::{
    error::Result,
    ids::{MemberId, RoomId},
};

/// Messages as JSON objects with commas between them, in ascending order.
#[derive(Debug, Default, FromQueryResult)]
pub struct Run {
    /// The objects; `None` if there are none.
    pub messages: Option<String>,
    /// Whether there are more in the direction of reading.
    pub more: bool,
    /// Whether whoever asks is in the room.
    pub member: bool,
}

/// Up to `limit` messages of `range`; none for who is not in the room.
pub async fn run(conn: &impl ConnectionTrait, room: &RoomId, who: &MemberId, range: Range, limit: u64) -> Result<Run> {
    let backend = conn.get_database_backend();
    let from = match range {
        // Greater than every place.
        Range::Latest => i64::MAX,
        Range::Before(at) | Range::After(at) | Range::ChangedSince(at) => stored(at),
    };
    let values = [room.as_str().into(), who.as_str().into(), from.into(), stored(limit).into()];
    let statement = Statement::from_sql_and_values(backend, sql(range, backend == DbBackend::Postgres), values);
    Ok(Run::find_by_statement(statement).one(conn).await?.unwrap_or_default())
}

/// The plus changes nothing but this: SQLite would compile a statement anew whenever its bare `LIMIT ?` is bound, to plan for the very
/// number.
fn sql(range: Range, postgres: bool) -> String {
    let (column, compare, order, end) = match range {
        Range::Latest | Range::Before(_) => ("seq", "<", "DESC", "min"),
        Range::After(_) => ("seq", ">", "ASC", "max"),
        Range::ChangedSince(_) => ("rev", ">", "ASC", "max"),
    };
    let (object, concat) = if postgres { (POSTGRES_OBJECT, "string_agg") } else { (SQLITE_OBJECT, "group_concat") };
    format!(
        "SELECT messages, EXISTS (SELECT 1 FROM room_members WHERE room_id = $1 AND member_id = $2) AS member, \
            EXISTS (SELECT 1 FROM messages WHERE room_id = $1 AND {column} {compare} edge) AS more \
        FROM (SELECT {concat}(message, ',' ORDER BY place) AS messages, {end}(place) AS edge FROM (\
            SELECT m.{column} AS place, {object} AS message FROM messages m \
            WHERE m.room_id = $1 AND m.{column} {compare} $3 \
            AND EXISTS (SELECT 1 FROM room_members WHERE room_id = $1 AND member_id = $2) \
            ORDER BY m.{column} {order} LIMIT +$4) AS run) AS page"
    )
}

const SQLITE_OBJECT: &str = "json_object('id', m.id, 'roomId', m.room_id, 'seq', m.seq, 'rev', m.rev, 'clientId', m.client_id, \
    'authorId', m.author_id, 'authorName', m.author_name, 'isBot', json(iif(m.author_id LIKE 'bot-%', 'true', 'false')), \
    'body', m.body, 'replyTo', m.reply_to, 'attachments', json(m.attachments), 'reactions', json(m.reactions), \
    'createdAt', m.created_at, 'editedAt', m.edited_at, 'deleted', json(iif(m.deleted, 'true', 'false')))";

const POSTGRES_OBJECT: &str = "json_build_object('id', m.id, 'roomId', m.room_id, 'seq', m.seq, 'rev', m.rev, 'clientId', m.client_id, \
    'authorId', m.author_id, 'authorName', m.author_name, 'isBot', m.author_id LIKE 'bot-%', \
    'body', m.body, 'replyTo', m.reply_to, 'attachments', m.attachments::json, 'reactions', m.reactions::json, \
    'createdAt', m.created_at, 'editedAt', m.edited_at, 'deleted', m.deleted)::text";
