//! Coming and going.

use super::{hold, manage, pass_on, require_space};
use crate::{
    actor::{Actor, Role},
    bots::{self, model::Ability},
    error::{Error, Kind, Result},
    ids::{MemberId, RoomId, UserId},
    rooms::{
        events::{Departure, RoomEvent, What},
        model::{Member, Room, RoomRole, Standing},
        policy, queries,
        store::{self, Key},
    },
    store::Tx,
};

/// Rooms that are left or pass on in one go. Each is held until the end of the transaction, and PostgreSQL has space for so many locks
/// only.
const ROOMS_AT_ONCE: u64 = 50;

/// Somebody who wants to come in.
#[derive(Debug)]
pub struct Join {
    /// Who.
    pub actor: Actor,
    /// Where.
    pub room: RoomId,
    /// In how many rooms one may be.
    pub max_memberships: u32,
}

/// Makes whoever asks a member. Asking again changes nothing.
///
/// # Errors
/// `not_found` if there is no such room, or none for them, or for a bot that is deleted; `invite_required` if they need a new invitation;
/// `too_many_rooms`.
pub async fn join(tx: &mut Tx, join: &Join) -> Result<()> {
    let Join { actor, room, max_memberships } = join;
    actor.require(Ability::Read, room)?;
    let who = actor.member()?;
    let everywhere = matches!(actor, Actor::Bot { rights, .. } if rights.everywhere);
    // In this order, as whoever makes a room does.
    if !everywhere {
        tx.lock(&format!("rooms of {who}")).await?;
    }
    hold(tx, room).await?;
    let standing = store::standing(tx.conn(), room, Some(&who)).await?.ok_or_else(|| Error::not_found("room"))?;
    if standing.role.is_some() {
        return Ok(());
    }
    // One that runs in the server, or is about to be told that it is gone, may still want to.
    if let MemberId::Bot(bot) = &who
        && !bots::actions::hold(tx, bot).await?
    {
        return Err(Error::not_found("bot"));
    }
    if !everywhere {
        policy::require_entry(&standing.room, store::invite_state(tx, room, &who).await?)?;
        require_space(tx, &who, *max_memberships).await?;
    }
    enter(tx, &standing.room, &who).await
}

/// Makes somebody a member, for whom what is said from now on is news.
pub(super) async fn enter(tx: &mut Tx, room: &Room, who: &MemberId) -> Result<()> {
    if store::add_member(tx, &room.id, who, RoomRole::Member, last(tx, room)).await? {
        store::forget(tx, &room.id, Key::Known(who)).await?;
        tx.record(RoomEvent::new(&room.id, What::Joined(who.clone())).event());
    }
    Ok(())
}

/// The place of the last message, of those in this transaction, too.
fn last(tx: &Tx, room: &Room) -> u64 {
    store::latest(tx, &room.id).map_or(room.seq, |counters| counters.seq)
}

/// Leaves a room, or declines an invitation to it.
///
/// # Errors
/// `not_found` for who is neither in it nor invited.
pub async fn leave(tx: &mut Tx, actor: &Actor, room: &RoomId) -> Result<()> {
    actor.require(Ability::Read, room)?;
    let who = actor.member()?;
    hold(tx, room).await?;
    let standing = store::standing(tx.conn(), room, Some(&who)).await?.ok_or_else(|| Error::not_found("room"))?;
    let Some(role) = standing.role else {
        if !store::forget(tx, room, Key::Known(&who)).await? {
            return Err(Error::not_found("room"));
        }
        tx.record(RoomEvent::new(room, What::Uninvited(who)).event());
        return Ok(());
    };
    depart(tx, room, &who, role, (Departure::Left, actor)).await
}

/// Lets somebody leave their rooms, some of these in one go. True if there may be more.
pub async fn leave_all(tx: &mut Tx, user: &UserId) -> Result<bool> {
    let (actor, who) = (Actor::User { id: user.clone(), role: Role::User }, MemberId::User(user.clone()));
    let mut rooms = store::rooms_of(tx.conn(), &who).await?;
    // They are held in this order.
    rooms.sort();
    let more = rooms.len() as u64 > ROOMS_AT_ONCE;
    rooms.truncate(usize::try_from(ROOMS_AT_ONCE).unwrap_or(usize::MAX));
    for room in &rooms {
        hold(tx, room).await?;
        // Somebody may have removed them meanwhile.
        if let Some(Member { role, .. }) = store::member(tx.conn(), room, &who).await? {
            depart(tx, room, &who, role, (Departure::Left, &actor)).await?;
        }
    }
    Ok(more)
}

/// Removes a member, and lets the room pass on if it needs to. `why` says how it came and who did it.
pub(super) async fn depart(tx: &mut Tx, room: &RoomId, who: &MemberId, role: RoomRole, why: (Departure, &Actor)) -> Result<()> {
    store::remove_member(tx, room, who).await?;
    let event = RoomEvent::new(room, What::Left(who.clone(), why.0)).event();
    tx.record(event.by(why.1.member().ok().as_ref()));
    if role == RoomRole::Owner { pass_on(tx, room).await } else { Ok(()) }
}

/// Lets bots that were deleted leave their rooms, some of these in one go. True if there may be more.
pub async fn let_deleted_bots_leave(tx: &mut Tx) -> Result<bool> {
    let left = store::rooms_of_deleted_bots(tx.conn(), ROOMS_AT_ONCE).await?;
    for (room, bot) in &left {
        hold(tx, room).await?;
        // Others may have done it meanwhile, or the room is gone.
        if let Some(Member { role, .. }) = store::member(tx.conn(), room, bot).await? {
            depart(tx, room, bot, role, (Departure::Removed, &Actor::System)).await?;
        }
    }
    Ok(left.len() as u64 == ROOMS_AT_ONCE)
}

/// Lets rooms whose owners all have shut accounts pass on, some of these in one go. True if there may be more. Those owners keep their
/// role, for when an account is opened again. Where nobody else is, a room waits for somebody to come.
pub async fn let_rooms_of_shut_accounts_pass_on(tx: &mut Tx) -> Result<bool> {
    let found = store::rooms_of_shut_accounts(tx.conn(), ROOMS_AT_ONCE).await?;
    for room in &found {
        hold(tx, room).await?;
        pass_on(tx, room).await?;
    }
    Ok(found.len() as u64 == ROOMS_AT_ONCE)
}

/// A room as `who` stands to it, in it or not, or as nobody does. Whoever is in it stays until the end of the transaction.
///
/// # Errors
/// `not_found` if it is gone.
pub async fn held_standing(tx: &Tx, room: &RoomId, who: Option<&MemberId>) -> Result<Standing> {
    if let Some(who) = who {
        store::hold_member(tx, room, who).await?;
    }
    queries::any_standing(tx.conn(), room, who).await
}

/// Gives a member another role.
///
/// # Errors
/// `not_found` for who is no member; `forbidden` for who does not own the room; `last_owner`; `invalid_request` for a bot as owner.
pub async fn set_role(tx: &mut Tx, actor: &Actor, room: &RoomId, who: &MemberId, role: RoomRole) -> Result<()> {
    let (_, acting) = manage(tx, actor, room).await?;
    policy::require_owner(acting)?;
    let present = store::member(tx.conn(), room, who).await?.ok_or_else(|| Error::not_found("member"))?;
    if present.role == role {
        return Ok(());
    }
    if role == RoomRole::Owner && who.is_bot() {
        return Err(Error::invalid("role must not be \"owner\" for a bot: rooms belong to people."));
    }
    if present.role == RoomRole::Owner && store::only_owner(tx.conn(), room, who).await? {
        return Err(Error::new(Kind::Conflict, "last_owner", "A room must have an owner. Please make somebody else one first."));
    }
    store::set_role(tx, room, who, role).await?;
    tx.record(RoomEvent::new(room, What::RoleChanged(who.clone())).event());
    Ok(())
}

/// Notes that a member has read up to `seq`, or to the end if that comes before. Going back changes nothing.
///
/// # Errors
/// `not_found` for who is not in the room.
pub async fn read(tx: &mut Tx, actor: &Actor, room: &RoomId, seq: u64) -> Result<()> {
    actor.require(Ability::Read, room)?;
    let who = actor.member()?;
    let standing = store::standing(tx.conn(), room, Some(&who)).await?.ok_or_else(|| Error::not_found("room"))?;
    policy::require_member(standing.role)?;
    let seq = seq.min(last(tx, &standing.room));
    if store::read_up_to(tx, room, &who, seq).await? {
        tx.record(RoomEvent::new(room, What::Read(who, seq)).event());
    }
    Ok(())
}
