//! How sockets begin and end with the server.

use std::{sync::Arc, time::Duration};

use socketioxide::{ParserConfig, SocketIo};
use tokio::{
    sync::Semaphore,
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    Realtime,
    broadcast::Broadcast,
    connect,
    fanout::Join,
    handlers::Handlers,
    hub::{Hub, HubRules},
    lane,
    metrics::Counters,
    mount::{Mount, Nowhere},
    passing::Passing,
    wire::{Wire, WireAdapter},
};
use crate::{
    bots::gate::Bots,
    config::Config,
    http::{
        auth::Sessions,
        base::Base,
        rate::{Keyed, Ticks},
    },
    random::Random,
    rooms::online::Online,
    store::Store,
};

/// Those that are let in at the same time.
const CONNECT_AT_ONCE: usize = 16;
/// How long clients have to hear that the server stops. Those that poll are between two requests for a moment.
const GOODBYE: Duration = Duration::from_millis(300);
/// How long connections have to end in good order.
const FAREWELL: Duration = Duration::from_secs(2);

/// What sockets are made of.
pub struct Parts {
    /// The database.
    pub store: Store,
    /// How people are known.
    pub sessions: Sessions,
    /// How bots are known.
    pub bots: Bots,
    /// The handlers of the slices.
    pub handlers: Handlers,
    /// Where it is noted who is connected.
    pub online: Online,
    /// The time for limits.
    pub ticks: Ticks,
    /// Chance.
    pub random: Arc<Random>,
    /// The way to other nodes.
    pub join: Join,
}

/// The sockets of a server that runs.
pub struct Sockets {
    /// What answers `/socket.io`.
    pub mount: Mount,
    realtime: Arc<Realtime>,
    io: SocketIo<WireAdapter>,
}

impl Sockets {
    /// Prepares sockets and lets what looks after them run in `tasks` until `stop`.
    pub fn start(config: &Config, parts: Parts, base: &Base, tasks: &TaskTracker, stop: &CancellationToken) -> Self {
        let (rules, limits) = (config.realtime.clone(), config.limits.clone());
        let (wire, counters) = (Arc::new(Wire::default()), Counters::new(&base.metrics));
        let hub_rules = HubRules {
            per_person: limits.sockets_per_user,
            slow_grace: limits.socket_slow_grace.0,
            surely_taken: limits.socket_unsent / 2,
        };
        let (node, ticks, online) = (parts.store.node().clone(), parts.ticks.clone(), parts.online.clone());
        let hub = Arc::new(Hub::new(node, ticks, Arc::clone(&wire), counters.clone(), online, hub_rules));
        let broadcast = Broadcast::listen(&hub, &parts.store, parts.online.clone(), rules.receipts_up_to);
        let told = Arc::downgrade(&hub);
        parts.online.tell_by(move |bot, rooms| {
            if let Some(hub) = told.upgrade() {
                hub.bot_is_in(bot, rooms);
            }
        });
        hub.join_nodes((parts.join)(&hub));
        tasks.spawn(Arc::clone(&hub).keep_in_touch(stop.clone()));
        let passing = Passing { hub: hub.clone(), reader: parts.store.reader().clone(), typing_every: rules.typing_every.0 };
        let realtime = Arc::new(Realtime {
            hub,
            handlers: passing.add_to(parts.handlers),
            lane: lane::Rules {
                at_once: limits.socket_at_once,
                waiting: limits.socket_waiting,
                changes_keep_order: parts.store.keeps_order(),
            },
            store: parts.store,
            sessions: parts.sessions,
            bots: parts.bots,
            ticks: parts.ticks.clone(),
            rules,
            limits,
            counters,
            connecting: Semaphore::new(CONNECT_AT_ONCE),
            random: parts.random,
            closing: false.into(),
        });
        let handshakes = Keyed::new(realtime.limits.socket_handshakes(), 1, &parts.ticks);
        let (engine, io) = engine(&realtime, wire);
        let mount = Mount::new(engine, Arc::clone(&realtime), base, handshakes);
        tasks.spawn(broadcast.run(stop.clone()));
        tasks.spawn(Arc::clone(&realtime).sweep(mount.clone(), stop.clone()));
        Self { mount, realtime, io }
    }

    /// Tells everyone that the server stops, and closes their connections. Nobody else would: once a connection is a WebSocket,
    /// the HTTP server does not wait for it.
    pub async fn stop(self) {
        if self.realtime.say_goodbye() {
            sleep(GOODBYE).await;
        }
        if timeout(FAREWELL, self.io.close()).await.is_err() {
            tracing::debug!("some sockets did not take their farewell");
        }
        for peer in self.realtime.hub.all() {
            self.realtime.hub.unregister(peer.sid);
            peer.line.cut();
        }
        self.realtime.hub.leave_nodes();
    }
}

fn engine(realtime: &Arc<Realtime>, wire: Arc<Wire>) -> (super::mount::Engine, SocketIo<WireAdapter>) {
    let (rules, limits) = (&realtime.rules, &realtime.limits);
    let largest = limits.socket_message.as_usize();
    let (engine, io) = SocketIo::builder()
        .req_path("/socket.io")
        .max_payload(limits.socket_message.0)
        .ws_max_message_size(largest)
        .ws_max_frame_size(largest)
        // No event carries binary data, so no client may send any.
        .with_parser(ParserConfig::common().max_incoming_binaries(0).max_incoming_binary_buf_size(0))
        .max_buffer_size(limits.socket_unsent)
        .ping_interval(rules.ping_interval.0)
        .ping_timeout(rules.ping_timeout.0)
        .upgrade_timeout(rules.upgrade_timeout.0)
        .connect_timeout(limits.socket_connect_timeout.0)
        .with_adapter::<WireAdapter>(wire)
        .build_with_inner_svc(Nowhere);
    io.ns(super::wire::NAMESPACE, connect::handler(Arc::clone(realtime)));
    (engine, io)
}
