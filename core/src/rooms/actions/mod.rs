//! What can be done to rooms.

mod invites;
mod members;

use std::time::Duration;

pub use self::{
    invites::{Invite, claim, forget_invitations, invite, remove},
    members::{Join, held_standing, join, leave, leave_all, let_deleted_bots_leave, let_rooms_of_shut_accounts_pass_on, read, set_role},
};
use super::{
    events::{RoomEvent, What},
    model::{Access, Counters, Room, RoomName, RoomRole, Standing, Step},
    policy, store,
};
use crate::{
    actor::Actor,
    bots::model::Ability,
    error::{Error, Kind, Result},
    ids::{MemberId, RoomId},
    store::Tx,
};

/// Invitations that are removed in one go.
const SWEEP: u64 = 500;
/// How long who had an invitation is told that it is too old.
const KEEP_EXPIRED: Duration = Duration::from_hours(24 * 30);

/// A room to be made.
#[derive(Debug)]
pub struct Create {
    /// Who makes it, and owns it.
    pub actor: Actor,
    /// What it is called.
    pub name: RoomName,
    /// Who may come.
    pub access: Access,
    /// In how many rooms one may be.
    pub max_memberships: u32,
}

/// Makes a room, which belongs to whoever made it.
///
/// # Errors
/// `too_many_rooms`; `forbidden` for bots.
pub async fn create(tx: &mut Tx, create: &Create) -> Result<RoomId> {
    let owner = MemberId::User(policy::require_person(&create.actor)?.clone());
    require_space(tx, &owner, create.max_memberships).await?;
    let room = Room {
        id: RoomId::new(tx.now(), tx.random()),
        name: create.name.as_str().to_owned(),
        access: create.access,
        invite_role: RoomRole::Member,
        seq: 0,
        rev: 0,
        created_at: tx.now(),
    };
    store::add(tx, &room).await?;
    store::add_member(tx, &room.id, &owner, RoomRole::Owner, 0).await?;
    tx.record(RoomEvent::new(&room.id, What::Joined(owner)).event());
    Ok(room.id)
}

/// Changes to a room; what is `None` stays.
#[derive(Debug)]
pub struct Change {
    /// Who changes it.
    pub actor: Actor,
    /// Which room.
    pub room: RoomId,
    /// What it is called from now on.
    pub name: Option<RoomName>,
    /// Who may come.
    pub access: Option<Access>,
    /// The least role that may invite.
    pub invite_role: Option<RoomRole>,
}

/// Changes what a room is called and who may come.
///
/// # Errors
/// `not_found`; `forbidden` for who does not own it.
pub async fn change(tx: &mut Tx, change: &Change) -> Result<()> {
    let (standing, acting) = manage(tx, &change.actor, &change.room).await?;
    policy::require_owner(acting)?;
    let old = standing.room;
    let room = Room {
        name: change.name.as_ref().map_or_else(|| old.name.clone(), |name| name.as_str().to_owned()),
        access: change.access.unwrap_or(old.access),
        invite_role: change.invite_role.unwrap_or(old.invite_role),
        ..old.clone()
    };
    if room != old {
        store::change(tx, &room).await?;
        tx.record(RoomEvent::new(&room.id, What::Changed).event());
    }
    Ok(())
}

/// Deletes a room. What was said there is gone for everybody.
///
/// # Errors
/// `not_found`; `forbidden` for who does not own it.
pub async fn delete(tx: &mut Tx, actor: &Actor, room: &RoomId) -> Result<()> {
    let (_, acting) = manage(tx, actor, room).await?;
    policy::require_owner(acting)?;
    end(tx, room).await
}

/// Lets a room be gone.
async fn end(tx: &mut Tx, room: &RoomId) -> Result<()> {
    if store::delete(tx, room).await? {
        tx.record(RoomEvent::new(room, What::Deleted).event());
    }
    Ok(())
}

/// Counts a message, or the change of one; `known` is what was read of the room in this transaction. `None` if the room is gone.
pub async fn advance(tx: &mut Tx, room: &RoomId, known: Counters, step: Step) -> Result<Option<Counters>> {
    store::advance(tx, room, known, step).await
}

/// Removes invitations that are long past. True if there may be more.
pub async fn sweep(tx: &mut Tx) -> Result<bool> {
    store::remove_invites(tx, tx.now().minus(KEEP_EXPIRED), SWEEP).await
}

/// Removes the row of a room that is gone, once its messages are.
pub async fn purge(tx: &mut Tx, room: &RoomId) -> Result<()> {
    store::purge(tx, room).await
}

/// The room, held until the end of the transaction, as a bot's moderator or any person stands to it, and the role they act with.
async fn manage(tx: &mut Tx, actor: &Actor, room: &RoomId) -> Result<(Standing, RoomRole)> {
    actor.require(Ability::Moderate, room)?;
    hold(tx, room).await?;
    let standing = standing(tx, actor, room).await?;
    let acting = policy::acting(actor, standing.role)?;
    Ok((standing, acting))
}

/// The room as the actor stands to it; the operator stands outside.
async fn standing(tx: &Tx, actor: &Actor, room: &RoomId) -> Result<Standing> {
    store::standing(tx.conn(), room, actor.member().ok().as_ref()).await?.ok_or_else(|| Error::not_found("room"))
}

/// Lets those who change who is in a room wait for each other.
async fn hold(tx: &Tx, room: &RoomId) -> Result<()> {
    tx.lock(&format!("room {room}")).await
}

/// Fails if somebody is in as many rooms as one may be. Counting holds off others who would count the same.
async fn require_space(tx: &Tx, who: &MemberId, max: u32) -> Result<()> {
    tx.lock(&format!("rooms of {who}")).await?;
    if store::memberships(tx.conn(), who).await? < u64::from(max) {
        return Ok(());
    }
    let sentence = format!("You are in {max} rooms, which is as many as one may be in. Please leave one first.");
    Err(Error::new(Kind::Conflict, "too_many_rooms", sentence))
}

/// Lets a room pass on if it has lost its last owner who can look after it, or end if there is nobody to own it.
async fn pass_on(tx: &mut Tx, room: &RoomId) -> Result<()> {
    match store::heir(tx.conn(), room).await? {
        Some((_, RoomRole::Owner)) => Ok(()),
        Some((heir, _)) => {
            let heir = MemberId::User(heir);
            store::set_role(tx, room, &heir, RoomRole::Owner).await?;
            tx.record(RoomEvent::new(room, What::RoleChanged(heir)).event());
            Ok(())
        }
        None => end(tx, room).await,
    }
}
