//! What happens to rooms and their members.

use serde_json::json;

use crate::{
    ids::{MemberId, RoomId},
    store::Event,
};

/// Why somebody is no longer in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Departure {
    /// They left.
    Left,
    /// Somebody removed them.
    Removed,
}

impl Departure {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Removed => "removed",
        }
    }
}

/// Something that happened to a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomEvent {
    /// Which room.
    pub room: RoomId,
    /// What.
    pub what: What,
}

/// What can happen to a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// Somebody became a member.
    Joined(MemberId),
    /// Somebody is no longer a member.
    Left(MemberId, Departure),
    /// Somebody who is here may become a member now.
    Invited(MemberId),
    /// An invitation is worth nothing any more.
    Uninvited(MemberId),
    /// Somebody has another role.
    RoleChanged(MemberId),
    /// Its name or its rules are different.
    Changed,
    /// It is gone.
    Deleted,
    /// Somebody has read up to this place.
    Read(MemberId, u64),
}

impl RoomEvent {
    /// Something that happened to `room`.
    pub fn new(room: &RoomId, what: What) -> Self {
        Self { room: room.clone(), what }
    }

    /// The event for the log.
    pub fn event(&self) -> Event {
        let (kind, data) = match &self.what {
            What::Joined(member) => ("room.joined", json!({ "member": member.as_str() })),
            What::Left(member, why) => ("room.left", json!({ "member": member.as_str(), "reason": why.as_str() })),
            What::Invited(member) => ("room.invited", json!({ "member": member.as_str() })),
            What::Uninvited(member) => ("room.uninvited", json!({ "member": member.as_str() })),
            What::RoleChanged(member) => ("room.role_changed", json!({ "member": member.as_str() })),
            What::Changed => ("room.changed", json!({})),
            What::Deleted => ("room.deleted", json!({})),
            What::Read(member, seq) => ("room.read", json!({ "member": member.as_str(), "seq": seq })),
        };
        Event::new(kind, &self.room, &data)
    }

    /// Reads the event, if it is one of these.
    pub fn read(event: &Event) -> Option<Self> {
        let kind = event.kind.strip_prefix("room.")?;
        let data = event.details();
        let member = || Some(MemberId::from_stored(data["member"].as_str()?.to_owned()));
        let departure = if data["reason"] == "removed" { Departure::Removed } else { Departure::Left };
        let what = match kind {
            "joined" => What::Joined(member()?),
            "left" => What::Left(member()?, departure),
            "invited" => What::Invited(member()?),
            "uninvited" => What::Uninvited(member()?),
            "role_changed" => What::RoleChanged(member()?),
            "changed" => What::Changed,
            "deleted" => What::Deleted,
            "read" => What::Read(member()?, data["seq"].as_u64()?),
            _ => return None,
        };
        Some(Self { room: RoomId::from_stored(event.subject.clone()), what })
    }
}
