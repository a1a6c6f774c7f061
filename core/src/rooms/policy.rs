//! Who may do what in rooms.

use super::model::{Access, InviteState, Room, RoomRole};
use crate::{
    actor::Actor,
    error::{Error, Kind, Result},
    ids::UserId,
};

/// The role that an actor acts with in a room: their own there, and that of an owner for admins, whether they are in it or not.
///
/// # Errors
/// `not_found` for everybody else who is not in it.
pub fn acting(actor: &Actor, role: Option<RoomRole>) -> Result<RoomRole> {
    if actor.is_admin() {
        return Ok(RoomRole::Owner);
    }
    role.ok_or_else(|| Error::not_found("room"))
}

/// People open rooms, which belong to them then.
///
/// # Errors
/// `forbidden` for bots; `login_required`.
pub fn require_person(actor: &Actor) -> Result<&UserId> {
    if matches!(actor, Actor::Bot { .. }) {
        return Err(Error::forbidden("Bots cannot open rooms; people do, and invite them."));
    }
    actor.user()
}

/// Members see a room, and nobody else, admins neither.
///
/// # Errors
/// `not_found`.
pub fn require_member(role: Option<RoomRole>) -> Result<RoomRole> {
    role.ok_or_else(|| Error::not_found("room"))
}

/// Owners change a room and the roles in it.
///
/// # Errors
/// `forbidden`.
pub fn require_owner(acting: RoomRole) -> Result<()> {
    if acting == RoomRole::Owner { Ok(()) } else { Err(Error::forbidden("Only an owner of the room may do this.")) }
}

/// Owners and moderators keep order.
///
/// # Errors
/// `forbidden`.
pub fn require_moderator(acting: RoomRole) -> Result<()> {
    if acting >= RoomRole::Moderator { Ok(()) } else { Err(Error::forbidden("Only an owner or moderator of the room may do this.")) }
}

/// Whoever the owners let invite.
///
/// # Errors
/// `forbidden`.
pub fn require_inviter(acting: RoomRole, room: &Room) -> Result<()> {
    if acting >= room.invite_role { Ok(()) } else { Err(Error::forbidden("The owners of the room do not let you invite.")) }
}

/// Nobody removes their like, let alone those above them; admins remove everybody.
///
/// # Errors
/// `forbidden`.
pub fn require_removal(actor: &Actor, acting: RoomRole, target: RoomRole) -> Result<()> {
    require_moderator(acting)?;
    if actor.is_admin() || acting > target { Ok(()) } else { Err(Error::forbidden("You may remove only members with a lesser role.")) }
}

/// Whether somebody who is not in a room may come in. Where rooms are open, an invitation matters only if it was taken back.
///
/// # Errors
/// `not_found` for who was never invited, as for a room that is not there; `invite_required` for who was.
pub fn require_entry(room: &Room, invite: Option<InviteState>) -> Result<()> {
    match (room.access, invite) {
        (_, Some(InviteState::Open)) | (Access::Open, None | Some(InviteState::Expired)) => Ok(()),
        (_, Some(_)) => Err(Error::new(Kind::Forbidden, "invite_required", "You need a new invitation to join this room.")),
        (Access::Invite, None) => Err(Error::not_found("room")),
    }
}
