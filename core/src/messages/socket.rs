//! Messages over sockets: the same as over HTTP.

use std::{collections::HashSet, sync::Arc};

use super::{
    actions::Target,
    http::Messages,
    model::Shown,
    queries::{self, Page, Range},
    requests::NewMessageBody,
};
use crate::{
    error::{Error, Kind, Result},
    ids::{MessageId, RoomId},
    realtime::{
        handlers::{Effect, Handlers},
        peer::Peer,
        protocol::{MessageDelete, MessageEdit, MessageHistory, MessageReact, MessageSend, Resume},
    },
    rooms::http::parse_id,
};

/// Most rooms that can be resumed at once.
const MAX_RESUMED: usize = 1000;
/// An answer to `resume` of so many bytes is long enough; for the rooms that are left the client asks again.
const LONG_ANSWER: usize = 256 << 10;
/// So many rooms of a `resume` cost as much as an event by itself; once a socket has no more to spend, the client asks again for the rest.
const ROOMS_FOR_ONE: usize = 50;

/// Adds the events of this slice.
pub fn add(handlers: Handlers, messages: &Messages) -> Handlers {
    let with = || messages.clone();
    let (sending, editing, deleting, reacting, showing, resuming) = (with(), with(), with(), with(), with(), with());
    handlers
        .on_json(Effect::Changes, move |peer, event: MessageSend| send(sending.clone(), peer, event))
        .on_json(Effect::Changes, move |peer, event: MessageEdit| edit(editing.clone(), peer, event))
        .on_json(Effect::Changes, move |peer, event: MessageDelete| delete(deleting.clone(), peer, event))
        .on_json(Effect::Changes, move |peer, event: MessageReact| react(reacting.clone(), peer, event))
        .on_json(Effect::Reads, move |peer, event: MessageHistory| history(showing.clone(), peer, event))
        .on_json(Effect::Reads, move |peer, event: Resume| resume(resuming.clone(), peer, event))
}

async fn send(messages: Messages, peer: Arc<Peer>, event: MessageSend) -> Result<String> {
    let MessageSend { room_id, body, reply_to, attachments, client_id } = event;
    let new = NewMessageBody { body, reply_to, attachments, client_id };
    let (room, name) = (parse_id(&room_id)?, peer.name(messages.store.reader()).await?);
    Ok(messages.send(peer.who.actor.clone(), name, room, new).await?.answer())
}

async fn edit(messages: Messages, peer: Arc<Peer>, event: MessageEdit) -> Result<String> {
    let name = peer.name(messages.store.reader()).await?;
    Ok(answer(&messages.edit(target(&peer, &event.message_id)?, name, event.body).await?))
}

async fn delete(messages: Messages, peer: Arc<Peer>, event: MessageDelete) -> Result<String> {
    Ok(answer(&messages.delete(target(&peer, &event.message_id)?).await?))
}

async fn react(messages: Messages, peer: Arc<Peer>, event: MessageReact) -> Result<String> {
    let target = target(&peer, &event.message_id)?;
    Ok(answer(&messages.react(target, &event.emoji, event.on).await?))
}

async fn history(messages: Messages, peer: Arc<Peer>, event: MessageHistory) -> Result<String> {
    let range = match (event.before, event.after) {
        (None, None) => Range::Latest,
        (Some(seq), None) => Range::Before(seq),
        (None, Some(seq)) => Range::After(seq),
        (Some(_), Some(_)) => return Err(Error::invalid("before and after cannot be asked for at once.")),
    };
    let limit = event.limit.unwrap_or(queries::DEFAULT_LIMIT);
    if limit == 0 {
        return Err(Error::invalid("limit must be at least 1."));
    }
    let room = parse_id(&event.room_id)?;
    Ok(queries::page(messages.store.reader(), &peer.who.actor, &room, range, limit).await?.answer())
}

/// What was missed, room by room. Rooms that one is not in any more are left out.
async fn resume(messages: Messages, peer: Arc<Peer>, event: Resume) -> Result<String> {
    if event.rooms.len() > MAX_RESUMED {
        return Err(Error::invalid(format!("rooms must have at most {MAX_RESUMED} entries.")));
    }
    let (mut bytes, mut enough, mut rooms) = (0, false, Vec::new());
    for (number, (id, rev)) in heard(&peer, &event).into_iter().enumerate() {
        // The first ones are paid for by the event itself.
        let to_pay = number > 0 && number % ROOMS_FOR_ONE == 0;
        enough |= bytes >= LONG_ANSWER || (to_pay && !peer.spend_more());
        let page = match missed(&messages, &peer, &id, rev, enough).await {
            Err(error) if error.kind == Kind::NotFound => continue,
            page => page?,
        };
        bytes += page.json.len();
        rooms.push(format!(r#"{{"roomId":"{id}","messages":[{}],"more":{}}}"#, page.json, page.more));
    }
    Ok(format!(r#"{{"ok":true,"rooms":[{}]}}"#, rooms.join(",")))
}

/// The rooms of a `resume` that are worth asking the database for: those that the socket hears, once each.
fn heard(peer: &Peer, event: &Resume) -> Vec<(RoomId, u64)> {
    let mut once = HashSet::new();
    let known = event.rooms.iter().filter_map(|asked| Some((RoomId::parse(&asked.room_id)?, asked.rev)));
    known.filter(|(id, _)| peer.hears(id) && once.insert(id.clone())).collect()
}

/// What was missed in one room; nothing, and that there is more, once it is enough.
async fn missed(messages: &Messages, peer: &Peer, room: &RoomId, rev: u64, enough: bool) -> Result<Page> {
    if enough {
        return Ok(Page { json: String::new(), more: true });
    }
    queries::page(messages.store.reader(), &peer.who.actor, room, Range::ChangedSince(rev), queries::DEFAULT_LIMIT).await
}

fn target(peer: &Peer, id: &str) -> Result<Target> {
    let message = MessageId::parse(id).ok_or_else(|| Error::not_found("message"))?;
    Ok(Target { actor: peer.who.actor.clone(), message, room: None })
}

fn answer(shown: &Shown) -> String {
    format!(r#"{{"ok":true,"message":{}}}"#, shown.json)
}
