//! Load on a server: connections that are kept open, each sending its next request when it has read the last answer. The same
//! for every server that is measured.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
    time::sleep_until,
};

use crate::{Outcome, process::Process};

/// Read at once.
const CHUNK: usize = 64 << 10;

/// What is sent.
#[derive(Clone)]
pub struct Requests {
    texts: Arc<[String]>,
    /// The status of every answer.
    expected: &'static str,
}

impl Requests {
    /// GET requests for `paths`, taken in turn.
    pub fn get(paths: impl IntoIterator<Item = String>, headers: &str) -> Self {
        let texts = paths.into_iter().map(|path| format!("GET {path} HTTP/1.1\r\nHost: bench\r\n{headers}\r\n")).collect();
        Self { texts, expected: "200" }
    }

    /// POST requests with JSON `bodies`, taken in turn.
    pub fn post(path: &str, bodies: impl IntoIterator<Item = String>, headers: &str) -> Self {
        let text = |body: String| {
            let length = body.len();
            format!(
                "POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
            )
        };
        Self { texts: bodies.into_iter().map(text).collect(), expected: "200" }
    }

    /// The same requests, with answers of another status than 200.
    pub fn expecting(self, expected: &'static str) -> Self {
        Self { expected, ..self }
    }
}

/// What one round showed.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    /// Requests answered in a second.
    pub rate: f64,
    /// Half of all requests took less, in milliseconds.
    pub p50: f64,
    /// 99 of 100 requests took less, in milliseconds.
    pub p99: f64,
    /// CPU time of the server per request, in microseconds. Other programs on the machine disturb it less than the rate.
    pub cpu: f64,
}

impl Sample {
    /// The round in the middle by rate.
    pub fn median(mut rounds: Vec<Self>) -> Self {
        rounds.sort_by(|a, b| a.rate.total_cmp(&b.rate));
        rounds[rounds.len() / 2]
    }
}

/// Sends `requests` over `connections` to `server` for a while, as fast as they are answered.
pub async fn run(server: &Process, requests: &Requests, connections: usize, time: Duration) -> Outcome<Sample> {
    drive_all(server, requests, connections, time, None).await
}

/// Sends `rate` requests a second, whether or not earlier ones were answered: what waits for its turn counts as slow.
pub async fn paced(server: &Process, requests: &Requests, connections: usize, rate: f64, time: Duration) -> Outcome<Sample> {
    let pause = Duration::from_secs_f64(f64::from(u32::try_from(connections)?) / rate);
    drive_all(server, requests, connections, time, Some(pause)).await
}

async fn drive_all(server: &Process, requests: &Requests, connections: usize, time: Duration, pause: Option<Duration>) -> Outcome<Sample> {
    let mut open = Vec::with_capacity(connections);
    for _ in 0..connections {
        open.push(Connection::open(server.addr).await?);
    }
    let (cpu, started) = (server.cpu()?, Instant::now());
    let mut tasks = JoinSet::new();
    for (index, connection) in open.into_iter().enumerate() {
        // Each begins elsewhere, so that they are not in step.
        tasks.spawn(connection.drive(requests.clone(), index * 7919, started + time, pause));
    }
    let mut latencies = Vec::new();
    while let Some(done) = tasks.join_next().await {
        latencies.extend(done??);
    }
    let (elapsed, cpu) = (started.elapsed(), server.cpu()?.saturating_sub(cpu));
    latencies.sort_unstable();
    let count = u32::try_from(latencies.len())?;
    let rate = f64::from(count) / elapsed.as_secs_f64();
    let cpu = cpu.as_secs_f64() * 1e6 / f64::from(count.max(1));
    Ok(Sample { rate, p50: percentile(&latencies, 50), p99: percentile(&latencies, 99), cpu })
}

/// The time than which so many percent of `sorted` are shorter, in milliseconds.
pub fn percentile(sorted: &[Duration], percent: usize) -> f64 {
    sorted.get(sorted.len() * percent / 100).map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
}

/// One answer, read to its end.
pub async fn fetch(addr: SocketAddr, path: &str) -> Outcome<(String, Vec<u8>)> {
    ask(addr, &Requests::get([path.to_owned()], "")).await
}

/// The answer to the first of `requests`, read to its end: head and body.
pub async fn ask(addr: SocketAddr, requests: &Requests) -> Outcome<(String, Vec<u8>)> {
    let mut connection = Connection::open(addr).await?;
    let body = connection.exchange(&requests.texts[0], requests.expected).await?;
    let head = String::from_utf8_lossy(&connection.buffer[..body.start]).into_owned();
    Ok((head, connection.buffer[body].to_vec()))
}

/// A connection that is kept open.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    /// Connects.
    pub async fn open(addr: SocketAddr) -> Outcome<Self> {
        let stream = TcpStream::connect(addr).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::new() })
    }

    /// Sends a request and gives the body of the answer, whose status must be 200.
    pub async fn ask(&mut self, request: &str) -> Outcome<&[u8]> {
        let body = self.exchange(request, "200").await?;
        Ok(&self.buffer[body])
    }

    async fn drive(mut self, requests: Requests, first: usize, until: Instant, pause: Option<Duration>) -> Outcome<Vec<Duration>> {
        let mut latencies = Vec::new();
        let mut sent = Instant::now();
        for index in first.. {
            // Late ones keep the moment at which it was their turn.
            if pause.is_some() {
                sleep_until(sent.into()).await;
            }
            self.exchange(&requests.texts[index % requests.texts.len()], requests.expected).await?;
            let now = Instant::now();
            latencies.push(now - sent);
            if now >= until {
                break;
            }
            sent = pause.map_or(now, |pause| sent + pause);
        }
        Ok(latencies)
    }

    /// Sends a request and reads the answer into the buffer; tells where in it the body is.
    async fn exchange(&mut self, request: &str, expected: &str) -> Outcome<std::ops::Range<usize>> {
        self.stream.write_all(request.as_bytes()).await?;
        self.buffer.clear();
        let mut body = None;
        loop {
            self.buffer.reserve(CHUNK);
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err("the server closed the connection".into());
            }
            if body.is_none()
                && let Some(end) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n")
            {
                let head = str::from_utf8(&self.buffer[..end])?;
                if head.get(9..12) != Some(expected) {
                    return Err(format!("not {expected}: {}", String::from_utf8_lossy(&self.buffer)).into());
                }
                body = Some(end + 4..end + 4 + content_length(head)?);
            }
            if let Some(body) = &body
                && self.buffer.len() >= body.end
            {
                return Ok(body.clone());
            }
        }
    }
}

/// The length of the body. Answers of unknown length are read elsewhere.
fn content_length(head: &str) -> Outcome<usize> {
    let mut headers = head.lines().skip(1).filter_map(|line| line.split_once(':'));
    let length = headers.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    Ok(length.map_or("0", |(_, value)| value.trim()).parse()?)
}
