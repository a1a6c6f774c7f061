//! Misdeeds in rooms.

// For languages whose own clock needs more than a plugin gets; those in Rust have one, so the SDK has nothing of it.
use openclaw_sdk::bindings::bot::openclaw::clock::clock;
use openclaw_sdk::{Error, Message, Post, Time, chat, members, moderation, posts};

use crate::{Deed, Order, deeds};

pub const DEEDS: &[(&str, Deed)] = &[
    ("error", |_| Err("as you wish".to_owned())),
    ("huge-error", |_| Err("x".repeat(10 << 20))),
    ("send", |order| order.say(order.argument)),
    ("send-then-error", |order| order.say("this must not be said").and(Err("as you wish".to_owned()))),
    ("send-then-trap", |order| order.say("this must not be said").map(|()| deeds::act("trap"))),
    ("send-then-loop", |order| order.say("this must not be said").map(|()| deeds::act("loop"))),
    ("send-many", send_many),
    ("send-many-then-error", |order| send_many(order).and(Err("as you wish".to_owned()))),
    // As a guest does in whose language an error that nobody catches ends the program.
    ("send-or-trap", |order| {
        let refused = (1..=order.count()?).any(|number| chat::send(order.room, format!("number {number}")).is_err());
        if refused {
            deeds::act("trap");
        }
        Ok(())
    }),
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
    ("members-of", |order| tell(order, members::all(order.argument), |all| format!("members: {}", listed(all, |each| each.member.name)))),
    ("get-member", |order| {
        let (room, who) = order.two()?;
        tell(order, members::member(room, who), |found| format!("{} is {}", found.member.name, found.role))
    }),
    ("rooms", |order| order.say(format!("rooms: {}", listed(chat::rooms()?, |room| room.name)))),
    ("get-room", |order| tell(order, chat::room(order.argument), |room| format!("room: {}", room.name))),
    ("read-room", |order| tell(order, chat::latest(order.argument, 200), |all| format!("messages: {}", bodies(all)))),
    ("read-after", |order| {
        let after = chat::message(order.argument).and_then(|message| chat::after(&message, 200));
        tell(order, after, |all| format!("after: {}", bodies(all)))
    }),
    ("read-posts", |order| tell(order, posts::newest(50), |all| format!("posts: {}", titles(all)))),
    ("read-before", |order| tell(order, posts::before(order.argument, 50), |all| format!("before: {}", titles(all)))),
    ("read-post", |order| tell(order, posts::post(order.argument), |post| format!("post: {}, {}", post.title, post.body))),
    ("clock", |order| order.say(format!("it is {}", Time::from_unix_ms(clock::now().cast_signed())))),
    ("post", |order| Ok(posts::create(order.argument, "written by a naughty bot").map(drop)?)),
    ("post-then-error", |order| {
        posts::create(order.argument, "this must not be written")?;
        Err("as you wish".to_owned())
    }),
    ("delete-post", |order| Ok(posts::delete(order.argument)?)),
];

/// Says what came of reading something.
fn tell<T>(order: &Order, read: Result<T, Error>, words: impl FnOnce(T) -> String) -> Result<(), String> {
    order.say(read.map_or_else(|error| format!("error: {error:?}"), words))
}

fn listed<T>(all: Vec<T>, words: impl FnMut(T) -> String) -> String {
    all.into_iter().map(words).collect::<Vec<_>>().join(", ")
}

fn bodies(all: Vec<Message>) -> String {
    listed(all, |message| message.body)
}

fn titles(all: Vec<Post>) -> String {
    listed(all, |post| post.title)
}

/// Goes on although it is told to stop, and says nothing of that.
fn send_many(order: &Order) -> Result<(), String> {
    let results: Vec<_> = (1..=order.count()?).map(|number| chat::send(order.room, format!("number {number}"))).collect();
    let refused = results.into_iter().find_map(Result::err);
    refused.map_or(Ok(()), |error| {
        openclaw_sdk::log::warn(&format!("refused: {error:?}"));
        Ok(())
    })
}
