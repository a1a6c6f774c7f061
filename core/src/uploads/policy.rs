//! Who may do what to uploads, and how much.

use std::time::Duration;

use super::model::{Upload, Used};
use crate::{
    actor::Actor,
    clock::Timestamp,
    config::LimitsSection,
    error::{Error, Kind, Result},
};

/// The time in which quotas are counted.
pub const DAY: Duration = Duration::from_hours(24);

/// How much a user may upload in [`DAY`].
#[derive(Debug, Clone, Copy)]
pub struct Quota {
    files: Option<u64>,
    bytes: Option<u64>,
}

impl Quota {
    /// The quota of `section`.
    pub fn of(section: &LimitsSection) -> Self {
        let some = |limit: u64| (section.enabled && limit > 0).then_some(limit);
        Self { files: some(section.uploads_per_day.into()), bytes: some(section.upload_bytes_per_day.0) }
    }

    /// Whether there is room for one more of `bytes`, or of that many at most where its length is not known.
    ///
    /// # Errors
    /// `rate_limited`, with the time until the oldest one counts no longer.
    pub fn require(self, used: Used, bytes: u64, length_known: bool, now: Timestamp) -> Result<()> {
        let has_room = |bytes| self.files.is_none_or(|most| used.files < most) && self.bytes.is_none_or(|most| used.bytes + bytes <= most);
        if has_room(bytes) {
            return Ok(());
        }
        let sentence = if !length_known && has_room(1) {
            "Too little is left of what you may upload in 24 hours for a file of unknown length; send its length (Content-Length)."
        } else {
            "You have uploaded as much as one may in 24 hours; please try again later."
        };
        let wait = used.oldest.map_or(DAY, |oldest| oldest.plus(DAY).since(now));
        Err(Error::limited(sentence, wait.as_secs().max(1)))
    }
}

/// Owners remove their own uploads, admins every one. Others are not told that there is such an upload.
pub fn require_removal(actor: &Actor, upload: &Upload) -> Result<()> {
    let own = matches!(actor, Actor::User { id, .. } if upload.user.as_ref() == Some(id));
    if own || actor.is_admin() { Ok(()) } else { Err(Error::not_found("upload")) }
}

/// Nothing can be stored at the moment.
pub fn unavailable() -> Error {
    let sentence = "Files cannot be stored at the moment; please try again later.";
    Error { retry_after: Some(5), ..Error::new(Kind::Unavailable, "upload_unavailable", sentence) }
}

/// Nothing can be stored at all.
pub fn not_configured() -> Error {
    Error::new(Kind::Unavailable, "upload_unavailable", "This server takes no uploads.")
}
