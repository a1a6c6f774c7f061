//! What can be done to messages.

use super::{
    events::{self, What},
    model::{ClientId, Content, Emoji, Message, Shown},
    policy, store,
};
use crate::{
    actor::Actor,
    bots::model::Ability,
    error::{Error, Kind, Result},
    ids::{MessageId, RoomId},
    rooms::{
        self,
        model::{Counters, RoomRole, Standing, Step},
    },
    store::Tx,
};

/// Messages that are removed in one go, once their room is gone.
const PURGE: u64 = 500;

/// A message to be sent.
#[derive(Debug, Clone)]
pub struct Send {
    /// The id that it is to have, if that was chosen before.
    pub id: Option<MessageId>,
    /// Who says it.
    pub actor: Actor,
    /// The author's name, as the session or the token knows it.
    pub author_name: String,
    /// Where.
    pub room: RoomId,
    /// What.
    pub content: Content,
    /// Which message it answers.
    pub reply_to: Option<MessageId>,
    /// The client's name for it.
    pub client_id: Option<ClientId>,
}

/// Sends a message; under a name that the author has used in the room before, gives the message of then, as it is now.
///
/// # Errors
/// `not_found` for who is not in the room; `invalid_request` if what it answers is not there.
pub async fn send(tx: &mut Tx, send: &Send) -> Result<Shown> {
    let Send { actor, room, client_id, reply_to, .. } = send;
    actor.require(Ability::Write, room)?;
    let author = actor.member()?;
    if let Some(id) = client_id {
        tx.lock(&format!("message {author} {room} {}", id.as_str())).await?;
    }
    let place = store::place(tx, room, &author, client_id.as_ref(), reply_to.as_ref()).await?;
    let place = place.ok_or_else(|| Error::not_found("room"))?;
    let earlier_here = client_id.as_ref().and_then(|id| store::earlier_here(tx, room, &author, id));
    if let Some(earlier) = place.earlier.or(earlier_here) {
        return present(tx, &earlier).await?.shown();
    }
    if let Some(id) = reply_to
        && !place.answers
        && !store::is_here(tx, room, id)
    {
        return Err(Error::invalid("replyTo must be the id of a message in this room."));
    }
    let counters = advance(tx, room, place.counters, Step::Message(author.clone())).await?;
    let message = Message {
        id: send.id.clone().unwrap_or_else(|| MessageId::new(tx.now(), tx.random())),
        room: room.clone(),
        seq: counters.seq,
        rev: counters.rev,
        client_id: client_id.clone(),
        author,
        author_name: send.author_name.clone(),
        content: send.content.clone(),
        reply_to: reply_to.clone(),
        reactions: Vec::new(),
        created_at: tx.now(),
        edited_at: None,
        deleted: false,
    };
    store::add(tx, &message)?;
    tell(tx, What::Created, message, actor, None)
}

/// A message to be changed.
#[derive(Debug, Clone)]
pub struct Target {
    /// Who changes it.
    pub actor: Actor,
    /// Which.
    pub message: MessageId,
    /// The room in which it must be, if that was said.
    pub room: Option<RoomId>,
}

/// Changes the text of a message.
///
/// # Errors
/// `not_found` for who is not in the room, and once it was deleted; `forbidden` for who is not the author; `invalid_request`.
pub async fn edit(tx: &mut Tx, target: &Target, body: &str) -> Result<Shown> {
    let (mut message, standing) = held(tx, target, Ability::Write).await?;
    member(target, &standing)?;
    policy::require_edit(&target.actor.member()?, &message)?;
    require_there(&message)?;
    if message.content.body == body {
        return message.shown();
    }
    message.content = Content::new(body.to_owned(), message.content.attachments)?;
    message.edited_at = Some(tx.now());
    change(tx, What::Edited, message, &standing, &target.actor, None).await
}

/// Deletes a message: its place stays, what it said is gone. Deleting it again changes nothing.
///
/// # Errors
/// `not_found` for who is not in the room; `forbidden` for who is neither the author nor keeps order.
pub async fn delete(tx: &mut Tx, target: &Target) -> Result<Shown> {
    // Taking back what one said is a matter of writing, what others said one of order.
    let (mut message, standing) = held(tx, target, Ability::Read).await?;
    if !target.actor.is_admin() {
        member(target, &standing)?;
    }
    policy::require_deletion(&target.actor, standing.role, &message)?;
    let own = target.actor.member().is_ok_and(|who| who == message.author);
    target.actor.require(if own { Ability::Write } else { Ability::Moderate }, &message.room)?;
    if message.deleted {
        return message.shown();
    }
    message.clear();
    change(tx, What::Deleted, message, &standing, &target.actor, None).await
}

/// Puts a reaction on a message, or takes it away. What is so already changes nothing.
///
/// # Errors
/// `not_found` for who is not in the room, and once it was deleted; `too_many_reactions`.
pub async fn react(tx: &mut Tx, target: &Target, emoji: &Emoji, on: bool) -> Result<Shown> {
    let (mut message, standing) = held(tx, target, Ability::React).await?;
    member(target, &standing)?;
    require_there(&message)?;
    if !message.react(&target.actor.member()?, emoji, on)? {
        return message.shown();
    }
    let what = if on { What::Reacted } else { What::Unreacted };
    change(tx, what, message, &standing, &target.actor, Some(emoji)).await
}

/// Lets messages stand under another name of their author from now on, whoever reads them.
pub async fn rename_author(tx: &mut Tx, messages: &[MessageId], name: &str) -> Result<()> {
    tx.flush().await?;
    store::set_author_name(tx, messages, name).await
}

/// Deletes messages, as their author does. Those that are gone with their room are passed over.
pub async fn delete_all(tx: &mut Tx, messages: &[MessageId]) -> Result<()> {
    // All before anything is written: who holds one of them may wait for the row of its room.
    for message in messages {
        hold(tx, message).await?;
    }
    for message in messages {
        match delete(tx, &Target { actor: Actor::System, message: message.clone(), room: None }).await {
            Err(error) if error.kind == Kind::NotFound => {}
            outcome => outcome.map(drop)?,
        }
    }
    Ok(())
}

/// Removes messages of rooms that are gone, and the rooms themselves once they are empty. True if there may be more.
pub async fn sweep(tx: &mut Tx) -> Result<bool> {
    tx.flush().await?;
    let Some(room) = rooms::queries::deleted(tx.conn()).await? else { return Ok(false) };
    if !store::remove(tx, &room, PURGE).await? {
        rooms::actions::purge(tx, &room).await?;
    }
    Ok(true)
}

/// The message of a target and the membership of the actor, held until the end of the transaction, and the room as the actor stands to
/// it.
async fn held(tx: &mut Tx, target: &Target, ability: Ability) -> Result<(Message, Standing)> {
    let who = target.actor.member().ok();
    // Where the room was named, nobody but its members learns which messages there are.
    if let Some(room) = &target.room {
        target.actor.require(ability, room)?;
        let standing = rooms::queries::any_standing(tx.conn(), room, who.as_ref()).await?;
        if standing.role.is_none() && !target.actor.is_admin() {
            return Err(Error::not_found("room"));
        }
    }
    hold(tx, &target.message).await?;
    let message = present(tx, &target.message).await?;
    if target.room.as_ref().is_some_and(|room| room != &message.room) {
        return Err(Error::not_found("message"));
    }
    target.actor.require(ability, &message.room).map_err(|error| unseen(target, error))?;
    let standing = rooms::actions::held_standing(tx, &message.room, who.as_ref()).await.map_err(|error| unseen(target, error))?;
    Ok((message, standing))
}

/// Lets those who change a message wait for each other.
async fn hold(tx: &Tx, message: &MessageId) -> Result<()> {
    tx.lock(&format!("message {message}")).await
}

/// A message as it is, with what was sent in this transaction.
async fn present(tx: &mut Tx, id: &MessageId) -> Result<Message> {
    tx.flush().await?;
    store::by_id(tx.conn(), id).await?.ok_or_else(|| Error::not_found("message"))
}

/// Requires membership, without giving away that there is such a message.
fn member(target: &Target, standing: &Standing) -> Result<RoomRole> {
    rooms::policy::require_member(standing.role).map_err(|error| unseen(target, error))
}

/// Who named only the message is not told of a room.
pub(super) fn unseen(target: &Target, error: Error) -> Error {
    let hidden = error.code == "not_found" && target.room.is_none();
    if hidden { Error::not_found("message") } else { error }
}

fn require_there(message: &Message) -> Result<()> {
    if message.deleted { Err(Error::not_found("message")) } else { Ok(()) }
}

/// Writes a change of a message, which takes the next number of the room.
async fn change(tx: &mut Tx, what: What, mut message: Message, standing: &Standing, by: &Actor, emoji: Option<&Emoji>) -> Result<Shown> {
    let known = Counters { seq: standing.room.seq, rev: standing.room.rev };
    message.rev = advance(tx, &message.room, known, Step::Change).await?.rev;
    store::update(tx, &message).await?;
    tell(tx, what, message, by, emoji)
}

async fn advance(tx: &mut Tx, room: &RoomId, known: Counters, step: Step) -> Result<Counters> {
    rooms::actions::advance(tx, room, known, step).await?.ok_or_else(|| Error::not_found("room"))
}

fn tell(tx: &mut Tx, what: What, message: Message, by: &Actor, emoji: Option<&Emoji>) -> Result<Shown> {
    let shown = message.shown()?;
    tx.record(events::of(what, &shown, by.member().ok().as_ref(), emoji));
    Ok(shown)
}
