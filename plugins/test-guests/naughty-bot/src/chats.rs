//! Misdeeds in rooms.

use openclaw_sdk::{chat, members, moderation, posts};

use crate::{Deed, Order, deeds};

pub const DEEDS: &[(&str, Deed)] = &[
    ("error", |_| Err("as you wish".to_owned())),
    ("huge-error", |_| Err("x".repeat(10 << 20))),
    ("send", |order| order.say(order.argument)),
    ("send-then-error", |order| order.say("this must not be said").and(Err("as you wish".to_owned()))),
    ("send-then-trap", |order| order.say("this must not be said").map(|()| deeds::act("trap"))),
    ("send-then-loop", |order| order.say("this must not be said").map(|()| deeds::act("loop"))),
    ("send-many", send_many),
    ("send-to", |order| order.two().and_then(|(room, text)| Ok(chat::send(room, text).map(drop)?))),
    ("huge-message", |order| order.say("x".repeat(100 << 20))),
    ("long-message", |order| order.say("x".repeat(4001))),
    ("empty-message", |order| order.say("")),
    // Another bot that is just as naughty hears the answer and answers it.
    ("reply-forever", |order| match order.message {
        Some(message) => Ok(chat::reply(message, &message.body).map(drop)?),
        None => order.say("naughty reply-forever"),
    }),
    ("edit-own", |order| {
        let id = chat::send(order.room, "before")?;
        Ok(chat::edit(&id, "after")?)
    }),
    ("delete-own", |order| {
        let id = chat::send(order.room, "this goes away")?;
        Ok(chat::delete(&id)?)
    }),
    ("edit-other", |order| Ok(chat::edit(order.argument, "edited by a naughty bot")?)),
    ("delete-other", |order| Ok(moderation::delete_message(order.argument)?)),
    ("react", |order| order.two().and_then(|(id, emoji)| Ok(chat::react(id, emoji)?))),
    ("unreact", |order| order.two().and_then(|(id, emoji)| Ok(chat::unreact(id, emoji)?))),
    ("react-briefly", |order| {
        let id = &order.message()?.id;
        chat::react(id, order.argument)?;
        Ok(chat::unreact(id, order.argument)?)
    }),
    ("delete-this", |order| Ok(moderation::delete_message(&order.message()?.id)?)),
    ("remove-author", |order| Ok(moderation::remove_member(order.room, &order.message()?.author.id)?)),
    ("remove", |order| Ok(moderation::remove_member(order.room, order.argument)?)),
    ("members-of", |order| {
        let names = members::all(order.argument).map(|all| all.into_iter().map(|each| each.member.name).collect::<Vec<_>>().join(", "));
        order.say(names.map_or_else(|error| format!("error: {error:?}"), |names| format!("members: {names}")))
    }),
    ("rooms", |order| {
        let names: Vec<_> = chat::rooms()?.into_iter().map(|room| room.name).collect();
        order.say(format!("rooms: {}", names.join(", ")))
    }),
    ("read-room", |order| {
        let bodies =
            chat::latest(order.argument, 200).map(|all| all.into_iter().map(|message| message.body).collect::<Vec<_>>().join(", "));
        order.say(bodies.map_or_else(|error| format!("error: {error:?}"), |bodies| format!("messages: {bodies}")))
    }),
    ("post", |order| Ok(posts::create(order.argument, "written by a naughty bot").map(drop)?)),
    ("delete-post", |order| Ok(posts::delete(order.argument)?)),
];

/// Goes on although it is told to stop, and says nothing of that.
fn send_many(order: &Order) -> Result<(), String> {
    let count: u32 = order.argument.parse().map_err(|_| "how many?".to_owned())?;
    let results: Vec<_> = (1..=count).map(|number| chat::send(order.room, format!("number {number}"))).collect();
    let refused = results.into_iter().find_map(Result::err);
    refused.map_or(Ok(()), |error| {
        openclaw_sdk::log::warn(&format!("refused: {error:?}"));
        Ok(())
    })
}
