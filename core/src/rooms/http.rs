//! `/api/rooms`: rooms, and who is in them. What is said there is in [`crate::messages::http`].

use std::sync::Arc;

use poem::Request;
use poem_openapi::{
    OpenApi,
    param::{Path, Query},
    payload::Json,
};

use super::{
    actions::{self, Change, Create, Invite, Join},
    model::{Access, Invitee, ListPlace, RoomName, RoomRole},
    online::Online,
    queries::{self, MAX_MEMBERS, MAX_ROOMS},
    requests::{
        AccessBody, EditMemberBody, EditRoomBody, InviteBody, MembersAnswer, NewRoomBody, ReadBody, RoomAnswer, RoomBody,
        RoomSummaryAnswer, RoomsAnswer,
    },
};
use crate::{
    actor::Actor,
    clock::Clock,
    config::RoomsSection,
    error::{Error, Result as AppResult},
    http::{
        auth::Caller,
        body::JsonBody,
        data::Data,
        fail::{BODY, E400, E401, E403, E404, E409, E429, E503, Fail, UNSAFE},
        payload::{Done, RawJson},
        query::require_once,
        rate::{Limit, Limits},
    },
    ids::{MemberId, RoomId},
    store::Store,
};

/// The operations on rooms.
pub struct Api;

/// What the operations work with.
#[derive(Clone)]
pub struct Rooms {
    /// The database.
    pub store: Store,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// How often.
    pub limits: Limits,
    /// How many and how long.
    pub rules: RoomsSection,
    /// Who is connected.
    pub online: Online,
}

impl Rooms {
    /// Makes whoever asks a member of a room.
    ///
    /// # Errors
    /// Those of [`actions::join`], and `rate_limited`.
    pub async fn join(&self, actor: &Actor, room: &RoomId) -> AppResult<()> {
        self.limits.check_actor(Limit::Joins, actor)?;
        let join = Join { actor: actor.clone(), room: room.clone(), max_memberships: self.rules.max_memberships };
        self.store.write(join, |tx, join| Box::pin(actions::join(tx, join))).await
    }

    /// Leaves a room, or declines an invitation.
    ///
    /// # Errors
    /// Those of [`actions::leave`], and `rate_limited`.
    pub async fn leave(&self, actor: &Actor, room: &RoomId) -> AppResult<()> {
        self.limits.check_actor(Limit::RoomChanges, actor)?;
        let input = (actor.clone(), room.clone());
        self.store.write(input, |tx, (actor, room)| Box::pin(actions::leave(tx, actor, room))).await
    }

    /// Notes how far somebody has read.
    ///
    /// # Errors
    /// Those of [`actions::read`], and `rate_limited`.
    pub async fn read(&self, actor: &Actor, room: &RoomId, seq: u64) -> AppResult<()> {
        self.limits.check_actor(Limit::ReadMarkers, actor)?;
        let input = (actor.clone(), room.clone(), seq);
        self.store.write(input, |tx, (actor, room, seq)| Box::pin(actions::read(tx, actor, room, *seq))).await
    }

    /// The rooms of whoever asks: the beginning of the list, or what comes after the `next` of an earlier answer.
    ///
    /// # Errors
    /// Those of [`queries::rooms`], and `invalid_request`.
    pub async fn list(&self, actor: &Actor, before: Option<&str>, limit: Option<u64>) -> AppResult<RoomsAnswer> {
        let before = before.map(ListPlace::parse).transpose()?;
        if limit == Some(0) {
            return Err(Error::invalid("limit must be 1 to 1000."));
        }
        queries::rooms(self.store.reader(), actor, self.clock.now(), before.as_ref(), limit.unwrap_or(MAX_ROOMS)).await
    }

    async fn details(&self, actor: &Actor, room: &RoomId) -> AppResult<RawJson<RoomAnswer>> {
        let room = queries::details(self.store.reader(), actor, room, &self.online).await?;
        Ok(RawJson::new(format!(r#"{{"ok":true,"room":{room}}}"#)))
    }
}

/// The id of a room in a path; what cannot be one is one that is not there.
///
/// # Errors
/// `not_found`.
pub fn parse_id(text: &str) -> AppResult<RoomId> {
    RoomId::parse(text).ok_or_else(|| Error::not_found("room"))
}

#[OpenApi(tag = "crate::http::docs::Part::Rooms")]
impl Api {
    /// Own rooms
    ///
    /// The rooms that one is in, those with the latest messages first, and the invitations that wait. The bot of the configuration
    /// (`CHAT_BOT_TOKEN`) sees all rooms. Where there are more than fit, `next` says where the list goes on; a room in which something is
    /// said meanwhile moves to its beginning.
    #[oai(path = "/api/rooms", method = "get", operation_id = "listRooms")]
    async fn list(
        &self,
        rooms: Data<&Rooms>,
        request: &Request,
        caller: Caller,
        /// Rooms on the page, 1 to 1000; more are taken as 1000, which is also what there is unless given.
        limit: Query<Option<u64>>,
        /// The `next` of an earlier answer: only rooms that come after those.
        before: Query<Option<String>>,
    ) -> Result<Json<RoomsAnswer>, Fail<{ E400 | E401 | E403 | E429 | E503 }>> {
        require_once(request, &["limit", "before"])?;
        Ok(Json(rooms.list(&caller.actor, before.0.as_deref(), limit.0).await?))
    }

    /// Make a room
    ///
    /// It belongs to whoever makes it, which is a person: bots get `forbidden`. Whoever is signed in and has the id of an `open` room can
    /// join it; an `invite` room is for who was invited.
    #[oai(path = "/api/rooms", method = "post", operation_id = "createRoom")]
    async fn create(
        &self,
        rooms: Data<&Rooms>,
        caller: Caller,
        body: JsonBody<NewRoomBody>,
    ) -> Result<RawJson<RoomAnswer>, Fail<{ BODY | E401 | E409 | E429 | E503 }>> {
        let actor = caller.actor;
        rooms.limits.check_actor(Limit::Rooms, &actor)?;
        let name = RoomName::parse(&body.name)?;
        let access = Access::from(body.access.unwrap_or(AccessBody::Open));
        let create = Create { actor: actor.clone(), name, access, max_memberships: rooms.rules.max_memberships };
        let room = rooms.store.write(create, |tx, create| Box::pin(actions::create(tx, create))).await?;
        Ok(rooms.details(&actor, &room).await?)
    }

    /// One room
    ///
    /// For its members: who is in it (up to 200, those with the most rights first; `listRoomMembers` gives all), and its newest messages (up to 100). To everybody else
    /// it looks like a room that is not there.
    #[oai(path = "/api/rooms/:id", method = "get", operation_id = "getRoom")]
    async fn get(
        &self,
        rooms: Data<&Rooms>,
        caller: Caller,
        /// The room's id.
        id: Path<String>,
    ) -> Result<RawJson<RoomAnswer>, Fail<{ E401 | E403 | E404 | E429 | E503 }>> {
        Ok(rooms.details(&caller.actor, &parse_id(&id)?).await?)
    }

    /// Change a room
    ///
    /// For its owners. What is absent stays.
    #[oai(path = "/api/rooms/:id", method = "patch", operation_id = "editRoom")]
    async fn edit(
        &self,
        rooms: Data<&Rooms>,
        caller: Caller,
        /// The room's id.
        id: Path<String>,
        body: JsonBody<EditRoomBody>,
    ) -> Result<Json<RoomSummaryAnswer>, Fail<{ BODY | E401 | E404 | E429 | E503 }>> {
        rooms.limits.check_actor(Limit::RoomChanges, &caller.actor)?;
        let (room, who) = (parse_id(&id)?, caller.actor.member()?);
        let EditRoomBody { name, access, invite_role } = body.0;
        let name = name.as_deref().map(RoomName::parse).transpose()?;
        let (access, invite_role) = (access.map(Into::into), invite_role.map(Into::into));
        let change = Change { actor: caller.actor, room: room.clone(), name, access, invite_role };
        rooms.store.write(change, |tx, change| Box::pin(actions::change(tx, change))).await?;
        let room: Option<RoomBody> = queries::summary(rooms.store.reader(), &room, Some(&who)).await?;
        Ok(Json(RoomSummaryAnswer::new(room.ok_or_else(|| Error::not_found("room"))?)))
    }

    /// Delete a room
    ///
    /// For its owners. What was said there is gone for everybody.
    #[oai(path = "/api/rooms/:id", method = "delete", operation_id = "deleteRoom")]
    async fn delete(
        &self,
        rooms: Data<&Rooms>,
        caller: Caller,
        /// The room's id.
        id: Path<String>,
    ) -> Result<Json<Done>, Fail<{ UNSAFE | E401 | E404 | E429 | E503 }>> {
        rooms.limits.check_actor(Limit::RoomChanges, &caller.actor)?;
        let input = (caller.actor, parse_id(&id)?);
        rooms.store.write(input, |tx, (actor, room)| Box::pin(actions::delete(tx, actor, room))).await?;
        Ok(Json(Done::new()))
    }

    /// Join a room
    ///
    /// By the id of an open room, or after an invitation. Joining again changes nothing. Who was removed needs a new invitation
    /// (`invite_required`).
    #[oai(path = "/api/rooms/:id/join", method = "post", operation_id = "joinRoom")]
    async fn join(
        &self,
        rooms: Data<&Rooms>,
        caller: Caller,
        /// The room's id.
        id: Path<String>,
    ) -> Result<RawJson<RoomAnswer>, Fail<{ UNSAFE | E401 | E404 | E409 | E429 | E503 }>> {
        let room = parse_id(&id)?;
        rooms.join(&caller.actor, &room).await?;
        Ok(rooms.details(&caller.actor, &room).await?)
    }

    /// Leave a room
    ///
    /// Or decline an invitation to it. When the last owner leaves, the room passes to the moderator, or else the member, who has been there
    /// longest; with the last person it ends.
    #[oai(path = "/api/rooms/:id/leave", method = "post", operation_id = "leaveRoom")]
    async fn leave(
        &self,
        rooms: Data<&Rooms>,
        caller: Caller,
        /// The room's id.
        id: Path<String>,
    ) -> Result<Json<Done>, Fail<{ UNSAFE | E401 | E404 | E429 | E503 }>> {
        rooms.leave(&caller.actor, &parse_id(&id)?).await?;
        Ok(Json(Done::new()))
    }

    /// Invite somebody
    ///
    /// By a user or bot id, `email_<address>`, `discord_<id>`, `reddit_<id or name>`, a Discord id or a Reddit name. For who has no account
    /// yet the invitation waits until their first sign-in through that provider. The answer is the same whether there is such a person
    /// or not. Bots are members at once.
    #[oai(path = "/api/rooms/:id/invite", method = "post", operation_id = "inviteToRoom")]
    async fn invite(
        &self,
        rooms: Data<&Rooms>,
        caller: Caller,
        /// The room's id.
        id: Path<String>,
        body: JsonBody<InviteBody>,
    ) -> Result<Json<Done>, Fail<{ BODY | E401 | E404 | E429 | E503 }>> {
        rooms.limits.check_actor(Limit::Invites, &caller.actor)?;
        let (room, whom) = (parse_id(&id)?, Invitee::parse(&body.user_id)?);
        let invite = Invite { actor: caller.actor, room, whom, lifetime: rooms.rules.invite_lifetime.0 };
        rooms.store.write(invite, |tx, invite| Box::pin(actions::invite(tx, invite))).await?;
        Ok(Json(Done::new()))
    }

    /// Members of a room
    ///
    /// For its members: everybody who is in it, page by page in the order of ids.
    #[oai(path = "/api/rooms/:id/members", method = "get", operation_id = "listRoomMembers")]
    async fn members(
        &self,
        rooms: Data<&Rooms>,
        request: &Request,
        caller: Caller,
        /// The room's id.
        id: Path<String>,
        /// Members on the page, 1 to 200; more are taken as 200, which is also what there is unless given.
        limit: Query<Option<u64>>,
        /// Only members after the one with this id.
        after: Query<Option<String>>,
    ) -> Result<Json<MembersAnswer>, Fail<{ E400 | E401 | E403 | E404 | E429 | E503 }>> {
        require_once(request, &["limit", "after"])?;
        let limit = limit.0.unwrap_or(MAX_MEMBERS);
        if limit == 0 {
            return Err(Error::invalid("limit must be 1 to 200.").into());
        }
        let (room, after) = (parse_id(&id)?, after.0.as_deref());
        if after.is_some_and(|after| MemberId::parse(after).is_none()) {
            return Err(Error::invalid("after must be the id of a member.").into());
        }
        Ok(Json(queries::members_page(rooms.store.reader(), &caller.actor, &room, after, limit, &rooms.online).await?))
    }

    /// Remove a member
    ///
    /// For owners and moderators, who remove those with a lesser role; or takes back an invitation, by any form in which one can be made.
    /// Who was removed can come back only with a new invitation.
    #[oai(path = "/api/rooms/:id/members/:member", method = "delete", operation_id = "removeRoomMember")]
    async fn remove(
        &self,
        rooms: Data<&Rooms>,
        caller: Caller,
        /// The room's id.
        id: Path<String>,
        /// The member's id.
        member: Path<String>,
    ) -> Result<Json<Done>, Fail<{ UNSAFE | E401 | E404 | E429 | E503 }>> {
        rooms.limits.check_actor(Limit::RoomChanges, &caller.actor)?;
        let room = parse_id(&id)?;
        let whom = Invitee::parse(&member).map_err(|_| Error::not_found("member"));
        // Somebody outside learns nothing, not even what names a member.
        queries::require_seen(rooms.store.reader(), &caller.actor, &room).await?;
        let input = (caller.actor, room, whom?);
        rooms.store.write(input, |tx, (actor, room, whom)| Box::pin(actions::remove(tx, actor, room, whom))).await?;
        Ok(Json(Done::new()))
    }

    /// Change a member's role
    ///
    /// For owners. There is always an owner (`last_owner`), and bots are moderators at most.
    #[oai(path = "/api/rooms/:id/members/:member", method = "patch", operation_id = "editRoomMember")]
    async fn edit_member(
        &self,
        rooms: Data<&Rooms>,
        caller: Caller,
        /// The room's id.
        id: Path<String>,
        /// The member's id.
        member: Path<String>,
        body: JsonBody<EditMemberBody>,
    ) -> Result<Json<Done>, Fail<{ BODY | E401 | E404 | E409 | E429 | E503 }>> {
        rooms.limits.check_actor(Limit::RoomChanges, &caller.actor)?;
        let room = parse_id(&id)?;
        queries::require_seen(rooms.store.reader(), &caller.actor, &room).await?;
        let who = MemberId::parse(&member).ok_or_else(|| Error::not_found("member"))?;
        let input = (caller.actor, room, who, RoomRole::from(body.role));
        rooms.store.write(input, |tx, (actor, room, who, role)| Box::pin(actions::set_role(tx, actor, room, who, *role))).await?;
        Ok(Json(Done::new()))
    }

    /// Mark as read
    ///
    /// Up to the message at this place. It never goes back; whoever sends a message has read the room up to it.
    #[oai(path = "/api/rooms/:id/read", method = "post", operation_id = "markRoomRead")]
    async fn read(
        &self,
        rooms: Data<&Rooms>,
        caller: Caller,
        /// The room's id.
        id: Path<String>,
        body: JsonBody<ReadBody>,
    ) -> Result<Json<Done>, Fail<{ BODY | E401 | E404 | E429 | E503 }>> {
        rooms.read(&caller.actor, &parse_id(&id)?, body.seq).await?;
        Ok(Json(Done::new()))
    }
}
