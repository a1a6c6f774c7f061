//! Rooms: a name, members with roles, and the messages they write. Rooms are unlisted: only members see one, and whoever holds the
//! unguessable id of an open room, or was invited, may become one.

pub mod requests;
