//! From the event log to sockets. A commit is heard in the moment it is told of: what decides who hears what changes then and there,
//! and what is to be said waits in one queue, so that everyone hears of a room's changes in one order.

use std::{future::Future, sync::Arc, time::Duration};

use tokio::{
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    task::yield_now,
    time::{Instant, sleep, sleep_until},
};
use tokio_util::sync::CancellationToken;

use super::{
    hub::Hub,
    order::Order,
    protocol::{
        LeaveReason, MessageDeleted, MessageEdited, MessageNew, MessageReacted, PersonBody, PostNew, ReadUpTo, RoleChanged, RoomChanged,
        RoomDeleted, RoomInvited, RoomJoined, RoomLeft, ServerEvent,
    },
    wire::Frame,
};
use crate::{
    accounts, bots,
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
    sessions,
    store::{Entry, Event, Store},
};

/// The pause after a failed look at the database.
const PAUSE: Duration = Duration::from_millis(200);

/// Something to be said.
enum Item {
    Logged(Event),
    /// Everything that happened in a room before this change was told of.
    Settled(RoomId, u64),
    /// A room is gone; those heard it.
    Closed(RoomId, Vec<socketioxide::socket::Sid>),
}

/// Hears what is committed and gives it out.
pub struct Broadcast {
    hub: Arc<Hub>,
    store: Store,
    online: Online,
    receipts_up_to: usize,
    order: Order<Option<Frame>>,
    queue: UnboundedReceiver<Item>,
}

impl Broadcast {
    /// Begins to hear what `store` commits. Nothing is given out before [`Broadcast::run`].
    pub fn listen(hub: &Arc<Hub>, store: &Store, online: Online, receipts_up_to: usize) -> Self {
        let (sender, queue) = unbounded_channel();
        let heard_by = Arc::clone(hub);
        let order = Order::new(store.keeps_order());
        if !store.keeps_order() {
            let sender = sender.clone();
            store.follow_read(move |entries| settle(&sender, entries));
        }
        store.listen(move |event| hear(&heard_by, &sender, event));
        Self { hub: Arc::clone(hub), store: store.clone(), online, receipts_up_to, order, queue }
    }

    /// Gives out what is heard, until `stop`.
    pub async fn run(mut self, stop: CancellationToken) {
        loop {
            let overdue = self.order.deadline();
            let wait = async {
                match overdue {
                    Some(deadline) => sleep_until(deadline).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                item = self.queue.recv() => match item {
                    Some(item) => tokio::select! {
                        () = self.give_out_from(item) => {}
                        () = stop.cancelled() => return,
                    },
                    None => return,
                },
                () = wait => {}
            }
            for (room, frames) in self.order.overdue(Instant::now()) {
                tracing::debug!(%room, "a change of a room did not come in time");
                self.say(&room, frames);
            }
        }
    }

    /// Gives out `first` and what waits behind it, as much as every socket surely takes at once. Whoever else is ready goes before that,
    /// among them those who commit more: what is given out at once reaches each socket in one write, which costs less than half of two. On
    /// an idle server nobody is waited for.
    async fn give_out_from(&mut self, first: Item) {
        yield_now().await;
        let behind = self.queue.len().min(self.hub.surely_taken());
        self.give_out(first).await;
        for _ in 0..behind {
            let Ok(item) = self.queue.try_recv() else { return };
            self.give_out(item).await;
        }
    }

    async fn give_out(&mut self, item: Item) {
        let event = match item {
            Item::Logged(event) => event,
            Item::Settled(room, _) if self.hub.listeners(&room) == 0 => return self.order.forget(&room),
            Item::Settled(room, rev) => {
                let ready = self.order.settle(&room, rev, Instant::now());
                return self.say(&room, ready);
            }
            Item::Closed(room, sockets) => {
                self.order.forget(&room);
                return self.hub.send_to(sockets, &Frame::of(&RoomDeleted { room_id: room.to_string() }));
            }
        };
        if let Some(event) = MessageEvent::read(&event) {
            self.message(event).await;
        } else if let Some(event) = RoomEvent::read(&event) {
            self.room(event).await;
        } else if event.kind == "post.created" {
            self.post(&PostId::from_stored(event.subject)).await;
        }
    }

    /// A message is new or has changed.
    async fn message(&mut self, event: MessageEvent) {
        let MessageEvent { what, message, room, rev, live, .. } = event;
        if self.hub.listeners(&room) == 0 {
            return self.order.forget(&room);
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
        let frame = json.map(|json| Frame::encoded(name, &format!("{{\"message\":{json}}}")));
        let ready = self.order.add(&room, rev, frame, Instant::now());
        self.say(&room, ready);
    }

    fn say(&self, room: &RoomId, frames: Vec<Option<Frame>>) {
        for frame in frames.into_iter().flatten() {
            self.hub.to_room(room, &frame);
        }
    }

    /// Something else happened in a room.
    async fn room(&self, RoomEvent { room, what }: RoomEvent) {
        if let What::Joined(who) | What::Left(who, _) = &what
            && !self.store.keeps_order()
        {
            self.settle_membership(&room, who).await;
        }
        let heard = self.hub.listeners(&room) > 0;
        let room_id = room.to_string();
        match what {
            What::Joined(who) if heard => {
                if let Some(user) = self.member(&room, &who).await {
                    self.hub.to_room(&room, &Frame::of(&RoomJoined { room_id, user }));
                }
            }
            What::Left(who, how) => self.left(&room, &who, how, heard).await,
            What::Invited(who) if self.hub.is_connected(&who) => {
                if let Some(room) = surely(|| rooms::queries::summary(self.store.reader(), &room, Some(&who))).await {
                    self.hub.to_person(&who, &Frame::of(&RoomInvited { room }));
                }
            }
            What::RoleChanged(who) if heard => {
                if let Some(member) = self.member(&room, &who).await {
                    let role = RoleChanged { room_id, user_id: member.id, role: member.role };
                    self.hub.to_room(&room, &Frame::of(&role));
                }
            }
            What::Changed if heard => self.changed(&room).await,
            What::Read(who, seq) => self.read(&room, &who, seq),
            _ => {}
        }
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

    async fn left(&self, room: &RoomId, who: &MemberId, how: Departure, heard: bool) {
        if !heard && !self.hub.is_connected(who) {
            return;
        }
        let username = surely(|| rooms::queries::name(self.store.reader(), who)).await.unwrap_or_default();
        let reason = match how {
            Departure::Left => LeaveReason::Left,
            Departure::Removed => LeaveReason::Removed,
        };
        let user = PersonBody { id: who.to_string(), username, is_bot: who.is_bot() };
        let frame = Frame::of(&RoomLeft { room_id: room.to_string(), user, reason });
        self.hub.to_room(room, &frame);
        self.hub.to_person(who, &frame);
    }

    async fn changed(&self, room: &RoomId) {
        let found = surely(|| rooms::queries::summary(self.store.reader(), room, None)).await;
        if let Some(RoomBody { name, access, invite_role, .. }) = found {
            self.hub.to_room(room, &Frame::of(&RoomChanged { room_id: room.to_string(), name, access, invite_role }));
        }
    }

    /// In a large room everybody's markers would be told to everybody.
    fn read(&self, room: &RoomId, who: &MemberId, seq: u64) {
        let frame = Frame::of(&ReadUpTo { room_id: room.to_string(), user_id: who.to_string(), seq });
        if self.hub.listeners(room) <= self.receipts_up_to {
            self.hub.to_room(room, &frame);
        } else {
            self.hub.to_person(who, &frame);
        }
    }

    async fn post(&self, id: &PostId) {
        let found = surely(|| async {
            match posts::queries::post(self.store.reader(), id).await {
                Ok(post) => Ok(Some(post)),
                Err(error) if error.kind == Kind::NotFound => Ok(None),
                Err(error) => Err(error),
            }
        });
        if let Some(post) = found.await {
            self.hub.to_all(&Frame::of(&PostNew { post: post.into() }));
        }
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

/// Hears of a commit. Called by whoever writes to the database, so it never waits.
fn hear(hub: &Hub, queue: &UnboundedSender<Item>, event: &Event) {
    let kind = event.kind.as_str();
    if let Some(ended) = sessions::events::Ended::read(event) {
        let sockets = hub.of_person(&MemberId::User(ended.user));
        let its = sockets.iter().filter(|peer| peer.session().is_some_and(|known| known.session.id == ended.session));
        return its.for_each(|peer| hub.end(peer, &ended.reason));
    }
    if let Some(revoked) = bots::events::Revoked::read(event) {
        let sockets = hub.of_person(&MemberId::Bot(revoked.bot));
        let its = sockets.iter().filter(|peer| peer.who.came_with(&revoked.token));
        return its.for_each(|peer| hub.end(peer, "revoked"));
    }
    if let Some(bot) = bots::events::deleted_bot(event) {
        // Also whoever came with the token of the configuration, which is no bot's own.
        return hub.of_person(&MemberId::Bot(bot)).iter().for_each(|peer| hub.end(peer, "revoked"));
    }
    if let Some(user) = accounts::events::renamed_user(event) {
        return hub.of_person(&MemberId::User(user)).iter().for_each(|peer| peer.was_renamed());
    }
    if kind.starts_with("room.")
        && let Some(RoomEvent { room, what }) = RoomEvent::read(event)
    {
        match what {
            What::Joined(who) => hub.join(&who, &room),
            What::Left(who, _) => hub.leave(&who, &room),
            What::Deleted => {
                let sockets = hub.close_room(&room);
                let _ = queue.send(Item::Closed(room, sockets));
                return;
            }
            _ => {}
        }
    }
    if kind.starts_with("room.") || kind.starts_with("message.") || kind == "post.created" {
        // Nobody takes it any more when the server stops.
        let _ = queue.send(Item::Logged(event.clone()));
    }
}

/// Notes up to which change of a room everything was told of.
fn settle(queue: &UnboundedSender<Item>, entries: &[Entry]) {
    for MessageEvent { room, rev, .. } in entries.iter().filter_map(|entry| MessageEvent::read(&entry.event)) {
        // Nobody takes it any more when the server stops.
        let _ = queue.send(Item::Settled(room, rev));
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::error::Error;

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
