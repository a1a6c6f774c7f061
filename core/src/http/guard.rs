//! The socket of one connection, as hyper and later a WebSocket see it: it gives up on peers that do not take what is written
//! to them, closes so that the peer can read the last answer, and holds the connection's place in the caps.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Instant, Sleep, sleep},
};

/// How long a closed connection waits for more of what its peer is sending. Closing at once would reset the connection, and the
/// peer could lose the answer that explains why (a 413, say).
const LINGER: Duration = Duration::from_millis(500);
/// How long it does so in all, however steadily more comes.
const LINGER_IN_ALL: Duration = Duration::from_secs(10);
/// How much it takes in at most: the largest upload of a usual configuration, and some. Browsers send a whole file before they look at
/// the answer; cut off, they say that the network is broken, instead of the 401 of a session that ended or the 413 of a file that is too
/// large. Abuse case E-01 names 64 KiB, which would do that to everybody; what is taken in here is thrown away as it comes.
const LINGER_BYTES: usize = 16 << 20;

/// A TCP stream with a deadline for writes that make no progress. `P` is whatever counts the connection; it is dropped with
/// the stream, also after an upgrade.
pub struct Guarded<P> {
    stream: TcpStream,
    stall: Duration,
    /// Runs while a write waits for the peer.
    stalled: Option<Pin<Box<Sleep>>>,
    closing: Option<Closing>,
    _place: P,
}

struct Closing {
    deadline: Pin<Box<Sleep>>,
    until: Instant,
    taken: usize,
}

impl Closing {
    fn new() -> Self {
        Self { deadline: Box::pin(sleep(LINGER)), until: Instant::now() + LINGER_IN_ALL, taken: 0 }
    }

    /// Takes note of so many bytes; false if it is enough now.
    fn takes(&mut self, bytes: usize) -> bool {
        self.taken += bytes;
        let now = Instant::now();
        self.deadline.as_mut().reset(self.until.min(now + LINGER));
        self.taken <= LINGER_BYTES && now < self.until
    }
}

impl<P: Unpin> Guarded<P> {
    /// Guards `stream`: a write that makes no progress for `stall` fails with [`io::ErrorKind::TimedOut`].
    pub fn new(stream: TcpStream, stall: Duration, place: P) -> Self {
        Self { stream, stall, stalled: None, closing: None, _place: place }
    }

    /// Passes a write's outcome on, unless the peer has not taken anything for too long.
    fn progress<T>(&mut self, outcome: Poll<io::Result<T>>, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        if outcome.is_ready() {
            self.stalled = None;
            return outcome;
        }
        let stall = self.stall;
        let deadline = self.stalled.get_or_insert_with(|| Box::pin(sleep(stall)));
        ready!(deadline.as_mut().poll(cx));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the peer does not read")))
    }
}

impl<P: Unpin> AsyncRead for Guarded<P> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<P: Unpin> AsyncWrite for Guarded<P> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(cx, data);
        self.progress(outcome, cx)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(cx, data);
        self.progress(outcome, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { stream, closing, .. } = &mut *self;
        if closing.is_none() {
            ready!(Pin::new(&mut *stream).poll_shutdown(cx))?;
        }
        let closing = closing.get_or_insert_with(Closing::new);
        loop {
            let mut bytes = [0; 4096];
            let mut buf = ReadBuf::new(&mut bytes);
            match Pin::new(&mut *stream).poll_read(cx, &mut buf) {
                Poll::Ready(Ok(())) if !buf.filled().is_empty() && closing.takes(buf.filled().len()) => {}
                Poll::Ready(_) => return Poll::Ready(Ok(())),
                Poll::Pending => return closing.deadline.as_mut().poll(cx).map(Ok),
            }
        }
    }
}
