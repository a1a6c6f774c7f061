//! How to write a client, in words: part of the AsyncAPI document and of the page that shows it.

use std::fmt::Write as _;

/// A part of the guide.
#[derive(Debug, Clone, Copy)]
pub struct Chapter {
    /// Its headline.
    pub title: &'static str,
    /// What it says, paragraph by paragraph.
    pub blocks: &'static [Block],
}

/// A piece of a chapter.
#[derive(Debug, Clone, Copy)]
pub enum Block {
    /// A paragraph; `code` stands between backticks.
    Text(&'static str),
    /// An example in JavaScript.
    Code(&'static str),
}

/// The guide.
pub const GUIDE: &[Chapter] = &[
    Chapter {
        title: "Connect",
        blocks: &[
            Block::Text(
                "Socket.IO 4 at the path `/socket.io`, over WebSocket or polling, in the one namespace `/`. Browsers on this site are \
                 known by their session cookie. Programs send the token of a bot.",
            ),
            Block::Code(
                "import { io } from 'socket.io-client';\n\n\
                 // A program:\n\
                 const socket = io('https://community.example.com', { auth: { botToken } });\n\
                 // A page of this site:\n\
                 const socket = io();",
            ),
            Block::Text(
                "Who is neither is refused: `connect_error`, whose `message` is an error as below, written as JSON. From the moment it is \
                 connected a socket hears every room of its user or bot, so `room:join` is only for becoming a member.",
            ),
        ],
    },
    Chapter {
        title: "Ask and be answered",
        blocks: &[
            Block::Text(
                "Every event carries one object. Each event that a client sends is acknowledged, once, with `ok: true` and what was asked \
                 for, or with `ok: false`, a sentence for people in `error`, a word for programs in `code`, and `retryAfter` in seconds \
                 where a retry makes sense. An acknowledged message is stored for good.",
            ),
            Block::Code(
                "const message = { roomId, body: 'Hello', clientId: crypto.randomUUID() };\n\
                 const answer = await socket.timeout(10_000).emitWithAck('message:send', message);\n\
                 if (!answer.ok) console.error(answer.code, answer.error);",
            ),
            Block::Text(
                "When no answer comes, the message may be stored all the same. Send it again with the same `clientId`: you get the first \
                 one back, and nobody sees it twice.",
            ),
        ],
    },
    Chapter {
        title: "Lose nothing",
        blocks: &[
            Block::Text(
                "Messages of a room are numbered by `seq`, without gaps. Each change of a room, that is a new message, an edit, a deletion \
                 or a reaction, takes the next `rev`. Keep messages by their `id`, and let the one with the higher `rev` win. Beside them \
                 keep one place for each room: the `rev` up to which nothing is missing. The highest `rev` that you have seen is not that \
                 place: a socket hears its rooms from the moment it is connected, so what happens now comes before and between the pages of \
                 what you missed. Such a change is ahead of its turn, and moves the place once those before it are there.",
            ),
            Block::Code(
                "const places = new Map(); // roomId → { rev, ahead: [] }\n\n\
                 // Nothing is missing up to rev, nor up to where the changes that came ahead go on from there.\n\
                 function advance(place, rev) {\n  \
                   place.rev = Math.max(place.rev, rev);\n  \
                   place.ahead = place.ahead.filter((each) => each > place.rev).sort((a, b) => a - b);\n  \
                   while (place.ahead[0] === place.rev + 1) place.rev = place.ahead.shift();\n\
                 }\n\n\
                 for (const event of ['message:new', 'message:edited', 'message:deleted', 'message:reacted']) {\n  \
                   socket.on(event, ({ message }) => {\n    \
                     keep(message);\n    \
                     const place = places.get(message.roomId);\n    \
                     place?.ahead.push(message.rev);\n    \
                     if (place) advance(place, place.rev);\n  \
                   });\n\
                 }",
            ),
            Block::Text("After each connect ask for the rest, page by page. Each page moves the place to its last change:"),
            Block::Code(
                "const ask = (event, data) => socket.timeout(10_000).emitWithAck(event, data);\n\
                 const from = (roomId) => ({ roomId, rev: places.get(roomId).rev });\n\n\
                 async function catchUp(roomIds) {\n  \
                   let rooms = roomIds.map(from);\n  \
                   while (rooms.length) {\n    \
                     const answer = await ask('resume', { rooms });\n    \
                     if (!answer.ok) throw new Error(answer.error);\n    \
                     for (const { roomId, messages } of answer.rooms) {\n      \
                       messages.forEach(keep);\n      \
                       if (messages.length) advance(places.get(roomId), messages.at(-1).rev);\n    \
                     }\n    \
                     rooms = answer.rooms.filter(({ more }) => more).map(({ roomId }) => from(roomId));\n  \
                   }\n\
                 }\n\n\
                 const again = () => socket.disconnect().connect();\n\
                 socket.on('connect', () => catchUp([...places.keys()]).catch(() => setTimeout(again, 5_000)));",
            ),
            Block::Text(
                "If the connection is lost in between, the next time goes on from the places as they are by then. A room that is new to you \
                 begins with the `rev` that `room:join` or `room:list` tells: put `{ rev, ahead: [] }` into `places` and catch up on it once, \
                 since something may have happened before you did. A room that `resume` leaves out is one that you are not in any more.",
            ),
            Block::Text("Over HTTP, `GET /api/rooms/{id}/messages?changedSince=` answers the same for one room."),
        ],
    },
    Chapter {
        title: "When the server says goodbye",
        blocks: &[
            Block::Text(
                "`session:ended` comes before the server disconnects a socket for good, for example because its session was signed out. Do \
                 not reconnect with the same cookie or token, except after three reasons that say nothing against either: `slow_consumer` \
                 (the client took in less than was sent to it), `rate_limited` (it sent too many events) and `too_many` (newer sockets of \
                 the same person took its place, or newer sessions, and then coming back is refused). Connect again after some seconds, more \
                 each time that it happens in a row, then `resume`.",
            ),
            Block::Text("`server:closing` comes when the server restarts. Connect again after `retryMs`, then `resume`."),
        ],
    },
];

/// The guide in Markdown.
pub fn markdown() -> String {
    let mut text = String::new();
    for chapter in GUIDE {
        let _ = write!(text, "## {}\n\n", chapter.title);
        for block in chapter.blocks {
            let _ = match block {
                Block::Text(paragraph) => write!(text, "{paragraph}\n\n"),
                Block::Code(code) => write!(text, "```js\n{code}\n```\n\n"),
            };
        }
    }
    text.truncate(text.trim_end().len());
    text
}
