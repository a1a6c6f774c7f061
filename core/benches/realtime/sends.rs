//! Messages sent and acknowledged: each is on disk when its acknowledgement comes.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{task::JoinSet, time::sleep_until};

use crate::{
    Outcome,
    load::{Sample, percentile},
    process::Process,
    socket::Socket,
};

/// Somebody who writes into a room, or asks for what was written.
pub struct Writer {
    socket: Arc<Socket>,
    event: String,
}

impl Writer {
    /// Connects with these headers. `event` is what it sends, again and again.
    pub async fn connect(server: &Process, headers: &str, event: String) -> Outcome<Self> {
        Ok(Self { socket: Arc::new(Socket::connect(server.addr, headers, |_| ()).await?), event })
    }

    /// Sends it once, and waits until it is acknowledged.
    pub async fn send(&self) -> Outcome {
        self.socket.ask(&self.event).await.map(drop)
    }

    /// The event that writes a short message into `room`.
    pub fn message(room: &str) -> String {
        format!(r#"["message:send",{{"roomId":"{room}","body":"Good morning, everybody! Has somebody seen my keys?"}}]"#)
    }

    /// The event that asks for 50 messages before a place in `room`.
    pub fn history(room: &str, before: usize) -> String {
        format!(r#"["message:history",{{"roomId":"{room}","before":{before},"limit":50}}]"#)
    }
}

/// Lets all `writers` send for a while, each the next when the last one was acknowledged, or one in each `pause`: then what waits for
/// its turn counts as slow.
pub async fn run(server: &Process, writers: &[Writer], time: Duration, pause: Option<Duration>) -> Outcome<Sample> {
    let (cpu, started) = (server.cpu()?, Instant::now());
    let mut tasks = JoinSet::new();
    for (index, writer) in writers.iter().enumerate() {
        // Not all in the same instant.
        let first = started + pause.unwrap_or_default() * u32::try_from(index)? / u32::try_from(writers.len())?;
        tasks.spawn(drive(Arc::clone(&writer.socket), writer.event.clone(), first, started + time, pause));
    }
    let mut times = Vec::new();
    while let Some(done) = tasks.join_next().await {
        times.extend(done??);
    }
    let (elapsed, cpu) = (started.elapsed().as_secs_f64(), server.cpu()?.saturating_sub(cpu).as_secs_f64());
    times.sort_unstable();
    let count = f64::from(u32::try_from(times.len())?);
    Ok(Sample { rate: count / elapsed, p50: percentile(&times, 50), p99: percentile(&times, 99), cpu: cpu * 1e6 / count.max(1.0) })
}

async fn drive(socket: Arc<Socket>, event: String, first: Instant, until: Instant, pause: Option<Duration>) -> Outcome<Vec<Duration>> {
    let mut times = Vec::new();
    let mut due = first;
    while due < until {
        if pause.is_some() {
            sleep_until(due.into()).await;
        }
        socket.ask(&event).await?;
        let now = Instant::now();
        times.push(now - due);
        due = pause.map_or(now, |pause| due + pause);
    }
    Ok(times)
}
