//! The wire between the server and an object store, which a test can damage. It looks at requests one by one, so each gets a
//! connection of its own.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
    sync::watch,
    time::sleep,
};

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Damage {
    /// The store answers this instead of doing anything: status and code.
    Answer(u16, &'static str),
    /// It arrives late.
    Late(Duration),
    /// It arrives nowhere, and nobody says so.
    Silence,
    /// Half of it arrives.
    HalfRequest,
    /// The store does what it is asked, and its answer is lost.
    LostAnswer,
}

/// A wire in the making of damage.
pub struct Wire {
    /// Where the server connects to.
    pub port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    target: u16,
    damage: Mutex<Option<(Damage, &'static str, u32)>>,
    requests: Mutex<Vec<String>>,
    /// Changes when all connections are to be cut.
    cut: watch::Sender<()>,
}

impl Wire {
    /// A wire to this port, without damage.
    pub async fn to(target: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared { target, damage: Mutex::default(), requests: Mutex::default(), cut: watch::channel(()).0 });
        let wire = Self { port, shared: shared.clone() };
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (shared, mut cut) = (shared.clone(), shared.cut.subscribe());
                tokio::spawn(async move {
                    tokio::select! {
                        _ = pass(client, &shared) => {}
                        _ = cut.changed() => {}
                    }
                });
            }
        });
        wire
    }

    /// From now on this happens to every request in whose first line stands `what` (a method, or a parameter).
    pub fn damage(&self, damage: Damage, what: &'static str) {
        self.damage_times(damage, what, u32::MAX);
    }

    /// The same, but only so many times.
    pub fn damage_times(&self, damage: Damage, what: &'static str, times: u32) {
        *self.shared.damage.lock().unwrap() = Some((damage, what, times));
    }

    /// No more damage, and whoever waits in a silence is cut off.
    pub fn heal(&self) {
        *self.shared.damage.lock().unwrap() = None;
        self.shared.cut.send_replace(());
    }

    /// The first lines of all requests so far.
    pub fn requests(&self) -> Vec<String> {
        self.shared.requests.lock().unwrap().clone()
    }
}

impl Shared {
    /// Notes the request, and says what is to happen to it.
    fn meet(&self, line: &str) -> Option<Damage> {
        self.requests.lock().unwrap().push(line.to_owned());
        let mut planned = self.damage.lock().unwrap();
        let (damage, what, times) = planned.as_mut()?;
        if !line.contains(*what) {
            return None;
        }
        let damage = *damage;
        *times -= 1;
        if *times == 0 {
            *planned = None;
        }
        Some(damage)
    }
}

async fn pass(mut client: TcpStream, shared: &Shared) -> std::io::Result<()> {
    let (head, mut rest) = head(&mut client).await?;
    let (line, fields) = head.split_once("\r\n").unwrap_or_default();
    let missing = length(fields).saturating_sub(rest.len());
    let damage = shared.meet(line);
    match damage {
        Some(Damage::Answer(status, code)) => {
            copy_some(&mut client, &mut tokio::io::sink(), missing).await?;
            let body =
                if line.starts_with("HEAD") { String::new() } else { format!("<Error><Code>{code}</Code><Message>x</Message></Error>") };
            let answer = format!(
                "HTTP/1.1 {status} Damaged\r\nConnection: close\r\nContent-Type: application/xml\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            );
            client.write_all(answer.as_bytes()).await?;
            return client.shutdown().await;
        }
        Some(Damage::Silence) => return copy_some(&mut client, &mut tokio::io::sink(), usize::MAX).await,
        Some(Damage::Late(time)) => sleep(time).await,
        _ => {}
    }
    let mut store = TcpStream::connect(("127.0.0.1", shared.target)).await?;
    // No signature covers this line.
    store.write_all(format!("{line}\r\nConnection: close\r\n{fields}").as_bytes()).await?;
    if damage == Some(Damage::HalfRequest) {
        rest.truncate(length(fields) / 2);
        store.write_all(&rest).await?;
        return copy_some(&mut client, &mut store, missing / 2).await;
    }
    store.write_all(&rest).await?;
    if damage == Some(Damage::LostAnswer) {
        copy_some(&mut client, &mut store, missing).await?;
        return store.read_to_end(&mut Vec::new()).await.map(drop);
    }
    copy_bidirectional(&mut client, &mut store).await.map(drop)
}

/// The request line and the fields with the blank line, and what came with them of the body.
async fn head(client: &mut TcpStream) -> std::io::Result<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let rest = bytes.split_off(end + 4);
            return Ok((String::from_utf8_lossy(&bytes).into_owned(), rest));
        }
        if client.read_buf(&mut bytes).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
}

fn length(fields: &str) -> usize {
    let lines = fields.lines().filter_map(|line| line.split_once(": "));
    lines.filter(|(name, _)| name.eq_ignore_ascii_case("content-length")).find_map(|(_, value)| value.trim().parse().ok()).unwrap_or(0)
}

/// Copies so many bytes, or until the sender has enough.
async fn copy_some(from: &mut TcpStream, to: &mut (impl tokio::io::AsyncWrite + Unpin), count: usize) -> std::io::Result<()> {
    tokio::io::copy(&mut from.take(u64::try_from(count).unwrap()), to).await.map(drop)
}
