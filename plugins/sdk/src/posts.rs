//! Reading and writing posts. Permissions: `posts-read` for what is read, `posts-write` for what is written.

pub use crate::bindings::bot::openclaw::posts::posts_write::Draft;
use crate::host::{posts_read, posts_write};
use crate::{Error, Post};

/// The newest posts, newest first, at most `limit`, which is at most 50.
///
/// # Errors
/// [`Error::Unavailable`].
pub fn newest(limit: u32) -> Result<Vec<Post>, Error> {
    posts_read::list_posts(None, limit)
}

/// The posts just before another one, newest first, at most `limit`, which is at most 50.
///
/// # Errors
/// [`Error::NotFound`] if there is no such post.
pub fn before(id: &str, limit: u32) -> Result<Vec<Post>, Error> {
    posts_read::list_posts(Some(id), limit)
}

/// One post, as it is now.
///
/// # Errors
/// [`Error::NotFound`].
pub fn post(id: &str) -> Result<Post, Error> {
    posts_read::get_post(id)
}

/// Writes a post: a title of 1 to 200 characters and at most 64 KiB of Markdown. Answers with the id that it will have.
///
/// It is queued, and written by the host after the bot's function has returned without an error.
///
/// # Errors
/// [`Error::Invalid`], [`Error::Limited`] (six posts an hour, unless the operator allows another number).
pub fn create(title: impl Into<String>, body: impl Into<String>) -> Result<String, Error> {
    create_post(&Draft { title: title.into(), body: body.into(), attachments: Vec::new() })
}

/// Writes a post with everything that a post may have. Answers with the id that it will have.
///
/// # Errors
/// As [`create`].
pub fn create_post(draft: &Draft) -> Result<String, Error> {
    posts_write::create(draft)
}

/// Deletes a post of the bot's own, after the bot's function has returned without an error.
///
/// # Errors
/// [`Error::Limited`].
pub fn delete(id: &str) -> Result<(), Error> {
    posts_write::delete(id)
}
