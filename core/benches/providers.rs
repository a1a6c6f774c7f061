//! What readers notice while login providers are down, slow or hostile: nothing, ideally.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::sleep,
};

use crate::{
    FEW, Outcome,
    load::{self, Requests},
    process::Process,
    seed,
    server::Site,
    table::{Budget, Figure, Table, Unit},
};

const CONNECTIONS: usize = 8;
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(3);
/// People who try to sign in at each provider, all the time.
const VISITORS: usize = 8;
/// What readers ask for.
const PAGE: &str = "/api/posts?limit=50";

/// How a provider misbehaves.
#[derive(Clone, Copy)]
enum Vice {
    /// Takes the connection and says nothing.
    Silent,
    /// A byte now and then.
    Slow,
    /// A document without end.
    Endless,
}

const VICES: [(&str, Vice); 3] = [("silent", Vice::Silent), ("slow", Vice::Slow), ("endless", Vice::Endless)];

pub async fn measure(site: &Site<'_>, table: &mut Table) -> Outcome {
    let mut config = String::new();
    for (id, vice) in VICES {
        config += &section(id, provider(vice).await?);
    }
    site.configure(&config)?;
    drop(site.serve()?);
    seed::posts(&site.database(), FEW).await?;
    let server = site.serve()?;
    let page = Requests::get([PAGE.to_owned()], "");
    let full = load::run(&server, &page, CONNECTIONS, ROUND).await?;
    let half = full.rate / 2.0;

    let (mut calm, mut troubled, mut longest) = (Vec::new(), Vec::new(), Duration::ZERO);
    let before = server.pss()?;
    let mut held = 0;
    for _ in 0..ROUNDS {
        calm.push(load::paced(&server, &page, CONNECTIONS, half, ROUND).await?.p99);
        let visitors = Visitors::come(&server);
        troubled.push(load::paced(&server, &page, CONNECTIONS, half, ROUND).await?.p99);
        held = held.max(server.pss()?.saturating_sub(before));
        longest = longest.max(visitors.leave().await?);
    }
    let figure = Figure::new("p99 of the first page at half load, providers in trouble", Unit::Millis, median(troubled));
    table.add(figure.beside("all well", median(calm)).budget(Budget::AtMostTimes(2.0)));
    let wait = Figure::new("longest wait for the error of a provider in trouble", Unit::Millis, longest.as_secs_f64() * 1e3);
    table.add(wait.budget(Budget::Below(15_000.0)));
    #[expect(clippy::cast_precision_loss, reason = "for people to read")]
    table.add(Figure::new("more memory meanwhile (PSS)", Unit::Mebibytes, held as f64 / f64::from(1 << 20)).budget(Budget::Below(20.0)));
    Ok(())
}

fn section(id: &str, port: u16) -> String {
    format!(
        "[plugins.{id}]\ncomponent = \"bundled:oidc\"\nallow_private = true\n\
         [plugins.{id}.settings]\nissuer = \"http://127.0.0.1:{port}\"\nclient_id = \"bench\"\nclient_secret = \"bench\"\n"
    )
}

/// A server that misbehaves; gives its port.
async fn provider(vice: Vice) -> Outcome<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(misbehave(stream, vice));
        }
    });
    Ok(port)
}

/// Ends when the other side has enough.
async fn misbehave(mut stream: TcpStream, vice: Vice) -> std::io::Result<()> {
    let mut request = [0; 4096];
    if stream.read(&mut request).await? == 0 {
        return Ok(());
    }
    if matches!(vice, Vice::Silent) {
        while stream.read(&mut request).await? > 0 {}
        return Ok(());
    }
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"issuer\":\"").await?;
    let flood = [b'x'; 16 << 10];
    loop {
        if matches!(vice, Vice::Slow) {
            stream.write_all(b"x").await?;
            sleep(Duration::from_millis(200)).await;
        } else {
            stream.write_all(&flood).await?;
        }
    }
}

/// People who try to sign in, again and again.
struct Visitors {
    leaving: Arc<AtomicBool>,
    tasks: JoinSet<Outcome<Duration>>,
}

impl Visitors {
    fn come(server: &Process) -> Self {
        let (leaving, mut tasks, addr) = (Arc::new(AtomicBool::new(false)), JoinSet::new(), server.addr);
        for (id, _) in VICES {
            for _ in 0..VISITORS {
                let leaving = Arc::clone(&leaving);
                tasks.spawn(async move {
                    let mut longest = Duration::ZERO;
                    while !leaving.load(Ordering::Relaxed) {
                        let sent = Instant::now();
                        load::fetch_expecting(addr, &format!("/api/{id}/login"), "303").await?;
                        longest = longest.max(sent.elapsed());
                        // People need a moment before they try again.
                        sleep(Duration::from_millis(100)).await;
                    }
                    Ok(longest)
                });
            }
        }
        Self { leaving, tasks }
    }

    /// Waits for everybody's answer; gives the longest wait.
    async fn leave(mut self) -> Outcome<Duration> {
        self.leaving.store(true, Ordering::Relaxed);
        let mut longest = Duration::ZERO;
        while let Some(done) = self.tasks.join_next().await {
            longest = longest.max(done??);
        }
        Ok(longest)
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
