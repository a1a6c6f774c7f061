//! What a bot is called with, made up.

use super::{now, with};
use crate::{Change, Context, Event, Member, Message, Room};

/// Something that happens now, told for the first time.
pub fn event() -> Event {
    Event { id: "event-1".to_owned(), time: now().to_string(), attempt: 1 }
}

/// What somebody did, in one word.
pub fn change(what: &str, by: &str) -> Change {
    Change { what: what.to_owned(), by: Some(member(by)), emoji: None }
}

/// A person of this name, whose id is made of it.
pub fn member(name: &str) -> Member {
    Member { id: format!("usr-{}", name.to_lowercase()), name: name.to_owned(), is_bot: false }
}

/// A room of this id, to which the bot now belongs.
pub fn room(id: &str) -> Room {
    let room = Room { id: id.to_owned(), name: "Lounge".to_owned(), access: "open".to_owned(), last_seq: 0, role: "member".to_owned() };
    with(|host| host.rooms.push(room.clone()));
    room
}

/// Something that somebody just said in a room, and that can be read there from now on.
pub fn message(room_id: &str, author: &str, body: &str) -> Message {
    let created_at = now().to_string();
    with(|host| {
        let seq = host.messages.iter().filter(|message| message.room_id == room_id).count() as u64 + 1;
        let message = Message {
            id: format!("m-{}", host.messages.len() + 1),
            room_id: room_id.to_owned(),
            seq,
            author: member(author),
            body: body.to_owned(),
            reply_to: None,
            attachments: Vec::new(),
            reactions: Vec::new(),
            created_at,
            edited_at: None,
            deleted: false,
        };
        host.messages.push(message.clone());
        message
    })
}

/// A command that somebody, with this role, types in a room.
pub fn context(room_id: &str, caller: &str, role: &str) -> Context {
    Context {
        id: "c-1".to_owned(),
        room_id: room_id.to_owned(),
        room_name: "Lounge".to_owned(),
        caller: member(caller),
        role: role.to_owned(),
        time: now().to_string(),
        reply_to: None,
        attachments: Vec::new(),
    }
}
