//! Posts as clients see them.

use poem_openapi::{Object, types::Example};

use super::model::Post;

/// A post.
#[derive(Debug, Object)]
#[oai(rename = "Post", example)]
pub struct PostBody {
    /// Opaque id.
    pub id: String,
    /// The author's id.
    pub author_id: String,
    /// The author's name.
    pub author_name: String,
    /// One line.
    pub title: String,
    /// The text as it was typed; escape it before showing it as HTML.
    pub body: String,
    /// Addresses of files.
    pub attachments: Vec<String>,
    /// When it was written, RFC 3339 UTC.
    pub created_at: String,
    /// When it was last changed; `null` if never.
    pub edited_at: Option<String>,
}

impl From<Post> for PostBody {
    fn from(post: Post) -> Self {
        Self {
            id: post.id.to_string(),
            author_id: post.author.to_string(),
            author_name: post.author_name,
            title: post.content.title,
            body: post.content.body,
            attachments: post.content.attachments,
            created_at: post.created_at.to_string(),
            edited_at: post.edited_at.map(|at| at.to_string()),
        }
    }
}

impl Example for PostBody {
    fn example() -> Self {
        Self {
            id: "u-01kb3x2v5q8m4n7p9r1s3t5v7w".to_owned(),
            author_id: "usr-01kb3x2v5q8m4n7p9r1s3t5v7w".to_owned(),
            author_name: "Ann".to_owned(),
            title: "Hello".to_owned(),
            body: "My first post.".to_owned(),
            attachments: vec!["https://files.example.com/cat.png".to_owned()],
            created_at: "2026-01-31T12:00:00.000Z".to_owned(),
            edited_at: None,
        }
    }
}

/// The answer that carries one post.
#[derive(Debug, Object)]
#[oai(example)]
pub struct PostAnswer {
    /// Always `true`.
    pub ok: bool,
    /// The post.
    pub post: PostBody,
}

impl PostAnswer {
    /// An answer with `post`.
    pub fn new(post: Post) -> Self {
        Self { ok: true, post: post.into() }
    }
}

impl Example for PostAnswer {
    fn example() -> Self {
        Self { ok: true, post: PostBody::example() }
    }
}

/// A post to be written.
#[derive(Debug, Object)]
#[oai(example)]
pub struct NewPostBody {
    /// One line, 1 to 200 characters.
    pub title: String,
    /// The text, at most 64 KiB; absent: empty.
    #[oai(default)]
    pub body: String,
    /// At most ten addresses of files: `https`, or as uploads here have them; absent: none.
    #[oai(default)]
    pub attachments: Vec<String>,
}

impl Example for NewPostBody {
    fn example() -> Self {
        Self {
            title: "Hello".to_owned(),
            body: "My first post.".to_owned(),
            attachments: vec!["https://files.example.com/cat.png".to_owned()],
        }
    }
}

/// What shall change in a post; what is absent stays.
#[derive(Debug, Object)]
#[oai(example)]
pub struct EditPostBody {
    /// A new title.
    pub title: Option<String>,
    /// A new text.
    pub body: Option<String>,
    /// New attachments in place of all present ones.
    pub attachments: Option<Vec<String>>,
}

impl Example for EditPostBody {
    fn example() -> Self {
        Self { title: Some("Hello again".to_owned()), body: None, attachments: None }
    }
}
