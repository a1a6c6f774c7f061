//! What happens to accounts.

use serde_json::json;

use crate::{ids::UserId, store::Event};

/// Someone has a new account.
pub fn created(user: &UserId, provider: &str) -> Event {
    Event::new("user.created", user, &json!({ "provider": provider }))
}

/// What a user may do has changed: the role, or whether the account is open.
pub fn changed(user: &UserId) -> Event {
    Event::new("user.changed", user, &json!({}))
}
