//! Rooms in real time: Socket.IO at `/socket.io`. Who is on, what they are told, and what they may send. The rules of rooms and
//! messages are in those slices; here is only the way to and from a socket.
//!
//! In: [`mount`] takes the connection ([`line`]), [`connect`] finds out who it is, [`inlet`] takes what they send, puts it into its
//! order ([`lane`]) and lets one of the [`handlers`] answer. Out: [`broadcast`] hears what is committed, finds out what is to be said
//! of it ([`lookup`]), puts it into the order of the room ([`order`]) and hands it to the [`hub`], which knows who hears which room and
//! sends over the [`wire`]. Who is there and who is typing the hubs of several nodes tell each other by a [`fanout`].

pub mod asyncapi;
mod backlog;
pub mod broadcast;
pub mod connect;
mod elsewhere;
pub mod fanout;
pub mod guide;
pub mod handlers;
pub mod hub;
pub mod inlet;
pub mod lane;
pub mod line;
mod lookup;
pub mod metrics;
pub mod mount;
pub mod order;
pub mod passing;
pub mod peer;
pub mod protocol;
pub mod roll;
pub mod start;
mod sweep;
pub mod typing;
pub mod wire;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::sync::Semaphore;

use self::{handlers::Handlers, hub::Hub, metrics::Counters, protocol::ServerClosing, wire::Frame};
use crate::{
    bots::gate::Bots,
    config::{LimitsSection, RealtimeSection},
    http::{auth::Sessions, rate::Ticks},
    random::Random,
    store::Store,
};

/// What every socket needs. Handlers must not hold it: it holds them.
pub struct Realtime {
    /// Who is connected.
    pub hub: Arc<Hub>,
    /// What answers which event.
    pub handlers: Handlers,
    /// How a socket's events are put into order.
    pub lane: lane::Rules,
    /// The database.
    pub store: Store,
    /// How people are known.
    pub sessions: Sessions,
    /// How bots are known.
    pub bots: Bots,
    /// The time for limits.
    pub ticks: Ticks,
    /// The timing of sockets.
    pub rules: RealtimeSection,
    /// What a socket may do.
    pub limits: LimitsSection,
    /// What is counted.
    pub counters: Counters,
    /// Those that connect at the same time. All at once, a crowd would wait for the database until it is turned away.
    connecting: Semaphore,
    random: Arc<Random>,
    closing: AtomicBool,
}

impl Realtime {
    /// Whether the server stops: nobody is let in any more.
    pub fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Relaxed)
    }

    /// Lets nobody in any more, and tells everyone to come back at a moment of their own. False if nobody is there to be told.
    fn say_goodbye(&self) -> bool {
        self.closing.store(true, Ordering::Relaxed);
        let all = self.hub.all();
        for peer in &all {
            self.hub.send(peer, &Frame::of(&ServerClosing { retry_ms: self.moment().as_millis().try_into().unwrap_or(u64::MAX) }));
        }
        !all.is_empty()
    }

    /// A random moment within `realtime.retry_within`.
    fn moment(&self) -> Duration {
        let share = u16::from_be_bytes(self.random.bytes());
        self.rules.retry_within.0.mul_f64(f64::from(share) / f64::from(u16::MAX))
    }
}
