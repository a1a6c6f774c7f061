//! Devices in the database.

use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

use super::entity::{ActiveModel, Column, Entity};
use crate::{
    clock::Timestamp,
    error::Result,
    ids::IdentityId,
    random::TokenHash,
    store::{Tx, moment},
};

/// Whether the device is one of `identity` and has not expired.
pub async fn is_known(conn: &impl ConnectionTrait, identity: &IdentityId, token: &TokenHash, now: Timestamp) -> Result<bool> {
    let found = Entity::find_by_id(token.as_str()).filter(Column::IdentityId.eq(identity.as_str()));
    Ok(found.filter(Column::ExpiresAt.gt(now.to_string())).count(conn).await? > 0)
}

/// Adds a device.
pub async fn add(tx: &Tx, identity: &IdentityId, token: &TokenHash, expires_at: Timestamp) -> Result<()> {
    let row = ActiveModel {
        token_hash: Set(token.as_str().to_owned()),
        identity_id: Set(identity.to_string()),
        created_at: Set(tx.now().to_string()),
        expires_at: Set(expires_at.to_string()),
    };
    Entity::insert(row).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// Removes a device of `identity`, if it is one.
pub async fn remove(tx: &Tx, identity: &IdentityId, token: &TokenHash) -> Result<()> {
    Entity::delete_by_id(token.as_str()).filter(Column::IdentityId.eq(identity.as_str())).exec(tx.conn()).await?;
    Ok(())
}

/// Removes the devices of `identity` but the `newest`.
pub async fn remove_all_but(tx: &Tx, identity: &IdentityId, newest: usize) -> Result<()> {
    let own = Entity::find().filter(Column::IdentityId.eq(identity.as_str())).order_by_desc(Column::CreatedAt);
    let tokens: Vec<String> = own.select_only().column(Column::TokenHash).into_tuple().all(tx.conn()).await?;
    if tokens.len() > newest {
        Entity::delete_many().filter(Column::TokenHash.is_in(&tokens[newest..])).exec(tx.conn()).await?;
    }
    Ok(())
}

/// Removes devices that have expired.
pub async fn remove_expired(tx: &Tx) -> Result<()> {
    Entity::delete_many().filter(Column::ExpiresAt.lte(tx.now().to_string())).exec(tx.conn()).await?;
    Ok(())
}

/// Since when `identity` has devices, and until when they are known, oldest first.
pub async fn spans(conn: &impl ConnectionTrait, identity: &IdentityId) -> Result<Vec<(Timestamp, Timestamp)>> {
    let own = Entity::find().filter(Column::IdentityId.eq(identity.as_str())).order_by_asc(Column::CreatedAt);
    own.all(conn).await?.iter().map(|row| Ok((moment(&row.created_at)?, moment(&row.expires_at)?))).collect()
}
