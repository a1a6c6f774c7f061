//! Others: servers in good order and bad ones, and a canary that must never be visited.

use std::{
    future::Future,
    io::ErrorKind,
    net::{SocketAddr, TcpListener as Listener},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures_util::future::BoxFuture;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_util::task::AbortOnDropHandle;

/// A server on this machine that does with each connection what it is told.
pub struct Peer {
    pub address: SocketAddr,
    open: Arc<AtomicUsize>,
    most_open: Arc<AtomicUsize>,
    requests: Arc<Mutex<Vec<String>>>,
    _task: AbortOnDropHandle<()>,
}

impl Peer {
    /// One that reads a request and then does `then` with the connection.
    pub async fn start<F, R>(then: F) -> Self
    where
        F: Fn(TcpStream) -> R + Send + Sync + 'static,
        R: Future<Output = ()> + Send + 'static,
    {
        Self::at(([127, 0, 0, 1], 0).into(), then).await
    }

    /// The same on an address of the test's choice.
    pub async fn at<F, R>(address: SocketAddr, then: F) -> Self
    where
        F: Fn(TcpStream) -> R + Send + Sync + 'static,
        R: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (open, most_open, requests) = <(Arc<AtomicUsize>, Arc<AtomicUsize>, Arc<Mutex<Vec<String>>>)>::default();
        let (then, counts, log) = (Arc::new(then), (open.clone(), most_open.clone()), requests.clone());
        let task = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let (then, (open, most_open), log) = (then.clone(), counts.clone(), log.clone());
                connections.spawn(async move {
                    most_open.fetch_max(open.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    let seen = request(&mut stream).await;
                    log.lock().unwrap().push(seen);
                    then(stream).await;
                    open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        Self { address, open, most_open, requests, _task: AbortOnDropHandle::new(task) }
    }

    /// One that answers every request with `answer` and closes the connection.
    pub async fn answering(answer: impl Into<Vec<u8>> + 'static) -> Self {
        Self::start(answer_with(answer)).await
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// `http://id.example:PORT/path`
    pub fn url(&self, path: &str) -> String {
        format!("http://id.example:{}{path}", self.port())
    }

    /// The entry of an allow list for it.
    pub fn entry(&self) -> String {
        format!("id.example:{}", self.port())
    }

    /// The requests so far, as they came.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// Connections that are open now.
    pub fn open(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }

    /// The most connections that were open at the same time.
    pub fn most_open(&self) -> usize {
        self.most_open.load(Ordering::SeqCst)
    }
}

/// What a peer does that gives `answer`.
pub fn answer_with(answer: impl Into<Vec<u8>> + 'static) -> impl Fn(TcpStream) -> BoxFuture<'static, ()> {
    let answer: Arc<Vec<u8>> = Arc::new(answer.into());
    move |mut stream| {
        let answer = answer.clone();
        Box::pin(async move {
            // The client may have seen enough before everything is written.
            let _ = stream.write_all(&answer).await;
        })
    }
}

/// Head and announced body of the next request.
pub async fn request(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut text = Vec::new();
    loop {
        let whole = String::from_utf8_lossy(&text).into_owned();
        if let Some((head, body)) = whole.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return whole;
            }
        }
        if stream.read_buf(&mut text).await.unwrap_or(0) == 0 {
            return whole;
        }
    }
}

/// A listener on all addresses of this machine. A connection to it waits in the kernel until it is looked for.
pub struct Canary(Listener);

impl Canary {
    pub fn listen() -> Self {
        let listener = Listener::bind("[::]:0").or_else(|_| Listener::bind("0.0.0.0:0")).unwrap();
        listener.set_nonblocking(true).unwrap();
        Self(listener)
    }

    pub fn port(&self) -> u16 {
        self.0.local_addr().unwrap().port()
    }

    /// Asserts that nobody has connected.
    #[track_caller]
    pub fn assert_unvisited(&self, what: &str) {
        match self.0.accept() {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            visit => panic!("{what}: {visit:?}"),
        }
    }
}
