//! Sessions as screens need them.

use super::{
    model::{Session, SignedIn},
    store,
};
use crate::{
    clock::Timestamp,
    error::Result,
    ids::UserId,
    random::Token,
    store::{Conn, Reader},
};

/// Who presents `token`, if it belongs to a live session of an open account.
pub async fn signed_in(conn: &Reader, token: &Token, now: Timestamp) -> Result<Option<SignedIn>> {
    Ok(store::by_token(conn, &token.hash()).await?.filter(|found| found.session.is_live(now)))
}

/// A user's live sessions, newest first.
pub async fn of_user(conn: &impl Conn, user: &UserId, now: Timestamp) -> Result<Vec<Session>> {
    Ok(store::of_user(conn, user).await?.into_iter().filter(|session| session.is_live(now)).collect())
}
