//! Posts as screens need them.

use bytes::Bytes;
use futures_util::{Stream, stream};

/// What [`page`] asks the database, for whoever wants to know how that is carried out.
#[doc(hidden)]
pub use super::store::json_statement;
use super::{model::Post, store};
use crate::{
    error::{Error, Result},
    ids::{PostId, UserId},
    store::Reader,
};

/// Posts read at once while all of them are streamed. A slow reader holds that many in memory, and each may be large.
const CHUNK: u64 = 32;

/// A page of posts as a JSON array.
#[derive(Debug, Clone)]
pub struct Page {
    /// The array.
    pub json: Bytes,
    /// The id to continue before, if there are older posts.
    pub next: Option<PostId>,
}

/// A post by id.
///
/// # Errors
/// `not_found`.
pub async fn post(conn: &Reader, id: &PostId) -> Result<Post> {
    store::by_id(conn, id).await?.ok_or_else(|| Error::not_found("post"))
}

/// The newest `limit` posts, or those just older than `before`, one by one.
pub async fn list(conn: &Reader, before: Option<&PostId>, limit: u64) -> Result<Vec<Post>> {
    store::run(conn, before, limit).await
}

/// The newest `limit` posts of `author`, or those just older than `before`.
pub async fn of_author(conn: &Reader, author: &UserId, before: Option<&PostId>, limit: u64) -> Result<Vec<Post>> {
    store::of_author(conn, author, before, limit).await
}

/// The newest `limit` posts, or those just older than `before`.
pub async fn page(conn: &Reader, before: Option<&PostId>, limit: u64) -> Result<Page> {
    let run = store::json_run(conn, before, limit).await?;
    let mut json = String::with_capacity(run.posts.as_ref().map_or(0, String::len) + 2);
    json.push('[');
    json.push_str(run.posts.as_deref().unwrap_or_default());
    json.push(']');
    let next = run.last.filter(|_| run.more).map(PostId::from_stored);
    Ok(Page { json: json.into(), next })
}

/// Where the stream of all posts is.
enum Place {
    Start(store::JsonRun),
    Before(PostId),
    End,
    Done,
}

/// All posts as one JSON array, newest first, in pieces: constant memory, and no connection is held between them. A post that is
/// written meanwhile is not in it, one that is deleted meanwhile may be.
///
/// # Errors
/// The database does not answer: the first piece is read before anything is sent.
pub async fn all(conn: Reader) -> Result<impl Stream<Item = Result<Bytes, std::io::Error>> + Send + 'static> {
    let first = store::json_run(&conn, None, CHUNK).await?;
    Ok(stream::unfold((conn, Place::Start(first)), |(conn, place)| async move {
        let (prefix, run) = match place {
            Place::Start(run) => ("[", Ok(run)),
            Place::Before(id) => (",", store::json_run(&conn, Some(&id), CHUNK).await),
            Place::End => return Some((Ok(Bytes::from_static(b"]")), (conn, Place::Done))),
            Place::Done => return None,
        };
        match run {
            Ok(run) => {
                let next = run.last.filter(|_| run.more).map_or(Place::End, |last| Place::Before(PostId::from_stored(last)));
                let posts = run.posts.unwrap_or_default();
                // Nothing follows the comma when the rest was deleted just now; then there is no comma either.
                let piece = if posts.is_empty() && prefix == "," { Bytes::new() } else { Bytes::from(format!("{prefix}{posts}")) };
                Some((Ok(piece), (conn, next)))
            }
            // An answer that breaks off is the only way left to say that it is not whole.
            Err(error) => Some((Err(std::io::Error::other(error)), (conn, Place::Done))),
        }
    }))
}
