//! Posts in the database.

use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect,
    Statement, sea_query::Expr,
};

use super::{
    entity::{ActiveModel, Column, Entity, Model, keys},
    model::{Content, IdempotencyKey, Post},
};
use crate::{
    accounts::entity::users,
    clock::Timestamp,
    error::{Error, Result},
    ids::{PostId, UserId},
    store::{Tx, moment},
};

fn post(row: Model, author_name: String) -> Result<Post> {
    let attachments = serde_json::from_str(&row.attachments).map_err(Error::internal)?;
    Ok(Post {
        id: PostId::from_stored(row.id),
        author: UserId::from_stored(row.author_id),
        author_name,
        content: Content { title: row.title, body: row.body, attachments },
        created_at: moment(&row.created_at)?,
        edited_at: row.edited_at.as_deref().map(moment).transpose()?,
    })
}

/// A post by id.
pub async fn by_id(conn: &impl ConnectionTrait, id: &PostId) -> Result<Option<Post>> {
    match Entity::find_by_id(id.as_str()).find_also_related(users::Entity).one(conn).await? {
        Some((row, Some(author))) => post(row, author.username).map(Some),
        _ => Ok(None),
    }
}

/// Up to `limit` posts that are older than `before`, newest first.
pub async fn run(conn: &impl ConnectionTrait, before: Option<&PostId>, limit: u64) -> Result<Vec<Post>> {
    let older = Entity::find().filter(Column::Id.lt(before.map_or("\u{7f}", PostId::as_str))).order_by_desc(Column::Id).limit(limit);
    let rows = older.find_also_related(users::Entity).all(conn).await?;
    rows.into_iter().filter_map(|(row, author)| Some(post(row, author?.username))).collect()
}

/// Up to `limit` posts of `author` that are older than `before`, newest first.
pub async fn of_author(conn: &impl ConnectionTrait, author: &UserId, before: Option<&PostId>, limit: u64) -> Result<Vec<Post>> {
    let own = Entity::find().filter(Column::AuthorId.eq(author.as_str())).filter(Column::Id.lt(before.map_or("\u{7f}", PostId::as_str)));
    let rows = own.order_by_desc(Column::Id).limit(limit).find_also_related(users::Entity).all(conn).await?;
    rows.into_iter().filter_map(|(row, author)| Some(post(row, author?.username))).collect()
}

/// Adds a post.
pub async fn add(tx: &Tx, post: &Post) -> Result<()> {
    let row = ActiveModel {
        id: Set(post.id.to_string()),
        author_id: Set(post.author.to_string()),
        title: Set(post.content.title.clone()),
        body: Set(post.content.body.clone()),
        attachments: Set(json(&post.content.attachments)?),
        created_at: Set(post.created_at.to_string()),
        edited_at: Set(None),
    };
    Entity::insert(row).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// Writes what a post says now.
pub async fn edit(tx: &Tx, post: &Post) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::Title, Expr::value(post.content.title.as_str()))
        .col_expr(Column::Body, Expr::value(post.content.body.as_str()))
        .col_expr(Column::Attachments, Expr::value(json(&post.content.attachments)?))
        .col_expr(Column::EditedAt, Expr::value(post.edited_at.map(|at| at.to_string())))
        .filter(Column::Id.eq(post.id.as_str()))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Removes a post. False if it was gone.
pub async fn remove(tx: &Tx, id: &PostId) -> Result<bool> {
    Ok(Entity::delete_by_id(id.as_str()).exec(tx.conn()).await?.rows_affected > 0)
}

fn json(attachments: &[String]) -> Result<String> {
    serde_json::to_string(attachments).map_err(Error::internal)
}

/// The post that `user` made with `key`, and the hash of that request.
pub async fn by_key(tx: &Tx, user: &UserId, key: &IdempotencyKey) -> Result<Option<(PostId, String)>> {
    let found = keys::Entity::find_by_id((user.to_string(), key.as_str().to_owned())).one(tx.conn()).await?;
    Ok(found.map(|row| (PostId::from_stored(row.post_id), row.request_hash)))
}

/// Remembers that `user` made `post` with `key`.
pub async fn add_key(tx: &Tx, user: &UserId, key: &IdempotencyKey, request_hash: String, post: &PostId) -> Result<()> {
    let row = keys::ActiveModel {
        user_id: Set(user.to_string()),
        idempotency_key: Set(key.as_str().to_owned()),
        request_hash: Set(request_hash),
        post_id: Set(post.to_string()),
        created_at: Set(tx.now().to_string()),
    };
    keys::Entity::insert(row).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// Forgets keys from before `before`.
pub async fn remove_keys(tx: &Tx, before: Timestamp) -> Result<()> {
    keys::Entity::delete_many().filter(keys::Column::CreatedAt.lt(before.to_string())).exec(tx.conn()).await?;
    Ok(())
}

/// Forgets the keys of `user`.
pub async fn remove_keys_of(tx: &Tx, user: &UserId) -> Result<()> {
    keys::Entity::delete_many().filter(keys::Column::UserId.eq(user.as_str())).exec(tx.conn()).await?;
    Ok(())
}

/// A run of posts, written as JSON by the database: objects with commas between them, newest first.
#[derive(Debug, Default, FromQueryResult)]
pub struct JsonRun {
    /// The objects; `None` if there are none.
    pub posts: Option<String>,
    /// The id of the last one.
    pub last: Option<String>,
    /// Whether there are older ones.
    pub more: bool,
}

/// Up to `limit` posts that are older than `before`. One row instead of many: most of what a page costs is moving rows.
pub async fn json_run(conn: &impl ConnectionTrait, before: Option<&PostId>, limit: u64) -> Result<JsonRun> {
    let statement = json_statement(conn.get_database_backend(), before, limit);
    Ok(JsonRun::find_by_statement(statement).one(conn).await?.unwrap_or_default())
}

/// What [`json_run`] asks the database.
pub fn json_statement(backend: DbBackend, before: Option<&PostId>, limit: u64) -> Statement {
    // Greater than every id: ids are ASCII.
    let before = before.map_or("\u{7f}", PostId::as_str);
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let sql = if backend == DbBackend::Postgres { POSTGRES_RUN } else { SQLITE_RUN };
    Statement::from_sql_and_values(backend, sql, [before.into(), limit.into()])
}

/// SQLite aggregates in the order of the inner query. The plus changes nothing but this: SQLite would compile a statement anew
/// whenever its bare `LIMIT ?` is bound, to plan for the very number.
const SQLITE_RUN: &str = "SELECT posts, last, EXISTS (SELECT 1 FROM posts WHERE id < last) AS more FROM (
    SELECT group_concat(post, ',') AS posts, min(id) AS last FROM (
        SELECT p.id, json_object('id', p.id, 'author_id', p.author_id, 'author_name', u.username, 'title', p.title, 'body', p.body,
            'attachments', json(p.attachments), 'created_at', p.created_at, 'edited_at', p.edited_at) AS post
        FROM posts p JOIN users u ON u.id = p.author_id WHERE p.id < ? ORDER BY p.id DESC LIMIT +?))";

const POSTGRES_RUN: &str = "SELECT posts, last, EXISTS (SELECT 1 FROM posts WHERE id < last) AS more FROM (
    SELECT string_agg(post, ',' ORDER BY id DESC) AS posts, min(id) AS last FROM (
        SELECT p.id, json_build_object('id', p.id, 'author_id', p.author_id, 'author_name', u.username, 'title', p.title, 'body', p.body,
            'attachments', p.attachments::json, 'created_at', p.created_at, 'edited_at', p.edited_at)::text AS post
        FROM posts p JOIN users u ON u.id = p.author_id WHERE p.id < $1 ORDER BY p.id DESC LIMIT $2) AS newest) AS page";
