//! The events of the socket, as types. What decodes them here is also what the AsyncAPI document is written from.
//!
//! Every client event takes one object and is acknowledged: with its answer, in which `ok` is `true`, or with an error body, the same
//! as over HTTP. [`CLIENT`] and [`SERVER`] list all events: what is not in them is neither handled nor documented.

mod answers;
pub mod client;
mod connect;
mod described;
pub mod server;

use poem_openapi::types::{Example, ParseFromJSON, ToJSON};

pub use self::{
    answers::{PresenceAnswer, ResumeAnswer, ResumedRoom},
    client::{
        MessageDelete, MessageEdit, MessageHistory, MessageReact, MessageSend, PresenceWatch, Resume, ResumeRoom, RoomJoin, RoomLeave,
        RoomList, RoomRead, Typing,
    },
    connect::ConnectAuth,
    described::{ClientDescription, Described, ServerDescription},
    server::{
        LeaveReason, MessageDeleted, MessageEdited, MessageNew, MessageReacted, PersonBody, PostNew, Presence, ReadUpTo, RoleChanged,
        RoomChanged, RoomDeleted, RoomInvited, RoomJoined, RoomLeft, ServerClosing, SessionEnded, TypingNow,
    },
};

/// An event that a client sends. It carries one object and is acknowledged with [`Self::Answer`] or an error body.
pub trait ClientEvent: ParseFromJSON + ToJSON + Example + Send + Sync + 'static {
    /// Its name on the wire.
    const NAME: &'static str;
    /// What it does, in a sentence.
    const SUMMARY: &'static str;
    /// The acknowledgement, `ok: true` among it.
    type Answer: ToJSON + Example + Send + 'static;
}

/// An event that the server sends. It carries one object and is not acknowledged.
pub trait ServerEvent: ToJSON + Example + Send + Sync + 'static {
    /// Its name on the wire.
    const NAME: &'static str;
    /// What it tells, in a sentence.
    const SUMMARY: &'static str;
    /// Whether it may be left out for a client that does not keep up: it tells of a passing state.
    const VOLATILE: bool = false;
}

/// Every event that clients may send, in the order of the documentation.
pub const CLIENT: &[ClientDescription] = &[
    ClientDescription::of::<RoomList>(),
    ClientDescription::of::<RoomJoin>(),
    ClientDescription::of::<RoomLeave>(),
    ClientDescription::of::<MessageSend>(),
    ClientDescription::of::<MessageEdit>(),
    ClientDescription::of::<MessageDelete>(),
    ClientDescription::of::<MessageReact>(),
    ClientDescription::of::<MessageHistory>(),
    ClientDescription::of::<Resume>(),
    ClientDescription::of::<RoomRead>(),
    ClientDescription::of::<Typing>(),
    ClientDescription::of::<PresenceWatch>(),
];

/// Every event that the server may send, in the order of the documentation.
pub const SERVER: &[ServerDescription] = &[
    ServerDescription::of::<MessageNew>(),
    ServerDescription::of::<MessageEdited>(),
    ServerDescription::of::<MessageDeleted>(),
    ServerDescription::of::<MessageReacted>(),
    ServerDescription::of::<RoomJoined>(),
    ServerDescription::of::<RoomLeft>(),
    ServerDescription::of::<RoleChanged>(),
    ServerDescription::of::<RoomInvited>(),
    ServerDescription::of::<RoomChanged>(),
    ServerDescription::of::<RoomDeleted>(),
    ServerDescription::of::<PostNew>(),
    ServerDescription::of::<ReadUpTo>(),
    ServerDescription::of::<TypingNow>(),
    ServerDescription::of::<Presence>(),
    ServerDescription::of::<SessionEnded>(),
    ServerDescription::of::<ServerClosing>(),
];

/// Says of a client's event what it is called, what it does, how it is answered and how an example looks.
macro_rules! client_event {
    ($event:ident, $name:literal, $answer:ty, $summary:literal, $example:expr) => {
        impl poem_openapi::types::Example for $event {
            fn example() -> Self {
                $example
            }
        }

        impl $crate::realtime::protocol::ClientEvent for $event {
            const NAME: &'static str = $name;
            const SUMMARY: &'static str = $summary;
            type Answer = $answer;
        }
    };
}

/// Says of a server's event what it is called, what it tells and how an example looks; with `volatile`, that it may be left out.
macro_rules! server_event {
    (volatile $event:ident, $name:literal, $summary:literal, $example:expr) => {
        server_event!(@ $event, $name, $summary, $example, true);
    };
    ($event:ident, $name:literal, $summary:literal, $example:expr) => {
        server_event!(@ $event, $name, $summary, $example, false);
    };
    (@ $event:ident, $name:literal, $summary:literal, $example:expr, $volatile:literal) => {
        impl poem_openapi::types::Example for $event {
            fn example() -> Self {
                $example
            }
        }

        impl $crate::realtime::protocol::ServerEvent for $event {
            const NAME: &'static str = $name;
            const SUMMARY: &'static str = $summary;
            const VOLATILE: bool = $volatile;
        }
    };
}

use {client_event, server_event};

/// Ids for the examples, those of the examples of rooms and messages.
mod sample {
    pub(super) const ROOM: &str = "r-01kb3x2v5q8m4n7p9r1s3t5v7w";
    pub(super) const MESSAGE: &str = "m-01kb3x2v5q8m4n7p9r1s3t5v7w";
    pub(super) const USER: &str = "usr-01kb3x2v5q8m4n7p9r1s3t5v7w";
}
