//! Who is in rooms.

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryResult, QuerySelect, Statement, Value,
    sea_query::{Expr, OnConflict},
};

use super::{count, stored};
use crate::{
    clock::Timestamp,
    error::Result,
    ids::{MemberId, RoomId, UserId},
    rooms::{
        entity::members::{ActiveModel, Column, Entity},
        model::{Member, RoomRole},
    },
    store::{Tx, moment},
    text::name_key,
};

/// Somebody with the name that others see.
#[derive(Debug, Clone, FromQueryResult)]
pub struct Named {
    pub id: String,
    pub name: String,
    pub role: i16,
}

/// Members of a room with their names, and how many there are in all. A bot that has posted has an account, too, which keeps the name of
/// then: its own comes first.
pub async fn page(conn: &impl ConnectionTrait, room: &RoomId, limit: u64) -> Result<(Vec<Named>, u64)> {
    let rest = "ORDER BY m.role, m.joined_at, m.member_id LIMIT +$2";
    let values = [room.as_str().into(), stored(limit).into()];
    let rows = members_of(conn, rest, values).await?;
    if (rows.len() as u64) < limit {
        let all = rows.len() as u64;
        return Ok((rows, all));
    }
    let sql = "SELECT count(*) FROM room_members WHERE room_id = $1";
    let counted = Statement::from_sql_and_values(conn.get_database_backend(), sql, [room.as_str().into()]);
    let all: i64 = conn.query_one_raw(counted).await?.map_or(Ok(0), |row| row.try_get_by_index(0))?;
    Ok((rows, count(all)))
}

/// Members of a room with their names by id, after the id `after`.
pub async fn run(conn: &impl ConnectionTrait, room: &RoomId, after: &str, limit: u64) -> Result<Vec<Named>> {
    let rest = "AND m.member_id > $2 ORDER BY m.member_id LIMIT +$3";
    let values = [room.as_str().into(), after.into(), stored(limit).into()];
    members_of(conn, rest, values).await
}

/// Members of the room $1 with their names; `rest` says which of them, and in which order.
async fn members_of<const N: usize>(conn: &impl ConnectionTrait, rest: &str, values: [Value; N]) -> Result<Vec<Named>> {
    let sql = format!(
        "SELECT m.member_id AS id, coalesce(b.name, u.username, '') AS name, m.role FROM room_members m \
        LEFT JOIN users u ON u.id = m.member_id LEFT JOIN bots b ON b.id = m.member_id WHERE m.room_id = $1 {rest}"
    );
    Ok(Named::find_by_statement(Statement::from_sql_and_values(conn.get_database_backend(), sql, values)).all(conn).await?)
}

/// Members of a room whose name looks like `name`.
pub async fn called(conn: &impl ConnectionTrait, room: &RoomId, name: &str, limit: u64) -> Result<Vec<Named>> {
    // From the few of that name to the room, which may have thousands of members.
    let sql = "SELECT m.member_id AS id, n.name, m.role FROM (\
        SELECT id, name FROM bots WHERE name_key = $2 \
        UNION ALL SELECT id, username FROM users WHERE name_key = $2 \
        AND NOT EXISTS (SELECT 1 FROM bots WHERE bots.id = users.id)\
        ) n JOIN room_members m ON m.room_id = $1 AND m.member_id = n.id ORDER BY m.member_id LIMIT +$3";
    let values = [room.as_str().into(), name_key(name).into(), stored(limit).into()];
    Ok(Named::find_by_statement(Statement::from_sql_and_values(conn.get_database_backend(), sql, values)).all(conn).await?)
}

/// The name of a person or a bot, also of one that was deleted.
pub async fn named(conn: &impl ConnectionTrait, who: &MemberId) -> Result<Option<String>> {
    let sql = if who.is_bot() { "SELECT name FROM bots WHERE id = $1" } else { "SELECT username FROM users WHERE id = $1" };
    let statement = Statement::from_sql_and_values(conn.get_database_backend(), sql, [who.as_str().into()]);
    Ok(conn.query_one_raw(statement).await?.map(|row| row.try_get_by_index(0)).transpose()?)
}

/// A member of a room.
pub async fn member(conn: &impl ConnectionTrait, room: &RoomId, who: &MemberId) -> Result<Option<Member>> {
    let Some(row) = Entity::find_by_id((room.to_string(), who.to_string())).one(conn).await? else { return Ok(None) };
    let joined_at = moment(&row.joined_at)?;
    Ok(Some(Member { id: MemberId::from_stored(row.member_id), role: RoomRole::from_rank(row.role), joined_at }))
}

/// Whether somebody is a member.
pub async fn is_member(conn: &impl ConnectionTrait, room: &RoomId, who: &MemberId) -> Result<bool> {
    Ok(member(conn, room, who).await?.is_some())
}

/// On PostgreSQL lets whoever is a member stay one until the end of the transaction: who removes them waits, and who comes after a
/// removal waits for that. SQLite has one writer anyway.
pub async fn hold_member(tx: &Tx, room: &RoomId, who: &MemberId) -> Result<()> {
    if tx.is_postgres() {
        let sql = "SELECT 1 FROM room_members WHERE room_id = $1 AND member_id = $2 FOR KEY SHARE";
        let hold = Statement::from_sql_and_values(tx.conn().get_database_backend(), sql, [room.as_str().into(), who.as_str().into()]);
        tx.conn().execute_raw(hold).await?;
    }
    Ok(())
}

/// The rooms that somebody is in.
pub async fn rooms_of(conn: &impl ConnectionTrait, who: &MemberId) -> Result<Vec<RoomId>> {
    let ids = Entity::find().select_only().column(Column::RoomId).filter(Column::MemberId.eq(who.as_str()));
    Ok(ids.into_tuple().all(conn).await?.into_iter().map(RoomId::from_stored).collect())
}

/// The rooms that somebody is in, and since when.
pub async fn joined(conn: &impl ConnectionTrait, who: &MemberId) -> Result<Vec<(RoomId, Timestamp)>> {
    let rows = Entity::find().select_only().columns([Column::RoomId, Column::JoinedAt]).filter(Column::MemberId.eq(who.as_str()));
    let rows: Vec<(String, String)> = rows.into_tuple().all(conn).await?;
    rows.into_iter().map(|(room, since)| Ok((RoomId::from_stored(room), moment(&since)?))).collect()
}

/// Rooms in which bots are that were deleted.
pub async fn rooms_of_deleted_bots(conn: &impl ConnectionTrait, limit: u64) -> Result<Vec<(RoomId, MemberId)>> {
    let sql = "SELECT m.room_id, m.member_id FROM bots b JOIN room_members m ON m.member_id = b.id \
        WHERE b.deleted_at IS NOT NULL LIMIT +$1";
    let rows = Statement::from_sql_and_values(conn.get_database_backend(), sql, [stored(limit).into()]);
    let pair = |row: &QueryResult| Ok((RoomId::from_stored(row.try_get_by_index(0)?), MemberId::from_stored(row.try_get_by_index(1)?)));
    let mut pairs = conn.query_all_raw(rows).await?.iter().map(pair).collect::<Result<Vec<_>>>()?;
    // They are held in this order. The database would sort all there are for each of the few that are wanted.
    pairs.sort();
    Ok(pairs)
}

/// In how many rooms somebody is.
pub async fn memberships(conn: &impl ConnectionTrait, who: &MemberId) -> Result<u64> {
    let sql = "SELECT count(*) FROM room_members WHERE member_id = $1";
    let counted = Statement::from_sql_and_values(conn.get_database_backend(), sql, [who.as_str().into()]);
    let all: i64 = conn.query_one_raw(counted).await?.map_or(Ok(0), |row| row.try_get_by_index(0))?;
    Ok(count(all))
}

/// Rooms whose owners all have shut accounts, and in which there is somebody else who could own them.
pub async fn rooms_of_shut_accounts(conn: &impl ConnectionTrait, limit: u64) -> Result<Vec<RoomId>> {
    let open = "SELECT 1 FROM room_members o JOIN users u ON u.id = o.member_id WHERE o.room_id = m.room_id AND u.disabled_at IS NULL";
    let sql = format!(
        "SELECT DISTINCT m.room_id FROM users shut JOIN room_members m ON m.member_id = shut.id \
        WHERE shut.disabled_at IS NOT NULL AND m.role = $1 AND NOT EXISTS ({open} AND o.role = $1) \
        AND EXISTS ({open} AND o.member_id LIKE 'usr-%') LIMIT +$2"
    );
    let values = [RoomRole::Owner.rank().into(), stored(limit).into()];
    let rows = conn.query_all_raw(Statement::from_sql_and_values(conn.get_database_backend(), sql, values)).await?;
    rows.iter().map(|row| Ok(RoomId::from_stored(row.try_get_by_index(0)?))).collect()
}

/// Adds a member, who has read everything up to now. False if they were one already.
pub async fn add_member(tx: &Tx, room: &RoomId, who: &MemberId, role: RoomRole, read_seq: u64) -> Result<bool> {
    let row = ActiveModel {
        room_id: Set(room.to_string()),
        member_id: Set(who.to_string()),
        role: Set(role.rank()),
        joined_at: Set(tx.now().to_string()),
        read_seq: Set(stored(read_seq)),
    };
    let once = OnConflict::columns([Column::RoomId, Column::MemberId]).do_nothing().to_owned();
    Ok(Entity::insert(row).on_conflict(once).exec_without_returning(tx.conn()).await? > 0)
}

/// Removes a member. False if they were none.
pub async fn remove_member(tx: &Tx, room: &RoomId, who: &MemberId) -> Result<bool> {
    Ok(Entity::delete_by_id((room.to_string(), who.to_string())).exec(tx.conn()).await?.rows_affected > 0)
}

/// Gives a member another role.
pub async fn set_role(tx: &Tx, room: &RoomId, who: &MemberId, role: RoomRole) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::Role, Expr::value(role.rank()))
        .filter(Column::RoomId.eq(room.as_str()))
        .filter(Column::MemberId.eq(who.as_str()))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Whether nobody but `who` owns the room. Whose account is shut could do nothing with it, and does not count.
pub async fn only_owner(conn: &impl ConnectionTrait, room: &RoomId, who: &MemberId) -> Result<bool> {
    let sql = "SELECT 1 FROM room_members m JOIN users u ON u.id = m.member_id \
        WHERE m.room_id = $1 AND m.role = $2 AND m.member_id <> $3 AND u.disabled_at IS NULL LIMIT 1";
    let values = [room.as_str().into(), RoomRole::Owner.rank().into(), who.as_str().into()];
    let other = conn.query_one_raw(Statement::from_sql_and_values(conn.get_database_backend(), sql, values)).await?;
    Ok(other.is_none())
}

/// The person to whom a room passes: the one with the most rights, of those the one who has been there longest. Whose account is shut
/// could do nothing with it, and comes last.
pub async fn heir(conn: &impl ConnectionTrait, room: &RoomId) -> Result<Option<(UserId, RoomRole)>> {
    let sql = "SELECT m.member_id AS id, u.username AS name, m.role FROM room_members m JOIN users u ON u.id = m.member_id \
        WHERE m.room_id = $1 AND m.member_id LIKE 'usr-%' \
        ORDER BY u.disabled_at IS NOT NULL, m.role, m.joined_at, m.member_id LIMIT 1";
    let statement = Statement::from_sql_and_values(conn.get_database_backend(), sql, [room.as_str().into()]);
    let first = Named::find_by_statement(statement).one(conn).await?;
    Ok(first.map(|row| (UserId::from_stored(row.id), RoomRole::from_rank(row.role))))
}

/// Writes that somebody has read up to `seq`. False if they were that far already.
pub async fn read_up_to(tx: &Tx, room: &RoomId, who: &MemberId, seq: u64) -> Result<bool> {
    let change = Entity::update_many()
        .col_expr(Column::ReadSeq, Expr::value(stored(seq)))
        .filter(Column::RoomId.eq(room.as_str()))
        .filter(Column::MemberId.eq(who.as_str()))
        .filter(Column::ReadSeq.lt(stored(seq)))
        .exec(tx.conn())
        .await?;
    Ok(change.rows_affected > 0)
}
