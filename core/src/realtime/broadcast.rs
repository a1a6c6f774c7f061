//! From the event log to sockets. A commit is heard in the moment it is told of: what decides who hears what changes then and there,
//! and what is to be said waits in one queue, so that everyone hears of a room's changes in one order.

use std::sync::Arc;

use futures_util::{StreamExt, stream};
use tokio::{
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    task::yield_now,
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;

use super::{
    hub::Hub,
    lookup::{Heard, Lookup, Saying},
    order::Order,
    protocol::RoomDeleted,
    wire::Frame,
};
use crate::{
    accounts, bots,
    ids::{MemberId, RoomId},
    messages::events::MessageEvent,
    rooms::{
        events::{RoomEvent, What},
        online::Online,
    },
    sessions,
    store::{Entry, Event, Store},
};

/// Questions to the database at the same time.
const AT_ONCE: usize = 4;

/// Something that happened.
enum Item {
    /// This was logged.
    Logged(Event),
    /// Everything that happened in a room before this change was told of.
    Settled(RoomId, u64),
    /// A room is gone; those heard it.
    Closed(RoomId, Vec<socketioxide::socket::Sid>),
}

/// Hears what is committed and gives it out.
pub struct Broadcast {
    hub: Arc<Hub>,
    lookup: Arc<Lookup>,
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
        let lookup = Arc::new(Lookup { hub: Arc::clone(hub), store: store.clone(), online });
        Self { hub: Arc::clone(hub), lookup, receipts_up_to, order, queue }
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
        let mut heard = vec![Heard::from(first)];
        while heard.len() <= behind
            && let Ok(item) = self.queue.try_recv()
        {
            heard.push(item.into());
        }
        if !self.lookup.store.keeps_order() {
            Heard::settle(&mut heard);
        }
        let lookup = Arc::clone(&self.lookup);
        let mut sayings = stream::iter(heard).map(|heard| lookup.find(heard)).buffered(AT_ONCE);
        while let Some(saying) = sayings.next().await {
            self.give_out(saying);
        }
    }

    fn give_out(&mut self, saying: Saying) {
        match saying {
            Saying::Change(room, rev, frame) => {
                let ready = self.order.add(&room, rev, frame, Instant::now());
                self.say(&room, ready);
            }
            Saying::Settled(room, _) if self.hub.listeners(&room) == 0 => self.order.forget(&room),
            Saying::Settled(room, rev) => {
                let ready = self.order.settle(&room, rev, Instant::now());
                self.say(&room, ready);
            }
            Saying::Unheard(room) => self.order.forget(&room),
            Saying::Room(room, frame) => self.hub.to_room(&room, &frame),
            Saying::RoomAnd(room, who, frame) => {
                self.hub.to_room(&room, &frame);
                self.hub.to_person(&who, &frame);
            }
            // In a large room everybody's markers would be told to everybody.
            Saying::Read(room, _, frame) if self.hub.listeners(&room) <= self.receipts_up_to => self.hub.to_room(&room, &frame),
            Saying::Read(_, who, frame) | Saying::Person(who, frame) => self.hub.to_person(&who, &frame),
            Saying::Everybody(frame) => self.hub.to_all(&frame),
            Saying::Closed(room, sockets) => {
                self.order.forget(&room);
                self.hub.send_to(sockets, &Frame::of(&RoomDeleted { room_id: room.to_string() }));
            }
            Saying::Nothing => {}
        }
    }

    fn say(&self, room: &RoomId, frames: Vec<Option<Frame>>) {
        for frame in frames.into_iter().flatten() {
            self.hub.to_room(room, &frame);
        }
    }
}

impl From<Item> for Heard {
    fn from(item: Item) -> Self {
        match item {
            Item::Logged(event) => Self::read(event),
            Item::Settled(room, rev) => Self::Known(Saying::Settled(room, rev)),
            Item::Closed(room, sockets) => Self::Known(Saying::Closed(room, sockets)),
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
