//! A host for native tests: it answers from what a test put in, and keeps what the bot did for the test to look at.
//!
//! Every thread, and so every test, has one of its own, which is empty at first: there are no settings, no rooms and nobody to answer
//! requests. It keeps values, counters and jobs like the real one; it does not hold the bot to limits, run calls again, or undo
//! what a failed call did. Inside a component there is no such module.
//!
//! ```
//! # #[cfg(not(target_family = "wasm"))] {
//! use openclaw_sdk::{Event, Message, OnMessage, chat, settings, testing::{self, Effect}};
//!
//! struct Greeter;
//!
//! impl OnMessage for Greeter {
//!     fn on_message(_: Event, message: Message) -> Result<(), String> {
//!         chat::reply(&message, settings::get_or("greeting", "Hello!"))?;
//!         Ok(())
//!     }
//! }
//!
//! testing::with(|host| host.settings.insert("greeting".into(), "Ahoy!".into()));
//! Greeter::on_message(testing::event(), testing::message("r-1", "Ann", "Hi there")).unwrap();
//! assert_eq!(testing::said(), ["Ahoy!"]);
//! # }
//! ```

mod effects;
pub(crate) mod imports;
mod samples;
mod stored;

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::SystemTime,
};

pub use effects::{Effect, said};
pub use samples::{change, context, event, member, message, room};
pub(crate) use stored::Stored;

use crate::{Message, Post, Room, Time, bindings::bot::openclaw::http::http::Request, http, members::Membership, schedule::Job};

/// What the host of this thread has and was told.
#[derive(Debug, Default)]
pub struct Host {
    /// The plugin's settings, by key.
    pub settings: BTreeMap<String, String>,
    /// The names of the secrets that are set.
    pub secrets: BTreeSet<String>,
    /// The rooms that the bot is in.
    pub rooms: Vec<Room>,
    /// What was said there, in its order.
    pub messages: Vec<Message>,
    /// Who is in which room: its id, and the member.
    pub members: Vec<(String, Membership)>,
    /// What was written, newest first.
    pub posts: Vec<Post>,
    /// What the bot keeps, by key.
    pub(crate) stored: BTreeMap<String, Stored>,
    /// What is to be done later.
    pub jobs: Vec<Job>,
    /// What the bot did, in its order.
    pub effects: Vec<Effect>,
    /// The answers to the next requests. Without one, nobody can be reached.
    pub responses: VecDeque<Result<http::Response, http::Error>>,
    /// What was asked.
    pub requests: Vec<Request>,
    /// The lines of the log, without their level.
    pub log: Vec<String>,
    /// Whether there was said too much: whatever the bot says is refused.
    pub silenced: bool,
    /// The present moment; that of the clock if none.
    pub now: Option<Time>,
}

thread_local! {
    static HOST: RefCell<Host> = RefCell::default();
}

/// Looks at this thread's host, or changes it.
pub fn with<T>(act: impl FnOnce(&mut Host) -> T) -> T {
    HOST.with_borrow_mut(act)
}

#[expect(clippy::disallowed_methods, reason = "a clock for tests, which can be turned by setting `now`")]
pub(crate) fn now() -> Time {
    let clock = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    with(|host| host.now).unwrap_or_else(|| Time::from_unix_ms(0) + clock())
}
