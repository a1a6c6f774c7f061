//! What a bot can do through what it imports. Reading happens at once; what changes something is collected in the [`Session`] of the
//! call and written, all of it or nothing, when the bot's function has returned without an error ([`super::actions::settle`]).

mod basics;
mod chat;
mod convert;
mod effects;
mod http;
mod members;
mod pace;
mod posts;
mod refused;
mod schedule;
mod secrets;
mod session;
mod space;
mod turns;
mod values;

use wasmtime::{
    Result,
    component::{HasSelf, Linker},
};

pub use self::{
    convert::{message as guest_message, post as guest_post, room as guest_room},
    effects::Effect,
    members::role_word,
    pace::{Busy, Pace},
    refused::{Refusals, Refused},
    schedule::{MAX_JOBS, check_name as check_job_name},
    session::{BotHost, Heard, Session},
    turns::{Shortage, Turns},
    values::{Change, Values, number},
};
use super::{bindings::bot::openclaw as guest, state::GuestState};

/// Links one capability by the name of its interface. False if there is none of this name.
pub fn link(linker: &mut Linker<GuestState>, interface: &str) -> Result<bool> {
    match interface {
        "openclaw:types/types" => guest::types::types::add_to_linker::<_, HasSelf<_>>(linker, |state| state)?,
        "openclaw:bot/types" => guest::bot::types::add_to_linker::<_, HasSelf<_>>(linker, |state| state)?,
        "openclaw:clock/clock" => guest::clock::clock::add_to_linker::<_, HasSelf<_>>(linker, |state| state)?,
        "openclaw:random/random" => guest::random::random::add_to_linker::<_, HasSelf<_>>(linker, |state| state)?,
        "openclaw:chat/chat-read" => guest::chat::chat_read::add_to_linker::<_, HasSelf<_>>(linker, |state| state)?,
        "openclaw:chat/chat-write" => guest::chat::chat_write::add_to_linker::<_, HasSelf<_>>(linker, |state| state)?,
        "openclaw:posts/posts-read" => guest::posts::posts_read::add_to_linker::<_, HasSelf<_>>(linker, |state| state)?,
        "openclaw:posts/posts-write" => guest::posts::posts_write::add_to_linker::<_, HasSelf<_>>(linker, |state| state)?,
        "openclaw:members/members" => guest::members::members::add_to_linker::<_, HasSelf<_>>(linker, |state| state)?,
        "openclaw:members/moderation" => guest::members::moderation::add_to_linker::<_, HasSelf<_>>(linker, |state| state)?,
        "openclaw:store/store" => guest::store::store::add_to_linker::<_, HasSelf<_>>(linker, |state| state)?,
        "openclaw:secrets/secrets" => guest::secrets::secrets::add_to_linker::<_, HasSelf<_>>(linker, |state| state)?,
        "openclaw:schedule/schedule" => guest::schedule::schedule::add_to_linker::<_, HasSelf<_>>(linker, |state| state)?,
        "openclaw:http/http" => guest::http::http::add_to_linker::<_, HasSelf<_>>(linker, |state| state)?,
        _ => return Ok(false),
    }
    Ok(true)
}

impl guest::types::types::Host for GuestState {}
impl guest::bot::types::Host for GuestState {}
