//! What is true for a moment only: who is typing, who is there. Nothing of it is stored.

use std::{sync::Arc, time::Duration};

use super::{
    handlers::{Effect, Handlers},
    hub::Hub,
    peer::Peer,
    protocol::{PresenceAnswer, PresenceWatch, Typing, TypingNow},
};
use crate::{
    bots::model::Ability,
    error::{Error, Result},
    http::{payload::Done, rate::Ticks},
    ids::RoomId,
    store::Reader,
};

/// What it takes.
#[derive(Clone)]
pub struct Passing {
    /// Who hears which room.
    pub hub: Arc<Hub>,
    /// Where names are read.
    pub reader: Reader,
    /// The time.
    pub ticks: Ticks,
    /// How often one socket may say that somebody is typing.
    pub typing_every: Duration,
}

impl Passing {
    /// Adds the events of this part.
    pub fn add_to(self, handlers: Handlers) -> Handlers {
        let (typing, watch) = (self.clone(), self);
        handlers
            .on(Effect::Reads, move |peer, event: Typing| typing.clone().typing(peer, event))
            .on(Effect::Reads, move |peer, event: PresenceWatch| watch.clone().watch(peer, event))
    }

    /// Tells the others in a room that somebody is typing.
    async fn typing(self, peer: Arc<Peer>, event: Typing) -> Result<Done> {
        let room = heard(&peer, &event.room_id)?;
        let who = &peer.who;
        who.actor.require(Ability::Write, &room)?;
        if peer.types(room.as_str(), event.on, self.ticks.elapsed(), self.typing_every) {
            let username = peer.name(&self.reader).await?;
            let now = TypingNow { room_id: room.to_string(), user_id: who.id.to_string(), username, on: event.on };
            self.hub.typing(&who.id, room, now);
        }
        Ok(Done::default())
    }

    /// Says who is there, and from now on who comes and goes.
    async fn watch(self, peer: Arc<Peer>, event: PresenceWatch) -> Result<PresenceAnswer> {
        // The answer is sent at once: what happens after it was made must not be told before it.
        self.hub.until_it_surely_takes(&peer).await;
        let room = heard(&peer, &event.room_id)?;
        let online = self.hub.watch(peer.sid, &room).ok_or_else(|| Error::not_found("room"))?;
        Ok(PresenceAnswer { ok: true, online: online.iter().map(ToString::to_string).collect() })
    }
}

/// The room with this id, if the socket hears it: members do, as soon as they are members and not a moment longer.
fn heard(peer: &Peer, id: &str) -> Result<RoomId> {
    let room = RoomId::parse(id).filter(|room| peer.hears(room));
    room.ok_or_else(|| Error::not_found("room"))
}
