//! Bounds on the bodies of requests: how large, and how slow. Bytes are counted as they come, since a length is a promise.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::combinators::BoxBody;
use poem::{
    Body, Request, Response,
    http::{HeaderMap, HeaderValue, StatusCode, header},
};
use tokio::time::{Instant, Sleep, sleep_until};

use super::error::refuse;
use crate::config::HttpSection;

/// What is left of a body that nobody read is read before the connection goes on, up to this much.
const UNREAD: u64 = 64 << 10;

/// The bounds.
#[derive(Debug, Clone)]
pub struct BodyLimits {
    /// Paths, or prefixes that end in a slash, with caps of their own in bytes; the first that fits counts.
    caps: Vec<(&'static str, u64)>,
    default: u64,
    pace: Pace,
}

/// How fast a body must come.
#[derive(Debug, Clone, Copy)]
struct Pace {
    idle: Duration,
    bytes_per_second: u64,
}

impl BodyLimits {
    /// The limits of `section`.
    pub fn new(section: &HttpSection) -> Self {
        Self {
            caps: vec![("/api/email/", section.max_auth_body.0)],
            default: section.max_json_body.0,
            pace: Pace { idle: section.body_idle_timeout.0, bytes_per_second: section.body_min_rate.0.max(1) },
        }
    }

    /// Allows bodies of up to `bytes` at `path`, or below it if it ends in a slash.
    #[must_use]
    pub fn with(mut self, path: &'static str, bytes: u64) -> Self {
        self.caps.insert(0, (path, bytes));
        self
    }

    /// Bounds the body of `request`. Fails if it is declared too large or in a form that is not read.
    pub(super) fn bound(&self, request: &mut Request) -> Result<Watch, Fault> {
        if !has_body(request.headers()) {
            return Ok(Watch(None));
        }
        let length = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        let cap = self.cap(request.uri().path());
        if let Some(fault) = declared_fault(request.headers(), cap) {
            return Err(fault);
        }
        let progress = Arc::new(Progress::default());
        let body = Bounded::new(request.take_body(), cap, self.pace, Arc::clone(&progress));
        request.set_body(Body::from(BoxBody::new(body)));
        Ok(Watch(Some((progress, length.is_none_or(|length: u64| length > UNREAD)))))
    }

    fn cap(&self, path: &str) -> u64 {
        let fits = |place: &str| if place.ends_with('/') { path.starts_with(place) } else { path == place };
        self.caps.iter().find(|(place, _)| fits(place)).map_or(self.default, |(_, cap)| *cap)
    }
}

/// How far a body was read.
#[derive(Default)]
struct Progress {
    fault: OnceLock<Fault>,
    ended: AtomicBool,
}

/// What became of the body of a request, and whether it is a large one.
pub(super) struct Watch(Option<(Arc<Progress>, bool)>);

impl Watch {
    /// The answer to the request. Whatever the handler made of a body that broke off: that is the reason. A large body that nobody
    /// read is not waited for.
    pub fn judge(self, mut response: Response) -> Response {
        let Some((progress, large)) = self.0 else { return response };
        if let Some(fault) = progress.fault.get() {
            return fault.respond();
        }
        if large && !progress.ended.load(Ordering::Relaxed) {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

fn has_body(headers: &HeaderMap) -> bool {
    headers.contains_key(header::TRANSFER_ENCODING) || headers.get(header::CONTENT_LENGTH).is_some_and(|length| length != "0")
}

/// What the headers alone give away.
fn declared_fault(headers: &HeaderMap, cap: u64) -> Option<Fault> {
    // Decompression is a way around every cap.
    if headers.get_all(header::CONTENT_ENCODING).iter().any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Some(Fault::Encoded);
    }
    let length = headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse::<u64>().ok()?;
    (length > cap).then_some(Fault::TooLarge)
}

/// Why a body is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    TooLarge,
    TooSlow,
    Encoded,
}

impl Fault {
    /// The answer. The rest of the body is not read, so the connection cannot go on.
    pub fn respond(self) -> Response {
        let mut response = match self {
            Self::TooLarge => refuse(StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large", "The body of the request is too large."),
            Self::TooSlow => refuse(StatusCode::REQUEST_TIMEOUT, "request_timeout", "The body of the request came too slowly."),
            Self::Encoded => {
                refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "The body of the request must not be compressed.")
            }
        };
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        response
    }
}

/// A body that ends with an error when it gets too large or too slow, and leaves the reason in `progress`.
struct Bounded {
    inner: BoxBody<Bytes, io::Error>,
    cap: u64,
    received: u64,
    pace: Pace,
    /// Time spent waiting for the sender; the time in which the handler did not ask is the handler's.
    waited: Duration,
    waiting: Option<Waiting>,
    progress: Arc<Progress>,
}

struct Waiting {
    since: Instant,
    deadline: Pin<Box<Sleep>>,
}

impl Bounded {
    fn new(body: Body, cap: u64, pace: Pace, progress: Arc<Progress>) -> Self {
        Self { inner: body.into(), cap, received: 0, pace, waited: Duration::ZERO, waiting: None, progress }
    }

    fn fail(&self, fault: Fault) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let _ = self.progress.fault.set(fault);
        Poll::Ready(Some(Err(io::Error::other("the body of the request was cut off"))))
    }

    /// How much longer the sender may take for the next bytes.
    fn patience(&self) -> Duration {
        let earned = Duration::from_secs(self.received / self.pace.bytes_per_second);
        (self.pace.idle + earned).saturating_sub(self.waited).min(self.pace.idle)
    }

    fn poll_patience(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let patience = self.patience();
        let waiting = self.waiting.get_or_insert_with(|| {
            let since = Instant::now();
            Waiting { since, deadline: Box::pin(sleep_until(since + patience)) }
        });
        waiting.deadline.as_mut().poll(cx)
    }
}

impl HttpBody for Bounded {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let Poll::Ready(frame) = Pin::new(&mut self.inner).poll_frame(cx) else {
            ready!(self.poll_patience(cx));
            return self.fail(Fault::TooSlow);
        };
        if let Some(waiting) = self.waiting.take() {
            self.waited += waiting.since.elapsed();
        }
        let length = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref()).map_or(0, Bytes::len);
        self.received += length as u64;
        if frame.is_none() || self.inner.is_end_stream() {
            self.progress.ended.store(true, Ordering::Relaxed);
        }
        if self.received > self.cap { self.fail(Fault::TooLarge) } else { Poll::Ready(frame) }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
