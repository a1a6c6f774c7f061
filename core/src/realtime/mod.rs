//! Rooms in real time: Socket.IO at `/socket.io`. Who is on, what they are told, and what they may send. The rules of rooms and
//! messages are in those slices; here is only the way to and from a socket.

pub mod asyncapi;
pub mod guide;
pub mod lane;
pub mod line;
pub mod metrics;
pub mod order;
pub mod protocol;
pub mod wire;
