//! What signing up and signing in tell by the time they take, and what those who only read notice of a crowd that does.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::json;
use tokio::{
    net::TcpListener,
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

const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(2);
const CONNECTIONS: usize = 8;
/// How often each of two things is asked whose times are compared.
const ATTEMPTS: usize = 60;
/// People who sign in at the same time.
const CROWD: usize = 200;
/// Pages that others read meanwhile, in a second.
const PACE: f64 = 200.0;
/// What they read.
const PAGE: &str = "/api/posts?limit=50";
/// Of hostile JSON, and of the plain one beside it.
const BYTES: usize = 64 << 10;
/// Somebody with an account.
const ANN: &str = "ann@example.com";
/// The addresses that requests come from are those that a proxy names, or five mails would be all. One thread hashes passwords.
const SETTINGS: &str = "[http]\ntrusted_proxies = [\"127.0.0.1\"]\n[auth]\nhash_threads = 1\n";
/// What a hash takes, and what else may be taken while there is a crowd, in MiB.
const MEMORY: f64 = 19.0 + 10.0;

pub async fn measure(site: &Site<'_>, table: &mut Table) -> Outcome {
    site.configure(SETTINGS)?;
    drop(site.serve()?);
    seed::posts(&site.database(), FEW).await?;
    let cookie = site.sign_in(ANN)?;
    let server = site.serve()?;
    secrets(&server, table).await?;
    hostile_json(&server, &cookie, table).await?;
    drop(server);
    // Readers are measured on this thread, and what keeps it busy would count as theirs.
    let elsewhere = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let measured = crowd(elsewhere.handle(), site, table).await;
    elsewhere.shutdown_background();
    measured?;
    mute_mail(site, table).await
}

/// Whether an address is known must not be heard from the time that an answer takes.
async fn secrets(server: &Process, table: &mut Table) -> Outcome {
    let free = |number: usize| register(&format!("free{number}@example.org"), number);
    let taken = |number: usize| register(ANN, number).expecting("400");
    let [free, taken] = in_turn(server.addr, [&free, &taken]).await?;
    let figure = Figure::new("registering an address that is free", Unit::Millis, free);
    table.add(figure.beside("one that is taken", taken).budget(Budget::Alike(1.25)));
    let known = |_: usize| login(ANN);
    let unknown = |number: usize| login(&format!("nobody{number}@example.org"));
    let [known, unknown] = in_turn(server.addr, [&known, &unknown]).await?;
    let figure = Figure::new("wrong password for a known address", Unit::Millis, known);
    table.add(figure.beside("for an unknown one", unknown).budget(Budget::Alike(1.25)));
    Ok(())
}

/// Asks both in turn, so that whatever else the machine does falls on both; gives the median of each in milliseconds.
async fn in_turn(addr: SocketAddr, sides: [&dyn Fn(usize) -> Requests; 2]) -> Outcome<[f64; 2]> {
    let mut times = [Vec::new(), Vec::new()];
    for number in 0..ATTEMPTS {
        for (side, times) in sides.iter().zip(&mut times) {
            let requests = side(number);
            let sent = Instant::now();
            load::ask(addr, &requests).await?;
            times.push(sent.elapsed());
        }
    }
    Ok(times.map(median))
}

fn register(address: &str, number: usize) -> Requests {
    let body = json!({ "email": address, "password": "a long password for nobody", "username": "Somebody" }).to_string();
    let from = format!("X-Forwarded-For: 198.18.{}.{}\r\n", number / 256, number % 256);
    Requests::post("/api/email/register", [body], &from)
}

/// With a password that is nobody's.
fn login(address: &str) -> Requests {
    let body = json!({ "email": address, "password": "the wrong password" }).to_string();
    Requests::post("/api/email/login", [body], "").expecting("401")
}

/// JSON that is built to cost more to read than to send.
async fn hostile_json(server: &Process, cookie: &str, table: &mut Table) -> Outcome {
    let half = BYTES / 2;
    let keys = (0..).map(|key| format!("\"k{key}\":0,")).scan(0, |length, key| {
        *length += key.len();
        (*length < BYTES).then_some(key)
    });
    let shapes = [
        ("nested thousands deep", format!("{{\"title\":{}{}}}", "[".repeat(half), "]".repeat(half))),
        ("with thousands of fields", format!("{{{}\"title\":1}}", keys.collect::<String>())),
        ("with a number of thousands of digits", format!("{{\"title\":{}e999999}}", "9".repeat(BYTES))),
    ];
    // A title is missing, so this is refused as well.
    let plain = cpu(server, cookie, json!({ "title": "", "body": "x".repeat(BYTES) }).to_string()).await?;
    for (name, body) in shapes {
        let figure = Figure::new(format!("CPU time of JSON {name}"), Unit::Micros, cpu(server, cookie, body).await?);
        table.add(figure.beside("plain, as long", plain).budget(Budget::Below(5000.0)));
    }
    Ok(())
}

/// The CPU time of a post that is refused, in microseconds.
async fn cpu(server: &Process, cookie: &str, body: String) -> Outcome<f64> {
    let requests = Requests::post("/api/posts", [body], &format!("Cookie: {cookie}\r\n")).expecting("400");
    Ok(load::run(server, &requests, CONNECTIONS, ROUND).await?.cpu)
}

/// What readers notice while many sign in, and the memory that takes. The crowd is in the runtime `elsewhere`.
async fn crowd(elsewhere: &Handle, site: &Site<'_>, table: &mut Table) -> Outcome {
    let page = Requests::get([PAGE.to_owned()], "");
    let (mut calm, mut crowded, mut held) = (Vec::new(), Vec::new(), 0);
    for _ in 0..ROUNDS {
        let server = site.serve()?;
        calm.push(load::paced(&server, &page, CONNECTIONS, PACE, ROUND).await?.p99);
        let memory = server.pss()?;
        let crowd = Crowd::come(server.addr, elsewhere);
        crowded.push(load::paced(&server, &page, CONNECTIONS, PACE, ROUND).await?.p99);
        held = held.max(server.pss()?.saturating_sub(memory));
        if crowd.leave().await? == 0 {
            return Err("nobody was told that the password is wrong, so the crowd was not measured".into());
        }
    }
    let figure = Figure::new(format!("p99 of the first page while {CROWD} sign in"), Unit::Millis, middle(crowded));
    table.add(figure.beside("nobody does", middle(calm)).budget(Budget::Below(100.0)));
    #[expect(clippy::cast_precision_loss, reason = "for people to read")]
    let held = held as f64 / f64::from(1 << 20);
    table.add(Figure::new("more memory meanwhile (PSS)", Unit::Mebibytes, held).budget(Budget::Below(MEMORY)));
    Ok(())
}

/// People who try to sign in, all at once, and again when they are told to.
struct Crowd {
    leaving: Arc<AtomicBool>,
    tasks: JoinSet<Outcome<u32>>,
}

impl Crowd {
    fn come(addr: SocketAddr, elsewhere: &Handle) -> Self {
        let (leaving, mut tasks) = (Arc::new(AtomicBool::new(false)), JoinSet::new());
        for _ in 0..CROWD {
            let leaving = Arc::clone(&leaving);
            let visit = async move {
                let mut answered = 0;
                while !leaving.load(Ordering::Relaxed) {
                    answered += u32::from(is_answered(load::ask(addr, &login(ANN)).await)?);
                    sleep(Duration::from_secs(1)).await;
                }
                Ok(answered)
            };
            tasks.spawn_on(visit, elsewhere);
        }
        Self { leaving, tasks }
    }

    /// Waits for everybody's answer; gives how many were no refusals.
    async fn leave(mut self) -> Outcome<u32> {
        self.leaving.store(true, Ordering::Relaxed);
        let mut answered = 0;
        while let Some(done) = self.tasks.join_next().await {
            answered += done??;
        }
        Ok(answered)
    }
}

/// Whether the answer was that the password is wrong, and not that too many people are signing in.
fn is_answered<T>(answer: Outcome<T>) -> Outcome<bool> {
    match answer {
        Ok(_) => Ok(true),
        Err(error) if error.to_string().starts_with("not 401: HTTP/1.1 503") => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whoever registers does not wait for the mail server.
async fn mute_mail(site: &Site<'_>, table: &mut Table) -> Outcome {
    let files = registrations(site, "files").await?;
    let (listener, connected) = (TcpListener::bind("127.0.0.1:0").await?, Arc::<AtomicU32>::default());
    site.configure(&format!("{SETTINGS}[mail]\nsmtp_url = \"smtp://{}\"\n", listener.local_addr()?))?;
    let counter = Arc::clone(&connected);
    let mute = tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            open.push(stream);
            counter.fetch_add(1, Ordering::Relaxed);
        }
    });
    let muted = registrations(site, "muted").await?;
    mute.abort();
    if connected.load(Ordering::Relaxed) == 0 {
        return Err("the mute mail server was not asked, so its silence was not measured".into());
    }
    let figure = Figure::new("registering while the mail server says nothing", Unit::Millis, muted);
    table.add(figure.beside("mails into files", files).budget(Budget::Below(200.0)));
    Ok(())
}

/// The median time of registering, in milliseconds.
async fn registrations(site: &Site<'_>, name: &str) -> Outcome<f64> {
    let server = site.serve()?;
    let mut times = Vec::new();
    for number in 0..ATTEMPTS {
        let sent = Instant::now();
        load::ask(server.addr, &register(&format!("{name}{number}@example.org"), 1000 + number)).await?;
        times.push(sent.elapsed());
    }
    Ok(median(times))
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    load::percentile(&times, 50)
}

fn middle(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
