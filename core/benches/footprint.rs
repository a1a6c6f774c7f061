//! How fast the server is there and how much memory it takes.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::sleep,
};

use crate::{
    MANY, Outcome, load,
    process::{Process, pause},
    seed,
    server::Site,
    table::{Budget, Figure, Table, Unit},
};

const STARTS: usize = 5;
/// A slow reader takes this much, and then pauses.
const SIP: usize = 256 << 10;
const PAUSE: Duration = Duration::from_millis(20);

pub async fn measure(site: &Site<'_>, table: &mut Table) -> Outcome {
    starts(site, table)?;
    idle(site, table).await?;
    seed::posts(&site.database(), MANY).await?;
    stream(site, table).await
}

/// From the start of the process to the first answer that it is ready.
fn starts(site: &Site<'_>, table: &mut Table) -> Outcome {
    // The first start makes the database.
    drop(site.serve()?);
    let (mut cold, mut warm) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        site.chill()?;
        cold.push(site.serve()?.ready_after);
        warm.push(site.serve()?.ready_after);
    }
    let median = |mut times: Vec<Duration>| {
        times.sort_unstable();
        times[times.len() / 2].as_secs_f64() * 1e3
    };
    let figure = Figure::new("start to ready", Unit::Millis, median(warm)).beside("plugin not compiled yet", median(cold));
    table.add(figure.budget(Budget::Below(500.0)));
    Ok(())
}

/// The memory of a server that has nothing to do, with the email provider loaded.
async fn idle(site: &Site<'_>, table: &mut Table) -> Outcome {
    let server = site.serve()?;
    sleep(Duration::from_secs(2)).await;
    table.add(Figure::new("memory of the idle server (PSS)", Unit::Mebibytes, mebibytes(server.pss()?)).budget(Budget::Below(60.0)));
    Ok(())
}

/// The memory that an answer with all posts takes, for a reader that takes what it can and for one that dawdles.
async fn stream(site: &Site<'_>, table: &mut Table) -> Outcome {
    for (name, pause) in [("fast", Duration::ZERO), ("slow", PAUSE)] {
        let server = site.serve()?;
        // What the code itself takes when it is first used is no memory of the answer.
        load::fetch(server.addr, "/api/posts?limit=200").await?;
        let growth = growth(&server, pause).await?;
        let subject = format!("more memory while all {MANY} posts stream, {name} reader");
        table.add(Figure::new(subject, Unit::Mebibytes, mebibytes(growth)).budget(Budget::Below(20.0)));
    }
    Ok(())
}

async fn growth(server: &Process, pause_between: Duration) -> Outcome<u64> {
    pause(Duration::from_millis(300));
    let before = server.rss()?;
    server.forget_peak()?;
    let (bytes, whole) = read_all(server.addr, pause_between).await?;
    if !whole || bytes < MANY * 100 {
        return Err(format!("the list of all posts broke off after {bytes} bytes").into());
    }
    Ok(server.peak_rss()?.saturating_sub(before))
}

/// Reads the whole list; gives its size with the framing, and whether it came to its end.
async fn read_all(addr: SocketAddr, pause: Duration) -> Outcome<(usize, bool)> {
    let mut stream = TcpStream::connect(addr).await?;
    stream.write_all(b"GET /api/posts HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n").await?;
    let (mut bytes, mut sip, mut end) = (0, 0, Vec::new());
    let mut buffer = vec![0; 64 << 10];
    loop {
        let count = stream.read(&mut buffer).await?;
        if count == 0 {
            return Ok((bytes, end.ends_with(b"0\r\n\r\n")));
        }
        (bytes, sip) = (bytes + count, sip + count);
        end.extend_from_slice(&buffer[count.saturating_sub(5)..count]);
        end.drain(..end.len().saturating_sub(5));
        if sip >= SIP && !pause.is_zero() {
            sip = 0;
            sleep(pause).await;
        }
    }
}

/// Bytes in MiB.
pub fn mebibytes(bytes: u64) -> f64 {
    // Whole KiB, far below where floating point begins to round.
    f64::from(u32::try_from(bytes >> 10).unwrap_or(u32::MAX)) / 1024.0
}
