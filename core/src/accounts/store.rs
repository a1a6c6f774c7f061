//! Accounts in the database.

use std::collections::HashMap;

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait, Func},
};

use super::{
    entity::{identities, users},
    model::{Identity, User},
};
use crate::{
    actor::Role,
    error::{Error, Result},
    ids::{IdentityId, UserId},
    store::{Tx, moment},
    text::name_key,
};

impl TryFrom<users::Model> for User {
    type Error = Error;

    fn try_from(row: users::Model) -> Result<Self> {
        Ok(Self {
            id: UserId::from_stored(row.id),
            username: row.username,
            role: Role::from_stored(&row.role),
            created_at: moment(&row.created_at)?,
            disabled: row.disabled_at.is_some(),
        })
    }
}

impl TryFrom<identities::Model> for Identity {
    type Error = Error;

    fn try_from(row: identities::Model) -> Result<Self> {
        Ok(Self {
            id: IdentityId::from_stored(row.id),
            user: UserId::from_stored(row.user_id),
            provider: row.provider,
            subject: row.subject,
            handle: row.handle,
            email: row.email,
            email_verified: row.email_verified,
            avatar: row.avatar,
            created_at: moment(&row.created_at)?,
        })
    }
}

/// A user by id.
pub async fn user(conn: &impl ConnectionTrait, id: &UserId) -> Result<Option<User>> {
    users::Entity::find_by_id(id.as_str()).one(conn).await?.map(User::try_from).transpose()
}

/// An identity by provider and subject.
pub async fn identity(conn: &impl ConnectionTrait, provider: &str, subject: &str) -> Result<Option<Identity>> {
    let found = identities::Entity::find()
        .filter(identities::Column::Provider.eq(provider))
        .filter(identities::Column::Subject.eq(subject))
        .one(conn)
        .await?;
    found.map(Identity::try_from).transpose()
}

/// An identity by provider and handle, in whatever capitals. Where several have it, the latest.
pub async fn identity_by_handle(conn: &impl ConnectionTrait, provider: &str, handle: &str) -> Result<Option<Identity>> {
    let found = identities::Entity::find()
        .filter(identities::Column::Provider.eq(provider))
        .filter(Func::lower(Expr::col(identities::Column::Handle)).eq(handle.to_lowercase()))
        .order_by_desc(identities::Column::Id)
        .one(conn)
        .await?;
    found.map(Identity::try_from).transpose()
}

/// An identity by id.
pub async fn identity_by_id(conn: &impl ConnectionTrait, id: &IdentityId) -> Result<Option<Identity>> {
    identities::Entity::find_by_id(id.as_str()).one(conn).await?.map(Identity::try_from).transpose()
}

/// A user's identities, oldest first.
pub async fn identities_of(conn: &impl ConnectionTrait, user: &UserId) -> Result<Vec<Identity>> {
    let mine = identities::Entity::find().filter(identities::Column::UserId.eq(user.as_str()));
    mine.order_by_asc(identities::Column::Id).all(conn).await?.into_iter().map(Identity::try_from).collect()
}

/// A user's oldest identity at a provider.
pub async fn identity_of(conn: &impl ConnectionTrait, user: &UserId, provider: &str) -> Result<Option<Identity>> {
    let found = identities::Entity::find()
        .filter(identities::Column::UserId.eq(user.as_str()))
        .filter(identities::Column::Provider.eq(provider))
        .order_by_asc(identities::Column::Id)
        .one(conn)
        .await?;
    found.map(Identity::try_from).transpose()
}

/// Users with their identities, both oldest first, `limit` of them after `after`.
pub async fn users(conn: &impl ConnectionTrait, after: Option<&UserId>, limit: u64) -> Result<Vec<(User, Vec<Identity>)>> {
    // Accounts of bots come before all others, and are none of people.
    let after = after.map_or("usr-", UserId::as_str);
    let rows = users::Entity::find().filter(users::Column::Id.gt(after)).order_by_asc(users::Column::Id).limit(limit).all(conn).await?;
    let ids: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
    let theirs = identities::Entity::find().filter(identities::Column::UserId.is_in(ids)).order_by_asc(identities::Column::Id);
    let mut by_user: HashMap<String, Vec<Identity>> = HashMap::new();
    for row in theirs.all(conn).await? {
        by_user.entry(row.user_id.clone()).or_default().push(row.try_into()?);
    }
    rows.into_iter()
        .map(|row| {
            let identities = by_user.remove(&row.id).unwrap_or_default();
            Ok((User::try_from(row)?, identities))
        })
        .collect()
}

/// The identities by which a provider knows somebody as `name`: the subject, or what people are called there.
pub async fn identities_called(conn: &impl ConnectionTrait, provider: &str, name: &str) -> Result<Vec<Identity>> {
    use identities::Column;
    let called = Condition::any().add(Column::Subject.eq(name)).add(Column::Handle.eq(name));
    let found = identities::Entity::find().filter(Column::Provider.eq(provider)).filter(called);
    found.order_by_asc(Column::Id).all(conn).await?.into_iter().map(Identity::try_from).collect()
}

/// The identities with this address, whatever provider tells it. Reads them all, since only the operator asks.
pub async fn identities_with_address(conn: &impl ConnectionTrait, address: &str) -> Result<Vec<Identity>> {
    let found = identities::Entity::find().filter(identities::Column::Email.eq(address));
    found.order_by_asc(identities::Column::Id).all(conn).await?.into_iter().map(Identity::try_from).collect()
}

/// Whether a person's name looks like the one with this key.
pub async fn is_name_of_person(conn: &impl ConnectionTrait, key: &str) -> Result<bool> {
    // Accounts of bots have their names.
    let people = users::Entity::find().filter(users::Column::NameKey.eq(key)).filter(users::Column::Id.starts_with("usr-"));
    Ok(people.one(conn).await?.is_some())
}

/// Adds a user.
pub async fn add_user(tx: &Tx, user: &User) -> Result<()> {
    let row = users::ActiveModel {
        id: Set(user.id.to_string()),
        username: Set(user.username.clone()),
        name_key: Set(name_key(&user.username)),
        role: Set(user.role.as_str().to_owned()),
        created_at: Set(user.created_at.to_string()),
        disabled_at: Set(None),
    };
    users::Entity::insert(row).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// Gives a person another name.
pub async fn rename(tx: &Tx, user: &UserId, name: &str) -> Result<()> {
    let change = users::Entity::update_many().col_expr(users::Column::Username, Expr::value(name));
    let change = change.col_expr(users::Column::NameKey, Expr::value(name_key(name)));
    change.filter(users::Column::Id.eq(user.as_str())).exec(tx.conn()).await?;
    Ok(())
}

/// Adds an identity. Provider and subject must be free.
pub async fn add_identity(tx: &Tx, new: &Identity) -> Result<()> {
    let row = identities::ActiveModel {
        id: Set(new.id.to_string()),
        user_id: Set(new.user.to_string()),
        provider: Set(new.provider.clone()),
        subject: Set(new.subject.clone()),
        handle: Set(new.handle.clone()),
        email: Set(new.email.clone()),
        email_verified: Set(new.email_verified),
        avatar: Set(new.avatar.clone()),
        created_at: Set(new.created_at.to_string()),
    };
    identities::Entity::insert(row).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// Writes down what a provider says today of an identity.
pub async fn refresh_identity(tx: &Tx, identity: &Identity) -> Result<()> {
    use identities::Column;
    identities::Entity::update_many()
        .col_expr(Column::Handle, Expr::value(identity.handle.clone()))
        .col_expr(Column::Email, Expr::value(identity.email.clone()))
        .col_expr(Column::EmailVerified, Expr::value(identity.email_verified))
        .col_expr(Column::Avatar, Expr::value(identity.avatar.clone()))
        .filter(Column::Id.eq(identity.id.as_str()))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Removes an identity, and the password that belongs to it. False if there was none.
pub async fn remove_identity(tx: &Tx, id: &IdentityId) -> Result<bool> {
    Ok(identities::Entity::delete_by_id(id.as_str()).exec(tx.conn()).await?.rows_affected > 0)
}

/// Changes a user's role. False if there is no such user.
pub async fn set_role(tx: &Tx, user: &UserId, role: Role) -> Result<bool> {
    let change = users::Entity::update_many()
        .col_expr(users::Column::Role, role.as_str().into())
        .filter(users::Column::Id.eq(user.as_str()))
        .exec(tx.conn())
        .await?;
    Ok(change.rows_affected > 0)
}

/// Shuts a user's account, or opens it again. False if there is no such user.
pub async fn set_disabled(tx: &Tx, user: &UserId, disabled: bool) -> Result<bool> {
    let at = disabled.then(|| tx.now().to_string());
    let change = users::Entity::update_many()
        .col_expr(users::Column::DisabledAt, Expr::value(at))
        .filter(users::Column::Id.eq(user.as_str()))
        .exec(tx.conn())
        .await?;
    Ok(change.rows_affected > 0)
}

/// Whose an identity is.
pub async fn owner(conn: &impl ConnectionTrait, identity: &IdentityId) -> Result<Option<UserId>> {
    Ok(identities::Entity::find_by_id(identity.as_str()).one(conn).await?.map(|row| UserId::from_stored(row.user_id)))
}

/// Whether somebody else is an admin whose account is open.
pub async fn has_other_admin(conn: &impl ConnectionTrait, user: &UserId) -> Result<bool> {
    let others = users::Entity::find()
        .filter(users::Column::Role.eq(Role::Admin.as_str()))
        .filter(users::Column::DisabledAt.is_null())
        .filter(users::Column::Id.ne(user.as_str()));
    Ok(others.one(conn).await?.is_some())
}
