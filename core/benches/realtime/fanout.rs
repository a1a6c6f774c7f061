//! One room, many listeners: how many times a second a message reaches somebody.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::{sync::Semaphore, task::JoinSet, time::timeout};

use crate::{
    Outcome,
    load::{Sample, percentile},
    process::Process,
    socket::Socket,
};

/// Messages on their way at the same time: within what any server keeps for a socket that has not read yet.
const WINDOW: u32 = 32;
/// How long the last of them may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A room full of sockets at one server.
pub struct Crowd {
    sockets: Vec<Arc<Socket>>,
    tally: Arc<Mutex<Tally>>,
    window: Arc<Semaphore>,
    event: String,
}

/// Who has heard what. Everybody hears messages in the same order, so the place in the order names the message.
struct Tally {
    listeners: u32,
    /// The place of the first message in `open`.
    first: usize,
    /// The messages that not everybody has heard yet: when each was sent, and by how many it was heard.
    open: VecDeque<(Instant, u32)>,
    /// How long it took until everybody had heard a message.
    times: Vec<Duration>,
}

impl Crowd {
    /// Connects a socket for each of `headers` and waits until all are in the room.
    pub async fn gather(addr: SocketAddr, headers: &[String], room: &str) -> Outcome<Self> {
        let tally = Tally { listeners: u32::try_from(headers.len())?, first: 0, open: VecDeque::new(), times: Vec::new() };
        let (tally, window) = (Arc::new(Mutex::new(tally)), Arc::new(Semaphore::new(WINDOW as usize)));
        let mut sockets = Vec::with_capacity(headers.len());
        for headers in headers {
            let (tally, window, mut place) = (Arc::clone(&tally), Arc::clone(&window), 0);
            let heard = move |event: &[u8]| {
                if event.starts_with(b"[\"message:new\"") {
                    let done = tally.lock().unwrap_or_else(PoisonError::into_inner).heard(place);
                    window.add_permits(done);
                    place += 1;
                }
            };
            sockets.push(Arc::new(Socket::connect(addr, headers, heard).await?));
        }
        let body = "The quick brown fox jumps over the lazy dog, and nobody in this room has seen it coming. Who was it this time?";
        let event = format!(r#"["message:send",{{"roomId":"{room}","body":"{body}"}}]"#);
        Ok(Self { sockets, tally, window, event })
    }

    /// Lets one after the other write for a while, as fast as everybody hears it: how much a single one may have on its way is another
    /// matter, and a server may well limit it. Fails if a message is lost.
    pub async fn run(&self, server: &Process, time: Duration) -> Outcome<Sample> {
        let (cpu, started) = (server.cpu()?, Instant::now());
        let mut sent = 0_u32;
        let mut asking = JoinSet::new();
        while started.elapsed() < time {
            timeout(PATIENCE, self.window.acquire()).await.map_err(|_| self.lost())??.forget();
            self.tally.lock().unwrap_or_else(PoisonError::into_inner).open.push_back((Instant::now(), 0));
            let (socket, event) = (Arc::clone(&self.sockets[sent as usize % self.sockets.len()]), self.event.clone());
            asking.spawn(async move { socket.ask(&event).await });
            sent += 1;
            while let Some(done) = asking.try_join_next() {
                done??;
            }
            // The window may be open for long: whoever reads needs its turn.
            tokio::task::yield_now().await;
        }
        timeout(PATIENCE, self.window.acquire_many(WINDOW)).await.map_err(|_| self.lost())??.forget();
        let (elapsed, cpu) = (started.elapsed().as_secs_f64(), server.cpu()?.saturating_sub(cpu).as_secs_f64());
        self.window.add_permits(WINDOW as usize);
        while let Some(done) = asking.join_next().await {
            done??;
        }
        let mut times = std::mem::take(&mut self.tally.lock().unwrap_or_else(PoisonError::into_inner).times);
        times.sort_unstable();
        let deliveries = f64::from(sent) * self.listeners();
        Ok(Sample { rate: deliveries / elapsed, p50: percentile(&times, 50), p99: percentile(&times, 99), cpu: cpu * 1e6 / deliveries })
    }

    fn listeners(&self) -> f64 {
        f64::from(self.tally.lock().unwrap_or_else(PoisonError::into_inner).listeners)
    }

    fn lost(&self) -> String {
        let tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
        let missing: u32 = tally.open.iter().map(|(_, heard)| tally.listeners - heard).sum();
        let gone = self.sockets.iter().filter(|socket| !socket.is_open()).count();
        format!("{missing} deliveries never came; {gone} of {} sockets were disconnected", self.sockets.len())
    }
}

impl Tally {
    /// One more has heard the message at `place`; gives how many messages everybody has heard now.
    fn heard(&mut self, place: usize) -> usize {
        if let Some((_, heard)) = place.checked_sub(self.first).and_then(|index| self.open.get_mut(index)) {
            *heard += 1;
        }
        let mut done = 0;
        while let Some((sent, heard)) = self.open.front()
            && *heard == self.listeners
        {
            self.times.push(sent.elapsed());
            self.open.pop_front();
            self.first += 1;
            done += 1;
        }
        done
    }
}
