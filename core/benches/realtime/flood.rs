//! What others notice of somebody who sends ten thousand events a second, is cut off, and comes back to go on.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use tokio::{
    runtime::{Builder, Handle},
    task::JoinHandle,
    time::{interval, sleep},
};

use super::{ROUND, ROUNDS, connect, seed::Members, sends};
use crate::{
    Outcome,
    server::Site,
    socket::Socket,
    table::{Budget, Figure, Table, Unit},
};

/// People who write, ten messages a second each.
const WRITERS: usize = 20;
const PAUSE: Duration = Duration::from_millis(100);
/// Events in each millisecond.
const BURST: usize = 10;
const EVENT: &str = r#"["room:list",{}]"#;
/// Before who was not let in tries again.
const WAIT: Duration = Duration::from_millis(10);
/// What one socket may do is limited as always. Those who write may write that much, and who comes back is let in each time.
const SETTINGS: &str = "[limits]\nmessages = \"unlimited\"\nsocket_handshakes = \"unlimited\"\n";

/// Lets people write into `room`, by turns in peace and beside a flood. The last of the members is the one who floods.
pub async fn measure(site: &Site<'_>, members: &Members, room: &str, table: &mut Table) -> Outcome {
    site.configure(SETTINGS)?;
    // Writers are measured on this thread, and what keeps it busy would count as theirs.
    let elsewhere = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let measured = rounds(elsewhere.handle(), site, members, room, table).await;
    elsewhere.shutdown_background();
    measured
}

async fn rounds(elsewhere: &Handle, site: &Site<'_>, members: &Members, room: &str, table: &mut Table) -> Outcome {
    let server = site.serve_limited()?;
    let writers = connect(&server, &members.cookies[..WRITERS], |_| sends::Writer::message(room)).await?;
    let who = members.cookies.last().ok_or("nobody is there")?;
    let (mut calm, mut flooded, mut cut_off) = (Vec::new(), Vec::new(), 0);
    sends::run(&server, &writers, ROUND / 4, Some(PAUSE)).await?;
    for _ in 0..ROUNDS {
        calm.push(sends::run(&server, &writers, ROUND, Some(PAUSE)).await?.p99);
        let flood = Flood::begin(server.addr, who.clone(), elsewhere);
        flooded.push(sends::run(&server, &writers, ROUND, Some(PAUSE)).await?.p99);
        cut_off += flood.end();
    }
    if cut_off == 0 {
        return Err("who floods was never cut off, so there was no flood".into());
    }
    let figure = Figure::new("message:send at 200/s beside a flood of 10000 events a second, p99", Unit::Millis, middle(flooded));
    table.add(figure.beside("in peace", middle(calm)).budget(Budget::AtMostTimesOrBelow(2.0, 10.0)));
    Ok(())
}

fn middle(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Somebody who floods until it is over.
struct Flood {
    cut_off: Arc<AtomicU32>,
    task: JoinHandle<()>,
}

impl Flood {
    fn begin(addr: SocketAddr, cookie: String, elsewhere: &Handle) -> Self {
        let cut_off = Arc::<AtomicU32>::default();
        let task = elsewhere.spawn(flood(addr, cookie, Arc::clone(&cut_off)));
        Self { cut_off, task }
    }

    /// Ends it, and gives how often they were cut off.
    fn end(self) -> u32 {
        self.task.abort();
        self.cut_off.load(Ordering::Relaxed)
    }
}

async fn flood(addr: SocketAddr, cookie: String, cut_off: Arc<AtomicU32>) {
    loop {
        let Ok(socket) = Socket::connect(addr, &cookie, |_| ()).await else {
            sleep(WAIT).await;
            continue;
        };
        let mut each = interval(Duration::from_millis(1));
        // A server that takes no more ends it as well.
        while socket.is_open() && socket.tell(EVENT, BURST).await.is_ok() {
            each.tick().await;
        }
        cut_off.fetch_add(1, Ordering::Relaxed);
    }
}
