//! Things of the server in the words of the interfaces, and errors.

use super::members::role_word;
use crate::{
    error::{Error, Kind},
    messages::requests::MessageBody,
    plugins::bindings::bot::openclaw::types::types::{Error as GuestError, Member, Message, Post, Reaction, Room},
    posts::model::Post as OwnPost,
    rooms::{
        model::{Access, RoomRole},
        requests::RoomBody,
    },
};

/// A message.
pub fn message(body: MessageBody) -> Message {
    let reactions = body.reactions.into_iter().map(|reaction| Reaction { emoji: reaction.emoji, member_ids: reaction.user_ids });
    Message {
        id: body.id,
        room_id: body.room_id,
        seq: body.seq,
        author: Member { id: body.author_id, name: body.author_name, is_bot: body.is_bot },
        body: body.body,
        reply_to: body.reply_to,
        attachments: body.attachments,
        reactions: reactions.collect(),
        created_at: body.created_at,
        edited_at: body.edited_at,
        deleted: body.deleted,
    }
}

/// A room.
pub fn room(body: RoomBody) -> Room {
    let (access, role) = (Access::from(body.access), body.role.map_or(RoomRole::Member, RoomRole::from));
    Room { id: body.id, name: body.name, access: access.as_str().to_owned(), last_seq: body.seq, role: role_word(role).to_owned() }
}

/// A post.
pub fn post(post: OwnPost) -> Post {
    let id = post.author.to_string();
    Post {
        id: post.id.to_string(),
        author: Member { is_bot: id.starts_with("bot-"), id, name: post.author_name },
        title: post.content.title,
        body: post.content.body,
        attachments: post.content.attachments,
        created_at: post.created_at.to_string(),
        edited_at: post.edited_at.map(|at| at.to_string()),
    }
}

/// An error of an action.
pub fn error(error: Error) -> GuestError {
    match error.kind {
        Kind::NotFound => GuestError::NotFound,
        Kind::Invalid | Kind::TooLarge | Kind::Unsupported => GuestError::Invalid(error.message),
        Kind::Forbidden | Kind::Unauthenticated => GuestError::Forbidden(error.message),
        Kind::Limited => GuestError::Limited(error.message),
        Kind::Unavailable | Kind::TooSlow => GuestError::Unavailable(error.message),
        Kind::Conflict | Kind::Internal => {
            if let Some(source) = &error.source {
                tracing::error!(%source, "a request of a bot failed");
            }
            GuestError::Other(error.message)
        }
    }
}
