//! What happens to mails.

use serde_json::json;

use crate::{ids::MailId, store::Event};

const QUEUED: &str = "mail.queued";

/// A mail waits to be sent.
pub fn queued(id: &MailId) -> Event {
    Event::new(QUEUED, id, &json!({}))
}

/// Whether `event` says that a mail waits.
pub fn is_queued(event: &Event) -> bool {
    event.kind == QUEUED
}
