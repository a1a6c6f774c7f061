//! Rooms in the database.

mod counters;
mod invites;
mod members;

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QuerySelect, Statement,
    sea_query::{Expr, ExprTrait, Query},
};

pub use self::{
    counters::{advance, latest},
    invites::{Key, claim, forget, forget_all, invite_state, pending, put_invite, take_back},
    members::{
        Named, add_member, called, heir, hold_member, is_member, joined, member, memberships, named, only_owner, page, read_up_to,
        remove_member, rooms_of, rooms_of_deleted_bots, rooms_of_shut_accounts, run, set_role,
    },
};
use super::{
    entity::{ActiveModel, Column, Entity, invites as invite_rows, members as member_rows},
    model::{Access, ListPlace, Room, RoomRole, Standing},
};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
    ids::{MemberId, RoomId},
    store::{Tx, moment},
};

#[derive(FromQueryResult)]
struct Row {
    id: String,
    name: String,
    access: String,
    invite_role: i16,
    seq: i64,
    rev: i64,
    created_at: String,
    active_at: String,
    role: Option<i16>,
    read_seq: Option<i64>,
}

/// What [`Row`] is read from; whose membership is the second parameter.
const STANDING: &str = "SELECT r.id, r.name, r.access, r.invite_role, r.seq, r.rev, r.created_at, r.active_at, m.role, \
    m.read_seq FROM rooms r";

impl TryFrom<Row> for Standing {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            room: Room {
                id: RoomId::from_stored(row.id),
                name: row.name,
                access: Access::from_stored(&row.access),
                invite_role: RoomRole::from_rank(row.invite_role),
                seq: count(row.seq),
                rev: count(row.rev),
                created_at: moment(&row.created_at)?,
            },
            role: row.role.map(RoomRole::from_rank),
            read_seq: count(row.read_seq.unwrap_or(0)),
            active_at: moment(&row.active_at)?,
        })
    }
}

/// A count as the database keeps it.
pub(super) fn count(stored: i64) -> u64 {
    u64::try_from(stored).unwrap_or(0)
}

/// A count as the database takes it.
pub(super) fn stored(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

async fn standings(conn: &impl ConnectionTrait, rest: &str, values: impl IntoIterator<Item = sea_orm::Value>) -> Result<Vec<Standing>> {
    let statement = Statement::from_sql_and_values(conn.get_database_backend(), format!("{STANDING} {rest}"), values);
    Row::find_by_statement(statement).all(conn).await?.into_iter().map(Standing::try_from).collect()
}

/// A room as `who` stands to it, or as nobody does, unless it is gone.
pub async fn standing(conn: &impl ConnectionTrait, room: &RoomId, who: Option<&MemberId>) -> Result<Option<Standing>> {
    let rest = "LEFT JOIN room_members m ON m.room_id = r.id AND m.member_id = $2 WHERE r.id = $1 AND r.deleted_at IS NULL";
    Ok(standings(conn, rest, [room.as_str().into(), who.map(MemberId::as_str).into()]).await?.pop())
}

/// The rooms of `who` after a place, those with the latest messages first.
pub async fn list(conn: &impl ConnectionTrait, who: &MemberId, before: Option<&ListPlace>, limit: u64) -> Result<Vec<Standing>> {
    page_of_rooms(conn, "JOIN room_members m ON m.room_id = r.id WHERE m.member_id = $1", who, before, limit).await
}

/// All rooms after a place as `who` stands to them, those with the latest messages first.
pub async fn list_all(conn: &impl ConnectionTrait, who: &MemberId, before: Option<&ListPlace>, limit: u64) -> Result<Vec<Standing>> {
    page_of_rooms(conn, "LEFT JOIN room_members m ON m.room_id = r.id AND m.member_id = $1 WHERE true", who, before, limit).await
}

async fn page_of_rooms(
    conn: &impl ConnectionTrait,
    whose: &str,
    who: &MemberId,
    before: Option<&ListPlace>,
    limit: u64,
) -> Result<Vec<Standing>> {
    let mut values = vec![who.as_str().into(), stored(limit).into()];
    let from = if let Some(place) = before {
        values.extend([place.active_at.to_string().into(), place.room.as_str().into()]);
        "AND (r.active_at, r.id) < ($3, $4)"
    } else {
        ""
    };
    let rest = format!("{whose} AND r.deleted_at IS NULL {from} ORDER BY r.active_at DESC, r.id DESC LIMIT +$2");
    standings(conn, &rest, values).await
}

/// Rooms that `who` is not a member of, in the order of their ids, after the room `after`.
pub async fn list_others(conn: &impl ConnectionTrait, who: &MemberId, after: &str, limit: u64) -> Result<Vec<RoomId>> {
    let sql = "SELECT r.id FROM rooms r WHERE r.id > $1 AND r.deleted_at IS NULL \
        AND NOT EXISTS (SELECT 1 FROM room_members m WHERE m.room_id = r.id AND m.member_id = $2) ORDER BY r.id LIMIT +$3";
    let values = [after.into(), who.as_str().into(), stored(limit).into()];
    let rows = conn.query_all_raw(Statement::from_sql_and_values(conn.get_database_backend(), sql, values)).await?;
    rows.iter().map(|row| Ok(RoomId::from_stored(row.try_get_by_index(0)?))).collect()
}

/// The rooms that `who` is invited to at `now`, the latest invitation first.
pub async fn list_invited(conn: &impl ConnectionTrait, who: &MemberId, now: Timestamp, limit: u64) -> Result<Vec<Standing>> {
    let rest = "JOIN room_invites i ON i.room_id = r.id LEFT JOIN room_members m ON m.room_id = r.id AND m.member_id = $1 \
        WHERE i.invitee = $2 AND i.taken_back_at IS NULL AND i.expires_at > $3 AND r.deleted_at IS NULL AND m.role IS NULL \
        ORDER BY i.created_at DESC, r.id DESC LIMIT +$4";
    let key = invites::key_of(who);
    standings(conn, rest, [who.as_str().into(), key.into(), now.to_string().into(), stored(limit).into()]).await
}

/// Adds a room.
pub async fn add(tx: &Tx, room: &Room) -> Result<()> {
    let row = ActiveModel {
        id: Set(room.id.to_string()),
        name: Set(room.name.clone()),
        access: Set(room.access.as_str().to_owned()),
        invite_role: Set(room.invite_role.rank()),
        seq: Set(stored(room.seq)),
        rev: Set(stored(room.rev)),
        created_at: Set(room.created_at.to_string()),
        active_at: Set(room.created_at.to_string()),
        deleted_at: Set(None),
    };
    Entity::insert(row).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// Writes what a room is called now and who may come.
pub async fn change(tx: &Tx, room: &Room) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::Name, Expr::value(room.name.as_str()))
        .col_expr(Column::Access, Expr::value(room.access.as_str()))
        .col_expr(Column::InviteRole, Expr::value(room.invite_role.rank()))
        .filter(Column::Id.eq(room.id.as_str()))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Lets a room be gone for everybody. What was said there is removed by [`purge`]. False if it was gone.
pub async fn delete(tx: &Tx, room: &RoomId) -> Result<bool> {
    // Members first, as senders do: who holds their place waits for the room's row.
    member_rows::Entity::delete_many().filter(member_rows::Column::RoomId.eq(room.as_str())).exec(tx.conn()).await?;
    invite_rows::Entity::delete_many().filter(invite_rows::Column::RoomId.eq(room.as_str())).exec(tx.conn()).await?;
    let change = Entity::update_many()
        .col_expr(Column::DeletedAt, Expr::value(Some(tx.now().to_string())))
        .filter(Column::Id.eq(room.as_str()).and(Column::DeletedAt.is_null()))
        .exec(tx.conn())
        .await?;
    Ok(change.rows_affected > 0)
}

/// A room that is gone and still has a row.
pub async fn deleted(conn: &impl ConnectionTrait) -> Result<Option<RoomId>> {
    let ids = Entity::find().select_only().column(Column::Id).filter(Column::DeletedAt.is_not_null()).limit(1);
    Ok(ids.into_tuple().one(conn).await?.map(RoomId::from_stored))
}

/// Removes the row of a room that is gone, with whatever hangs on it.
pub async fn purge(tx: &Tx, room: &RoomId) -> Result<()> {
    Entity::delete_many().filter(Column::Id.eq(room.as_str()).and(Column::DeletedAt.is_not_null())).exec(tx.conn()).await?;
    Ok(())
}

/// Removes invitations that ended before `before`, unless they were taken back: those keep their people out.
pub async fn remove_invites(tx: &Tx, before: Timestamp, limit: u64) -> Result<bool> {
    use invite_rows::Column as Invite;
    let gone = Query::select()
        .columns([Invite::RoomId, Invite::Invitee])
        .from(invite_rows::Entity)
        .and_where(Invite::ExpiresAt.lt(before.to_string()))
        .and_where(Invite::TakenBackAt.is_null())
        .limit(limit)
        .take();
    let keys = Expr::tuple([Expr::col(Invite::RoomId), Expr::col(Invite::Invitee)]);
    let removed = invite_rows::Entity::delete_many().filter(keys.in_subquery(gone)).exec(tx.conn()).await?;
    Ok(removed.rows_affected == limit)
}
