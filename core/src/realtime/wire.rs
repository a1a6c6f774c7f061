//! The way to sockets, below the broadcast operators of socketioxide. To a single socket, and then it is known whether it could take
//! what was sent; or to a group, encoded once for all in it, and then the library says how many could not take it, not who.

use std::{
    convert::Infallible,
    fmt,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use socketioxide::{adapter::Emitter, socket::Sid};
use socketioxide_core::{
    Value,
    adapter::{BroadcastFlags, BroadcastOptions, CoreAdapter, CoreLocalAdapter, DefinedAdapter, Room, SocketEmitter, errors::SocketError},
    packet::Packet,
};

use super::protocol::ServerEvent;
use crate::ids::RoomId;

/// The only namespace there is.
pub const NAMESPACE: &str = "/";

/// Something to be sent, encoded.
#[derive(Clone)]
pub struct Frame {
    packet: Packet,
    volatile: bool,
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frame").field("volatile", &self.volatile).finish_non_exhaustive()
    }
}

impl Frame {
    /// The event `event`.
    pub fn of<E: ServerEvent>(event: &E) -> Self {
        Self { volatile: E::VOLATILE, ..Self::encoded(E::NAME, &event.to_json_string()) }
    }

    /// An event whose payload is JSON already.
    pub fn encoded(name: &str, payload: &str) -> Self {
        Self { packet: Packet::event(NAMESPACE, text(format!("[\"{name}\",{payload}]"))), volatile: false }
    }

    /// The acknowledgement of a client's event, from the JSON of its answer.
    pub fn ack(id: i64, answer: &str) -> Self {
        Self { packet: Packet::ack(NAMESPACE, text(format!("[{answer}]")), id), volatile: false }
    }

    /// Whether it may be left out for a client that does not keep up.
    pub fn is_volatile(&self) -> bool {
        self.volatile
    }
}

fn text(json: String) -> Value {
    Value::Str(json.into(), None)
}

/// What became of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// It waits to be written, or the socket is not connected any more.
    Taken,
    /// Too much waits for this socket already.
    Full,
}

/// Those who can be sent something that is encoded once for all of them.
#[derive(Debug, Clone, Copy)]
pub enum Group<'a> {
    /// Who was let into a room.
    Room(&'a RoomId),
    /// Who was let in at all.
    Everybody,
}

impl Group<'_> {
    /// What the library calls it.
    fn name(self) -> Room {
        match self {
            Self::Room(room) => name(room),
            // No room has this id.
            Self::Everybody => "*".into(),
        }
    }
}

/// All sockets of this process.
#[derive(Default)]
pub struct Wire {
    local: OnceLock<CoreLocalAdapter<Emitter>>,
    /// How often somebody of a group was left out so far.
    exceptions: AtomicU64,
}

impl Wire {
    /// Sends `frame` to one socket. Never waits.
    pub fn send(&self, to: Sid, frame: &Frame) -> Sent {
        self.broadcast(frame.packet.clone(), BroadcastOptions::new(to))
    }

    /// Sends `frame` to one socket beside the queue, even if that is full: it is written once all that waits is, unless another one
    /// takes its place.
    pub fn send_past_queue(&self, to: Sid, frame: &Frame) {
        let mut options = BroadcastOptions::new(to);
        options.add_flag(BroadcastFlags::Volatile);
        self.broadcast(frame.packet.clone(), options);
    }

    /// Sends `frame` to all in `group` but these. Never waits. [`Sent::Full`] if some of them did not get it.
    pub fn send_to_group(&self, group: Group<'_>, except: &[Sid], frame: &Frame) -> Sent {
        let mut options = BroadcastOptions::default();
        options.rooms.push(group.name());
        let (Some(local), false) = (self.local.get(), except.is_empty()) else { return self.broadcast(frame.packet.clone(), options) };
        // The library leaves out rooms only. This one is for this frame alone: others that are sent at the same time leave out others.
        let apart: Room = format!("-{}", self.exceptions.fetch_add(1, Ordering::Relaxed)).into();
        for sid in except {
            local.add_all(*sid, apart.clone());
        }
        options.except.push(apart.clone());
        let sent = self.broadcast(frame.packet.clone(), options);
        for sid in except {
            local.del(*sid, apart.clone());
        }
        sent
    }

    /// Lets a socket hear what is sent to everybody.
    pub fn enter(&self, sid: Sid) {
        if let Some(local) = self.local.get() {
            local.add_all(sid, Group::Everybody.name());
        }
    }

    /// Lets a socket hear what is sent to `rooms`.
    pub fn join<'a>(&self, sid: Sid, rooms: impl IntoIterator<Item = &'a RoomId>) {
        if let Some(local) = self.local.get() {
            local.add_all(sid, rooms.into_iter().map(name).collect::<Vec<_>>());
        }
    }

    /// Lets a socket not hear what is sent to `room` any more.
    pub fn leave(&self, sid: Sid, room: &RoomId) {
        if let Some(local) = self.local.get() {
            local.del(sid, name(room));
        }
    }

    /// Lets a socket hear nothing any more that is sent to groups.
    pub fn leave_all(&self, sid: Sid) {
        if let Some(local) = self.local.get() {
            local.del_all(sid);
        }
    }

    /// Disconnects a socket once it has what waits for it; [`Sent::Full`] if not even that can be sent.
    pub fn disconnect(&self, sid: Sid) -> Sent {
        outcome(self.local.get().map_or(Ok(()), |local| local.disconnect_socket(BroadcastOptions::new(sid))))
    }

    /// Whether there is such a socket.
    pub fn knows(&self, sid: Sid) -> bool {
        self.local.get().is_some_and(|local| !local.fetch_sockets(BroadcastOptions::new(sid)).is_empty())
    }

    fn broadcast(&self, packet: Packet, options: BroadcastOptions) -> Sent {
        outcome(self.local.get().map_or(Ok(()), |local| local.broadcast(packet, options)))
    }
}

fn name(room: &RoomId) -> Room {
    room.to_string().into()
}

fn outcome(result: Result<(), Vec<SocketError>>) -> Sent {
    match result {
        Err(errors) if errors.iter().any(|error| matches!(error, SocketError::InternalChannelFull)) => Sent::Full,
        _ => Sent::Taken,
    }
}

/// What hands the [`Wire`] out of socketioxide.
pub struct WireAdapter(Arc<Wire>);

impl CoreAdapter<Emitter> for WireAdapter {
    type Error = Infallible;
    type State = Arc<Wire>;
    type AckStream = <Emitter as SocketEmitter>::AckStream;
    type InitRes = ();

    fn new(wire: &Self::State, local: CoreLocalAdapter<Emitter>) -> Self {
        assert!(wire.local.set(local).is_ok(), "there is one namespace");
        Self(Arc::clone(wire))
    }

    fn init(self: Arc<Self>, on_success: impl FnOnce() + Send + 'static) {
        on_success();
    }

    async fn broadcast_with_ack(
        &self,
        packet: Packet,
        options: BroadcastOptions,
        timeout: Option<Duration>,
    ) -> Result<Self::AckStream, Infallible> {
        Ok(self.get_local().broadcast_with_ack(packet, options, timeout).0)
    }

    fn get_local(&self) -> &CoreLocalAdapter<Emitter> {
        self.0.local.get().expect("set by new")
    }
}

impl DefinedAdapter for WireAdapter {}
