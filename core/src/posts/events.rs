//! What happens to posts.

use serde_json::json;

use super::model::Post;
use crate::{accounts, actor::Actor, store::Event};

/// There is a new post.
pub fn created(post: &Post) -> Event {
    event("post.created", post)
}

/// A post says something else now.
pub fn edited(post: &Post, by: &Actor) -> Event {
    event("post.edited", post).by(by.member().ok().as_ref())
}

/// A post is gone.
pub fn deleted(post: &Post, by: &Actor) -> Event {
    event("post.deleted", post).by(by.member().ok().as_ref())
}

fn event(kind: &str, post: &Post) -> Event {
    Event::new(kind, &post.id, &json!({ "author": post.author.as_str() }))
}

/// Whether the list of posts looks different after `event`.
pub fn changes_the_list(event: &Event) -> bool {
    // Authors stand in it by name.
    event.kind.starts_with("post.") || accounts::events::renamed_user(event).is_some()
}
