//! What is to be said of an event, as far as only the database knows it. Asked for before its turn, some at a time: a network may lie
//! between, and whoever joins somewhere must not keep others waiting for their messages.

use std::{collections::HashSet, future::Future, sync::Arc, time::Duration};

use socketioxide::socket::Sid;
use tokio::time::sleep;

use super::{
    hub::Hub,
    protocol::{
        LeaveReason, MessageDeleted, MessageEdited, MessageNew, MessageReacted, PersonBody, PostNew, ReadUpTo, RoleChanged, RoomChanged,
        RoomInvited, RoomJoined, RoomLeft, ServerEvent,
    },
    wire::Frame,
};
use crate::{
    error::{Kind, Result},
    ids::{MemberId, PostId, RoomId},
    messages::{
        self,
        events::{MessageEvent, What as Deed},
    },
    posts,
    rooms::{
        self,
        events::{Departure, RoomEvent, What},
        online::Online,
        requests::{MemberBody, RoomBody},
    },
    store::{Event, Store},
};

/// The pause after a failed look at the database.
const PAUSE: Duration = Duration::from_millis(200);

/// What is to be said of an event, and to whom.
pub enum Saying {
    /// Of this change of a room, in the order of its changes: a frame, unless there is none to be had.
    Change(RoomId, u64, Option<Frame>),
    /// That of a room everything before this change was told of.
    Settled(RoomId, u64),
    /// Nothing: nobody hears the room.
    Unheard(RoomId),
    /// To everyone in a room.
    Room(RoomId, Frame),
    /// To everyone in a room, and to somebody who is in it no more.
    RoomAnd(RoomId, MemberId, Frame),
    /// How far somebody has read: to everyone in a room if it is small, or else to them alone.
    Read(RoomId, MemberId, Frame),
    /// To somebody.
    Person(MemberId, Frame),
    /// To everyone.
    Everybody(Frame),
    /// To those who heard a room, that it is gone.
    Closed(RoomId, Vec<Sid>),
    /// Nothing to nobody.
    Nothing,
}

/// An event of which something may have to be said.
pub enum Heard {
    /// Of a message.
    Message(MessageEvent),
    /// Of a room; and whether to make sure of who hears it.
    Room(RoomEvent, bool),
    /// Of a new post.
    Post(PostId),
    /// What needs no looking up.
    Known(Saying),
}

impl Heard {
    /// Reads an event.
    pub fn read(event: Event) -> Self {
        if let Some(event) = MessageEvent::read(&event) {
            Self::Message(event)
        } else if let Some(event) = RoomEvent::read(&event) {
            Self::Room(event, false)
        } else if event.kind == "post.created" {
            Self::Post(PostId::from_stored(event.subject))
        } else {
            Self::Known(Saying::Nothing)
        }
    }

    /// Has it made sure of who hears which room, for each member and room once, at the last of these events: what is asked for at the
    /// same time may be answered in any order.
    pub fn settle(all: &mut [Self]) {
        let mut seen = HashSet::new();
        for heard in all.iter_mut().rev() {
            if let Self::Room(RoomEvent { room, what: What::Joined(who) | What::Left(who, _) }, settles) = heard {
                *settles = seen.insert((&*room, &*who));
            }
        }
    }
}

/// What finds out what is to be said.
pub struct Lookup {
    /// Who hears it: what nobody hears is not asked for.
    pub hub: Arc<Hub>,
    /// Where it is.
    pub store: Store,
    /// Who is connected.
    pub online: Online,
}

impl Lookup {
    /// What is to be said of an event.
    pub async fn find(&self, heard: Heard) -> Saying {
        match heard {
            Heard::Message(event) => self.message(event).await,
            Heard::Room(RoomEvent { room, what }, settles) => {
                if settles && let What::Joined(who) | What::Left(who, _) = &what {
                    self.settle_membership(&room, who).await;
                }
                self.room(room, what).await.unwrap_or(Saying::Nothing)
            }
            Heard::Post(id) => self.post(&id).await.unwrap_or(Saying::Nothing),
            Heard::Known(saying) => saying,
        }
    }

    /// A message is new or has changed.
    async fn message(&self, event: MessageEvent) -> Saying {
        let MessageEvent { what, message, room, rev, live, .. } = event;
        if self.hub.listeners(&room) == 0 {
            return Saying::Unheard(room);
        }
        let json = match live {
            Some(json) => Some(json),
            None => surely(|| messages::queries::told_at(self.store.reader(), &message, rev)).await.map(|shown| shown.json),
        };
        let name = match what {
            Deed::Created => MessageNew::NAME,
            Deed::Edited => MessageEdited::NAME,
            Deed::Deleted => MessageDeleted::NAME,
            Deed::Reacted | Deed::Unreacted => MessageReacted::NAME,
        };
        Saying::Change(room, rev, json.map(|json| Frame::encoded(name, &format!("{{\"message\":{json}}}"))))
    }

    /// Something else happened in a room.
    async fn room(&self, room: RoomId, what: What) -> Option<Saying> {
        let heard = self.hub.listeners(&room) > 0;
        let room_id = room.to_string();
        Some(match what {
            What::Joined(who) if heard => {
                let user = self.member(&room, &who).await?;
                Saying::Room(room, Frame::of(&RoomJoined { room_id, user }))
            }
            What::Left(who, how) if heard || self.hub.is_connected(&who) => self.left(room, who, how).await,
            What::Invited(who) if self.hub.is_connected(&who) => {
                let room = surely(|| rooms::queries::summary(self.store.reader(), &room, Some(&who))).await?;
                Saying::Person(who, Frame::of(&RoomInvited { room }))
            }
            What::RoleChanged(who) if heard => {
                let member = self.member(&room, &who).await?;
                Saying::Room(room, Frame::of(&RoleChanged { room_id, user_id: member.id, role: member.role }))
            }
            What::Changed if heard => {
                let found = surely(|| rooms::queries::summary(self.store.reader(), &room, None)).await?;
                let RoomBody { name, access, invite_role, .. } = found;
                Saying::Room(room, Frame::of(&RoomChanged { room_id, name, access, invite_role }))
            }
            What::Read(who, seq) => {
                let frame = Frame::of(&ReadUpTo { room_id, user_id: who.to_string(), seq });
                Saying::Read(room, who, frame)
            }
            _ => Saying::Nothing,
        })
    }

    /// Makes sure of who hears a room. What other nodes commit is heard later than what this one does, so of somebody who came and went the
    /// last may have been heard first; what the database says after both holds.
    async fn settle_membership(&self, room: &RoomId, who: &MemberId) {
        match surely(|| async { rooms::queries::is_member(self.store.reader(), room, who).await.map(Some) }).await {
            Some(true) => self.hub.join(who, room),
            Some(false) => self.hub.leave(who, room),
            None => {}
        }
    }

    async fn left(&self, room: RoomId, who: MemberId, how: Departure) -> Saying {
        let username = surely(|| rooms::queries::name(self.store.reader(), &who)).await.unwrap_or_default();
        let reason = match how {
            Departure::Left => LeaveReason::Left,
            Departure::Removed => LeaveReason::Removed,
        };
        let user = PersonBody { id: who.to_string(), username, is_bot: who.is_bot() };
        let frame = Frame::of(&RoomLeft { room_id: room.to_string(), user, reason });
        Saying::RoomAnd(room, who, frame)
    }

    async fn post(&self, id: &PostId) -> Option<Saying> {
        let found = surely(|| async {
            match posts::queries::post(self.store.reader(), id).await {
                Ok(post) => Ok(Some(post)),
                Err(error) if error.kind == Kind::NotFound => Ok(None),
                Err(error) => Err(error),
            }
        });
        Some(Saying::Everybody(Frame::of(&PostNew { post: found.await?.into() })))
    }

    async fn member(&self, room: &RoomId, who: &MemberId) -> Option<MemberBody> {
        surely(|| rooms::queries::member(self.store.reader(), room, who, &self.online)).await
    }
}

/// Asks until there is an answer: what is to be said can wait, and must not be lost because the database was away for a moment. What
/// fails for another reason would fail for ever, and everything behind it would wait: it is left out.
async fn surely<T, F: Future<Output = Result<Option<T>>>>(mut ask: impl FnMut() -> F) -> Option<T> {
    loop {
        match ask().await {
            Ok(found) => return found,
            Err(error) if error.is_unavailable() => {
                tracing::warn!(%error, cause = ?error.source, "an event for sockets has to wait for the database");
                sleep(PAUSE).await;
            }
            Err(error) => {
                tracing::error!(%error, cause = ?error.source, "an event for sockets cannot be told and is left out");
                return None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::{clock::Timestamp, error::Error, random::Random};

    #[test]
    fn who_is_in_a_room_is_made_sure_of_once_and_last() {
        let (now, random) = (Timestamp::from_millis(1), Random::seeded(1));
        let [one, two] = [RoomId::new(now, &random), RoomId::new(now, &random)];
        let [ann, bob] = ["usr-ann", "usr-bob"].map(|id| MemberId::from_stored(id.to_owned()));
        let happened = [
            (&one, What::Joined(ann.clone()), false),
            (&one, What::Joined(bob.clone()), true),
            (&one, What::RoleChanged(bob), false),
            (&two, What::Joined(ann.clone()), true),
            (&one, What::Left(ann.clone(), Departure::Left), false),
            (&one, What::Joined(ann), true),
        ];
        let mut heard: Vec<Heard> =
            happened.iter().map(|(room, what, _)| Heard::read(RoomEvent::new(room, what.clone()).event())).collect();
        Heard::settle(&mut heard);
        for (heard, (_, what, expected)) in heard.iter().zip(&happened) {
            assert!(matches!(heard, Heard::Room(event, settles) if event.what == *what && settles == expected), "{what:?}");
        }
    }

    #[tokio::test]
    async fn what_passes_is_waited_for_and_what_does_not_is_left_out() {
        let asked = Cell::new(0);
        let found = surely(|| {
            asked.set(asked.get() + 1);
            let answer = if asked.get() < 3 { Err(Error::unavailable("Not now.")) } else { Ok(Some("here")) };
            async move { answer }
        });
        assert_eq!(found.await, Some("here"));
        assert_eq!(surely(|| async { Err::<Option<()>, _>(Error::internal("broken for ever")) }).await, None);
    }
}
