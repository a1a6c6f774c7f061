//! Whether a server has its memory back after a great many clients that polled have come and gone, most of them without a word.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    task::JoinSet,
    time::{MissedTickBehavior, interval, sleep},
};

use super::seed::{self, Members, Room};
use crate::{
    Outcome,
    footprint::mebibytes,
    load::Connection,
    process::Process,
    server::Site,
    table::{Budget, Figure, Table, Unit},
};

/// Clients that come, unless the time is over before.
const CLIENTS: usize = 100_000;
const TIME: Duration = Duration::from_secs(45);
/// The same before that: what a server takes once it keeps.
const WARM_UP: Duration = Duration::from_secs(12);
const MEMBERS: usize = 1000;
/// Clients that come at the same time, and what each of them takes at least: 2500 come in a second, of whom some ten thousand are not given
/// up yet.
const AT_ONCE: usize = 32;
const PAUSE: Duration = Duration::from_micros(12_800);
/// One of so many says that it goes.
const POLITE: usize = 3;
/// Who is silent is soon taken for gone, so that this takes no hour.
const SETTINGS: &str = "[realtime]\nping_interval = \"2s\"\nping_timeout = \"2s\"\n[limits]\nsockets = 100000\nsockets_per_user = 1000\n";
/// Between the packets of an answer.
const SEPARATOR: u8 = 0x1e;
/// After that everybody is gone.
const GONE: Duration = Duration::from_secs(10);

/// Lets clients come and go, twice.
pub async fn measure(site: &Site<'_>, table: &mut Table) -> Outcome {
    site.configure(SETTINGS)?;
    site.run(&["migrate"], "")?;
    let everybody: Vec<usize> = (0..MEMBERS).collect();
    let (members, _) = seed::community(&site.database(), MEMBERS, &[Room { members: &everybody, messages: 0 }]).await?;
    let (server, members) = (site.serve()?, Arc::new(members));
    come_and_go(&server, &members, CLIENTS, WARM_UP).await?;
    sleep(GONE).await;
    let before = mebibytes(server.rss()?);
    let count = come_and_go(&server, &members, CLIENTS, TIME).await?;
    sleep(GONE).await;
    let subject = format!("memory after {count} clients that polled have gone");
    let figure = Figure::new(subject, Unit::Mebibytes, mebibytes(server.rss()?)).beside("after the first of them", before);
    table.add(figure.budget(Budget::AtMostTimes(1.05)));
    Ok(())
}

/// Lets up to `most` clients come in that time, and gives how many those were.
async fn come_and_go(server: &Process, members: &Arc<Members>, most: usize, time: Duration) -> Outcome<usize> {
    let until = Instant::now() + time;
    let mut coming = JoinSet::new();
    for first in 0..AT_ONCE {
        let (mut line, members) = (Connection::open(server.addr).await?, Arc::clone(members));
        coming.spawn(async move {
            let (mut count, mut turn) = (0, interval(PAUSE));
            turn.set_missed_tick_behavior(MissedTickBehavior::Delay);
            for number in (first..most).step_by(AT_ONCE) {
                turn.tick().await;
                if Instant::now() >= until {
                    break;
                }
                visit(&mut line, &members.cookies[number % members.cookies.len()], number.is_multiple_of(POLITE)).await?;
                count += 1;
            }
            Outcome::Ok(count)
        });
    }
    let mut count = 0;
    while let Some(done) = coming.join_next().await {
        count += done??;
    }
    Ok(count)
}

/// Connects, hears that it did, and goes.
async fn visit(line: &mut Connection, cookie: &str, polite: bool) -> Outcome {
    let path = "/socket.io/?EIO=4&transport=polling";
    let opened = line.ask(&format!("GET {path} HTTP/1.1\r\nHost: bench\r\n{cookie}\r\n")).await?;
    let open: serde_json::Value = serde_json::from_slice(opened.strip_prefix(b"0").ok_or("nothing was opened")?)?;
    let path = format!("{path}&sid={}", open["sid"].as_str().ok_or("an opening without an id")?);
    let say = |packet: &str| {
        let length = packet.len();
        format!("POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\n{cookie}\r\n{packet}")
    };
    line.ask(&say("40")).await?;
    let ask = format!("GET {path} HTTP/1.1\r\nHost: bench\r\n{cookie}\r\n");
    loop {
        let heard = line.ask(&ask).await?.to_vec();
        let mut packets = heard.split(|byte| *byte == SEPARATOR);
        if packets.clone().any(|packet| packet.starts_with(b"40")) {
            break;
        }
        // A server that has much to do asks whether one is still there before it has let one in.
        if !packets.all(|packet| packet == b"2") {
            return Err(format!("not connected: {}", String::from_utf8_lossy(&heard)).into());
        }
        line.ask(&say("3")).await?;
    }
    if polite {
        line.ask(&say("1")).await?;
    }
    Ok(())
}
