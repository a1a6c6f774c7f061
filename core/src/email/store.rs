//! Passwords and links in the database.

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter,
    sea_query::{Expr, ExprTrait, Func, OnConflict},
};

use super::{
    PROVIDER,
    entity::{additions, passwords, registrations, resets},
    model::{Addition, Applicant, Registration},
};
use crate::{
    clock::Timestamp,
    error::Result,
    ids::{IdentityId, SessionId, UserId},
    random::TokenHash,
    store::{Tx, moment},
};

fn registration(row: registrations::Model) -> Result<Registration> {
    Ok(Registration {
        applicant: Applicant { subject: row.subject, address: row.address, username: row.username, phc: row.phc },
        token: TokenHash::from_stored(row.token_hash),
        expires_at: moment(&row.expires_at)?,
    })
}

fn addition(row: additions::Model) -> Result<Addition> {
    Ok(Addition {
        user: UserId::from_stored(row.user_id),
        session: SessionId::from_stored(row.session_id),
        subject: row.subject,
        address: row.address,
        phc: row.phc,
        token: TokenHash::from_stored(row.token_hash),
        expires_at: moment(&row.expires_at)?,
    })
}

/// The hash of an identity's password.
pub async fn password(conn: &impl ConnectionTrait, identity: &IdentityId) -> Result<Option<String>> {
    Ok(passwords::Entity::find_by_id(identity.as_str()).one(conn).await?.map(|row| row.phc))
}

/// Sets an identity's password.
pub async fn set_password(tx: &Tx, identity: &IdentityId, phc: &str) -> Result<()> {
    let row =
        passwords::ActiveModel { identity_id: Set(identity.to_string()), phc: Set(phc.to_owned()), changed_at: Set(tx.now().to_string()) };
    let replace =
        OnConflict::column(passwords::Column::IdentityId).update_columns([passwords::Column::Phc, passwords::Column::ChangedAt]).to_owned();
    passwords::Entity::insert(row).on_conflict(replace).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// The registration that waits for `subject`.
pub async fn registration_of(conn: &impl ConnectionTrait, subject: &str) -> Result<Option<Registration>> {
    let found = registrations::Entity::find_by_id((PROVIDER.to_owned(), subject.to_owned())).one(conn).await?;
    found.map(registration).transpose()
}

/// Adds a registration in place of an earlier one of the same subject.
pub async fn put_registration(tx: &Tx, new: &Registration) -> Result<()> {
    use registrations::Column;
    let row = registrations::ActiveModel {
        provider: Set(PROVIDER.to_owned()),
        subject: Set(new.applicant.subject.clone()),
        address: Set(new.applicant.address.clone()),
        username: Set(new.applicant.username.clone()),
        phc: Set(new.applicant.phc.clone()),
        token_hash: Set(new.token.as_str().to_owned()),
        created_at: Set(tx.now().to_string()),
        expires_at: Set(new.expires_at.to_string()),
    };
    let replace = OnConflict::columns([Column::Provider, Column::Subject])
        .update_columns([Column::Address, Column::Username, Column::Phc, Column::TokenHash, Column::CreatedAt, Column::ExpiresAt])
        .to_owned();
    registrations::Entity::insert(row).on_conflict(replace).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// Replaces the link of the registration that `token` belongs to. If another has replaced it, or somebody followed it, nothing happens.
pub async fn renew_registration(tx: &Tx, token: &TokenHash, new: &TokenHash, expires_at: Timestamp) -> Result<()> {
    use registrations::Column;
    registrations::Entity::update_many()
        .col_expr(Column::TokenHash, Expr::value(new.as_str()))
        .col_expr(Column::CreatedAt, Expr::value(tx.now().to_string()))
        .col_expr(Column::ExpiresAt, Expr::value(expires_at.to_string()))
        .filter(Column::TokenHash.eq(token.as_str()))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Takes out the registration that `token` belongs to. Of two that come together only one gets it.
pub async fn take_registration(tx: &Tx, token: &TokenHash) -> Result<Option<Registration>> {
    let mine = || registrations::Column::TokenHash.eq(token.as_str());
    let found = registrations::Entity::find().filter(mine()).one(tx.conn()).await?;
    let deleted = registrations::Entity::delete_many().filter(mine()).exec(tx.conn()).await?.rows_affected;
    if deleted == 0 { Ok(None) } else { found.map(registration).transpose() }
}

/// Removes the registration that waits for `subject`.
pub async fn remove_registration(tx: &Tx, subject: &str) -> Result<()> {
    registrations::Entity::delete_by_id((PROVIDER.to_owned(), subject.to_owned())).exec(tx.conn()).await?;
    Ok(())
}

/// Adds an addition in place of an earlier one to the same account.
pub async fn put_addition(tx: &Tx, new: &Addition) -> Result<()> {
    additions::Entity::delete_by_id(new.user.as_str()).exec(tx.conn()).await?;
    let row = additions::ActiveModel {
        user_id: Set(new.user.to_string()),
        session_id: Set(new.session.to_string()),
        subject: Set(new.subject.clone()),
        address: Set(new.address.clone()),
        phc: Set(new.phc.clone()),
        token_hash: Set(new.token.as_str().to_owned()),
        expires_at: Set(new.expires_at.to_string()),
    };
    additions::Entity::insert(row).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// The addition that `token` belongs to.
pub async fn addition_of(conn: &impl ConnectionTrait, token: &TokenHash) -> Result<Option<Addition>> {
    let found = additions::Entity::find().filter(additions::Column::TokenHash.eq(token.as_str())).one(conn).await?;
    found.map(addition).transpose()
}

/// Takes out the addition that `token` belongs to. False if there is none: another has replaced it, or somebody followed it.
pub async fn take_addition(tx: &Tx, token: &TokenHash) -> Result<bool> {
    let mine = additions::Column::TokenHash.eq(token.as_str());
    Ok(additions::Entity::delete_many().filter(mine).exec(tx.conn()).await?.rows_affected > 0)
}

/// Removes the addition to the account of `user`, unless it is one of `subject`.
pub async fn remove_addition_of_others(tx: &Tx, user: &UserId, subject: &str) -> Result<()> {
    let others = additions::Column::Subject.ne(subject);
    additions::Entity::delete_many().filter(additions::Column::UserId.eq(user.as_str())).filter(others).exec(tx.conn()).await?;
    Ok(())
}

/// The addition that waits for the account of `user`.
pub async fn addition_for(conn: &impl ConnectionTrait, user: &UserId) -> Result<Option<Addition>> {
    additions::Entity::find_by_id(user.as_str()).one(conn).await?.map(addition).transpose()
}

/// Removes the addition to the account of `user`.
pub async fn remove_addition(tx: &Tx, user: &UserId) -> Result<()> {
    additions::Entity::delete_by_id(user.as_str()).exec(tx.conn()).await?;
    Ok(())
}

/// Removes the registrations of an address, in whatever spelling.
pub async fn remove_registrations_of(tx: &Tx, address: &str) -> Result<()> {
    use registrations::Column;
    let spelled = Expr::expr(Func::lower(Expr::col(Column::Address))).eq(address.to_lowercase());
    let same = Condition::any().add(spelled).add(Column::Address.eq(address)).add(Column::Subject.eq(address));
    registrations::Entity::delete_many().filter(same).exec(tx.conn()).await?;
    Ok(())
}

/// Removes what waits for a link that no longer works.
pub async fn remove_expired(tx: &Tx) -> Result<()> {
    let now = tx.now().to_string();
    registrations::Entity::delete_many().filter(registrations::Column::ExpiresAt.lte(now.as_str())).exec(tx.conn()).await?;
    additions::Entity::delete_many().filter(additions::Column::ExpiresAt.lte(now.as_str())).exec(tx.conn()).await?;
    resets::Entity::delete_many().filter(resets::Column::ExpiresAt.lte(now.as_str())).exec(tx.conn()).await?;
    Ok(())
}

/// Adds a link that sets the password of `identity`; earlier ones stop working.
pub async fn put_reset(tx: &Tx, token: &TokenHash, identity: &IdentityId, expires_at: Timestamp) -> Result<()> {
    remove_resets(tx, identity).await?;
    let row = resets::ActiveModel {
        token_hash: Set(token.as_str().to_owned()),
        identity_id: Set(identity.to_string()),
        created_at: Set(tx.now().to_string()),
        expires_at: Set(expires_at.to_string()),
    };
    resets::Entity::insert(row).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// Takes out the link of `token`: whose password it sets, and until when it works.
pub async fn take_reset(tx: &Tx, token: &TokenHash) -> Result<Option<(IdentityId, Timestamp)>> {
    let found = resets::Entity::find_by_id(token.as_str()).one(tx.conn()).await?;
    let deleted = resets::Entity::delete_by_id(token.as_str()).exec(tx.conn()).await?.rows_affected;
    match found {
        Some(row) if deleted > 0 => Ok(Some((IdentityId::from_stored(row.identity_id), moment(&row.expires_at)?))),
        _ => Ok(None),
    }
}

/// Makes an identity's links stop working.
pub async fn remove_resets(tx: &Tx, identity: &IdentityId) -> Result<()> {
    resets::Entity::delete_many().filter(resets::Column::IdentityId.eq(identity.as_str())).exec(tx.conn()).await?;
    Ok(())
}
