//! What can be done to sessions.

use super::{
    events,
    model::{Lifetime, NewSession, Session},
    store,
};
use crate::{
    actor::Role,
    config::SessionsSection,
    error::{Error, Result},
    ids::{SessionId, UserId},
    random::Token,
    store::Tx,
};

/// Expired sessions that are removed in one go.
const SWEEP: u64 = 500;

/// Begins a session and returns its secret, which exists nowhere else.
pub async fn start(tx: &mut Tx, new: &NewSession) -> Result<(Session, Token)> {
    let (now, token) = (tx.now(), tx.random().token());
    let lifetime = Lifetime::of(&new.rules, new.role);
    let session = Session {
        id: SessionId::new(now, tx.random()),
        user: new.user.clone(),
        provider: new.provider.clone(),
        identity: new.identity.clone(),
        client: new.client.chars().filter(|c| !c.is_control()).take(200).collect(),
        created_at: now,
        last_seen_at: now,
        idle_expires_at: now.plus(lifetime.idle.min(lifetime.absolute)),
        expires_at: now.plus(lifetime.absolute),
    };
    store::add(tx, &session, &token.hash()).await?;
    if let Some(old) = &new.replaces {
        end(tx, old, "replaced").await?;
    }
    make_room(tx, &session, new.rules.max_per_user).await?;
    Ok((session, token))
}

/// Ends the oldest live sessions beyond `max`. Never `new`, which looks like the oldest when the clock was set back meanwhile.
async fn make_room(tx: &mut Tx, new: &Session, max: u32) -> Result<()> {
    let now = tx.now();
    let all = store::of_user(tx.conn(), &new.user).await?;
    let others = all.iter().filter(|session| session.id != new.id && session.is_live(now));
    for surplus in others.skip(max.saturating_sub(1) as usize) {
        end(tx, surplus, "too_many").await?;
    }
    Ok(())
}

/// Ends `session`. Ending it again does nothing.
pub async fn end(tx: &mut Tx, session: &Session, reason: &str) -> Result<()> {
    if store::remove(tx, &session.id).await? {
        tx.record(events::ended(&session.id, &session.user, reason));
    }
    Ok(())
}

/// Ends one session of `user`.
///
/// # Errors
/// `not_found` if the user has no such session.
pub async fn revoke(tx: &mut Tx, user: &UserId, id: &SessionId) -> Result<()> {
    let sessions = store::of_user(tx.conn(), user).await?;
    let session = sessions.iter().find(|session| &session.id == id).ok_or_else(|| Error::not_found("session"))?;
    end(tx, session, "revoked").await
}

/// Ends all sessions of `user` but `keep`.
pub async fn end_all(tx: &mut Tx, user: &UserId, keep: Option<&SessionId>, reason: &str) -> Result<()> {
    for session in store::of_user(tx.conn(), user).await? {
        if Some(&session.id) != keep {
            end(tx, &session, reason).await?;
        }
    }
    Ok(())
}

/// Refuses whoever relies on a session that has ended meanwhile. Whoever ends it from now on waits until the end of the transaction.
///
/// # Errors
/// `login_required`.
pub async fn require_live(tx: &Tx, id: &SessionId) -> Result<()> {
    let is_live = store::hold(tx, id).await?.is_some_and(|session| session.is_live(tx.now()));
    if is_live { Ok(()) } else { Err(Error::login_required()) }
}

/// Writes down that `session` was used.
pub async fn touch(tx: &mut Tx, session: &Session, role: Role, rules: &SessionsSection) -> Result<()> {
    let idle_expires_at = tx.now().plus(Lifetime::of(rules, role).idle).min(session.expires_at);
    store::touch(tx, &session.id, idle_expires_at).await
}

/// Removes sessions that have expired; true if there may be more.
pub async fn sweep(tx: &mut Tx) -> Result<bool> {
    let expired = store::expired(tx, SWEEP).await?;
    for (session, user) in &expired {
        if store::remove(tx, session).await? {
            tx.record(events::ended(session, user, "expired"));
        }
    }
    Ok(expired.len() as u64 == SWEEP)
}
