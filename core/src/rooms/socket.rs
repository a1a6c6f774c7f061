//! Rooms over sockets: the same as over HTTP.

use std::sync::Arc;

use super::{
    http::{Rooms, parse_id},
    queries,
    requests::RoomsAnswer,
};
use crate::{
    error::Result,
    http::payload::Done,
    realtime::{
        handlers::{Effect, Handlers},
        peer::Peer,
        protocol::{RoomJoin, RoomLeave, RoomList, RoomRead},
    },
};

/// Adds the events of this slice.
pub fn add(handlers: Handlers, rooms: &Rooms) -> Handlers {
    let with = || rooms.clone();
    let (listing, joining, leaving, reading) = (with(), with(), with(), with());
    handlers
        .on(Effect::Reads, move |peer, event: RoomList| list(listing.clone(), peer, event))
        .on_json(Effect::Changes, move |peer, event: RoomJoin| join(joining.clone(), peer, event))
        .on(Effect::Changes, move |peer, event: RoomLeave| leave(leaving.clone(), peer, event))
        .on(Effect::Changes, move |peer, event: RoomRead| read(reading.clone(), peer, event))
}

async fn list(rooms: Rooms, peer: Arc<Peer>, event: RoomList) -> Result<RoomsAnswer> {
    rooms.list(&peer.who.actor, event.before.as_deref(), event.limit).await
}

async fn join(rooms: Rooms, peer: Arc<Peer>, event: RoomJoin) -> Result<String> {
    let room = parse_id(&event.room_id)?;
    rooms.join(&peer.who.actor, &room).await?;
    let details = queries::details(rooms.store.reader(), &peer.who.actor, &room, &rooms.online).await?;
    Ok(format!(r#"{{"ok":true,"room":{details}}}"#))
}

async fn leave(rooms: Rooms, peer: Arc<Peer>, event: RoomLeave) -> Result<Done> {
    rooms.leave(&peer.who.actor, &parse_id(&event.room_id)?).await?;
    Ok(Done::default())
}

async fn read(rooms: Rooms, peer: Arc<Peer>, event: RoomRead) -> Result<Done> {
    rooms.read(&peer.who.actor, &parse_id(&event.room_id)?, event.seq).await?;
    Ok(Done::default())
}
