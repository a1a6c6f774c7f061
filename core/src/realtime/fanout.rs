//! What is true for a moment only (typing, presence) gets to sockets wherever they are, behind a trait, so that nothing depends on all of
//! them being in this process. What is in the event log needs no help: each node follows the log and tells its own sockets
//! ([`broadcast`](super::broadcast)), and would tell them once per node if it were handed on, too.

use std::sync::Arc;

use super::{hub::Hub, wire::Frame};
use crate::ids::{MemberId, RoomId};

/// Gives volatile frames to sockets, wherever they are. Never waits. With one process this is its [`Hub`]; another one hands them to the
/// hubs of all nodes.
pub trait Fanout: Send + Sync + 'static {
    /// To everyone in a room, but not to `except`.
    fn to_others(&self, room: &RoomId, frame: &Frame, except: &MemberId);
    /// To everyone who asked who comes and goes in a room.
    fn to_watchers(&self, room: &RoomId, frame: &Frame);
}

/// How a process takes its place among others: gives the way to all hubs, this one among them.
pub type Join = Arc<dyn Fn(&Arc<Hub>) -> Arc<dyn Fanout> + Send + Sync>;

/// For a process that is alone.
pub fn alone() -> Join {
    Arc::new(|hub: &Arc<Hub>| -> Arc<dyn Fanout> { hub.clone() })
}
