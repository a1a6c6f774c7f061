//! What bots want done. It is checked when it is wanted and done through the same actions as everybody's.

use crate::{
    actor::Actor,
    error::Result,
    ids::{MemberId, PostId, RoomId},
    messages::{
        self,
        actions::{Send, Target},
        model::Emoji,
    },
    posts,
    rooms::{self, model::Invitee},
    store::Tx,
};

/// One thing to be done.
#[derive(Debug, Clone)]
pub enum Effect {
    /// Say something.
    Send(Box<Send>),
    /// Change what was said.
    Edit(Target, String),
    /// Take a message away.
    Delete(Target),
    /// Put an emoji on a message, or take it away.
    React(Target, Emoji, bool),
    /// Remove somebody from a room.
    Remove {
        /// Who does it.
        actor: Actor,
        /// Where.
        room: RoomId,
        /// Whom.
        who: MemberId,
    },
    /// Write a post.
    Post(Box<posts::actions::Create>),
    /// Take a post away.
    DeletePost(Actor, PostId),
}

impl Effect {
    /// The words for a log.
    pub const fn words(&self) -> &'static str {
        match self {
            Self::Send(_) => "send a message",
            Self::Edit(..) => "edit a message",
            Self::Delete(_) => "delete a message",
            Self::React(..) => "react to a message",
            Self::Remove { .. } => "remove a member",
            Self::Post(_) => "write a post",
            Self::DeletePost(..) => "delete a post",
        }
    }

    /// Does it.
    ///
    /// # Errors
    /// Those of the action.
    pub async fn apply(&self, tx: &mut Tx) -> Result<()> {
        match self {
            Self::Send(send) => messages::actions::send(tx, send).await.map(drop),
            Self::Edit(target, body) => messages::actions::edit(tx, target, body).await.map(drop),
            Self::Delete(target) => messages::actions::delete(tx, target).await.map(drop),
            Self::React(target, emoji, on) => messages::actions::react(tx, target, emoji, *on).await.map(drop),
            Self::Remove { actor, room, who } => rooms::actions::remove(tx, actor, room, &Invitee::Known(who.clone())).await,
            Self::Post(create) => posts::actions::create(tx, create).await.map(drop),
            Self::DeletePost(actor, post) => posts::actions::delete(tx, actor, post).await,
        }
    }
}
