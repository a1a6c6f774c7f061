//! Rooms as screens need them.

use serde::Serialize;

use super::{
    model::{ListPlace, Member, RoomRole, Standing},
    online::Online,
    policy,
    requests::{MemberBody, MembersAnswer, RoomBody, RoomsAnswer},
    store,
};
use crate::{
    actor::Actor,
    bots::model::Ability,
    clock::Timestamp,
    error::{Error, Result},
    ids::{MemberId, RoomId},
    messages::{self, queries::Range},
    store::{Conn, Reader},
};

/// Most rooms on a page of a list.
pub const MAX_ROOMS: u64 = 1000;
/// Most members that the details of a room name, and on a page of their list.
pub const MAX_MEMBERS: u64 = 200;
/// Messages in the details of a room.
const MESSAGES: u64 = 100;

/// Of all rooms of whoever asks those that are wanted, at most `most`, read page by page. One in which something is said meanwhile may be
/// missing.
pub async fn every(conn: &Reader, actor: &Actor, now: Timestamp, most: usize, wanted: impl Fn(&RoomBody) -> bool) -> Result<Vec<RoomBody>> {
    let (mut found, mut before) = (Vec::new(), None);
    loop {
        let page = rooms(conn, actor, now, before.as_ref(), MAX_ROOMS).await?;
        found.extend(page.rooms.into_iter().filter(|room| wanted(room)));
        before = page.next.as_deref().map(ListPlace::parse).transpose()?;
        if before.is_none() || found.len() >= most {
            found.truncate(most);
            return Ok(found);
        }
    }
}

/// Up to `limit` rooms that `who` is not a member of, after the room `after`, in an order that does not change when something is said.
pub async fn others(conn: &impl Conn, who: &MemberId, after: Option<&RoomId>, limit: u64) -> Result<Vec<RoomId>> {
    store::list_others(conn, who, after.map_or("", RoomId::as_str), limit).await
}

/// At most `limit` rooms of whoever asks, after a place in the list, and at its beginning those they are invited to. The bot of the
/// configuration sees all rooms.
pub async fn rooms(conn: &Reader, actor: &Actor, now: Timestamp, before: Option<&ListPlace>, limit: u64) -> Result<RoomsAnswer> {
    let (who, limit) = (actor.member()?, limit.min(MAX_ROOMS));
    let rights = if let Actor::Bot { rights, .. } = actor { Some(rights) } else { None };
    if let Some(rights) = rights {
        rights.require_ability(Ability::Read)?;
    }
    let mut page = if rights.is_some_and(|rights| rights.everywhere) {
        store::list_all(conn, &who, before, limit).await?
    } else {
        store::list(conn, &who, before, limit).await?
    };
    let next = page.last().filter(|_| page.len() as u64 == limit).map(|last| ListPlace::after(last).to_string());
    page.retain(|standing| rights.is_none_or(|rights| rights.reach(&standing.room.id)));
    let is_first = before.is_none() && !who.is_bot();
    let invites = if is_first { store::list_invited(conn, &who, now, MAX_ROOMS).await? } else { Vec::new() };
    let bodies = |standings: Vec<Standing>| standings.into_iter().map(RoomBody::from).collect();
    Ok(RoomsAnswer { ok: true, rooms: bodies(page), invites: bodies(invites), next })
}

/// The rooms that somebody is invited to, the latest invitation first.
pub async fn invitations(conn: &Reader, who: &MemberId, now: Timestamp) -> Result<Vec<RoomBody>> {
    Ok(store::list_invited(conn, who, now, MAX_ROOMS).await?.into_iter().map(RoomBody::from).collect())
}

/// A room as it stands in a list of `who`, member or not, as for an invitation. `None` if it is gone.
pub async fn summary(conn: &impl Conn, room: &RoomId, who: Option<&MemberId>) -> Result<Option<RoomBody>> {
    Ok(store::standing(conn, room, who).await?.map(RoomBody::from))
}

/// A room as `who` stands to it.
///
/// # Errors
/// `not_found` for who is not in it.
pub async fn standing(conn: &impl Conn, room: &RoomId, who: &MemberId) -> Result<(Standing, RoomRole)> {
    let standing = any_standing(conn, room, Some(who)).await?;
    let role = policy::require_member(standing.role)?;
    Ok((standing, role))
}

/// A room as `who` stands to it, in it or not, or as nobody does.
///
/// # Errors
/// `not_found` if it is gone.
pub async fn any_standing(conn: &impl Conn, room: &RoomId, who: Option<&MemberId>) -> Result<Standing> {
    store::standing(conn, room, who).await?.ok_or_else(|| Error::not_found("room"))
}

/// Requires that whoever acts may know of a room.
///
/// # Errors
/// `not_found`.
pub async fn require_seen(conn: &impl Conn, actor: &Actor, room: &RoomId) -> Result<()> {
    let standing = any_standing(conn, room, Some(&actor.member()?)).await?;
    policy::acting(actor, standing.role).map(drop)
}

/// Whether somebody is a member.
pub async fn is_member(conn: &impl Conn, room: &RoomId, who: &MemberId) -> Result<bool> {
    store::is_member(conn, room, who).await
}

/// The rooms that somebody is in.
pub async fn rooms_of(conn: &impl Conn, who: &MemberId) -> Result<Vec<RoomId>> {
    store::rooms_of(conn, who).await
}

/// The rooms that somebody is in, and since when.
pub async fn joined(conn: &impl Conn, who: &MemberId) -> Result<Vec<(RoomId, Timestamp)>> {
    store::joined(conn, who).await
}

/// A member of a room as others see them; `None` for who is none.
pub async fn member(conn: &impl Conn, room: &RoomId, who: &MemberId, online: &Online) -> Result<Option<MemberBody>> {
    let Some(Member { id, role, .. }) = store::member(conn, room, who).await? else { return Ok(None) };
    let username = store::named(conn, &id).await?.unwrap_or_default();
    Ok(Some(body(id, username, role, online)))
}

/// Members of a room by id, after the id `after`.
pub async fn members(conn: &impl Conn, room: &RoomId, after: Option<&str>, limit: u64, online: &Online) -> Result<Vec<MemberBody>> {
    let rows = store::run(conn, room, after.unwrap_or_default(), limit).await?;
    Ok(rows.into_iter().map(|row| named(row, online)).collect())
}

/// A page of the members of a room by id, for one of them.
///
/// # Errors
/// `not_found` for who is not in it.
pub async fn members_page(
    conn: &Reader,
    actor: &Actor,
    room: &RoomId,
    after: Option<&str>,
    limit: u64,
    online: &Online,
) -> Result<MembersAnswer> {
    actor.require(Ability::Read, room)?;
    standing(conn, room, &actor.member()?).await?;
    let limit = limit.min(MAX_MEMBERS);
    // One more says whether there are more.
    let mut members = members(conn, room, after, limit + 1, online).await?;
    let more = members.len() as u64 > limit;
    if more {
        members.pop();
    }
    Ok(MembersAnswer { ok: true, members, more })
}

/// The members of a room who are called `name`, in whatever capitals; at most ten.
pub async fn called(conn: &impl Conn, room: &RoomId, name: &str, online: &Online) -> Result<Vec<MemberBody>> {
    let rows = store::called(conn, room, name, 10).await?;
    Ok(rows.into_iter().map(|row| named(row, online)).collect())
}

/// The name of a person or bot that others see.
pub async fn name(conn: &impl Conn, who: &MemberId) -> Result<Option<String>> {
    store::named(conn, who).await
}

/// A room that is gone and still has messages or a row.
pub async fn deleted(conn: &impl Conn) -> Result<Option<RoomId>> {
    store::deleted(conn).await
}

fn named(row: store::Named, online: &Online) -> MemberBody {
    body(MemberId::from_stored(row.id), row.name, RoomRole::from_rank(row.role), online)
}

fn body(id: MemberId, username: String, role: RoomRole, online: &Online) -> MemberBody {
    MemberBody { online: online.is_online(&id), is_bot: id.is_bot(), id: id.to_string(), username, role: role.into() }
}

/// What the details of a room say beside its messages, which are JSON already.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Details {
    #[serde(flatten)]
    room: RoomBody,
    member_count: u64,
    members: Vec<MemberBody>,
    more: bool,
}

/// A room with its members and its newest messages, as the JSON of a [`RoomDetailsBody`](super::requests::RoomDetailsBody).
///
/// # Errors
/// `not_found` for who is not in it.
pub async fn details(conn: &Reader, actor: &Actor, room: &RoomId, online: &Online) -> Result<String> {
    actor.require(Ability::Read, room)?;
    let (standing, _) = standing(conn, room, &actor.member()?).await?;
    let (rows, member_count) = store::page(conn, room, MAX_MEMBERS).await?;
    let page = messages::queries::page(conn, actor, room, Range::Latest, MESSAGES).await?;
    let members = rows.into_iter().map(|row| named(row, online));
    let details = Details { room: standing.into(), member_count, members: members.collect(), more: page.more };
    let mut json = serde_json::to_string(&details).map_err(Error::internal)?;
    // In place of the closing brace.
    json.pop();
    json.push_str(",\"messages\":[");
    json.push_str(&page.json);
    json.push_str("]}");
    Ok(json)
}
