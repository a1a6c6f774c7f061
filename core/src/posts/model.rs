//! What a post is.

use url::Url;

use crate::{
    clock::Timestamp,
    error::{Error, Result},
    ids::{PostId, UserId},
    text,
};

/// Longest title in characters.
pub const MAX_TITLE: usize = 200;
/// Longest text in bytes.
pub const MAX_BODY: usize = 64 * 1024;
/// Most attachments.
pub const MAX_ATTACHMENTS: usize = 10;
/// Longest address of an attachment in bytes.
pub const MAX_URL: usize = 2048;
/// Combining marks in a row; languages need fewer.
const MAX_MARKS: usize = 8;

/// A post as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    /// Opaque id; later posts have greater ones.
    pub id: PostId,
    /// Who wrote it.
    pub author: UserId,
    /// The author's name.
    pub author_name: String,
    /// What it says.
    pub content: Content,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it was last changed, if it was.
    pub edited_at: Option<Timestamp>,
}

/// What a post says.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Content {
    /// One line.
    pub title: String,
    /// The text, stored as it was typed. Whoever shows it escapes it.
    pub body: String,
    /// Addresses of files.
    pub attachments: Vec<String>,
}

impl Content {
    /// Accepts what someone typed. `files_at` is where our own files are, whatever its scheme.
    ///
    /// # Errors
    /// `invalid_request` naming the field.
    pub fn parse(title: &str, body: String, attachments: &[String], files_at: &Url) -> Result<Self> {
        Ok(Self { title: parse_title(title)?, body: parse_body(body)?, attachments: parse_attachments(attachments, files_at)? })
    }
}

fn parse_title(typed: &str) -> Result<String> {
    let title: String = typed.trim().chars().filter(|c| !text::is_bidi_control(*c)).collect();
    if title.chars().all(text::is_invisible) {
        return Err(Error::invalid("title required: it must contain something visible."));
    }
    if title.chars().any(char::is_control) {
        return Err(Error::invalid("title must be one line without control characters."));
    }
    if title.chars().count() > MAX_TITLE {
        return Err(Error::invalid(format!("title must be at most {MAX_TITLE} characters.")));
    }
    require_readable("title", &title)?;
    Ok(title)
}

fn parse_body(body: String) -> Result<String> {
    if body.len() > MAX_BODY {
        return Err(Error::invalid(format!("body must be at most {} KiB.", MAX_BODY / 1024)));
    }
    require_readable("body", &body)?;
    Ok(body)
}

/// Refuses piles of combining marks, which draw over the lines around.
///
/// # Errors
/// `invalid_request` naming the field.
pub fn require_readable(field: &str, text: &str) -> Result<()> {
    if text::has_stacked_marks(text, MAX_MARKS) {
        return Err(Error::invalid(format!("{field} must not stack more than {MAX_MARKS} combining marks.")));
    }
    Ok(())
}

/// Accepts at most ten addresses of files, each once. `files_at` is where our own files are, whatever its scheme.
///
/// # Errors
/// `invalid_request` naming the one that is wrong.
pub fn parse_attachments(typed: &[String], files_at: &Url) -> Result<Vec<String>> {
    if typed.len() > MAX_ATTACHMENTS {
        return Err(Error::invalid(format!("attachments must be at most {MAX_ATTACHMENTS}.")));
    }
    let mut parsed: Vec<String> = Vec::with_capacity(typed.len());
    for (index, text) in typed.iter().enumerate() {
        let url = parse_url(text, files_at).map_err(|reason| Error::invalid(format!("attachments[{index}] {reason}")))?;
        if parsed.contains(&url) {
            return Err(Error::invalid(format!("attachments[{index}] is there already.")));
        }
        parsed.push(url);
    }
    Ok(parsed)
}

/// The address as the URL standard writes it, so that every client reads the same one.
fn parse_url(typed: &str, files_at: &Url) -> Result<String, String> {
    if typed.len() > MAX_URL {
        return Err(format!("must be at most {MAX_URL} bytes."));
    }
    if typed.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err("must not contain white space or control characters.".to_owned());
    }
    let url = Url::parse(typed).map_err(|_| "must be an absolute URL, like https://host/file.png.".to_owned())?;
    if url.scheme() != "https" && url.origin() != files_at.origin() {
        return Err("must begin with https://.".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not contain a user or a password.".to_owned());
    }
    Ok(url.into())
}

/// A client's name for a request that it may send again: the same key means the same post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// 1 to 128 visible ASCII characters.
    ///
    /// # Errors
    /// `invalid_request`.
    pub fn parse(text: &str) -> Result<Self> {
        if (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Error::invalid("Idempotency-Key must be 1 to 128 visible ASCII characters."))
        }
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
