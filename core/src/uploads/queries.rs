//! Uploads as screens need them, and what the background work asks for.

use std::collections::HashSet;

use super::{
    model::{State, Upload},
    store,
};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
    ids::{NodeId, UploadId, UserId},
    store::{Conn, Reader},
};

/// A page of somebody's uploads.
#[derive(Debug)]
pub struct Page {
    /// Newest first.
    pub uploads: Vec<Upload>,
    /// The id to continue before, if there are older ones.
    pub next: Option<UploadId>,
}

/// The newest `limit` uploads of `user`, or those just older than `before`.
pub async fn page(conn: &Reader, user: &UserId, before: Option<&UploadId>, limit: u64) -> Result<Page> {
    let mut uploads = store::page(conn, user, before, limit + 1).await?;
    let more = uploads.len() as u64 > limit;
    uploads.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next = uploads.last().filter(|_| more).map(|last| last.id.clone());
    Ok(Page { uploads, next })
}

/// An upload of `user` that is finished.
///
/// # Errors
/// `not_found`, also for those of others.
pub async fn own(conn: &Reader, user: &UserId, id: &UploadId) -> Result<Upload> {
    let found = store::by_id(conn, id).await?;
    let own = found.filter(|upload| upload.user.as_ref() == Some(user) && upload.state == State::Ready);
    own.ok_or_else(|| Error::not_found("upload"))
}

/// Up to `limit` uploads after `after` whose objects are to go; see [`super::janitor`].
pub async fn doomed(
    conn: &impl Conn,
    before: Timestamp,
    only: Option<&NodeId>,
    after: Option<&UploadId>,
    limit: u64,
) -> Result<Vec<Upload>> {
    store::doomed(conn, before, only, after, limit).await
}

/// Which of `stems` (keys without their ending) belong to an upload.
pub async fn known(conn: &impl Conn, stems: &[String]) -> Result<HashSet<String>> {
    store::known(conn, stems).await
}

/// The oldest picture after `after` that waits for its small version.
pub async fn next_thumbnail(conn: &impl Conn, after: Option<&UploadId>) -> Result<Option<Upload>> {
    store::next_thumbnail(conn, after).await
}

/// Up to `limit` uploads of `user`, the oldest, whatever their state.
pub async fn all_of(conn: &Reader, user: &UserId, limit: u64) -> Result<Vec<Upload>> {
    store::all_of(conn, user, limit).await
}
