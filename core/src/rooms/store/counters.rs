//! How far the messages of rooms have come.
//!
//! On PostgreSQL the row of the room counts, and holds off others who count until the end of the transaction. On SQLite there is one
//! writer: it counts in memory and writes each room's count once per commit, however many messages the commit has.

use std::collections::{BTreeMap, HashMap};

use futures_util::future::BoxFuture;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, Statement, Value};

use super::{count, stored};
use crate::{
    clock::Timestamp,
    error::Result,
    ids::RoomId,
    rooms::model::{Counters, Step},
    store::{Later, Tx},
};

/// Rooms or members that are written in one statement; SQLite takes 32,766 values in one.
const CHUNK: usize = 1000;

/// A count that waits to be written.
struct Advance {
    room: RoomId,
    counters: Counters,
    now: Timestamp,
    step: Step,
}

/// Counts on in `room`. `known` is what was read of it in this transaction. `None` if the room is gone.
pub async fn advance(tx: &mut Tx, room: &RoomId, known: Counters, step: Step) -> Result<Option<Counters>> {
    if tx.is_postgres() {
        return count_in_row(tx, room, &step).await;
    }
    let last = latest(tx, room).unwrap_or(known);
    let seq = if matches!(step, Step::Message(_)) { last.seq + 1 } else { last.seq };
    let counters = Counters { seq, rev: last.rev + 1 };
    let now = tx.now();
    tx.insert_later(Advance { room: room.clone(), counters, now, step });
    Ok(Some(counters))
}

/// What the transaction has counted so far.
pub fn latest(tx: &Tx, room: &RoomId) -> Option<Counters> {
    tx.later::<Advance>().iter().rev().find(|advance| &advance.room == room).map(|advance| advance.counters)
}

async fn count_in_row(tx: &Tx, room: &RoomId, step: &Step) -> Result<Option<Counters>> {
    let (sql, author) = match step {
        Step::Message(author) => (COUNT_MESSAGE, Some(author.as_str())),
        Step::Change => (COUNT_CHANGE, None),
    };
    let mut values: Vec<Value> = vec![room.as_str().into()];
    if let Some(author) = author {
        values.extend([tx.now().to_string().into(), author.into()]);
    }
    let Some(row) = tx.conn().query_one_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await? else {
        return Ok(None);
    };
    Ok(Some(Counters { seq: count(row.try_get("", "seq")?), rev: count(row.try_get("", "rev")?) }))
}

const COUNT_MESSAGE: &str = "WITH counted AS (
        UPDATE rooms SET seq = seq + 1, rev = rev + 1, active_at = $2 WHERE id = $1 AND deleted_at IS NULL RETURNING seq, rev
    ), marked AS (
        UPDATE room_members SET read_seq = counted.seq FROM counted WHERE room_id = $1 AND member_id = $3
    ) SELECT seq, rev FROM counted";

const COUNT_CHANGE: &str = "UPDATE rooms SET rev = rev + 1 WHERE id = $1 AND deleted_at IS NULL RETURNING seq, rev";

impl Later for Advance {
    fn write<'a>(conn: &'a DatabaseTransaction, rows: &'a [Self]) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            write_counts(conn, rows).await?;
            write_marks(conn, rows).await
        })
    }
}

/// Writes the last count of each room.
async fn write_counts(conn: &DatabaseTransaction, rows: &[Advance]) -> Result<()> {
    let mut rooms: BTreeMap<&str, (Counters, Option<Timestamp>)> = BTreeMap::new();
    for row in rows {
        let active = matches!(row.step, Step::Message(_)).then_some(row.now);
        let entry = rooms.entry(row.room.as_str()).or_insert((row.counters, None));
        *entry = (row.counters, active.or(entry.1));
    }
    let rows = rooms.into_iter().map(|(room, (counters, active))| {
        let active = active.map(|at| at.to_string());
        vec![room.into(), stored(counters.seq).into(), stored(counters.rev).into(), active.into()]
    });
    let rest = "UPDATE rooms SET seq = new.seq, rev = new.rev, active_at = coalesce(new.at, active_at) FROM new WHERE rooms.id = new.id";
    update_from(conn, "new(id, seq, rev, at)", rows.collect(), rest).await
}

/// Writes how far the authors have read.
async fn write_marks(conn: &DatabaseTransaction, rows: &[Advance]) -> Result<()> {
    let mut marks: HashMap<(&str, &str), u64> = HashMap::new();
    for row in rows {
        if let Step::Message(author) = &row.step {
            marks.insert((row.room.as_str(), author.as_str()), row.counters.seq);
        }
    }
    let rows = marks.into_iter().map(|((room, author), seq)| vec![room.into(), author.into(), stored(seq).into()]);
    let rest = "UPDATE room_members SET read_seq = new.seq FROM new \
        WHERE room_members.room_id = new.room AND room_members.member_id = new.member AND read_seq < new.seq";
    update_from(conn, "new(room, member, seq)", rows.collect(), rest).await
}

/// Updates many rows from a table of values, on SQLite.
async fn update_from(conn: &DatabaseTransaction, table: &str, rows: Vec<Vec<Value>>, rest: &str) -> Result<()> {
    for chunk in rows.chunks(CHUNK) {
        let places = vec!["?"; chunk[0].len()].join(", ");
        let table_rows = vec![format!("({places})"); chunk.len()].join(", ");
        let sql = format!("WITH {table} AS (VALUES {table_rows}) {rest}");
        conn.execute_raw(Statement::from_sql_and_values(DbBackend::Sqlite, sql, chunk.iter().flatten().cloned())).await?;
    }
    Ok(())
}
