//! `members` and `moderation`: who is in a room, and keeping order there.

use wasmtime::Result;

use super::{Effect, Session, convert};
use crate::{
    error::Error as AppError,
    ids::MemberId,
    plugins::{
        bindings::bot::openclaw::{
            members::{
                members::{self, Membership},
                moderation,
            },
            types::types::{Error, Member},
        },
        state::GuestState,
    },
    rooms::{self, model::RoomRole, requests::MemberBody},
};

/// Most members at once.
const MAX_MEMBERS: u64 = 200;

/// The word for a role.
pub const fn role_word(role: RoomRole) -> &'static str {
    match role {
        RoomRole::Owner => "owner",
        RoomRole::Moderator => "moderator",
        RoomRole::Member => "member",
    }
}

fn membership(body: MemberBody) -> Membership {
    let member = Member { id: body.id, name: body.username, is_bot: body.is_bot };
    Membership { member, role: role_word(body.role.into()).to_owned(), online: body.online }
}

impl Session {
    async fn members(&self, room: &str, after: Option<String>, limit: u32) -> Result<Vec<Membership>, Error> {
        let (room, limit) = (self.room(room)?, u64::from(limit).clamp(1, MAX_MEMBERS));
        let (store, online) = (self.host.store.clone(), self.host.online.clone());
        let read = async move { rooms::queries::members(store.reader(), &room, after.as_deref(), limit, &online).await };
        let bodies = self.host.outside(read).await.map_err(convert::error)?;
        Ok(bodies.into_iter().map(membership).collect())
    }

    async fn membership(&self, room: &str, who: &str) -> Result<Membership, Error> {
        let (room, who) = (self.room(room)?, MemberId::parse(who).ok_or(Error::NotFound)?);
        let (store, online) = (self.host.store.clone(), self.host.online.clone());
        let read =
            async move { rooms::queries::member(store.reader(), &room, &who, &online).await?.ok_or_else(|| AppError::not_found("member")) };
        self.host.outside(read).await.map(membership).map_err(convert::error)
    }
}

impl members::Host for GuestState {
    async fn list_members(&mut self, room_id: String, after: Option<String>, limit: u32) -> Result<Result<Vec<Membership>, Error>> {
        let session = self.session()?;
        session.told(session.members(&room_id, after, limit).await)
    }

    async fn get_membership(&mut self, room_id: String, member_id: String) -> Result<Result<Membership, Error>> {
        let session = self.session()?;
        session.told(session.membership(&room_id, &member_id).await)
    }
}

impl moderation::Host for GuestState {
    async fn remove_member(&mut self, room_id: String, member_id: String) -> Result<Result<(), Error>> {
        let session = self.session()?;
        let remove = || {
            let (room, who) = (session.room(&room_id)?, MemberId::parse(&member_id).ok_or(Error::NotFound)?);
            Ok(Effect::Remove { actor: session.host.actor.clone(), room, who })
        };
        let removed = remove().and_then(|effect| session.push(effect));
        session.told(removed)
    }

    async fn delete_message(&mut self, message_id: String) -> Result<Result<(), Error>> {
        let session = self.session()?;
        let deleted = session.target(&message_id).and_then(|target| session.push(Effect::Delete(target)));
        session.told(deleted)
    }
}
