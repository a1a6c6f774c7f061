//! What is true for a moment only: who is typing, who is there. Nothing of it is stored.

use std::{sync::Arc, time::Duration};

use tokio::time::sleep;

use super::{
    handlers::{Effect, Handlers},
    hub::Hub,
    peer::Peer,
    protocol::{PresenceAnswer, PresenceWatch, Typing, TypingNow},
    typing::Tell,
};
use crate::{
    bots::model::Ability,
    error::{Error, Result},
    http::payload::Done,
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
    /// How often it is told of one socket in one room whether somebody is typing.
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

    /// Tells the others in a room whether somebody is typing.
    async fn typing(self, peer: Arc<Peer>, event: Typing) -> Result<Done> {
        let room = heard(&peer, &event.room_id)?;
        peer.who.actor.require(Ability::Write, &room)?;
        match peer.types(&room, event.on, self.typing_every) {
            Tell::Now => self.tell(&peer, room, event.on).await?,
            Tell::After(time) => self.tell_after(time, peer, room),
            Tell::Never => {}
        }
        Ok(Done::default())
    }

    async fn tell(&self, peer: &Peer, room: RoomId, on: bool) -> Result<()> {
        let username = peer.name(&self.reader).await?;
        let now = TypingNow { room_id: room.to_string(), user_id: peer.who.id.to_string(), username, on };
        self.hub.typing(&peer.who.id, room, now);
        Ok(())
    }

    /// Tells what was said last, once so much time has passed. Of whoever is gone by then nothing is told: that they are typing is over by
    /// itself for every client.
    fn tell_after(self, time: Duration, peer: Arc<Peer>, room: RoomId) {
        tokio::spawn(async move {
            sleep(time).await;
            if let Some(on) = peer.rest_of_typing(&room)
                && !peer.is_ending()
                && peer.hears(&room)
                && let Err(error) = self.tell(&peer, room, on).await
            {
                tracing::debug!(%error, "it could not be told who is typing");
            }
        });
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
