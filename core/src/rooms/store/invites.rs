//! Who is invited to rooms.

use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, sea_query::OnConflict};

use crate::{
    clock::Timestamp,
    error::Result,
    ids::{MemberId, RoomId},
    rooms::{
        entity::invites::{ActiveModel, Column, Entity, Model},
        model::InviteState,
    },
    store::{Tx, moment},
};

/// How an invitation of somebody who is here is kept.
pub(super) fn key_of(who: &MemberId) -> String {
    format!("user:{who}")
}

async fn row(conn: &impl ConnectionTrait, room: &RoomId, key: &str) -> Result<Option<Model>> {
    Ok(Entity::find_by_id((room.to_string(), key.to_owned())).one(conn).await?)
}

fn state(row: &Model, now: Timestamp) -> Result<InviteState> {
    Ok(match &row.taken_back_at {
        Some(_) => InviteState::TakenBack,
        None if moment(&row.expires_at)? <= now => InviteState::Expired,
        None => InviteState::Open,
    })
}

/// How it is with the invitation of somebody who is here.
pub async fn invite_state(tx: &Tx, room: &RoomId, who: &MemberId) -> Result<Option<InviteState>> {
    row(tx.conn(), room, &key_of(who)).await?.map(|row| state(&row, tx.now())).transpose()
}

/// How it is with the invitation of somebody who is not here yet.
pub async fn pending(tx: &Tx, room: &RoomId, key: &str) -> Result<Option<InviteState>> {
    row(tx.conn(), room, key).await?.map(|row| state(&row, tx.now())).transpose()
}

/// Who is invited: by id, or by the key of somebody who is not here yet.
#[derive(Debug, Clone, Copy)]
pub enum Key<'a> {
    /// Here.
    Known(&'a MemberId),
    /// Not yet.
    Pending(&'a str),
}

impl Key<'_> {
    fn text(self) -> String {
        match self {
            Self::Known(who) => key_of(who),
            Self::Pending(key) => key.to_owned(),
        }
    }
}

/// Invites, in place of whatever invitation there was.
pub async fn put_invite(tx: &Tx, room: &RoomId, key: Key<'_>, by: &str, expires_at: Timestamp) -> Result<()> {
    put(tx, room, key, by, expires_at, None).await
}

/// Notes that somebody may come only with a new invitation.
pub async fn take_back(tx: &Tx, room: &RoomId, who: &MemberId, by: &str) -> Result<()> {
    put(tx, room, Key::Known(who), by, tx.now(), Some(tx.now())).await
}

async fn put(tx: &Tx, room: &RoomId, key: Key<'_>, by: &str, expires_at: Timestamp, taken_back_at: Option<Timestamp>) -> Result<()> {
    let row = ActiveModel {
        room_id: Set(room.to_string()),
        invitee: Set(key.text()),
        invited_by: Set(by.to_owned()),
        created_at: Set(tx.now().to_string()),
        expires_at: Set(expires_at.to_string()),
        taken_back_at: Set(taken_back_at.map(|at| at.to_string())),
    };
    let anew = OnConflict::columns([Column::RoomId, Column::Invitee])
        .update_columns([Column::InvitedBy, Column::CreatedAt, Column::ExpiresAt, Column::TakenBackAt])
        .to_owned();
    Entity::insert(row).on_conflict(anew).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// Removes an invitation, unless it was taken back. False if there was none.
pub async fn forget(tx: &Tx, room: &RoomId, key: Key<'_>) -> Result<bool> {
    let removed = Entity::delete_many()
        .filter(Column::RoomId.eq(room.as_str()))
        .filter(Column::Invitee.eq(key.text()))
        .filter(Column::TakenBackAt.is_null())
        .exec(tx.conn())
        .await?;
    Ok(removed.rows_affected > 0)
}

/// Removes the invitations under these keys and gives those that still hold: the room, and who invited until when.
pub async fn claim(tx: &Tx, keys: &[String]) -> Result<Vec<(RoomId, String, Timestamp)>> {
    let mine = Entity::find().filter(Column::Invitee.is_in(keys.iter().map(String::as_str)));
    let rows = mine.all(tx.conn()).await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    Entity::delete_many().filter(Column::Invitee.is_in(keys.iter().map(String::as_str))).exec(tx.conn()).await?;
    let now = tx.now();
    let open = rows.into_iter().filter(|row| state(row, now).is_ok_and(|state| state == InviteState::Open));
    open.map(|row| Ok((RoomId::from_stored(row.room_id), row.invited_by, moment(&row.expires_at)?))).collect()
}

/// Removes the invitations of `who`, and those under `keys`, also those that were taken back.
pub async fn forget_all(tx: &Tx, who: &MemberId, keys: &[String]) -> Result<()> {
    let own = key_of(who);
    let all = keys.iter().map(String::as_str).chain([own.as_str()]);
    Entity::delete_many().filter(Column::Invitee.is_in(all)).exec(tx.conn()).await?;
    Ok(())
}
