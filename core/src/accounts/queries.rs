//! Accounts as screens need them.

use super::{
    model::{Identity, User},
    store,
};
use crate::{
    error::Result,
    ids::{IdentityId, UserId},
    sessions::model::Session,
    store::{Conn, Reader},
    text::name_key,
};

/// A user's ways to sign in, oldest first.
pub async fn identities(conn: &impl Conn, user: &UserId) -> Result<Vec<Identity>> {
    store::identities_of(conn, user).await
}

/// The identity that a session began with. Where that is not known, or gone, the user's oldest one at the same provider.
pub async fn used(conn: &Reader, session: &Session) -> Result<Option<Identity>> {
    if let Some(id) = &session.identity {
        return store::identity_by_id(conn, id).await;
    }
    store::identity_of(conn, &session.user, &session.provider).await
}

/// Who has this address with this provider.
pub async fn by_subject(conn: &Reader, provider: &str, subject: &str) -> Result<Option<User>> {
    match store::identity(conn, provider, subject).await? {
        Some(identity) => store::user(conn, &identity.user).await,
        None => Ok(None),
    }
}

/// A user by id.
pub async fn by_id(conn: &impl Conn, id: &UserId) -> Result<Option<User>> {
    store::user(conn, id).await
}

/// Whether a person is called something that looks like `name`.
pub async fn is_name(conn: &impl Conn, name: &str) -> Result<bool> {
    store::is_name_of_person(conn, &name_key(name)).await
}

/// A page of users with their ways to sign in, for the operator.
pub async fn list(conn: &Reader, after: Option<&UserId>, limit: u64) -> Result<Vec<(User, Vec<Identity>)>> {
    store::users(conn, after, limit).await
}

/// The identities by which a provider knows somebody as `name`, for the operator: the subject, or what people are called there.
pub async fn identities_called(conn: &Reader, provider: &str, name: &str) -> Result<Vec<Identity>> {
    store::identities_called(conn, provider, name).await
}

/// The identities with this address, whatever provider tells it and whether or not that vouches for it, for the operator.
pub async fn identities_with_address(conn: &Reader, address: &str) -> Result<Vec<Identity>> {
    store::identities_with_address(conn, address).await
}

/// The identity with this subject.
pub async fn identity(conn: &impl Conn, provider: &str, subject: &str) -> Result<Option<Identity>> {
    store::identity(conn, provider, subject).await
}

/// A user's identity with one provider.
pub async fn identity_of(conn: &impl Conn, user: &UserId, provider: &str) -> Result<Option<Identity>> {
    store::identity_of(conn, user, provider).await
}

/// Whose identity this is.
pub async fn owner(conn: &impl Conn, identity: &IdentityId) -> Result<Option<UserId>> {
    store::owner(conn, identity).await
}

/// The identity of whoever is called `handle`, in whatever capitals. Only for providers at which names do not change hands.
pub async fn identity_by_handle(conn: &impl Conn, provider: &str, handle: &str) -> Result<Option<Identity>> {
    store::identity_by_handle(conn, provider, handle).await
}
