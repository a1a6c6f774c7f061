//! Stands between a server and PostgreSQL, and breaks the connection at the worst moment.

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// A proxy for one test; it ends with the test's runtime.
pub struct Proxy {
    port: u16,
    target: String,
    shared: Arc<Shared>,
}

/// When the connection breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// PostgreSQL never hears of the commit.
    BeforeCommit,
    /// PostgreSQL commits and its answer is lost.
    AfterCommit,
    /// The same, and from then on nobody reaches it any more.
    AfterCommitForLong,
}

struct Shared {
    /// The connection on which this text passes is cut at its next commit.
    plan: Mutex<Option<(String, Cut)>>,
    away: watch::Sender<bool>,
}

impl Proxy {
    /// Starts one in front of the database at `url`.
    pub async fn start(url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let target = url.split('@').nth(1).unwrap().split('/').next().unwrap().to_owned();
        let shared = Arc::new(Shared { plan: Mutex::default(), away: watch::Sender::new(false) });
        let proxy = Self { port, target: target.clone(), shared: shared.clone() };
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (shared, mut away) = (shared.clone(), shared.away.subscribe());
                if *away.borrow_and_update() {
                    continue;
                }
                let server = TcpStream::connect(&target).await.unwrap();
                tokio::spawn(async move {
                    tokio::select! {
                        () = pass(client, server, &shared) => {}
                        _ = away.changed() => {}
                    }
                });
            }
        });
        proxy
    }

    /// The same database by way of the proxy.
    pub fn url(&self, url: &str) -> String {
        url.replace(&self.target, &format!("127.0.0.1:{}", self.port))
    }

    /// Cuts the connection that writes `text`, once, when it commits.
    pub fn cut(&self, text: &str, cut: Cut) {
        *self.shared.plan.lock().unwrap() = Some((text.to_owned(), cut));
    }

    /// Lets everybody through again.
    pub fn heal(&self) {
        self.shared.away.send_replace(false);
    }
}

/// Passes bytes to and fro until either side has enough, or a planned cut.
async fn pass(mut client: TcpStream, mut server: TcpStream, shared: &Shared) {
    let (mut asked, mut answered) = ([0; 16384], [0; 16384]);
    let mut marked = None;
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let Ok(length @ 1..) = read else { return };
                let bytes = &asked[..length];
                marked = marked.or_else(|| shared.planned(bytes));
                match marked.filter(|_| bytes.ends_with(b"COMMIT\0")) {
                    Some(Cut::BeforeCommit) => return,
                    Some(cut) => {
                        server.write_all(bytes).await.unwrap();
                        assert!(server.read(&mut answered).await.unwrap() > 0, "PostgreSQL did not answer");
                        shared.away.send_replace(cut == Cut::AfterCommitForLong);
                        return;
                    }
                    None if server.write_all(bytes).await.is_err() => return,
                    None => {}
                }
            }
            read = server.read(&mut answered) => {
                let Ok(length @ 1..) = read else { return };
                if client.write_all(&answered[..length]).await.is_err() {
                    return;
                }
            }
        }
    }
}

impl Shared {
    /// The cut that is planned for who writes this.
    fn planned(&self, bytes: &[u8]) -> Option<Cut> {
        let mut plan = self.plan.lock().unwrap();
        let (text, cut) = plan.as_ref()?;
        let (found, cut) = (bytes.windows(text.len()).any(|window| window == text.as_bytes()), *cut);
        found.then(|| {
            *plan = None;
            cut
        })
    }
}
