//! Uploads in the database.

use std::collections::HashSet;

use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect,
    Statement, sea_query::Expr,
};

use super::{
    entity::{ActiveModel, Column, Entity, Model, owner},
    key::ObjectKey,
    model::{Dimensions, Kind, State, Thumbnail, Upload, Used},
};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
    ids::{NodeId, UploadId, UserId},
    store::{Tx, moment},
};

impl TryFrom<Model> for Upload {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self> {
        let odd = || Error::internal(format!("the upload {} is none", row.id));
        let side = |side: Option<i32>| side.and_then(|side| u32::try_from(side).ok());
        Ok(Self {
            user: row.user_id.clone().map(UserId::from_stored),
            node: NodeId::from_stored(row.node.clone()),
            key: ObjectKey::from_stored(row.object_key.clone()),
            kind: Kind::from_ending(&row.kind).ok_or_else(odd)?,
            state: State::from_stored(&row.state).ok_or_else(odd)?,
            size: u64::try_from(row.size).map_err(Error::internal)?,
            dimensions: side(row.width).zip(side(row.height)).map(|(width, height)| Dimensions { width, height }),
            thumbnail: Thumbnail::from_stored(&row.thumbnail),
            name: row.name,
            created_at: moment(&row.created_at)?,
            id: UploadId::from_stored(row.id),
        })
    }
}

fn uploads(rows: Vec<Model>) -> Result<Vec<Upload>> {
    rows.into_iter().map(Upload::try_from).collect()
}

fn signed(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

/// An upload by id, whatever its state.
pub async fn by_id(conn: &impl ConnectionTrait, id: &UploadId) -> Result<Option<Upload>> {
    Entity::find_by_id(id.as_str()).one(conn).await?.map(Upload::try_from).transpose()
}

/// Up to `limit` finished uploads of `user` that are older than `before`, newest first.
pub async fn page(conn: &impl ConnectionTrait, user: &UserId, before: Option<&UploadId>, limit: u64) -> Result<Vec<Upload>> {
    let mut query = Entity::find().filter(Column::UserId.eq(user.as_str())).filter(Column::State.eq(State::Ready.as_str()));
    if let Some(before) = before {
        query = query.filter(Column::Id.lt(before.as_str()));
    }
    uploads(query.order_by_desc(Column::Id).limit(limit).all(conn).await?)
}

/// Up to `limit` uploads of `user`, whatever their state.
pub async fn all_of(conn: &impl ConnectionTrait, user: &UserId, limit: u64) -> Result<Vec<Upload>> {
    uploads(Entity::find().filter(Column::UserId.eq(user.as_str())).order_by_asc(Column::Id).limit(limit).all(conn).await?)
}

/// Adds an upload.
pub async fn add(tx: &Tx, upload: &Upload) -> Result<()> {
    let row = ActiveModel {
        id: Set(upload.id.to_string()),
        user_id: Set(upload.user.as_ref().map(ToString::to_string)),
        node: Set(upload.node.to_string()),
        object_key: Set(upload.key.to_string()),
        kind: Set(upload.kind.ending().to_owned()),
        state: Set(upload.state.as_str().to_owned()),
        size: Set(signed(upload.size)),
        width: Set(None),
        height: Set(None),
        thumbnail: Set(upload.thumbnail.as_str().to_owned()),
        name: Set(upload.name.clone()),
        created_at: Set(upload.created_at.to_string()),
    };
    Entity::insert(row).exec_without_returning(tx.conn()).await?;
    Ok(())
}

#[derive(FromQueryResult)]
struct Sums {
    files: i64,
    bytes: i64,
    oldest: Option<String>,
}

const USED: &str = "SELECT count(*) AS files, CAST(coalesce(sum(size), 0) AS BIGINT) AS bytes, min(created_at) AS oldest \
    FROM uploads WHERE user_id = $1 AND created_at > $2";

/// What `user` has uploaded after `since`, also what was removed again.
pub async fn used(tx: &Tx, user: &UserId, since: Timestamp) -> Result<Used> {
    let values = [user.as_str().into(), since.to_string().into()];
    let query = Statement::from_sql_and_values(tx.conn().get_database_backend(), USED, values);
    let Some(sums) = Sums::find_by_statement(query).one(tx.conn()).await? else { return Ok(Used { files: 0, bytes: 0, oldest: None }) };
    let count = |number: i64| u64::try_from(number).unwrap_or(0);
    Ok(Used { files: count(sums.files), bytes: count(sums.bytes), oldest: sums.oldest.as_deref().map(moment).transpose()? })
}

/// Makes a reserved upload ready. False if it is no longer reserved.
pub async fn make_ready(tx: &Tx, id: &UploadId, size: u64, dimensions: Option<Dimensions>, thumbnail: Thumbnail) -> Result<bool> {
    let pixels = |side: u32| i32::try_from(side).unwrap_or(i32::MAX);
    let done = Entity::update_many()
        .col_expr(Column::State, Expr::value(State::Ready.as_str()))
        .col_expr(Column::Size, Expr::value(signed(size)))
        .col_expr(Column::Width, Expr::value(dimensions.map(|dimensions| pixels(dimensions.width))))
        .col_expr(Column::Height, Expr::value(dimensions.map(|dimensions| pixels(dimensions.height))))
        .col_expr(Column::Thumbnail, Expr::value(thumbnail.as_str()))
        .filter(Column::Id.eq(id.as_str()))
        .filter(Column::State.eq(State::Reserved.as_str()));
    Ok(done.exec(tx.conn()).await?.rows_affected > 0)
}

/// Moves an upload from one state to another. False if it was not in the first.
pub async fn advance(tx: &Tx, id: &UploadId, from: State, to: State) -> Result<bool> {
    let done = Entity::update_many()
        .col_expr(Column::State, Expr::value(to.as_str()))
        .filter(Column::Id.eq(id.as_str()))
        .filter(Column::State.eq(from.as_str()));
    Ok(done.exec(tx.conn()).await?.rows_affected > 0)
}

/// Writes down what became of the small version of a picture that is still there. False if it is not.
pub async fn set_thumbnail(tx: &Tx, id: &UploadId, thumbnail: Thumbnail) -> Result<bool> {
    let done = Entity::update_many()
        .col_expr(Column::Thumbnail, Expr::value(thumbnail.as_str()))
        .filter(Column::Id.eq(id.as_str()))
        .filter(Column::State.eq(State::Ready.as_str()));
    Ok(done.exec(tx.conn()).await?.rows_affected > 0)
}

/// Removes the row of an upload whose objects are gone. False if it is not one that was to go.
pub async fn remove(tx: &Tx, id: &UploadId) -> Result<bool> {
    let gone = Entity::delete_many().filter(Column::Id.eq(id.as_str())).filter(Column::State.eq(State::Removed.as_str()));
    Ok(gone.exec(tx.conn()).await?.rows_affected > 0)
}

/// Removes rows that only counted for the quota, from before `before`.
pub async fn remove_gone(tx: &Tx, before: Timestamp) -> Result<()> {
    let gone = Entity::delete_many().filter(Column::State.eq(State::Gone.as_str())).filter(Column::CreatedAt.lt(before.to_string()));
    gone.exec(tx.conn()).await?;
    Ok(())
}

/// Up to `limit` uploads after `after` whose objects are to go, oldest first: those that were removed, and reserved ones that nobody will finish, which are
/// those from before `before` and, where this process is the only one, those of others than `only`.
pub async fn doomed(
    conn: &impl ConnectionTrait,
    before: Timestamp,
    only: Option<&NodeId>,
    after: Option<&UploadId>,
    limit: u64,
) -> Result<Vec<Upload>> {
    let mut dead = Condition::any().add(Column::CreatedAt.lt(before.to_string()));
    if let Some(node) = only {
        dead = dead.add(Column::Node.ne(node.as_str()));
    }
    let unfinished = Condition::all().add(Column::State.eq(State::Reserved.as_str())).add(dead);
    let doomed = Condition::any().add(Column::State.eq(State::Removed.as_str())).add(unfinished);
    let mut query = Entity::find().filter(Column::State.ne(State::Ready.as_str())).filter(doomed);
    if let Some(after) = after {
        query = query.filter(Column::Id.gt(after.as_str()));
    }
    uploads(query.order_by_asc(Column::Id).limit(limit).all(conn).await?)
}

/// Which of `stems` (keys without their ending) have a row.
pub async fn known(conn: &impl ConnectionTrait, stems: &[String]) -> Result<HashSet<String>> {
    let endings = ["jpg", "png", "gif", "webp", "pdf"];
    let keys = stems.iter().flat_map(|stem| endings.map(|ending| format!("{stem}.{ending}")));
    let found = Entity::find().select_only().column(Column::ObjectKey).filter(Column::ObjectKey.is_in(keys));
    let found: Vec<String> = found.into_tuple().all(conn).await?;
    Ok(found.into_iter().map(|key| ObjectKey::from_stored(key).stem().to_owned()).collect())
}

/// The oldest picture after `after` that waits for its small version.
pub async fn next_thumbnail(conn: &impl ConnectionTrait, after: Option<&UploadId>) -> Result<Option<Upload>> {
    let mut query = Entity::find().filter(Column::Thumbnail.eq(Thumbnail::Wanted.as_str())).filter(Column::State.eq(State::Ready.as_str()));
    if let Some(after) = after {
        query = query.filter(Column::Id.gt(after.as_str()));
    }
    query.order_by_asc(Column::Id).one(conn).await?.map(Upload::try_from).transpose()
}

/// The database's name in the object store.
pub async fn owner(conn: &impl ConnectionTrait) -> Result<Option<String>> {
    Ok(owner::Entity::find().one(conn).await?.map(|row| row.mark))
}

/// Gives the database its name in the object store.
pub async fn set_owner(tx: &Tx, mark: &str) -> Result<()> {
    owner::Entity::insert(owner::ActiveModel { mark: Set(mark.to_owned()) }).exec_without_returning(tx.conn()).await?;
    Ok(())
}
