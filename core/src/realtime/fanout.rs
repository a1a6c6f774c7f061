//! Who gets what: behind a trait, so that nothing depends on all sockets being in this process. What is in the event log needs no
//! help to reach other nodes, since each follows the log; what passes (typing, presence) would be handed on by another [`Fanout`].

use super::wire::Frame;
use crate::ids::{MemberId, RoomId};

/// Gives frames to sockets, wherever they are. Never waits, and keeps the order of what goes to the same socket.
pub trait Fanout: Send + Sync + 'static {
    /// To everyone in a room, but not to `except`.
    fn to_room(&self, room: &RoomId, frame: &Frame, except: Option<&MemberId>);
    /// To all sockets of a user or bot.
    fn to_person(&self, person: &MemberId, frame: &Frame);
    /// To everyone.
    fn to_all(&self, frame: &Frame);
}
