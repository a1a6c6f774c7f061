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
                 or a reaction, takes the next `rev`. Remember the highest `rev` you have seen of each room, keep messages by their `id`, \
                 and let the one with the higher `rev` win. After a reconnect ask for the rest:",
            ),
            Block::Code(
                "const place = (roomId) => ({ roomId, rev: known.get(roomId).rev });\n\n\
                 socket.on('connect', async () => {\n  \
                   let rooms = [...known.keys()].map(place);\n  \
                   while (rooms.length) {\n    \
                     const answer = await socket.emitWithAck('resume', { rooms });\n    \
                     for (const { messages } of answer.rooms) messages.forEach(keep);\n    \
                     rooms = answer.rooms.filter((room) => room.more).map((room) => place(room.roomId));\n  \
                   }\n\
                 });",
            ),
            Block::Text("Over HTTP, `GET /api/rooms/{id}/messages?changedSince=` answers the same for one room."),
        ],
    },
    Chapter {
        title: "When the server says goodbye",
        blocks: &[
            Block::Text(
                "`session:ended` comes before the server disconnects a socket for good, for example because its session was signed out. Do \
                 not reconnect with the same cookie or token, except after `slow_consumer`: then the client took in less than was sent to \
                 it, and continues with `resume`.",
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
