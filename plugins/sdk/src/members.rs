//! Who is in a room that the bot is in. Permission: `members`.

use crate::Error;
pub use crate::bindings::bot::openclaw::members::members::Membership;
use crate::host::members;

/// How many members one call of the host answers with.
const PAGE: u32 = 200;

/// All members of a room, by id. A room with many members costs a call of the host for every 200.
///
/// # Errors
/// [`Error::NotFound`].
pub fn all(room_id: &str) -> Result<Vec<Membership>, Error> {
    let mut all: Vec<Membership> = Vec::new();
    loop {
        let last = all.last().map(|membership| membership.member.id.clone());
        let page = members::list_members(room_id, last.as_deref(), PAGE)?;
        let full = page.len() == PAGE as usize;
        all.extend(page);
        if !full {
            return Ok(all);
        }
    }
}

/// Some members of a room by id, at most `limit`, which is at most 200, after the id `after`.
///
/// # Errors
/// [`Error::NotFound`].
pub fn page(room_id: &str, after: Option<&str>, limit: u32) -> Result<Vec<Membership>, Error> {
    members::list_members(room_id, after, limit)
}

/// One member of a room, with role and presence.
///
/// # Errors
/// [`Error::NotFound`].
pub fn member(room_id: &str, member_id: &str) -> Result<Membership, Error> {
    members::get_membership(room_id, member_id)
}
