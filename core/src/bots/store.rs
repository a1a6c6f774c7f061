//! Bots in the database.

use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select, sea_query::Expr};

use super::{
    entity::{ActiveModel, Column, Entity, Model, tokens},
    model::{Ability, Bot, BotName, BotToken, Handle},
};
use crate::{
    error::{Error, Result},
    ids::{BotId, BotTokenId, RoomId},
    random::TokenHash,
    store::{Tx, moment},
};

impl TryFrom<Model> for Bot {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self> {
        Ok(Self {
            id: BotId::from_stored(row.id),
            handle: Handle::from_stored(row.handle),
            name: BotName::from_stored(row.name),
            created_at: moment(&row.created_at)?,
        })
    }
}

impl TryFrom<tokens::Model> for BotToken {
    type Error = Error;

    fn try_from(row: tokens::Model) -> Result<Self> {
        let rooms: Option<Vec<String>> = row.rooms.as_deref().map(serde_json::from_str).transpose().map_err(Error::internal)?;
        let abilities = row.abilities.split(',').filter(|word| !word.is_empty());
        Ok(Self {
            id: BotTokenId::from_stored(row.id),
            bot: BotId::from_stored(row.bot_id),
            abilities: abilities.map(str::parse::<Ability>).collect::<Result<_, _>>().map_err(Error::internal)?,
            rooms: rooms.map(|rooms| rooms.into_iter().map(RoomId::from_stored).collect()),
            created_at: moment(&row.created_at)?,
        })
    }
}

/// Those that were not deleted.
fn present() -> Select<Entity> {
    Entity::find().filter(Column::DeletedAt.is_null())
}

/// A bot by id.
pub async fn by_id(conn: &impl ConnectionTrait, id: &BotId) -> Result<Option<Bot>> {
    present().filter(Column::Id.eq(id.as_str())).one(conn).await?.map(Bot::try_from).transpose()
}

/// Whether there is such a bot, which nobody can delete then before the end of the transaction.
pub async fn hold(tx: &Tx, id: &BotId) -> Result<bool> {
    // Many may hold it at the same time. SQLite has one writer anyway, and no such locks.
    Ok(present().filter(Column::Id.eq(id.as_str())).lock_shared().one(tx.conn()).await?.is_some())
}

/// A bot by its handle.
pub async fn by_handle(conn: &impl ConnectionTrait, handle: &Handle) -> Result<Option<Bot>> {
    present().filter(Column::Handle.eq(handle.as_str())).one(conn).await?.map(Bot::try_from).transpose()
}

/// The bot whose name looks like this.
pub async fn by_name_key(conn: &impl ConnectionTrait, key: &str) -> Result<Option<Bot>> {
    present().filter(Column::NameKey.eq(key)).one(conn).await?.map(Bot::try_from).transpose()
}

/// All bots with their tokens, both oldest first.
pub async fn all(conn: &impl ConnectionTrait) -> Result<Vec<(Bot, Vec<BotToken>)>> {
    let bots = present().order_by_asc(Column::Id).all(conn).await?;
    let mut theirs = tokens::Entity::find().order_by_asc(tokens::Column::Id).all(conn).await?;
    let with_tokens = bots.into_iter().map(|row| {
        let own: Vec<_> = theirs.extract_if(.., |token| token.bot_id == row.id).collect();
        Ok((Bot::try_from(row)?, own.into_iter().map(BotToken::try_from).collect::<Result<_>>()?))
    });
    with_tokens.collect()
}

/// Adds a bot.
pub async fn add(tx: &Tx, bot: &Bot) -> Result<()> {
    let row = ActiveModel {
        id: Set(bot.id.to_string()),
        handle: Set(bot.handle.as_str().to_owned()),
        name: Set(bot.name.as_str().to_owned()),
        name_key: Set(bot.name.key()),
        created_at: Set(bot.created_at.to_string()),
        deleted_at: Set(None),
    };
    Entity::insert(row).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// Gives a bot another name.
pub async fn rename(tx: &Tx, bot: &BotId, name: &BotName) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::Name, Expr::value(name.as_str()))
        .col_expr(Column::NameKey, Expr::value(name.key()))
        .filter(Column::Id.eq(bot.as_str()))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Lets a bot be gone, and others have its name and its handle. False if it was gone.
pub async fn delete(tx: &Tx, bot: &BotId) -> Result<bool> {
    let change = Entity::update_many()
        .col_expr(Column::DeletedAt, Expr::value(Some(tx.now().to_string())))
        // No handle looks like an id.
        .col_expr(Column::Handle, Expr::value(bot.as_str()))
        .col_expr(Column::NameKey, Expr::value(bot.as_str()))
        .filter(Column::Id.eq(bot.as_str()))
        .filter(Column::DeletedAt.is_null())
        .exec(tx.conn())
        .await?;
    Ok(change.rows_affected > 0)
}

/// A token, whose it is, by what is kept of its secret.
pub async fn by_token(conn: &impl ConnectionTrait, hash: &TokenHash) -> Result<Option<(Bot, BotToken)>> {
    let found = tokens::Entity::find().filter(tokens::Column::TokenHash.eq(hash.as_str())).find_also_related(Entity).one(conn).await?;
    match found {
        Some((token, Some(bot))) => Ok(Some((bot.try_into()?, token.try_into()?))),
        _ => Ok(None),
    }
}

/// The tokens of a bot, oldest first.
pub async fn tokens_of(conn: &impl ConnectionTrait, bot: &BotId) -> Result<Vec<BotToken>> {
    let own = tokens::Entity::find().filter(tokens::Column::BotId.eq(bot.as_str())).order_by_asc(tokens::Column::Id);
    own.all(conn).await?.into_iter().map(BotToken::try_from).collect()
}

/// A token by id.
pub async fn token(conn: &impl ConnectionTrait, id: &BotTokenId) -> Result<Option<BotToken>> {
    tokens::Entity::find_by_id(id.as_str()).one(conn).await?.map(BotToken::try_from).transpose()
}

/// Adds a token.
pub async fn add_token(tx: &Tx, token: &BotToken, hash: &TokenHash) -> Result<()> {
    let rooms = token.rooms.as_ref().map(|rooms| rooms.iter().map(RoomId::as_str).collect::<Vec<_>>());
    let row = tokens::ActiveModel {
        id: Set(token.id.to_string()),
        bot_id: Set(token.bot.to_string()),
        token_hash: Set(hash.as_str().to_owned()),
        abilities: Set(token.abilities.iter().map(|ability| ability.as_str()).collect::<Vec<_>>().join(",")),
        rooms: Set(rooms.map(|rooms| serde_json::to_string(&rooms)).transpose().map_err(Error::internal)?),
        created_at: Set(token.created_at.to_string()),
    };
    tokens::Entity::insert(row).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// Removes a token. False if there was none.
pub async fn remove_token(tx: &Tx, id: &BotTokenId) -> Result<bool> {
    Ok(tokens::Entity::delete_by_id(id.as_str()).exec(tx.conn()).await?.rows_affected > 0)
}
