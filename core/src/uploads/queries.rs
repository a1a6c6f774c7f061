//! Uploads as screens need them, and what the background work asks for.

use std::collections::HashSet;

use super::{model::Upload, store};
use crate::{
    clock::Timestamp,
    error::Result,
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

/// Up to `limit` uploads whose objects are to go; see [`super::janitor`].
pub async fn doomed(conn: &impl Conn, before: Timestamp, only: Option<&NodeId>, limit: u64) -> Result<Vec<Upload>> {
    store::doomed(conn, before, only, limit).await
}

/// Which of `stems` (keys without their ending) belong to an upload.
pub async fn known(conn: &impl Conn, stems: &[String]) -> Result<HashSet<String>> {
    store::known(conn, stems).await
}

/// The oldest picture after `after` that waits for its small version.
pub async fn next_thumbnail(conn: &impl Conn, after: Option<&UploadId>) -> Result<Option<Upload>> {
    store::next_thumbnail(conn, after).await
}
