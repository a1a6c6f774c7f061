//! Messages in the database.

mod pages;
mod search;

use futures_util::future::BoxFuture;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, FromQueryResult, QueryFilter, Statement,
    sea_query::{Expr, Query},
};

pub use self::{pages::run, search::search};
use super::{
    entity::{ActiveModel, Column, Entity, Model},
    model::{ClientId, Content, Message, Range},
};
use crate::{
    error::{Error, Result},
    ids::{MemberId, MessageId, RoomId},
    rooms::model::Counters,
    store::{Later, Tx, moment},
};

/// Messages in one statement; SQLite takes 32,766 values in one.
const CHUNK: usize = 1000;

impl TryFrom<Model> for Message {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self> {
        Ok(Self {
            id: MessageId::from_stored(row.id),
            room: RoomId::from_stored(row.room_id),
            seq: u64::try_from(row.seq).unwrap_or(0),
            rev: u64::try_from(row.rev).unwrap_or(0),
            client_id: row.client_id.map(ClientId::from_stored),
            author: MemberId::from_stored(row.author_id),
            author_name: row.author_name,
            content: Content { body: row.body, attachments: serde_json::from_str(&row.attachments).map_err(Error::internal)? },
            reply_to: row.reply_to.map(MessageId::from_stored),
            reactions: serde_json::from_str(&row.reactions).map_err(Error::internal)?,
            created_at: moment(&row.created_at)?,
            edited_at: row.edited_at.as_deref().map(moment).transpose()?,
            deleted: row.deleted,
        })
    }
}

impl TryFrom<&Message> for Model {
    type Error = Error;

    fn try_from(message: &Message) -> Result<Self> {
        Ok(Self {
            id: message.id.to_string(),
            room_id: message.room.to_string(),
            seq: stored(message.seq),
            rev: stored(message.rev),
            client_id: message.client_id.as_ref().map(|id| id.as_str().to_owned()),
            author_id: message.author.to_string(),
            author_name: message.author_name.clone(),
            body: message.content.body.clone(),
            reply_to: message.reply_to.as_ref().map(ToString::to_string),
            attachments: serde_json::to_string(&message.content.attachments).map_err(Error::internal)?,
            reactions: serde_json::to_string(&message.reactions).map_err(Error::internal)?,
            created_at: message.created_at.to_string(),
            edited_at: message.edited_at.map(|at| at.to_string()),
            deleted: message.deleted,
        })
    }
}

fn stored(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

impl Later for Model {
    fn write<'a>(conn: &'a DatabaseTransaction, rows: &'a [Self]) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            for chunk in rows.chunks(CHUNK) {
                Entity::insert_many(chunk.iter().map(new)).exec_without_returning(conn).await?;
            }
            Ok(())
        })
    }
}

/// A row as one to be added.
fn new(row: &Model) -> ActiveModel {
    let row = row.clone();
    ActiveModel {
        id: Set(row.id),
        room_id: Set(row.room_id),
        seq: Set(row.seq),
        rev: Set(row.rev),
        client_id: Set(row.client_id),
        author_id: Set(row.author_id),
        author_name: Set(row.author_name),
        body: Set(row.body),
        reply_to: Set(row.reply_to),
        attachments: Set(row.attachments),
        reactions: Set(row.reactions),
        created_at: Set(row.created_at),
        edited_at: Set(row.edited_at),
        deleted: Set(row.deleted),
    }
}

/// All that has to be known to send a message.
#[derive(Debug, FromQueryResult)]
struct PlaceRow {
    seq: i64,
    rev: i64,
    earlier: Option<String>,
    answers: bool,
}

/// Where a message would go.
#[derive(Debug)]
pub struct Place {
    /// How far the room has come.
    pub counters: Counters,
    /// The message that the author sent under the same name.
    pub earlier: Option<MessageId>,
    /// Whether the message that it answers is in the room.
    pub answers: bool,
}

/// Where a message of `author` would go; `None` if they are not in the room. On PostgreSQL they stay in it until the end of the
/// transaction: whoever removes them waits.
pub async fn place(
    tx: &Tx,
    room: &RoomId,
    author: &MemberId,
    client_id: Option<&ClientId>,
    reply_to: Option<&MessageId>,
) -> Result<Option<Place>> {
    let sql = "SELECT r.seq, r.rev, \
        (SELECT id FROM messages WHERE room_id = $1 AND author_id = $2 AND client_id = $3) AS earlier, \
        EXISTS (SELECT 1 FROM messages WHERE id = $4 AND room_id = $1) AS answers \
        FROM room_members m JOIN rooms r ON r.id = m.room_id \
        WHERE m.room_id = $1 AND m.member_id = $2 AND r.deleted_at IS NULL";
    let sql = if tx.is_postgres() { format!("{sql} FOR KEY SHARE OF m") } else { sql.to_owned() };
    let values = [
        room.as_str().into(),
        author.as_str().into(),
        client_id.map(|id| id.as_str().to_owned()).into(),
        reply_to.map(ToString::to_string).into(),
    ];
    let statement = Statement::from_sql_and_values(tx.conn().get_database_backend(), sql, values);
    let Some(row) = PlaceRow::find_by_statement(statement).one(tx.conn()).await? else { return Ok(None) };
    let counters = Counters { seq: u64::try_from(row.seq).unwrap_or(0), rev: u64::try_from(row.rev).unwrap_or(0) };
    Ok(Some(Place { counters, earlier: row.earlier.map(MessageId::from_stored), answers: row.answers }))
}

/// The message in this transaction that `author` sent under this name.
pub fn earlier_here(tx: &Tx, room: &RoomId, author: &MemberId, client_id: &ClientId) -> Option<MessageId> {
    let same = |row: &&Model| {
        row.client_id.as_deref() == Some(client_id.as_str()) && row.author_id == author.as_str() && row.room_id == room.as_str()
    };
    tx.later::<Model>().iter().find(same).map(|row| MessageId::from_stored(row.id.clone()))
}

/// Whether a message of this transaction is in the room.
pub fn is_here(tx: &Tx, room: &RoomId, id: &MessageId) -> bool {
    tx.later::<Model>().iter().any(|row| row.id == id.as_str() && row.room_id == room.as_str())
}

/// Adds a message at the end of the transaction.
pub fn add(tx: &mut Tx, message: &Message) -> Result<()> {
    tx.insert_later(Model::try_from(message)?);
    Ok(())
}

/// A message by id. In a transaction only what was [flushed](Tx::flush) is found.
pub async fn by_id(conn: &impl ConnectionTrait, id: &MessageId) -> Result<Option<Message>> {
    Entity::find_by_id(id.as_str()).one(conn).await?.map(Message::try_from).transpose()
}

/// Messages by their ids, in no order.
pub async fn by_ids(conn: &impl ConnectionTrait, ids: &[MessageId]) -> Result<Vec<Message>> {
    let found = Entity::find().filter(Column::Id.is_in(ids.iter().map(MessageId::as_str))).all(conn).await?;
    found.into_iter().map(Message::try_from).collect()
}

/// The message that `author` sent in a room under this name.
pub async fn earlier(conn: &impl ConnectionTrait, room: &RoomId, author: &MemberId, client_id: &ClientId) -> Result<Option<Message>> {
    let same = Entity::find()
        .filter(Column::RoomId.eq(room.as_str()))
        .filter(Column::AuthorId.eq(author.as_str()))
        .filter(Column::ClientId.eq(client_id.as_str()));
    same.one(conn).await?.map(Message::try_from).transpose()
}

/// Writes what a message is now.
pub async fn update(tx: &Tx, message: &Message) -> Result<()> {
    let row = Model::try_from(message)?;
    Entity::update_many()
        .col_expr(Column::Rev, Expr::value(row.rev))
        .col_expr(Column::Body, Expr::value(row.body))
        .col_expr(Column::Attachments, Expr::value(row.attachments))
        .col_expr(Column::Reactions, Expr::value(row.reactions))
        .col_expr(Column::EditedAt, Expr::value(row.edited_at))
        .col_expr(Column::Deleted, Expr::value(row.deleted))
        .filter(Column::Id.eq(row.id))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Removes up to `limit` messages of a room. True if there may be more.
pub async fn remove(tx: &Tx, room: &RoomId, limit: u64) -> Result<bool> {
    let some = Query::select().column(Column::Id).from(Entity).and_where(Column::RoomId.eq(room.as_str())).limit(limit).take();
    let removed = Entity::delete_many().filter(Column::Id.in_subquery(some)).exec(tx.conn()).await?;
    Ok(removed.rows_affected == limit)
}

/// Lets these messages stand under another name of their author.
pub async fn set_author_name(tx: &Tx, ids: &[MessageId], name: &str) -> Result<()> {
    let these = Column::Id.is_in(ids.iter().map(MessageId::as_str));
    Entity::update_many().col_expr(Column::AuthorName, Expr::value(name)).filter(these).exec(tx.conn()).await?;
    Ok(())
}
