//! What a bot did to the community.

use crate::{chat::Outgoing, posts::Draft};

/// One thing that the real host would do after the call.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// A message that is said: the id that the bot was told, and the message.
    Send(String, Outgoing),
    /// A message that is changed, and its new text.
    Edit(String, String),
    /// A message that is deleted.
    Delete(String),
    /// An emoji that is put on a message, or, if `false`, taken away.
    React(String, String, bool),
    /// A member that is removed from a room.
    Remove(String, String),
    /// A post that is written: the id that the bot was told, and the post.
    CreatePost(String, Draft),
    /// A post that is deleted.
    DeletePost(String),
}

/// The texts of all messages that the bot said, in their order.
pub fn said() -> Vec<String> {
    let text = |effect: &Effect| match effect {
        Effect::Send(_, message) => Some(message.body.clone()),
        _ => None,
    };
    super::with(|host| host.effects.iter().filter_map(text).collect())
}
