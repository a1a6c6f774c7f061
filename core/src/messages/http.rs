//! `/api/rooms/{id}/messages`: what is said in rooms.

use std::sync::Arc;

use poem::Request;
use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};
use url::Url;

use super::{
    actions::{self, Send, Target},
    gate::{Draft, Gate, Ran, Turn},
    model::{ClientId, Content, Emoji, Shown},
    queries::{self, DEFAULT_LIMIT, Page, Range},
    requests::{EditMessageBody, MessageAnswer, MessagesAnswer, NewMessageBody, SentAnswer},
};
use crate::{
    actor::Actor,
    bots::model::Ability,
    error::{Error, Result as AppResult},
    http::{
        auth::Caller,
        body::JsonBody,
        data::Data,
        fail::{BODY, E400, E401, E403, E404, E409, E429, E503, Fail, UNSAFE},
        payload::RawJson,
        query::require_once,
        rate::{Limit, Limits},
    },
    ids::{MessageId, RoomId},
    rooms::{self, http::parse_id},
    store::Store,
};

/// The operations on messages.
pub struct Api;

/// What the operations work with.
#[derive(Clone)]
pub struct Messages {
    /// The database.
    pub store: Store,
    /// How often, over HTTP and sockets together.
    pub limits: Limits,
    /// Where our own files are.
    pub files_at: Url,
    /// Who looks at what is about to be said.
    pub gate: Arc<dyn Gate>,
}

/// What came of something that somebody wanted to say.
#[derive(Debug, Clone)]
pub enum Sent {
    /// It was said.
    Said(Shown),
    /// It was a command.
    Ran(Ran),
}

impl Sent {
    /// The answer as JSON.
    pub fn answer(&self) -> String {
        match self {
            Self::Said(shown) => format!(r#"{{"ok":true,"message":{}}}"#, shown.json),
            Self::Ran(Ran { command, bot, for_all, shown }) => {
                let audience = if *for_all { "room" } else { "caller" };
                let ran = format!(r#"{{"name":"{command}","botId":"{bot}","audience":"{audience}"}}"#);
                format!(r#"{{"ok":true,"message":{},"command":{ran}}}"#, shown.json)
            }
        }
    }
}

impl Messages {
    /// Sends a message, or runs a command.
    ///
    /// # Errors
    /// Those of [`actions::send`], of the [`Gate`], `rate_limited`, and `invalid_request` naming a field.
    pub async fn send(&self, actor: Actor, author_name: String, room: RoomId, new: NewMessageBody) -> AppResult<Sent> {
        self.limits.check_actor(Limit::Messages, &actor)?;
        let client_id = new.client_id.as_deref().map(ClientId::parse).transpose()?;
        let NewMessageBody { body, attachments, reply_to, .. } = new;
        let unknown = || Error::invalid("replyTo must be the id of a message in this room.");
        let reply_to = reply_to.map(|id| MessageId::parse(&id).ok_or_else(unknown)).transpose()?;
        let (body, may_be_command) = typed(&actor, body);
        let mut draft = Draft { actor, author_name, room, body, reply_to, attachments, editing: None, client_id };
        Content::parse(draft.body.clone(), &draft.attachments, &self.files_at)?;
        draft.actor.require(Ability::Write, &draft.room)?;
        let turn = self.gate.turn(&draft).await;
        // Where nobody looks, writing it finds out by itself.
        let looked_at = turn.is_some() || may_be_command;
        if looked_at && let Some(sent) = self.earlier(&draft, may_be_command).await? {
            return Ok(sent);
        }
        draft.body = self.gate.look(&draft).await?;
        // A command takes its time, and its answer is not its author's.
        let turn = if may_be_command { None } else { turn };
        // Only what was typed as a command is one, whatever somebody who looked at it made of it.
        if may_be_command && let Some(ran) = self.gate.command(&draft).await? {
            return Ok(Sent::Ran(ran));
        }
        let said = self.say(draft).await;
        drop(turn);
        said.map(Sent::Said)
    }

    /// What came of it when it was sent before under the same name of the client's: it is neither looked at nor said again.
    async fn earlier(&self, draft: &Draft, may_be_command: bool) -> AppResult<Option<Sent>> {
        let Some(client_id) = &draft.client_id else { return Ok(None) };
        let author = draft.actor.member()?;
        let Some(said) = queries::earlier(self.store.reader(), &draft.room, &author, client_id).await? else {
            return Ok(if may_be_command { self.gate.repeated(draft).await?.map(Sent::Ran) } else { None });
        };
        rooms::queries::standing(self.store.reader(), &draft.room, &author).await?;
        Ok(Some(Sent::Said(said)))
    }

    async fn say(&self, draft: Draft) -> AppResult<Shown> {
        let Draft { actor, author_name, room, body, reply_to, attachments, client_id, .. } = draft;
        let content = Content::parse(body, &attachments, &self.files_at)?;
        let send = Send { id: None, actor, author_name, room, content, reply_to, client_id };
        self.store.write(send, |tx, send| Box::pin(actions::send(tx, send))).await
    }

    /// Changes the text of a message.
    ///
    /// # Errors
    /// Those of [`actions::edit`], and `rate_limited`.
    pub async fn edit(&self, target: Target, author_name: String, body: String) -> AppResult<Shown> {
        self.limits.check_actor(Limit::MessageChanges, &target.actor)?;
        let (body, turn) = self.looked_at(&target, author_name, body).await?;
        let edited = self.store.write((target, body), |tx, (target, body)| Box::pin(actions::edit(tx, target, body))).await;
        drop(turn);
        edited
    }

    /// The text that a message is to have, after those who look at it first have done so, and the author's turn to give it that.
    async fn looked_at(&self, target: &Target, author_name: String, body: String) -> AppResult<(String, Option<Turn>)> {
        let found = queries::by_id(self.store.reader(), &target.message).await?;
        // What is not there, or in another room than was said, is refused by the action.
        let here = |message: &Shown| target.room.as_ref().is_none_or(|room| room == &message.message.room);
        let Some(message) = found.filter(here) else { return Ok((body, None)) };
        let draft = Draft {
            actor: target.actor.clone(),
            author_name,
            room: message.message.room,
            body,
            reply_to: message.message.reply_to,
            attachments: message.message.content.attachments,
            editing: Some(target.message.clone()),
            client_id: None,
        };
        let turn = self.gate.turn(&draft).await;
        let body = self.gate.look(&draft).await.map_err(|error| actions::unseen(target, error))?;
        Ok((body, turn))
    }

    /// Deletes a message.
    ///
    /// # Errors
    /// Those of [`actions::delete`], and `rate_limited`.
    pub async fn delete(&self, target: Target) -> AppResult<Shown> {
        self.limits.check_actor(Limit::MessageChanges, &target.actor)?;
        self.store.write(target, |tx, target| Box::pin(actions::delete(tx, target))).await
    }

    /// Puts a reaction on a message, or takes it away.
    ///
    /// # Errors
    /// Those of [`actions::react`], `rate_limited`, and `invalid_request` for what is no emoji.
    pub async fn react(&self, target: Target, emoji: &str, on: bool) -> AppResult<Shown> {
        self.limits.check_actor(Limit::MessageChanges, &target.actor)?;
        let input = (target, Emoji::parse(emoji)?, on);
        self.store.write(input, |tx, (target, emoji, on)| Box::pin(actions::react(tx, target, emoji, *on))).await
    }

    /// A page of messages.
    ///
    /// # Errors
    /// Those of [`queries::page`].
    pub async fn page(&self, actor: &Actor, room: &RoomId, range: Range, limit: u64) -> AppResult<Page> {
        queries::page(self.store.reader(), actor, room, range, limit).await
    }
}

/// What somebody typed, and whether it may be a command. Two slashes at its beginning stand for one that is said, with or without bots.
/// Bots run no commands, and what they write is said as it is.
fn typed(actor: &Actor, body: String) -> (String, bool) {
    if !matches!(actor, Actor::User { .. }) {
        return (body, false);
    }
    if let Some(said) = body.strip_prefix("//") {
        return (format!("/{said}"), false);
    }
    let may_be_command = body.starts_with('/');
    (body, may_be_command)
}

fn answer(shown: &Shown) -> RawJson<MessageAnswer> {
    RawJson::new(format!(r#"{{"ok":true,"message":{}}}"#, shown.json))
}

/// The message of a path.
fn target(caller: Caller, room: &str, message: &str) -> AppResult<Target> {
    let room = parse_id(room)?;
    // So that who is outside the room is told the same as of one that is there.
    let message = MessageId::parse(message).unwrap_or_else(MessageId::of_none);
    Ok(Target { actor: caller.actor, message, room: Some(room) })
}

/// What part of a room is wanted.
fn range(before: Option<u64>, after: Option<u64>, changed_since: Option<u64>) -> AppResult<Range> {
    match (before, after, changed_since) {
        (None, None, None) => Ok(Range::Latest),
        (Some(seq), None, None) => Ok(Range::Before(seq)),
        (None, Some(seq), None) => Ok(Range::After(seq)),
        (None, None, Some(rev)) => Ok(Range::ChangedSince(rev)),
        _ => Err(Error::invalid("before, after and changedSince exclude each other.")),
    }
}

#[OpenApi(tag = "crate::http::docs::Part::Rooms")]
impl Api {
    /// Messages of a room
    ///
    /// For its members. Without parameters: the newest, oldest of them first. `before` and `after` go on from the `seq` of a message.
    /// `changedSince` gives the present state of all messages that were changed after that `rev`, in the order of `rev`: whoever asks with
    /// the last `rev` they saw until `more` is `false` has missed nothing.
    #[oai(path = "/api/rooms/:id/messages", method = "get", operation_id = "listMessages")]
    #[allow(clippy::too_many_arguments, reason = "each is a parameter of the operation")]
    async fn list(
        &self,
        messages: Data<&Messages>,
        request: &Request,
        caller: Caller,
        /// The room's id.
        id: Path<String>,
        /// Messages on the page, 1 to 200; more are taken as 200. Unless given, 100.
        limit: Query<Option<u64>>,
        /// Only messages before the one at this place.
        before: Query<Option<u64>>,
        /// Only messages after the one at this place.
        after: Query<Option<u64>>,
        /// Only messages that were changed after this `rev`.
        #[oai(name = "changedSince")]
        changed_since: Query<Option<u64>>,
    ) -> Result<RawJson<MessagesAnswer>, Fail<{ E400 | E401 | E403 | E404 | E429 | E503 }>> {
        require_once(request, &["limit", "before", "after", "changedSince"])?;
        let range = range(before.0, after.0, changed_since.0)?;
        let limit = limit.0.unwrap_or(DEFAULT_LIMIT);
        if limit == 0 {
            return Err(Error::invalid("limit must be 1 to 200.").into());
        }
        let page = messages.page(&caller.actor, &parse_id(&id)?, range, limit).await?;
        Ok(RawJson::new(page.answer()))
    }

    /// Send a message
    ///
    /// With a `clientId` a message may safely be sent again: the first one comes back. So does what a command said in the room; one that
    /// said nothing there is run again.
    ///
    /// Where a bot has commands, a text that begins with a slash is one (`/roll 6`; see `GET /api/commands`), and is run, not said. The
    /// answer then has `command`, and `message` is the bot's answer; one for the caller alone is not stored, its `seq` is 0. A text that
    /// begins with two slashes is said without the first of them, whether there are commands in the room or not. Bots run no commands: what
    /// they write is said as it is.
    #[oai(path = "/api/rooms/:id/messages", method = "post", operation_id = "sendMessage")]
    async fn send(
        &self,
        messages: Data<&Messages>,
        caller: Caller,
        /// The room's id.
        id: Path<String>,
        body: JsonBody<NewMessageBody>,
    ) -> Result<RawJson<SentAnswer>, Fail<{ BODY | E401 | E403 | E404 | E409 | E429 | E503 }>> {
        let room = parse_id(&id)?;
        Ok(RawJson::new(messages.send(caller.actor, caller.name, room, body.0).await?.answer()))
    }

    /// Edit a message
    ///
    /// For its author.
    #[oai(path = "/api/rooms/:id/messages/:message", method = "patch", operation_id = "editMessage")]
    async fn edit(
        &self,
        messages: Data<&Messages>,
        caller: Caller,
        /// The room's id.
        id: Path<String>,
        /// The message's id.
        message: Path<String>,
        body: JsonBody<EditMessageBody>,
    ) -> Result<RawJson<MessageAnswer>, Fail<{ BODY | E401 | E403 | E404 | E429 | E503 }>> {
        let name = caller.name.clone();
        Ok(answer(&messages.edit(target(caller, &id, &message)?, name, body.0.body).await?))
    }

    /// Delete a message
    ///
    /// For its author, for owners and moderators of the room, and for admins. Its place remains, without what it said.
    #[oai(path = "/api/rooms/:id/messages/:message", method = "delete", operation_id = "deleteMessage")]
    async fn delete(
        &self,
        messages: Data<&Messages>,
        caller: Caller,
        /// The room's id.
        id: Path<String>,
        /// The message's id.
        message: Path<String>,
    ) -> Result<RawJson<MessageAnswer>, Fail<{ UNSAFE | E401 | E404 | E429 | E503 }>> {
        Ok(answer(&messages.delete(target(caller, &id, &message)?).await?))
    }

    /// React to a message
    ///
    /// With one emoji. Doing it again changes nothing. A message has at most 20 different ones (`too_many_reactions`).
    #[oai(path = "/api/rooms/:id/messages/:message/reactions/:emoji", method = "put", operation_id = "addReaction")]
    async fn react(
        &self,
        messages: Data<&Messages>,
        caller: Caller,
        /// The room's id.
        id: Path<String>,
        /// The message's id.
        message: Path<String>,
        /// The emoji.
        emoji: Path<String>,
    ) -> Result<RawJson<MessageAnswer>, Fail<{ BODY | E401 | E404 | E409 | E429 | E503 }>> {
        Ok(answer(&messages.react(target(caller, &id, &message)?, &emoji, true).await?))
    }

    /// Take a reaction back
    ///
    /// One's own. Doing it again changes nothing.
    #[oai(path = "/api/rooms/:id/messages/:message/reactions/:emoji", method = "delete", operation_id = "removeReaction")]
    async fn unreact(
        &self,
        messages: Data<&Messages>,
        caller: Caller,
        /// The room's id.
        id: Path<String>,
        /// The message's id.
        message: Path<String>,
        /// The emoji.
        emoji: Path<String>,
    ) -> Result<RawJson<MessageAnswer>, Fail<{ BODY | E401 | E404 | E429 | E503 }>> {
        Ok(answer(&messages.react(target(caller, &id, &message)?, &emoji, false).await?))
    }
}
