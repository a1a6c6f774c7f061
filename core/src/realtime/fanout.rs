//! What is true for a moment only (who is there, who is typing) gets to other nodes behind a trait, so that nothing depends on all sockets
//! being in this process. Each node tells the others of its own sockets, and keeps what they tell of theirs ([`elsewhere`](super::elsewhere)).
//! What is in the event log needs no help: each node follows the log and tells its own sockets ([`broadcast`](super::broadcast)), and would
//! tell them once per node if it were handed on, too.

use std::sync::Arc;

use super::{hub::Hub, protocol::TypingNow, roll::Moved};
use crate::ids::{MemberId, NodeId, RoomId};

/// What one node tells all others.
#[derive(Debug, Clone)]
pub struct Word {
    /// The node.
    pub from: NodeId,
    /// How many it has said, not counting those of which none needs to arrive. Whoever misses one asks for everything anew as soon as
    /// the node says that it is alive.
    pub number: u64,
    /// What it says.
    pub news: News,
}

/// What there is to tell other nodes. "There" are those of whom a socket of the node hears a room, and bots that run on the node.
#[derive(Debug, Clone)]
pub enum News {
    /// Nothing, but that the node is there. Said every few seconds: the people of a node that falls silent are gone.
    Alive,
    /// Who came to which rooms, and who went.
    Presence(Vec<Moved>),
    /// Somebody is no member of a room any more, which everyone hears from the event log.
    Left {
        /// Who.
        who: MemberId,
        /// The room.
        room: RoomId,
    },
    /// A room is closed.
    Closed(RoomId),
    /// Tell who is there: that node, or all of them.
    RollCall(Option<NodeId>),
    /// Who is there, all of them.
    Roll(Vec<(MemberId, RoomId)>),
    /// Somebody is typing, or has stopped.
    Typing {
        /// Who.
        who: MemberId,
        /// Where.
        room: RoomId,
        /// What the others in the room are told.
        now: TypingNow,
    },
}

impl News {
    /// Whether it matters that it arrives.
    pub fn is_numbered(&self) -> bool {
        !matches!(self, Self::Typing { .. })
    }
}

/// Gives words to all other nodes, whose hubs hear them ([`Hub::hear`]): those of one node in the order in which it said them. Some may be
/// lost. Never waits: whoever says something tells nobody else meanwhile.
pub trait Fanout: Send + Sync + 'static {
    /// Says `word`.
    fn say(&self, word: Word);
}

/// How a process takes its place among others: gives the way from this hub to theirs.
pub type Join = Arc<dyn Fn(&Arc<Hub>) -> Arc<dyn Fanout> + Send + Sync>;

/// For a process that is alone.
pub fn alone() -> Join {
    Arc::new(|_: &Arc<Hub>| -> Arc<dyn Fanout> { Arc::new(Alone) })
}

struct Alone;

impl Fanout for Alone {
    fn say(&self, _: Word) {}
}
