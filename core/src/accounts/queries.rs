//! Accounts as screens need them.

use sea_orm::DatabaseConnection;

use super::{model::User, store};
use crate::{error::Result, ids::UserId};

/// A user's own address at the provider they signed in with, where there is one.
pub async fn email(conn: &DatabaseConnection, user: &UserId, provider: &str) -> Result<Option<String>> {
    Ok(store::identity_of(conn, user, provider).await?.and_then(|identity| identity.email))
}

/// Who has this address with this provider.
pub async fn by_subject(conn: &DatabaseConnection, provider: &str, subject: &str) -> Result<Option<User>> {
    match store::identity(conn, provider, subject).await? {
        Some(identity) => store::user(conn, &identity.user).await,
        None => Ok(None),
    }
}

/// A user by id.
pub async fn by_id(conn: &DatabaseConnection, id: &UserId) -> Result<Option<User>> {
    store::user(conn, id).await
}

/// A page of users with their address, for the operator.
pub async fn list(conn: &DatabaseConnection, after: Option<&UserId>, limit: u64) -> Result<Vec<(User, Option<String>)>> {
    store::users(conn, after, limit).await
}
