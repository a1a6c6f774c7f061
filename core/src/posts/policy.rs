//! Who may do what to posts.

use super::model::Post;
use crate::{
    actor::Actor,
    error::{Error, Result},
};

/// Authors change their own posts, admins every one.
pub fn require_change(actor: &Actor, post: &Post) -> Result<()> {
    let own = match actor {
        Actor::User { id, .. } => *id == post.author,
        // A bot's posts are those of an account that has its id.
        Actor::Bot { id, .. } => id.as_str() == post.author.as_str(),
        Actor::System => false,
    };
    if own || actor.is_admin() { Ok(()) } else { Err(Error::forbidden("Only the author may change this post.")) }
}
