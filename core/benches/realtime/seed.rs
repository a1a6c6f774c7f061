//! Members, rooms and messages, written straight into a database that the server has made.

use std::{fmt::Write, path::Path, time::Duration};

use community::{
    clock::{Clock, SystemClock, Timestamp},
    ids::{MessageId, RoomId, SessionId, UserId},
    random::Random,
};
use sea_orm::{ConnectionTrait, DatabaseTransaction, TransactionTrait};

use crate::{Outcome, seed};

/// Rows in one statement.
const ROWS: usize = 500;
/// How long a session of a member lives.
const DAY: Duration = Duration::from_hours(24);

/// People who are signed in.
pub struct Members {
    /// Their ids.
    pub ids: Vec<UserId>,
    /// The `Cookie` header of each, with its line end.
    pub cookies: Vec<String>,
}

/// What is in a room at the beginning.
pub struct Room<'a> {
    /// Who is in it.
    pub members: &'a [usize],
    /// How many messages there are.
    pub messages: usize,
}

/// Makes `count` people, each with a session, and rooms with some of them; gives the ids of the rooms.
pub async fn community(database: &Path, count: usize, rooms: &[Room<'_>]) -> Outcome<(Members, Vec<String>)> {
    let conn = seed::open(database).await?;
    let (random, now) = (Random::seeded(11), SystemClock.now());
    let tx = conn.begin().await?;
    let members = people(&tx, count, now, &random).await?;
    let mut ids = Vec::with_capacity(rooms.len());
    for room in rooms {
        ids.push(open_room(&tx, room, &members.ids, now, &random).await?);
    }
    tx.commit().await?;
    conn.execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)").await?;
    conn.close().await?;
    Ok((members, ids))
}

/// Lets `count` more people into a room. They are not signed in.
pub async fn guests(database: &Path, room: &str, count: usize) -> Outcome {
    let conn = seed::open(database).await?;
    let (random, now) = (Random::seeded(12), SystemClock.now());
    let tx = conn.begin().await?;
    for first in (0..count).step_by(ROWS) {
        let mut users = "INSERT INTO users (id, username, role, created_at) VALUES ".to_owned();
        let mut members = "INSERT INTO room_members (room_id, member_id, role, joined_at, read_seq) VALUES ".to_owned();
        for index in first..(first + ROWS).min(count) {
            let (comma, user) = (if index == first { "" } else { "," }, UserId::new(now, &random));
            write!(users, "{comma}('{user}','Guest {index}','user','{now}')")?;
            write!(members, "{comma}('{room}','{user}',2,'{now}',0)")?;
        }
        tx.execute_unprepared(&users).await?;
        tx.execute_unprepared(&members).await?;
    }
    tx.commit().await?;
    Ok(conn.close().await?)
}

async fn people(tx: &DatabaseTransaction, count: usize, now: Timestamp, random: &Random) -> Outcome<Members> {
    let mut members = Members { ids: Vec::new(), cookies: Vec::new() };
    for index in 0..count {
        let (user, session, token) = (UserId::new(now, random), SessionId::new(now, random), random.token());
        let (hash, ends) = (token.hash(), now.plus(DAY));
        let insert = format!("INSERT INTO users (id, username, role, created_at) VALUES ('{user}', 'Member {index}', 'user', '{now}')");
        tx.execute_unprepared(&insert).await?;
        let insert = format!(
            "INSERT INTO sessions (id, token_hash, user_id, provider, client, created_at, last_seen_at, idle_expires_at, expires_at) \
             VALUES ('{session}', '{}', '{user}', 'email', 'bench', '{now}', '{now}', '{ends}', '{ends}')",
            hash.as_str()
        );
        tx.execute_unprepared(&insert).await?;
        members.cookies.push(format!("Cookie: community_sid={}\r\n", token.expose()));
        members.ids.push(user);
    }
    Ok(members)
}

async fn open_room(tx: &DatabaseTransaction, room: &Room<'_>, people: &[UserId], now: Timestamp, random: &Random) -> Outcome<String> {
    let (id, count) = (RoomId::new(now, random), room.messages);
    let insert = format!(
        "INSERT INTO rooms (id, name, access, invite_role, seq, rev, created_at, active_at) \
         VALUES ('{id}', 'Room', 'open', 2, {count}, {count}, '{now}', '{now}')"
    );
    tx.execute_unprepared(&insert).await?;
    for member in room.members {
        let (role, member) = (if *member == room.members[0] { 0 } else { 2 }, &people[*member]);
        let insert = format!(
            "INSERT INTO room_members (room_id, member_id, role, joined_at, read_seq) VALUES ('{id}', '{member}', {role}, '{now}', {count})"
        );
        tx.execute_unprepared(&insert).await?;
    }
    let author = &people[room.members[0]];
    for first in (1..=count).step_by(ROWS) {
        let mut insert = "INSERT INTO messages (id, room_id, seq, rev, author_id, author_name, body, attachments, reactions, created_at, \
                          deleted) VALUES "
            .to_owned();
        for seq in first..(first + ROWS).min(count + 1) {
            let comma = if seq == first { "" } else { "," };
            let message = MessageId::new(now, random);
            write!(
                insert,
                "{comma}('{message}','{id}',{seq},{seq},'{author}','Member 0','Message number {seq} says something.','[]','[]','{now}',false)"
            )?;
        }
        tx.execute_unprepared(&insert).await?;
    }
    Ok(id.to_string())
}
