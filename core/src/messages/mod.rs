//! Messages: what is said in rooms. Each has its place in the room (`seq`, without gaps); every change of a room, a new message as
//! well as an edit, a deletion or a reaction, takes the next `rev`. Whoever knows the last `rev` they saw can be told exactly what
//! they missed.

pub mod requests;
