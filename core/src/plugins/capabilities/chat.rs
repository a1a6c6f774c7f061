//! `chat-read` and `chat-write`: rooms and messages.

use wasmtime::Result;

use super::{Effect, Session, convert, turns::TooMuch};
use crate::{
    error::Error as AppError,
    ids::{MessageId, RoomId},
    messages::{
        actions::{Send, Target},
        model::{Content, Emoji},
        queries::{self, MAX_LIMIT, Range as OwnRange},
    },
    plugins::{
        bindings::bot::openclaw::{
            chat::{
                chat_read::{self, Range},
                chat_write::{self, Outgoing},
            },
            types::types::{Error, Message, Room},
        },
        state::GuestState,
    },
    rooms::{self, requests::RoomBody},
};

/// Most rooms in a list, as its interface says: those with the latest messages.
const LISTED: usize = 1000;

impl Session {
    /// A room that the bot is in.
    pub(super) fn room(&self, id: &str) -> Result<RoomId, Error> {
        RoomId::parse(id).filter(|room| self.host.heard.hears(room)).ok_or(Error::NotFound)
    }

    /// Takes the turn for a message that is to be said in `room`.
    fn take_turn(&mut self, room: &RoomId) -> Result<(), Error> {
        self.require_effect()?;
        let Err(too_much) = self.turns.take_message(room) else { return Ok(()) };
        let (shortage, most) = (self.turns.short_of_messages(room), self.host.limits.messages);
        Err(match too_much {
            TooMuch::OfBot => self.short_of(shortage, "messages", format!("it may say {most} things a second in a room (limits.messages)")),
            TooMuch::OfRoom => {
                self.short_of(shortage, "room_messages", "bots have said too much in this room and are silent there for a while")
            }
        })
    }

    /// Says something in `room` when the call ends well. The id that it will have.
    pub fn say(&mut self, room: RoomId, content: Content, reply_to: Option<MessageId>) -> Result<MessageId, Error> {
        self.take_turn(&room)?;
        let id = MessageId::new(self.now, self.host.store.random());
        let (actor, author_name) = (self.host.actor.clone(), self.host.bot.name.as_str().to_owned());
        let send = Send { id: Some(id.clone()), actor, author_name, room, content, reply_to, client_id: None };
        self.push(Effect::Send(Box::new(send)))?;
        Ok(id)
    }

    fn send(&mut self, message: Outgoing) -> Result<String, Error> {
        let room = self.room(&message.room_id)?;
        let content = Content::parse(message.body, &message.attachments, &self.host.files_at).map_err(convert::error)?;
        let unknown = || Error::Invalid("reply-to must be the id of a message".to_owned());
        let reply_to = message.reply_to.map(|id| MessageId::parse(&id).ok_or_else(unknown)).transpose()?;
        Ok(self.say(room, content, reply_to)?.to_string())
    }

    /// A message, for whoever is to do something to it later. Whether it is there turns out then.
    pub fn target(&self, message: &str) -> Result<Target, Error> {
        let message = MessageId::parse(message).ok_or_else(|| Error::Invalid("message-id must be the id of a message".to_owned()))?;
        Ok(Target { actor: self.host.actor.clone(), message, room: None })
    }

    async fn list(&self) -> Result<Vec<Room>, Error> {
        let (host, now) = (self.host.clone(), self.now);
        let read = async move {
            let hears = |room: &RoomBody| RoomId::parse(&room.id).is_some_and(|room| host.heard.hears(&room));
            rooms::queries::every(host.store.reader(), &host.actor, now, LISTED, hears).await
        };
        let mut rooms = self.host.outside(read).await.map_err(convert::error)?;
        rooms.sort_by(|one, other| one.created_at.cmp(&other.created_at));
        Ok(rooms.into_iter().map(convert::room).collect())
    }

    async fn page(&self, room: &str, range: Range, limit: u32) -> Result<Vec<Message>, Error> {
        let room = self.room(room)?;
        let range = match range {
            Range::Latest => OwnRange::Latest,
            Range::Before(seq) => OwnRange::Before(seq),
            Range::After(seq) => OwnRange::After(seq),
        };
        let (store, actor, limit) = (self.host.store.clone(), self.host.actor.clone(), u64::from(limit).clamp(1, MAX_LIMIT));
        let read = async move { queries::page(store.reader(), &actor, &room, range, limit).await?.bodies() };
        let bodies = self.host.outside(read).await.map_err(convert::error)?;
        Ok(bodies.into_iter().map(convert::message).collect())
    }

    async fn message(&self, id: &str) -> Result<Message, Error> {
        let id = MessageId::parse(id).ok_or(Error::NotFound)?;
        let store = self.host.store.clone();
        let shown = self.host.outside(async move { queries::by_id(store.reader(), &id).await }).await.map_err(convert::error)?;
        let message = shown.map(|shown| shown.message).filter(|message| self.host.heard.hears(&message.room));
        Ok(convert::message(message.ok_or(Error::NotFound)?.body()))
    }
}

impl chat_read::Host for GuestState {
    async fn list_rooms(&mut self) -> Result<Result<Vec<Room>, Error>> {
        let session = self.session()?;
        session.told(session.list().await)
    }

    async fn get_room(&mut self, id: String) -> Result<Result<Room, Error>> {
        let session = self.session()?;
        let room = match session.room(&id) {
            Ok(room) => room,
            Err(error) => return session.told(Err(error)),
        };
        let (store, who) = (session.host.store.clone(), session.host.member());
        let read =
            async move { rooms::queries::summary(store.reader(), &room, Some(&who)).await?.ok_or_else(|| AppError::not_found("room")) };
        session.told(session.host.outside(read).await.map(convert::room).map_err(convert::error))
    }

    async fn list_messages(&mut self, room_id: String, range: Range, limit: u32) -> Result<Result<Vec<Message>, Error>> {
        let session = self.session()?;
        session.told(session.page(&room_id, range, limit).await)
    }

    async fn get_message(&mut self, id: String) -> Result<Result<Message, Error>> {
        let session = self.session()?;
        session.told(session.message(&id).await)
    }
}

impl chat_write::Host for GuestState {
    async fn send(&mut self, message: Outgoing) -> Result<Result<String, Error>> {
        let session = self.session()?;
        let sent = session.send(message);
        session.told(sent)
    }

    async fn edit(&mut self, message_id: String, body: String) -> Result<Result<(), Error>> {
        let session = self.session()?;
        let edit = || {
            let target = session.target(&message_id)?;
            Content::new(body.clone(), Vec::new()).map_err(convert::error)?;
            Ok(Effect::Edit(target, body))
        };
        let edited = edit().and_then(|effect| session.push(effect));
        session.told(edited)
    }

    async fn delete(&mut self, message_id: String) -> Result<Result<(), Error>> {
        let session = self.session()?;
        let deleted = session.target(&message_id).and_then(|target| session.push(Effect::Delete(target)));
        session.told(deleted)
    }

    async fn react(&mut self, message_id: String, emoji: String, on: bool) -> Result<Result<(), Error>> {
        let session = self.session()?;
        let react = || Ok(Effect::React(session.target(&message_id)?, Emoji::parse(&emoji).map_err(convert::error)?, on));
        let reacted = react().and_then(|effect| session.push(effect));
        session.told(reacted)
    }
}
