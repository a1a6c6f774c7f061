//! What happens to sessions.

use serde_json::json;

use crate::{
    ids::{SessionId, UserId},
    store::Event,
};

const ENDED: &str = "session.ended";

/// A session has ended before its time: whoever serves it must stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// Which.
    pub session: SessionId,
    /// Whose.
    pub user: UserId,
    /// Why, for clients: `logout`, `revoked`, `replaced`, `credential_changed`, `role_changed`, `disabled`, `too_many`, `expired`.
    pub reason: String,
}

/// The event for the end of a session of `user`.
pub fn ended(session: &SessionId, user: &UserId, reason: &str) -> Event {
    Event::new(ENDED, session, &json!({ "user": user.as_str(), "reason": reason }))
}

impl Ended {
    /// Reads the event, if it is one of these.
    pub fn read(event: &Event) -> Option<Self> {
        if event.kind != ENDED {
            return None;
        }
        Some(Self {
            session: SessionId::from_stored(event.subject.clone()),
            user: UserId::from_stored(event.detail("user")?),
            reason: event.detail("reason")?,
        })
    }
}
