//! What readers notice while login providers are down, slow or hostile: nothing, ideally.

use std::{
    future::pending,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
    runtime::{Builder, Handle},
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
    /// Nobody listens at its port.
    Down,
    /// Takes the connection and says nothing.
    Silent,
    /// A byte now and then.
    Slow,
    /// A document without end.
    Endless,
    /// A page for people where a document should be.
    Senseless,
    /// Is well until it is to exchange a code.
    Speechless,
}

const VICES: [(&str, Vice); 6] = [
    ("down", Vice::Down),
    ("silent", Vice::Silent),
    ("slow", Vice::Slow),
    ("endless", Vice::Endless),
    ("senseless", Vice::Senseless),
    ("speechless", Vice::Speechless),
];

pub async fn measure(site: &Site<'_>, table: &mut Table) -> Outcome {
    // Readers are measured on this thread, and what keeps it busy would count as theirs.
    let elsewhere = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let measured = measure_beside(elsewhere.handle(), site, table).await;
    elsewhere.shutdown_background();
    measured
}

/// Measures, with providers and those who visit them in the runtime `elsewhere`.
async fn measure_beside(elsewhere: &Handle, site: &Site<'_>, table: &mut Table) -> Outcome {
    let (mut config, mut asked) = (String::new(), Vec::new());
    for (id, vice) in VICES {
        let provider = elsewhere.spawn(Provider::start(vice)).await??;
        config += &section(id, provider.port);
        asked.extend(provider.asked);
    }
    site.configure(&config)?;
    drop(site.serve()?);
    seed::posts(&site.database(), FEW).await?;
    let page = Requests::get([PAGE.to_owned()], "");
    let half = load::run(&site.serve()?, &page, CONNECTIONS, ROUND).await?.rate / 2.0;

    let (mut calm, mut troubled, mut longest, mut held) = (Vec::new(), Vec::new(), Duration::ZERO, 0);
    for _ in 0..ROUNDS {
        // A server that has not learnt yet whom to leave alone.
        let server = site.serve()?;
        let before = asked.iter().map(|asked| asked.load(Ordering::Relaxed)).collect::<Vec<_>>();
        calm.push(load::paced(&server, &page, CONNECTIONS, half, ROUND).await?.p99);
        let memory = server.pss()?;
        let visitors = Visitors::come(&server, elsewhere);
        troubled.push(load::paced(&server, &page, CONNECTIONS, half, ROUND).await?.p99);
        held = held.max(server.pss()?.saturating_sub(memory));
        longest = longest.max(visitors.leave().await?);
        if asked.iter().zip(before).any(|(asked, before)| asked.load(Ordering::Relaxed) == before) {
            return Err("a provider was not asked, so its trouble was not measured".into());
        }
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

/// A server that misbehaves.
struct Provider {
    port: u16,
    /// How often it was asked, if it can know.
    asked: Option<Arc<AtomicU32>>,
}

impl Provider {
    async fn start(vice: Vice) -> Outcome<Self> {
        if matches!(vice, Vice::Down) {
            return Self::absent();
        }
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let (port, asked) = (listener.local_addr()?.port(), Arc::<AtomicU32>::default());
        let counter = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counter.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(misbehave(stream, vice, port));
            }
        });
        Ok(Self { port, asked: Some(asked) })
    }

    /// A port that is taken, so that nobody else gets it, and at which nobody listens.
    fn absent() -> Outcome<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(([127, 0, 0, 1], 0).into())?;
        let port = socket.local_addr()?.port();
        tokio::spawn(async move {
            let _taken = socket;
            pending::<()>().await;
        });
        Ok(Self { port, asked: None })
    }
}

/// Ends when the other side has enough.
async fn misbehave(mut stream: TcpStream, vice: Vice, port: u16) -> std::io::Result<()> {
    let mut request = [0; 4096];
    let length = stream.read(&mut request).await?;
    let path = String::from_utf8_lossy(&request[..length]).split(' ').nth(1).unwrap_or_default().to_owned();
    match vice {
        Vice::Speechless if path != "/token" => stream.write_all(whole("application/json", &document(&path, port)).as_bytes()).await,
        Vice::Senseless => stream.write_all(whole("text/html", "<!doctype html><title>Oh</title>").as_bytes()).await,
        Vice::Down | Vice::Silent | Vice::Speechless => {
            while stream.read(&mut request).await? > 0 {}
            Ok(())
        }
        Vice::Slow => babble(stream, b"x", Duration::from_millis(200)).await,
        Vice::Endless => babble(stream, &[b'x'; 16 << 10], Duration::ZERO).await,
    }
}

/// An answer that is as it should be, as far as HTTP goes.
fn whole(kind: &str, body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

/// Begins a document and does not end it.
async fn babble(mut stream: TcpStream, text: &[u8], pause: Duration) -> std::io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"issuer\":\"").await?;
    loop {
        stream.write_all(text).await?;
        if !pause.is_zero() {
            sleep(pause).await;
        }
    }
}

/// What an OpenID provider publishes.
fn document(path: &str, port: u16) -> String {
    if path == "/keys" {
        return json!({ "keys": [] }).to_string();
    }
    let at = |path: &str| format!("http://127.0.0.1:{port}{path}");
    let document = json!({
        "issuer": at(""), "authorization_endpoint": at("/authorize"), "token_endpoint": at("/token"), "jwks_uri": at("/keys"),
        "response_types_supported": ["code"], "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["RS256"],
    });
    document.to_string()
}

/// People who try to sign in, again and again.
struct Visitors {
    leaving: Arc<AtomicBool>,
    tasks: JoinSet<Outcome<Duration>>,
}

impl Visitors {
    fn come(server: &Process, elsewhere: &Handle) -> Self {
        let (leaving, mut tasks, addr) = (Arc::new(AtomicBool::new(false)), JoinSet::new(), server.addr);
        for (id, _) in VICES {
            for _ in 0..VISITORS {
                let leaving = Arc::clone(&leaving);
                let visit = async move {
                    let mut longest = Duration::ZERO;
                    while !leaving.load(Ordering::Relaxed) {
                        let sent = Instant::now();
                        sign_in(addr, id).await?;
                        longest = longest.max(sent.elapsed());
                        // People need a moment before they try again.
                        sleep(Duration::from_millis(100)).await;
                    }
                    Ok(longest)
                };
                tasks.spawn_on(visit, elsewhere);
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

/// Begins to sign in, and comes back with a code if that works.
async fn sign_in(addr: SocketAddr, provider: &str) -> Outcome {
    let begin = Requests::get([format!("/api/{provider}/login")], "").expecting("303");
    let (head, _) = load::ask(addr, &begin).await?;
    let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    let state = header("location: ").split(['?', '&']).find_map(|parameter| parameter.strip_prefix("state="));
    let Some(state) = state else { return Ok(()) };
    let cookie = header("set-cookie: ").split(';').next().unwrap_or_default();
    let back = Requests::get([format!("/api/{provider}/callback?code=bench&state={state}")], &format!("Cookie: {cookie}\r\n"));
    load::ask(addr, &back.expecting("303")).await.map(drop)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
