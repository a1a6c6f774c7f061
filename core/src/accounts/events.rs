//! What happens to accounts.

use serde_json::json;

use super::model::Identity;
use crate::{ids::UserId, store::Event};

const RENAMED: &str = "user.renamed";

/// Someone has a new account.
pub fn created(user: &UserId, provider: &str) -> Event {
    Event::new("user.created", user, &json!({ "provider": provider }))
}

/// What a user may do has changed: the role, or whether the account is open.
pub fn changed(user: &UserId) -> Event {
    Event::new("user.changed", user, &json!({}))
}

/// What others see someone called has changed.
pub fn renamed(user: &UserId) -> Event {
    Event::new(RENAMED, user, &json!({}))
}

/// Whose name changed in `event`.
pub fn renamed_user(event: &Event) -> Option<UserId> {
    (event.kind == RENAMED).then(|| UserId::from_stored(event.subject.clone()))
}

/// Someone has one more way to sign in.
pub fn linked(identity: &Identity) -> Event {
    about("identity.linked", identity)
}

/// Someone has one way to sign in less.
pub fn unlinked(identity: &Identity) -> Event {
    about("identity.unlinked", identity)
}

fn about(kind: &str, identity: &Identity) -> Event {
    Event::new(kind, &identity.id, &json!({ "user": identity.user.as_str(), "provider": identity.provider }))
}
