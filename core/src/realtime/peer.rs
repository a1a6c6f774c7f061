//! A connected socket: who it is, and what it may still do.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};

use socketioxide::socket::Sid;
use tokio::{task::unconstrained, time::Instant};

use super::{
    hub::Hub,
    lane::Lane,
    line::Line,
    typing::{Said, Tell},
};
use crate::{
    actor::Actor,
    bots::model::Ability,
    clock::Timestamp,
    config::Rate,
    error::{Error, Result as AppResult},
    http::rate::{self, Ticks},
    ids::{BotTokenId, MemberId, RoomId},
    rooms,
    sessions::model::SignedIn,
    store::Reader,
};

/// Who a socket speaks for.
#[derive(Debug, Clone)]
pub struct Who {
    /// Their id.
    pub id: MemberId,
    /// Their name when they connected; [`Peer::name`] knows that of today.
    pub username: String,
    /// The cause of what they do.
    pub actor: Actor,
    /// How it is known.
    pub proof: Proof,
}

impl Who {
    /// Whether they may hear `room`, if they are in it.
    pub fn reaches(&self, room: &RoomId) -> bool {
        self.actor.require(Ability::Read, room).is_ok()
    }

    /// Whether they were let in by this token.
    pub fn came_with(&self, token: &BotTokenId) -> bool {
        matches!(&self.actor, Actor::Bot { rights, .. } if rights.token.as_ref() == Some(token))
    }
}

/// How it is known who a socket speaks for, and what must hold for it to stay.
#[derive(Debug, Clone)]
pub enum Proof {
    /// A session's cookie.
    Session(Box<SignedIn>),
    /// A bot's token.
    Token,
}

/// What somebody is called, as it was read after so many changes of it.
struct Name {
    shown: String,
    changes: u64,
}

/// One connected socket.
pub struct Peer {
    /// Its id on the wire. A secret: who knows it can speak in its place over polling.
    pub sid: Sid,
    /// Who it speaks for.
    pub who: Who,
    /// Its connection.
    pub line: Line,
    /// What it asked for and is not answered yet.
    pub lane: Lane,
    /// When it came.
    pub born: Instant,
    name: tokio::sync::Mutex<Name>,
    /// Changes of the name that were heard of.
    renamed: AtomicU64,
    session: Mutex<Option<Box<SignedIn>>>,
    ending: AtomicBool,
    refused: AtomicU32,
    allowance: Mutex<Allowance>,
    ticks: Ticks,
    /// Which holds it.
    hub: Weak<Hub>,
    typing: Mutex<Said>,
}

impl Peer {
    /// A socket that just connected and is to be heard by `hub`, allowed to send at `rate` from now on.
    pub fn new(sid: Sid, who: Who, line: Line, rate: Rate, ticks: &Ticks, hub: &Arc<Hub>) -> Self {
        let session = if let Proof::Session(found) = &who.proof { Some(found.clone()) } else { None };
        let name = Name { shown: who.username.clone(), changes: 0 };
        Self {
            sid,
            who,
            line,
            lane: Lane::default(),
            born: Instant::now(),
            name: tokio::sync::Mutex::new(name),
            renamed: AtomicU64::new(0),
            session: Mutex::new(session),
            ending: AtomicBool::new(false),
            refused: AtomicU32::new(0),
            allowance: Mutex::new(Allowance::new(rate, ticks.elapsed())),
            ticks: ticks.clone(),
            hub: Arc::downgrade(hub),
            typing: Mutex::default(),
        }
    }

    /// What its person is called now.
    ///
    /// # Errors
    /// The database, which is asked only after a change, does not answer.
    pub async fn name(&self, conn: &Reader) -> AppResult<String> {
        // In turn, so that what needs the name goes on in the order in which it came; and at once unless somebody else reads it.
        let mut name = unconstrained(self.name.lock()).await;
        let changes = self.renamed.load(Ordering::Acquire);
        if name.changes != changes {
            let shown = rooms::queries::name(conn, &self.who.id).await?.ok_or_else(Error::login_required)?;
            *name = Name { shown, changes };
        }
        Ok(name.shown.clone())
    }

    /// Notes that its person has another name now.
    pub fn was_renamed(&self) {
        self.renamed.fetch_add(1, Ordering::AcqRel);
    }

    /// The session it came with, as far as it is known by now.
    pub fn session(&self) -> Option<SignedIn> {
        lock(&self.session).as_deref().cloned()
    }

    /// Whether its session may have ended by itself at `now`.
    pub fn may_have_expired(&self, now: Timestamp) -> bool {
        lock(&self.session).as_ref().is_some_and(|known| !known.session.is_live(now))
    }

    /// Notes what was found out about its session.
    pub fn renew(&self, found: SignedIn) {
        *lock(&self.session) = Some(Box::new(found));
    }

    /// The session, if this use of it is to be written down; noted as done.
    pub fn touch(&self, now: Timestamp) -> Option<SignedIn> {
        let mut session = lock(&self.session);
        let known = session.as_mut().filter(|known| known.session.wants_touch(now))?;
        known.session.last_seen_at = now;
        Some(SignedIn::clone(known))
    }

    /// Begins its end; false if that has begun before.
    pub fn end(&self) -> bool {
        !self.ending.swap(true, Ordering::AcqRel)
    }

    /// Whether it is about to be disconnected: nothing it sends counts any more.
    pub fn is_ending(&self) -> bool {
        self.ending.load(Ordering::Acquire)
    }

    /// Takes one event from its allowance. Fails with `rate_limited`; then the number says how often in a row it was refused.
    pub fn spend(&self) -> Result<(), (Error, u32)> {
        match lock(&self.allowance).take(self.ticks.elapsed()) {
            Ok(()) => {
                self.refused.store(0, Ordering::Relaxed);
                Ok(())
            }
            Err(time) => Err((rate::wait(time), self.refused.fetch_add(1, Ordering::Relaxed) + 1)),
        }
    }

    /// Takes one more from its allowance, for an event that makes as much work as several. False if there is none left.
    pub fn spend_more(&self) -> bool {
        lock(&self.allowance).take(self.ticks.elapsed()).is_ok()
    }

    /// Whether it hears `room`, which its person is in then.
    pub fn hears(&self, room: &RoomId) -> bool {
        self.hub.upgrade().is_some_and(|hub| hub.hears(self.sid, room))
    }

    /// Notes whether its person is typing in a room, and says when to tell the others, who hear of it once in `every`.
    pub fn types(&self, room: &RoomId, on: bool, every: Duration) -> Tell {
        lock(&self.typing).note(room.as_str(), on, self.ticks.elapsed(), every)
    }

    /// What is to be told of that now because it had to wait.
    pub fn rest_of_typing(&self, room: &RoomId) -> Option<bool> {
        lock(&self.typing).rest(room.as_str(), self.ticks.elapsed())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// So many events at once; they grow back evenly.
struct Allowance {
    /// How long one takes to grow back, and how many there are at most; `None` for no limit.
    rule: Option<(Duration, u32)>,
    /// When all of them would be back (as in the generic cell rate algorithm).
    full_at: Duration,
}

impl Allowance {
    fn new(rate: Rate, now: Duration) -> Self {
        Self { rule: rate.get().map(|(count, span)| (span / count.get(), count.get())), full_at: now }
    }

    /// Takes one, or says how long it takes until there is one.
    fn take(&mut self, now: Duration) -> Result<(), Duration> {
        let Some((each, count)) = self.rule else { return Ok(()) };
        let full_at = self.full_at.max(now) + each;
        let earliest = full_at.saturating_sub(each * count);
        match earliest.checked_sub(now) {
            None | Some(Duration::ZERO) => {
                self.full_at = full_at;
                Ok(())
            }
            Some(wait) => Err(wait),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_may_come_at_once_up_to_the_limit_and_grow_back_evenly() {
        let second = Duration::from_secs(1);
        let mut allowance = Allowance::new(Rate::within(10, 10), second);
        assert!((0..10).all(|_| allowance.take(second).is_ok()));
        assert_eq!(allowance.take(second), Err(second));
        assert!(allowance.take(2 * second).is_ok() && allowance.take(2 * second).is_err());
        assert!((0..10).all(|_| allowance.take(60 * second).is_ok()) && allowance.take(60 * second).is_err());
        let mut unlimited = Allowance::new(Rate::UNLIMITED, second);
        assert!((0..1000).all(|_| unlimited.take(second).is_ok()));
    }
}
