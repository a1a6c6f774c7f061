//! Bodies that end, and bodies that do not.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use http_body_util::{BodyExt, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::{Response, body::Frame};

pub type Body = UnsyncBoxBody<Bytes, Infallible>;

/// How much an endless body gives at once.
const CHUNK: usize = 16 * 1024;

pub fn text(status: u16, kind: &str, text: &str) -> Response<Body> {
    let body = Full::new(Bytes::copy_from_slice(text.as_bytes())).boxed_unsync();
    Response::builder().status(status).header("content-type", kind).body(body).unwrap()
}

pub fn redirect(target: &str) -> Response<Body> {
    Response::builder().status(302).header("location", target).body(Full::default().boxed_unsync()).unwrap()
}

/// One byte a second.
pub fn drip() -> Response<Body> {
    streamed(stream::once(async { Bytes::from_static(b"{") }).chain(stream::unfold((), |()| async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Some((Bytes::from_static(b" "), ()))
    })))
}

/// JSON without end; `sent` counts how much of it was taken.
pub fn endless(sent: Arc<AtomicUsize>) -> Response<Body> {
    let spaces = Bytes::from(vec![b' '; CHUNK]);
    streamed(stream::once(async { Bytes::from_static(b"{") }).chain(stream::repeat_with(move || {
        sent.fetch_add(CHUNK, Ordering::SeqCst);
        spaces.clone()
    })))
}

fn streamed(chunks: impl Stream<Item = Bytes> + Send + 'static) -> Response<Body> {
    let body = StreamBody::new(chunks.map(|chunk| Ok(Frame::data(chunk)))).boxed_unsync();
    Response::builder().header("content-type", "application/json").body(body).unwrap()
}
