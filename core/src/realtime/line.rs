//! A client's connection as HTTP sees it: one Engine.IO session, over polling, over a WebSocket, or first one and then the other. It
//! counts among the caps, is bound to whoever opened it, and can be cut at any moment, whatever state the client is in.

use std::{
    collections::HashMap,
    io,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use socketioxide::socket::Sid;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::OwnedSemaphorePermit,
    time::{Instant, Sleep, sleep},
};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::backlog::{Backlog, Outgoing};
use crate::{
    http::{client_ip::ClientIp, places::Place},
    random::Token,
};

/// What a line takes from the caps while it is there.
pub type Held = (OwnedSemaphorePermit, Place);

/// One client's connection. Clones are the same one.
#[derive(Clone)]
pub struct Line(Arc<Inner>);

struct Inner {
    /// The session's secret with which it was opened.
    token: Option<Token>,
    client: ClientIp,
    backlog: Backlog,
    cut: CancellationToken,
    /// The same, for who looks often.
    is_cut: AtomicBool,
    upgraded: AtomicBool,
    born: Instant,
    /// Milliseconds after `born` at which the client was last heard of.
    heard: AtomicU64,
    _held: Held,
}

impl Line {
    /// A line that `client` opens, with the session cookie it sent.
    pub fn new(token: Option<Token>, client: ClientIp, held: Held) -> Self {
        let (cut, is_cut, upgraded) = (CancellationToken::new(), AtomicBool::new(false), AtomicBool::new(false));
        let (born, heard) = (Instant::now(), AtomicU64::new(0));
        let backlog = Backlog::default();
        Self(Arc::new(Inner { token, client, backlog, cut, is_cut, upgraded, born, heard, _held: held }))
    }

    /// The session's secret with which it was opened.
    pub fn token(&self) -> Option<&Token> {
        self.0.token.as_ref()
    }

    /// Who opened it.
    pub fn client(&self) -> ClientIp {
        self.0.client
    }

    /// Whether a later request comes from whoever opened it: it shows the same session, or, where there is none, has the same address.
    pub fn belongs_to(&self, token: Option<&Token>, client: ClientIp) -> bool {
        match &self.0.token {
            Some(own) => token.is_some_and(|token| token.hash() == own.hash()),
            None => self.0.client.key() == client.key(),
        }
    }

    /// The messages that wait for the client.
    pub fn backlog(&self) -> &Backlog {
        &self.0.backlog
    }

    /// Takes the way from polling to a WebSocket, which can be taken once.
    pub fn upgrade(&self) -> bool {
        !self.0.upgraded.swap(true, Ordering::Relaxed)
    }

    /// The client gave a sign of life.
    pub fn hear(&self) {
        let millis = u64::try_from(self.0.born.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.0.heard.store(millis, Ordering::Relaxed);
    }

    /// How long the client has not been heard of.
    pub fn silence(&self) -> Duration {
        self.0.born.elapsed().saturating_sub(Duration::from_millis(self.0.heard.load(Ordering::Relaxed)))
    }

    /// How long it has been there.
    pub fn age(&self) -> Duration {
        self.0.born.elapsed()
    }

    /// Ends it at once: reading gives the end, writing fails, requests are refused.
    pub fn cut(&self) {
        self.0.cut();
    }

    /// Ends it after `grace`, in which the client may go by itself.
    pub fn cut_after(&self, grace: Duration) {
        // Not kept alive by this: it may well be gone before.
        let line = Arc::downgrade(&self.0);
        tokio::spawn(async move {
            sleep(grace).await;
            if let Some(line) = line.upgrade() {
                line.cut();
            }
        });
    }

    /// Whether it was ended by us.
    pub fn is_cut(&self) -> bool {
        self.0.is_cut.load(Ordering::Acquire)
    }

    /// Waits until it is ended by us.
    pub async fn until_cut(&self) {
        self.0.cut.cancelled().await;
    }
}

impl Inner {
    fn cut(&self) {
        self.is_cut.store(true, Ordering::Release);
        self.cut.cancel();
    }
}

/// The lines that began with polling, by the id that their requests carry.
#[derive(Default)]
pub struct Lines(Mutex<HashMap<Sid, Weak<Inner>>>);

impl Lines {
    /// Adds one.
    pub fn add(&self, sid: Sid, line: &Line) {
        self.lock().insert(sid, Arc::downgrade(&line.0));
    }

    /// The line with this id, unless it is gone or was cut.
    pub fn find(&self, sid: Sid) -> Option<Line> {
        let line = self.lock().get(&sid)?.upgrade().map(Line)?;
        (!line.is_cut()).then_some(line)
    }

    /// Forgets those that are gone.
    pub fn sweep(&self) {
        self.lock().retain(|_, line| line.strong_count() > 0);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Sid, Weak<Inner>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The stream of a WebSocket: what it sends is held back to a pace, and it ends when its line is cut. `G` is dropped with it.
pub struct Watched<S, G> {
    stream: S,
    line: Line,
    pace: Pace,
    sent: Outgoing,
    // Reading and writing are waited for by two tasks, and each has to hear of the end.
    reading: Pin<Box<WaitForCancellationFutureOwned>>,
    writing: Pin<Box<WaitForCancellationFutureOwned>>,
    _guard: G,
}

impl<S, G> Watched<S, G> {
    /// Watches `stream`, which may send `bytes` a second.
    pub fn new(stream: S, line: Line, bytes: u64, guard: G) -> Self {
        let cut = || Box::pin(line.0.cut.clone().cancelled_owned());
        let (reading, writing) = (cut(), cut());
        Self { stream, pace: Pace::new(bytes), sent: Outgoing::default(), reading, writing, line, _guard: guard }
    }
}

impl<S: AsyncRead + Unpin, G: Unpin> AsyncRead for Watched<S, G> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.line.is_cut() {
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        if this.poll_stream(cx, buf)?.is_pending() {
            return this.reading.as_mut().poll(cx).map(Ok);
        }
        this.pace.spend(buf.filled().len() - before);
        this.line.hear();
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + Unpin, G> Watched<S, G> {
    fn poll_stream(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        ready!(self.pace.poll_turn(cx));
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin, G: Unpin> Watched<S, G> {
    /// Works on the stream with `poll`, until the line is cut.
    fn poll_until_cut<T>(
        &mut self,
        cx: &mut Context<'_>,
        poll: impl FnOnce(Pin<&mut S>, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        let cut = || Err(io::Error::new(io::ErrorKind::BrokenPipe, "the connection was cut"));
        if self.line.is_cut() {
            return Poll::Ready(cut());
        }
        match poll(Pin::new(&mut self.stream), cx) {
            // Whoever waits has to hear of the end.
            Poll::Pending => self.writing.as_mut().poll(cx).map(|()| cut()),
            done @ Poll::Ready(_) => done,
        }
    }
}

impl<S: AsyncWrite + Unpin, G: Unpin> AsyncWrite for Watched<S, G> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        let written = ready!(this.poll_until_cut(cx, |stream, cx| stream.poll_write(cx, data)))?;
        this.line.backlog().remove(this.sent.count(&data[..written]));
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_until_cut(cx, AsyncWrite::poll_flush)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// So many bytes a second on average, after a start of as many.
struct Pace {
    bytes: u64,
    left: i64,
    since: Instant,
    waiting: Option<Pin<Box<Sleep>>>,
}

impl Pace {
    fn new(bytes: u64) -> Self {
        Self { bytes, left: i64::try_from(bytes).unwrap_or(i64::MAX), since: Instant::now(), waiting: None }
    }

    fn spend(&mut self, bytes: usize) {
        // First what has grown back so far, or it would be there on top of all that there may be.
        self.refill();
        self.left = self.left.saturating_sub_unsigned(bytes as u64);
    }

    /// Waits until something is left to spend.
    fn poll_turn(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.left > 0 {
            return Poll::Ready(());
        }
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep(Duration::from_millis(50))));
        ready!(waiting.as_mut().poll(cx));
        self.waiting = None;
        self.refill();
        if self.left > 0 {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn refill(&mut self) {
        let millis = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX);
        let grown = i64::try_from(self.bytes.saturating_mul(millis) / 1000).unwrap_or(i64::MAX);
        self.left = self.left.saturating_add(grown).min(i64::try_from(self.bytes).unwrap_or(i64::MAX));
        // The rest of a millisecond counts the next time.
        self.since += Duration::from_millis(millis);
    }
}
