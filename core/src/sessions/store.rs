//! Sessions in the database.

use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, Statement,
    sea_query::Expr,
};

use super::{
    entity::{ActiveModel, Column, Entity, Model},
    model::{Session, SignedIn},
};
use crate::{
    actor::Role,
    clock::Timestamp,
    error::{Error, Result},
    ids::{IdentityId, SessionId, UserId},
    random::TokenHash,
    store::{Tx, moment},
};

impl TryFrom<Model> for Session {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self> {
        Ok(Self {
            id: SessionId::from_stored(row.id),
            user: UserId::from_stored(row.user_id),
            provider: row.provider,
            identity: row.identity_id.map(IdentityId::from_stored),
            client: row.client,
            created_at: moment(&row.created_at)?,
            last_seen_at: moment(&row.last_seen_at)?,
            idle_expires_at: moment(&row.idle_expires_at)?,
            expires_at: moment(&row.expires_at)?,
        })
    }
}

/// Every request of a signed-in person asks this, so it is one statement that needs no building.
const BY_TOKEN: &str = "SELECT sessions.*, users.username, users.role FROM sessions JOIN users ON users.id = sessions.user_id \
    WHERE sessions.token_hash = $1 AND users.disabled_at IS NULL";

/// The session of a token with its user, unless the account is shut. It may have expired.
pub async fn by_token(conn: &impl ConnectionTrait, token: &TokenHash) -> Result<Option<SignedIn>> {
    let query = Statement::from_sql_and_values(conn.get_database_backend(), BY_TOKEN, [token.as_str().into()]);
    let Some(row) = conn.query_one_raw(query).await? else { return Ok(None) };
    let role: String = row.try_get("", "role")?;
    Ok(Some(SignedIn {
        session: Model::from_query_result(&row, "")?.try_into()?,
        username: row.try_get("", "username")?,
        role: Role::from_stored(&role),
    }))
}

/// A user's sessions, newest first.
pub async fn of_user(conn: &impl ConnectionTrait, user: &UserId) -> Result<Vec<Session>> {
    let rows = Entity::find().filter(Column::UserId.eq(user.as_str())).order_by_desc(Column::Id).all(conn).await?;
    rows.into_iter().map(Session::try_from).collect()
}

/// A session, unchanged until the end of the transaction. Waits for whoever is about to end it. SQLite has one writer anyway.
pub async fn hold(tx: &Tx, id: &SessionId) -> Result<Option<Session>> {
    Entity::find_by_id(id.as_str()).lock_exclusive().one(tx.conn()).await?.map(Session::try_from).transpose()
}

/// Adds a session.
pub async fn add(tx: &Tx, session: &Session, token: &TokenHash) -> Result<()> {
    let row = ActiveModel {
        id: Set(session.id.to_string()),
        token_hash: Set(token.as_str().to_owned()),
        user_id: Set(session.user.to_string()),
        provider: Set(session.provider.clone()),
        identity_id: Set(session.identity.as_ref().map(ToString::to_string)),
        client: Set(session.client.clone()),
        created_at: Set(session.created_at.to_string()),
        last_seen_at: Set(session.last_seen_at.to_string()),
        idle_expires_at: Set(session.idle_expires_at.to_string()),
        expires_at: Set(session.expires_at.to_string()),
    };
    Entity::insert(row).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// Removes a session. False if there was none.
pub async fn remove(tx: &Tx, id: &SessionId) -> Result<bool> {
    Ok(Entity::delete_by_id(id.as_str()).exec(tx.conn()).await?.rows_affected > 0)
}

/// Writes down a use. Does nothing to a session that has ended meanwhile.
pub async fn touch(tx: &Tx, id: &SessionId, idle_expires_at: Timestamp) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::LastSeenAt, Expr::value(tx.now().to_string()))
        .col_expr(Column::IdleExpiresAt, Expr::value(idle_expires_at.to_string()))
        .filter(Column::Id.eq(id.as_str()))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Up to `limit` sessions that have expired, and whose they are. The rest of a row may be whatever it is.
pub async fn expired(tx: &Tx, limit: u64) -> Result<Vec<(SessionId, UserId)>> {
    let columns = Entity::find().select_only().columns([Column::Id, Column::UserId]);
    // This column has an index, and is never later than the other one.
    let expired = columns.filter(Column::IdleExpiresAt.lte(tx.now().to_string())).limit(limit);
    let rows: Vec<(String, String)> = expired.into_tuple().all(tx.conn()).await?;
    Ok(rows.into_iter().map(|(id, user)| (SessionId::from_stored(id), UserId::from_stored(user))).collect())
}
