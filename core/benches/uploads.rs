//! Files that come in: how much memory many at once take, and how fast one is beside a copy of the same file.

use std::{
    fs::{self, File},
    net::SocketAddr,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use community::random::Random;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
};

use crate::{
    Outcome,
    process::{Process, pause},
    server::Site,
    table::{Budget, Figure, Table, Unit},
};

/// Sent at the same time.
const TOGETHER: usize = 50;
/// Uploads and copies of each kind, in turn.
const ROUNDS: usize = 25;
/// The largest that is taken.
const SIZE: usize = 10 << 20;
const BOUNDARY: &str = "----bench";

pub async fn measure(site: &Site<'_>, table: &mut Table) -> Outcome {
    site.configure(&format!("[limits]\nuploads_at_a_time = {TOGETHER}\nuploads_at_a_time_per_user = {TOGETHER}\n"))?;
    let cookie = site.sign_in("ann@example.com")?;
    let kinds = [("picture", picture()), ("PDF", pdf())];
    for (name, file) in &kinds {
        let request = Arc::new(request(file, &cookie));
        let (growth, time) = together(site, &request).await?;
        let subject = format!("more memory while {TOGETHER} uploads of 10 MiB come at once, {name}");
        table.add(Figure::new(subject, Unit::Mebibytes, mebibytes(growth)).budget(Budget::Below(40.0)));
        let rate = mebibytes((TOGETHER * SIZE) as u64) / time.as_secs_f64();
        table.add(Figure::new(format!("all of them, {name}"), Unit::Throughput, rate));
    }
    let server = site.serve()?;
    for (name, file) in &kinds {
        let request = request(file, &cookie);
        let (ours, theirs) = one_by_one(&server, &request, file, &site.folder().join("data")).await?;
        let figure = Figure::new(format!("one upload of 10 MiB to disk, {name}"), Unit::Throughput, ours);
        table.add(figure.beside("cp and fsync", theirs).budget(Budget::Times(0.6)));
    }
    Ok(())
}

/// How far the memory grows while all come at once, and the time from the first byte to the last answer.
async fn together(site: &Site<'_>, request: &Arc<Vec<u8>>) -> Outcome<(u64, Duration)> {
    let server = site.serve()?;
    // What the code itself takes when it is first used is no memory of the files.
    send(server.addr, request).await?;
    pause(Duration::from_millis(500));
    let before = server.rss()?;
    server.forget_peak()?;
    let started = Instant::now();
    let mut uploads = JoinSet::new();
    for _ in 0..TOGETHER {
        let (addr, request) = (server.addr, Arc::clone(request));
        uploads.spawn(async move { send(addr, &request).await });
    }
    while let Some(done) = uploads.join_next().await {
        done??;
    }
    Ok((server.peak_rss()?.saturating_sub(before), started.elapsed()))
}

/// MiB a second of the median upload and the median copy.
async fn one_by_one(server: &Process, request: &[u8], file: &[u8], folder: &Path) -> Outcome<(f64, f64)> {
    let source = folder.join("source");
    fs::write(&source, file)?;
    File::open(&source)?.sync_all()?;
    send(server.addr, request).await?;
    let (mut uploads, mut copies) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let started = Instant::now();
        send(server.addr, request).await?;
        uploads.push(started.elapsed());
        let started = Instant::now();
        copy(&source, &folder.join(format!("copy-{round}")))?;
        copies.push(started.elapsed());
    }
    let rate = |mut times: Vec<Duration>| {
        times.sort_unstable();
        mebibytes(file.len() as u64) / times[times.len() / 2].as_secs_f64()
    };
    Ok((rate(uploads), rate(copies)))
}

/// What `cp` does, and then on disk with its name: the server promises no less.
fn copy(from: &Path, to: &Path) -> Outcome {
    fs::copy(from, to)?;
    File::open(to)?.sync_all()?;
    Ok(File::open(to.parent().unwrap_or(to))?.sync_all()?)
}

/// Sends one upload over a connection of its own, and reads the answer.
async fn send(addr: SocketAddr, request: &[u8]) -> Outcome {
    let mut stream = TcpStream::connect(addr).await?;
    stream.write_all(request).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    if answer.starts_with(b"HTTP/1.1 200 ") {
        return Ok(());
    }
    Err(format!("an upload was refused: {}", String::from_utf8_lossy(&answer)).into())
}

fn request(file: &[u8], cookie: &str) -> Vec<u8> {
    let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n");
    let tail = format!("\r\n--{BOUNDARY}--\r\n");
    let length = head.len() + file.len() + tail.len();
    let fields = format!("Host: bench\r\nConnection: close\r\nCookie: {cookie}\r\nContent-Type: multipart/form-data; boundary={BOUNDARY}");
    let start = format!("POST /api/upload HTTP/1.1\r\n{fields}\r\nContent-Length: {length}\r\n\r\n{head}");
    [start.as_bytes(), file, tail.as_bytes()].concat()
}

/// A JPEG as large as a file may be: the head of one, and data that no decoder would like. It promises too many pixels for a small
/// version, so that nothing but the upload is measured.
fn picture() -> Vec<u8> {
    let mut file = b"\xff\xd8\xff\xc0\0\x0b\x08".to_vec();
    file.extend([6000_u16.to_be_bytes(), 8000_u16.to_be_bytes()].concat());
    file.extend(b"\x01\x01\x11\0\xff\xda\0\x08\x01\x01\0\0\x3f\0");
    let random = Random::seeded(9);
    while file.len() < SIZE - 2 {
        // A byte in 256 looks like the beginning of a marker, as in any picture.
        let bytes = random.bytes::<64>().into_iter().flat_map(|byte| if byte == 0xff { vec![0xff, 0] } else { vec![byte] });
        file.extend(bytes);
    }
    file.truncate(SIZE - 2);
    if file.ends_with(b"\xff") {
        file.pop();
    }
    file.extend(b"\xff\xd9");
    file
}

fn pdf() -> Vec<u8> {
    let mut file = b"%PDF-1.4\n".to_vec();
    let random = Random::seeded(10);
    while file.len() < SIZE {
        file.extend(random.bytes::<64>());
    }
    file.truncate(SIZE - 6);
    file.extend(b"%%EOF\n");
    file
}

fn mebibytes(bytes: u64) -> f64 {
    // Whole KiB, far below where floating point begins to round.
    f64::from(u32::try_from(bytes >> 10).unwrap_or(u32::MAX)) / 1024.0
}
