//! Who may do what to posts.

use super::model::Post;
use crate::{
    actor::Actor,
    error::{Error, Result},
};

/// Authors change their own posts, admins every one.
pub fn require_change(actor: &Actor, post: &Post) -> Result<()> {
    let own = matches!(actor, Actor::User { id, .. } if *id == post.author);
    if own || actor.is_admin() { Ok(()) } else { Err(Error::forbidden("Only the author may change this post.")) }
}
