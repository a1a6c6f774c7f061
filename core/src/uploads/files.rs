//! `/uploads/…`: the files in the folder of the store, for everybody, even where the store is another one by now.
//!
//! They come from people, so nothing that a browser could run ever leaves here as anything but what it is: the type follows from
//! the key, which this server made from the content, and a policy forbids the rest.

use std::{io, ops::Range, path::Path};

use futures_util::stream;
use poem::{
    Body, FromRequest, IntoResponse, Request, Response,
    error::NotFoundError,
    handler,
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
};
use tokio::{
    fs::File,
    io::{AsyncReadExt, AsyncSeekExt},
};

use super::{http::Uploads, key::ObjectKey, model::Kind, objects::CACHE, policy};
use crate::http::{data::Data, error::Failure, query::has};

/// The path under which [`serve`] is mounted.
pub const ROUTE: &str = "/uploads/*key";
/// What stands before the key in a path.
const PREFIX: &str = "/uploads/";
/// What is read and sent at once.
const PIECE: usize = 64 << 10;
/// Nothing in a file may load or run anything.
const POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; sandbox; frame-ancestors 'none'; base-uri 'none'; form-action 'none'");
/// Pictures are shown by pages of other sites, too; nothing else of this server is.
const RESOURCE: (HeaderName, HeaderValue) =
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("cross-origin"));

/// A file that is there.
struct Found {
    file: File,
    size: u64,
    kind: Kind,
    name: String,
}

/// `GET /uploads/{key}`, and `HEAD`
#[handler]
pub async fn serve(request: &Request) -> poem::Result<Response> {
    let uploads = Data::<&Uploads>::from_request_without_body(request).await?;
    let found = find(&uploads, request.uri().path()).await.map_err(|error| Failure(policy::unavailable().caused_by(error)))?;
    let found = found.ok_or(NotFoundError)?;
    let tag = format!("\"{}\"", found.name);
    let mut response = if has(request, &tag) {
        Response::builder().status(StatusCode::NOT_MODIFIED).finish()
    } else {
        match wanted(request, &tag, found.size) {
            Ok(None) => content(found.file, 0..found.size, StatusCode::OK),
            Ok(Some(range)) => part(found.file, range, found.size).await?,
            Err(Unsatisfiable) => return Ok(unsatisfiable(found.size)),
        }
    };
    let headers = response.headers_mut();
    headers.insert(header::ETAG, value(&tag)?);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(CACHE));
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
    headers.insert(RESOURCE.0, RESOURCE.1);
    if response.status() != StatusCode::NOT_MODIFIED {
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(found.kind.media_type()));
        headers.insert(header::CONTENT_DISPOSITION, value(&found.kind.disposition(&found.name))?);
        headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    }
    Ok(response)
}

fn value(text: &str) -> poem::Result<HeaderValue> {
    Ok(HeaderValue::from_str(text).map_err(|error| Failure(crate::error::Error::internal(error)))?)
}

/// The file at `path`; `None` for whatever is none of ours.
async fn find(uploads: &Uploads, path: &str) -> io::Result<Option<Found>> {
    let key = path.strip_prefix(PREFIX).and_then(ObjectKey::parse);
    let Some((key, kind)) = key.and_then(|key| key.kind().map(|kind| (key, kind))) else { return Ok(None) };
    let folder = uploads.objects.served();
    let name = key.name().to_owned();
    let opened = tokio::task::spawn_blocking(move || open(&folder, key.as_str())).await.map_err(io::Error::other)?;
    match opened {
        Ok((file, size)) => Ok(Some(Found { file: File::from_std(file), size, kind, name })),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Opens a plain file. What a link on the way leads to is as good as not there.
fn open(folder: &Path, key: &str) -> io::Result<(std::fs::File, u64)> {
    let place = std::fs::canonicalize(folder)?.join(key);
    let plain = std::fs::canonicalize(&place)? == place && std::fs::symlink_metadata(&place)?.is_file();
    if !plain {
        return Err(io::ErrorKind::NotFound.into());
    }
    let file = std::fs::File::open(&place)?;
    let size = file.metadata()?.len();
    Ok((file, size))
}

/// A range outside of the file.
struct Unsatisfiable;

/// Which part of a file of `size` bytes is wanted; `None` for the whole. One range is honoured, and only for the file that the
/// client already has a part of; whoever asks for several gets the whole, and `HEAD` knows of no parts.
fn wanted(request: &Request, tag: &str, size: u64) -> Result<Option<Range<u64>>, Unsatisfiable> {
    if request.method() != Method::GET {
        return Ok(None);
    }
    let text = |name| request.headers().get(name).map(|value: &HeaderValue| value.to_str().unwrap_or_default());
    let Some(range) = text(header::RANGE).and_then(|range| range.strip_prefix("bytes=")) else { return Ok(None) };
    if text(header::IF_RANGE).is_some_and(|known| known != tag) {
        return Ok(None);
    }
    let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u64>().ok()).flatten();
    let range = match range.trim().split_once('-') {
        Some(("", last)) => number(last).map(|last| size.saturating_sub(last)..size),
        Some((first, "")) => number(first).map(|first| first..size),
        Some((first, last)) => number(first)
            .zip(number(last))
            .filter(|(first, last)| first <= last)
            .map(|(first, last)| first..last.saturating_add(1).min(size)),
        None => None,
    };
    match range {
        None => Ok(None),
        Some(range) if range.is_empty() => Err(Unsatisfiable),
        Some(range) => Ok(Some(range)),
    }
}

fn unsatisfiable(size: u64) -> Response {
    let refusal = crate::http::error::refuse(StatusCode::RANGE_NOT_SATISFIABLE, "invalid_request", "The file has no such range.");
    refusal.with_header(header::CONTENT_RANGE, format!("bytes */{size}")).into_response()
}

async fn part(mut file: File, range: Range<u64>, size: u64) -> poem::Result<Response> {
    file.seek(io::SeekFrom::Start(range.start)).await.map_err(|error| Failure(policy::unavailable().caused_by(error)))?;
    let place = format!("bytes {}-{}/{size}", range.start, range.end - 1);
    let mut response = content(file, range, StatusCode::PARTIAL_CONTENT);
    response.headers_mut().insert(header::CONTENT_RANGE, value(&place)?);
    Ok(response)
}

/// The bytes of `range`, at whose beginning the file stands.
fn content(file: File, range: Range<u64>, status: StatusCode) -> Response {
    let length = range.end - range.start;
    let pieces = stream::unfold((file, length), |(mut file, left)| async move {
        let mut piece = vec![0; usize::try_from(left).unwrap_or(PIECE).min(PIECE)];
        if piece.is_empty() {
            return None;
        }
        match file.read(&mut piece).await {
            Ok(0) => Some((Err(io::ErrorKind::UnexpectedEof.into()), (file, 0))),
            Ok(read) => {
                piece.truncate(read);
                Some((Ok(piece), (file, left - read as u64)))
            }
            Err(error) => Some((Err(error), (file, 0))),
        }
    });
    Response::builder().status(status).header(header::CONTENT_LENGTH, length).body(Body::from_bytes_stream(pieces))
}
