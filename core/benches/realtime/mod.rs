//! Rooms in real time, beside Node.js with socket.io and beside socketioxide alone, neither of which stores anything.

pub mod churn;
mod cutoff;
mod details;
mod fanout;
mod flood;
mod posts;
pub mod seed;
pub mod sends;

use std::{
    path::Path,
    time::{Duration, Instant},
};

use self::{
    fanout::Crowd,
    seed::{Members, Room},
    sends::Writer,
};
use crate::{
    Outcome,
    baseline::rooms,
    load::Sample,
    process::Process,
    server::Site,
    socket::Socket,
    table::{Budget, Figure, Table, Unit},
};

const LISTENERS: usize = 1000;
const ROUNDS: usize = 3;
const ROUND: Duration = Duration::from_secs(4);
/// Three servers take turns here, and how fast one is depends on what else the machine does in these seconds: many short turns meet the same.
const TURNS: usize = 15;
const TURN: Duration = Duration::from_secs(1);
/// Rooms of two for the figure about writing.
const PAIRS: usize = 64;
const WRITERS: usize = 64;
/// Messages in the long room.
const LONG: usize = 1_000_000;
/// Members of it, in the end.
const MANY_MEMBERS: usize = 10_000;
/// Sockets that do nothing.
const IDLE: usize = 10_000;
/// How long they do nothing: longer than it takes until each was asked twice whether it is still there.
const IDLE_TIME: Duration = Duration::from_mins(1);
const IDLE_TIME_LONG: Duration = Duration::from_mins(10);

const CONFIGURATION: &str = "[http]\nmax_connections = 12000\n";

/// Everything but the ten minutes of [`hold`] and the coming and going of [`churn`].
pub async fn measure(site: &Site<'_>, node: &Path, program: &Path, folder: &Path, table: &mut Table) -> Outcome {
    site.configure(CONFIGURATION)?;
    site.run(&["migrate"], "")?;
    let everybody: Vec<usize> = (0..LISTENERS).collect();
    let pairs: Vec<[usize; 2]> = (0..PAIRS).map(|index| [index, index + PAIRS]).collect();
    let mut rooms = vec![
        Room { members: &everybody, messages: 0 },
        Room { members: &everybody[..20], messages: 0 },
        Room { members: &everybody[..1], messages: 100 },
        Room { members: &everybody[..1], messages: LONG },
    ];
    rooms.extend(pairs.iter().map(|pair| Room { members: pair, messages: 0 }));
    let (members, ids) = seed::community(&site.database(), LISTENERS, &rooms).await?;
    let server = site.serve()?;
    fan_out(&server, &members, &ids[0], &Baselines { node, program, folder }, site, table).await?;
    paced(&server, &members, &ids[1], table).await?;
    durable(&server, &members, &ids[4..], table).await?;
    sizes(&server, &members, &ids[2], &ids[3], table).await?;
    posts::measure(&server, &members, &ids[0], table).await?;
    drop(server);
    // A server that has done nothing else.
    idle(&site.serve()?, &members, IDLE_TIME, table).await?;
    seed::guests(&site.database(), &ids[3], MANY_MEMBERS - 1).await?;
    let subject = format!("{MANY_MEMBERS} members and {LONG} messages");
    details::measure(&site.serve()?, &members, &ids[3], &subject, table).await?;
    flood::measure(site, &members, &ids[1], table).await?;
    // The last: some members are signed in no more after that.
    cutoff::measure(site, &site.serve()?, &members, table).await
}

/// Ten thousand sockets for ten minutes.
pub async fn hold(site: &Site<'_>, table: &mut Table) -> Outcome {
    site.configure(CONFIGURATION)?;
    site.run(&["migrate"], "")?;
    let everybody: Vec<usize> = (0..LISTENERS).collect();
    let (members, _) = seed::community(&site.database(), LISTENERS, &[Room { members: &everybody, messages: 0 }]).await?;
    idle(&site.serve()?, &members, IDLE_TIME_LONG, table).await
}

struct Baselines<'a> {
    node: &'a Path,
    program: &'a Path,
    folder: &'a Path,
}

async fn fan_out(server: &Process, members: &Members, room: &str, with: &Baselines<'_>, site: &Site<'_>, table: &mut Table) -> Outcome {
    let node = rooms::node(with.node, with.folder, site.cores)?;
    let raw = rooms::socketioxide(with.program, site.cores)?;
    let strangers = vec![String::new(); LISTENERS];
    let crowds = [
        (server, Crowd::gather(server.addr, &members.cookies, room).await?),
        (&raw, Crowd::gather(raw.addr, &strangers, room).await?),
        (&node, Crowd::gather(node.addr, &strangers, room).await?),
    ];
    for (server, crowd) in &crowds {
        crowd.run(server, TURN).await?;
    }
    let mut turns = [const { Vec::new() }; 3];
    for _ in 0..TURNS {
        for ((server, crowd), samples) in crowds.iter().zip(&mut turns) {
            samples.push(crowd.run(server, TURN).await?);
        }
    }
    let [ours, raw, node] = turns.map(Sample::median);
    let subject = format!("durable messages to {LISTENERS} sockets, deliveries");
    table.add(Figure::rate(&subject, ours, "socketioxide alone", raw).budget(Budget::Times(0.8)));
    table.add(Figure::rate(&subject, ours, "Node.js socket.io", node).budget(Budget::Times(4.0)));
    Ok(())
}

/// 20 people in a room write 200 messages a second.
async fn paced(server: &Process, members: &Members, room: &str, table: &mut Table) -> Outcome {
    let writers = connect(server, &members.cookies[..20], |_| Writer::message(room)).await?;
    let sample = sends::run(server, &writers, 2 * ROUND, Some(Duration::from_millis(100))).await?;
    let subject = "message:send at 200/s, acknowledged, p99";
    table.add(Figure::new(subject, Unit::Millis, sample.p99).budget(Budget::Below(10.0)).details(sample));
    Ok(())
}

/// As many writers as there are rooms of two.
async fn durable(server: &Process, members: &Members, rooms: &[String], table: &mut Table) -> Outcome {
    let writers = connect(server, &members.cookies[..WRITERS], |index| Writer::message(&rooms[index % PAIRS])).await?;
    let _listeners = connect(server, &members.cookies[PAIRS..2 * PAIRS], |_| String::new()).await?;
    let mut samples = Vec::new();
    sends::run(server, &writers, ROUND / 4, None).await?;
    for _ in 0..ROUNDS {
        samples.push(sends::run(server, &writers, ROUND, None).await?);
    }
    let sample = Sample::median(samples);
    let subject = format!("durable messages, {WRITERS} on their way, {PAIRS} rooms of two");
    table.add(Figure::new(subject, Unit::Rate, sample.rate).budget(Budget::AtLeast(5000.0)).details(sample));
    Ok(())
}

/// The same in a short room and in a long one.
async fn sizes(server: &Process, members: &Members, short: &str, long: &str, table: &mut Table) -> Outcome {
    let cookie = &members.cookies[..1];
    let works = [
        ("message:send", Writer::message(short), Writer::message(long)),
        ("message:history, 50 from the middle", Writer::history(short, 60), Writer::history(long, LONG / 2)),
    ];
    for (work, in_short, in_long) in works {
        let short = connect(server, cookie, |_| in_short.clone()).await?;
        let long = connect(server, cookie, |_| in_long.clone()).await?;
        let (mut few, mut many) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            few.push(sends::run(server, &short, ROUND / 2, None).await?);
            many.push(sends::run(server, &long, ROUND / 2, None).await?);
        }
        let (few, many) = (Sample::median(few), Sample::median(many));
        let subject = format!("{work}, among {LONG} messages, p50");
        let figure = Figure::new(subject, Unit::Millis, many.p50).beside("among 100", few.p50);
        table.add(figure.budget(Budget::AtMostTimes(1.5)).details(many));
    }
    Ok(())
}

/// What a socket costs that is signed in and does nothing, and whether it stays.
async fn idle(server: &Process, members: &Members, time: Duration, table: &mut Table) -> Outcome {
    let before = server.rss()?;
    let mut sockets = Vec::with_capacity(IDLE);
    for index in 0..IDLE {
        sockets.push(Socket::connect(server.addr, &members.cookies[index % members.cookies.len()], |_| ()).await?);
    }
    let until = Instant::now() + time;
    tokio::time::sleep_until(until.into()).await;
    let gone = sockets.iter().filter(|socket| !socket.is_open()).count();
    if gone > 0 {
        return Err(format!("{gone} of {IDLE} idle sockets were disconnected within {time:?}").into());
    }
    let each = f64::from(u32::try_from(server.rss()?.saturating_sub(before) / IDLE as u64)?) / 1024.0;
    let subject = format!("memory per idle socket, {IDLE} of them held for {} s", time.as_secs());
    table.add(Figure::new(subject, Unit::Kibibytes, each).budget(Budget::Below(40.0)));
    Ok(())
}

async fn connect(server: &Process, cookies: &[String], event: impl Fn(usize) -> String) -> Outcome<Vec<Writer>> {
    let mut writers = Vec::with_capacity(cookies.len());
    for (index, cookie) in cookies.iter().enumerate() {
        writers.push(Writer::connect(server, cookie, event(index)).await?);
    }
    Ok(writers)
}
