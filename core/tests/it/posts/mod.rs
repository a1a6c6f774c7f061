//! Posts: what they may say, who changes them, how the list is read.

mod caching;
mod changing;
mod content;
mod hostile;
mod paging;
mod retrying;
mod streaming;

use community::{
    actor::{Actor, Role},
    posts::{
        actions::{Create, create},
        model::Content,
    },
    store::Store,
};
use serde_json::{Value, json};

use crate::support::{Client, Person};

/// Posts `title` over HTTP and gives the post.
pub async fn write(client: &Client, title: &str) -> Value {
    client.post("/api/posts", json!({ "title": title })).await.expect(200).json()["post"].clone()
}

/// The id of a post.
pub fn id(post: &Value) -> String {
    post["id"].as_str().unwrap().to_owned()
}

/// The ids in a list of posts.
pub fn ids(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(id).collect()
}

/// Writes `count` posts with this text in one go, as another process does; gives their ids, newest first.
pub async fn fill(store: &Store, author: &Person, count: usize, body: &str) -> Vec<String> {
    let posts: Vec<Create> = (0..count)
        .map(|number| Create {
            id: None,
            actor: Actor::User { id: author.id.clone(), role: Role::User },
            author_name: author.username.clone(),
            content: Content { title: format!("Post {number}"), body: body.to_owned(), attachments: Vec::new() },
            key: None,
        })
        .collect();
    let work = store.write(posts, |tx, posts| {
        Box::pin(async move {
            let mut ids = Vec::new();
            for post in posts {
                ids.push(create(tx, post).await?.id.to_string());
            }
            Ok(ids)
        })
    });
    let mut ids = work.await.unwrap();
    ids.sort_unstable_by(|one, other| other.cmp(one));
    ids
}
