//! What can be done to bots.

use std::iter::repeat_n;

use super::{
    events,
    model::{Ability, Bot, BotName, BotToken, Handle},
    store,
};
use crate::{
    accounts,
    actor::Actor,
    error::{Error, Kind, Result},
    ids::{BotId, BotTokenId, MemberId, RoomId},
    random::Token,
    rooms::{self, actions::Invite, model::Invitee},
    store::Tx,
    text::{MAX_NAME, name_key},
};

/// A token to be made, for a bot that is there or is made with it.
#[derive(Debug)]
pub struct Create {
    /// The bot's name.
    pub name: BotName,
    /// What it is called by in commands; unless given, what suggests itself for the name.
    pub handle: Option<Handle>,
    /// What the token permits.
    pub abilities: Vec<Ability>,
    /// In which rooms, of which the bot becomes a member; `None` for every room that it is in.
    pub rooms: Option<Vec<RoomId>>,
}

/// Makes a token, and the bot unless there is one of this name. Returns the token's secret, which exists nowhere else.
///
/// # Errors
/// `name_taken` if a person or another bot has the name; `not_found` for a room.
pub async fn create(tx: &mut Tx, create: &Create) -> Result<(Bot, BotToken, Token)> {
    let handle = match &create.handle {
        Some(handle) => handle.clone(),
        None => Handle::of_name(&create.name)?,
    };
    let bot = found_or_made(tx, &handle, &create.name).await?;
    let secret = tx.random().token();
    let (id, created_at) = (BotTokenId::new(tx.now(), tx.random()), tx.now());
    let token = BotToken { id, bot: bot.id.clone(), abilities: create.abilities.clone(), rooms: create.rooms.clone(), created_at };
    store::add_token(tx, &token, &secret.hash()).await?;
    for room in create.rooms.iter().flatten() {
        let whom = Invitee::Known(MemberId::Bot(bot.id.clone()));
        let lifetime = std::time::Duration::ZERO;
        rooms::actions::invite(tx, &Invite { actor: Actor::System, room: room.clone(), whom, lifetime }).await?;
    }
    Ok((bot, token, secret))
}

/// The bot with this handle, which is called `name` from now on; made unless there is one.
///
/// # Errors
/// `name_taken` if a person or another bot has the name.
pub async fn found_or_made(tx: &mut Tx, handle: &Handle, name: &BotName) -> Result<Bot> {
    let bot = made_ready(tx, handle, name).await?;
    if &bot.name == name {
        return Ok(bot);
    }
    store::rename(tx, &bot.id, name).await?;
    Ok(Bot { name: name.clone(), ..bot })
}

/// The bot with this handle, which may be called `name`, but is not yet if it has another one; made unless there is one.
///
/// # Errors
/// `name_taken` if a person or another bot has the name.
pub async fn made_ready(tx: &mut Tx, handle: &Handle, name: &BotName) -> Result<Bot> {
    hold_names(tx).await?;
    let found = store::by_handle(tx.conn(), handle).await?;
    if let Some(bot) = &found
        && &bot.name == name
    {
        return Ok(bot.clone());
    }
    let namesake = store::by_name_key(tx.conn(), &name.key()).await?.filter(|other| &other.handle != handle);
    if namesake.is_some() || accounts::queries::is_name(tx.conn(), name.as_str()).await? {
        let sentence = format!("Somebody is called \"{}\" already, so a bot cannot be.", name.as_str());
        return Err(Error::new(Kind::Conflict, "name_taken", sentence));
    }
    if let Some(bot) = found {
        return Ok(bot);
    }
    let bot = Bot { id: BotId::new(tx.now(), tx.random()), handle: handle.clone(), name: name.clone(), created_at: tx.now() };
    store::add(tx, &bot).await?;
    Ok(bot)
}

/// What is to be revoked.
#[derive(Debug)]
pub enum Revoke {
    /// One token.
    Token(BotTokenId),
    /// All tokens of a bot.
    Bot(BotId),
}

/// Lets tokens be worth nothing; gives them. The bot stays what it is, and a member of its rooms.
///
/// # Errors
/// `not_found` if there is no such token.
pub async fn revoke(tx: &mut Tx, revoke: &Revoke) -> Result<Vec<BotToken>> {
    let tokens = match revoke {
        Revoke::Token(id) => vec![store::token(tx.conn(), id).await?.ok_or_else(|| Error::not_found("token"))?],
        Revoke::Bot(bot) => store::tokens_of(tx.conn(), bot).await?,
    };
    for token in &tokens {
        if store::remove_token(tx, &token.id).await? {
            tx.record(events::revoked(token));
        }
    }
    Ok(tokens)
}

/// Lets a bot be gone: its tokens are worth nothing, it enters no room any more, and others may have its name and its handle. What it
/// said stays. Its rooms it leaves by [`rooms::actions::let_deleted_bots_leave`], since it may be in more than one write should change.
pub async fn delete(tx: &mut Tx, bot: &BotId) -> Result<()> {
    hold_names(tx).await?;
    revoke(tx, &Revoke::Bot(bot.clone())).await?;
    if store::delete(tx, bot).await? {
        tx.record(events::deleted(bot));
    }
    Ok(())
}

/// Lets those who give bots names, or look which names bots have, wait for each other.
pub async fn hold_names(tx: &Tx) -> Result<()> {
    tx.lock("names of bots").await
}

/// Whether there is such a bot. If so, it is not deleted before the end of the transaction.
pub async fn hold(tx: &Tx, bot: &BotId) -> Result<bool> {
    store::hold(tx, bot).await
}

/// `name` for a person; with marks behind it if a bot looks the same. No bot gets the name before the end of the transaction.
pub async fn name_for_person(tx: &Tx, name: &str) -> Result<String> {
    hold_names(tx).await?;
    let mut free = name.to_owned();
    let mut marks = 0;
    while store::by_name_key(tx.conn(), &name_key(&free)).await?.is_some() {
        marks += 1;
        free = name.chars().take(MAX_NAME - marks).chain(repeat_n('_', marks)).collect();
    }
    Ok(free)
}
