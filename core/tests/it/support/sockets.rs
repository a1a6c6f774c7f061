//! Official Socket.IO clients (`core/tests/tools/socket_clients.mjs`): one Node process holds those of all tests of a run.
//!
//! ```ignore
//! let sockets = Sockets::at(server.url()).await;
//! let (ann, bob) = (sockets.connect(&ann).await, sockets.connect(&bob).await);
//! ann.emit("message:send", json!({ "roomId": room, "body": "Hello" })).await.ok();
//! let heard = bob.expect("message:new").await;
//! ```

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{ChildStdin, ChildStdout, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use serde_json::{Map, Value, json};
use tokio::{
    sync::{Notify, OnceCell, oneshot},
    time::timeout,
};

use super::{DEADLINE, Person, process::Process};

/// Longer than any wait for an answer: what Node itself gives up on has no answer.
const PATIENCE: Duration = Duration::from_secs(3 * DEADLINE.as_secs());

/// The process and who waits for lines of it.
struct Driver {
    /// It ends when its standard input closes, which is when the tests end.
    _process: Process,
    input: Mutex<ChildStdin>,
    next: AtomicU64,
    shared: Arc<Waiting>,
}

#[derive(Default)]
struct Waiting {
    answers: Mutex<HashMap<u64, oneshot::Sender<Result<Value, String>>>>,
    inboxes: Mutex<HashMap<u64, Arc<Inbox>>>,
}

/// What one client has received and nobody has looked at yet.
#[derive(Default)]
struct Inbox {
    events: Mutex<Vec<Received>>,
    news: Notify,
}

/// An event that a client received. The client's own states begin with a dollar: `$disconnect`, `$upgrade`.
#[derive(Debug, Clone, PartialEq)]
pub struct Received {
    /// Its name.
    pub event: String,
    /// What it carried; events carry one thing here.
    pub data: Value,
}

static SHARED: OnceCell<Driver> = OnceCell::const_new();

impl Driver {
    async fn shared() -> &'static Self {
        SHARED.get_or_init(|| async { tokio::task::spawn_blocking(Self::start).await.unwrap() }).await
    }

    fn start() -> Self {
        let tools = super::peer("COMMUNITY_TEST_TOOLS");
        let tools = Path::new(&tools);
        let mut command = Command::new(tools.join("bin/node"));
        command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tools/socket_clients.mjs")).arg(tools.join("npm/node_modules"));
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = Process::spawn(&mut command).expect("COMMUNITY_TEST_TOOLS has no bin/node: run `make test`, or `make peers`");
        let (input, output) = (process.0.stdin.take().unwrap(), process.0.stdout.take().unwrap());
        let shared = Arc::<Waiting>::default();
        let waiting = Arc::clone(&shared);
        std::thread::spawn(move || waiting.read(output));
        Self { _process: process, input: Mutex::new(input), next: AtomicU64::new(1), shared }
    }

    fn number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// Begins a command at once, in the order of the calls, and gives its answer when it comes.
    fn run(&self, client: u64, name: &str, mut rest: Value) -> impl Future<Output = Result<Value, String>> + use<> {
        let id = self.number();
        let (tell, told) = oneshot::channel();
        self.shared.answers.lock().unwrap().insert(id, tell);
        rest["id"] = json!(id);
        rest["do"] = json!(name);
        rest["client"] = json!(client);
        let sent = writeln!(self.input.lock().unwrap(), "{rest}");
        sent.expect("the Socket.IO clients have ended: run `make test`, or `make peers`");
        let name = name.to_owned();
        async move {
            let answer = timeout(PATIENCE, told).await.unwrap_or_else(|_| panic!("the Socket.IO clients do not answer to {name}"));
            answer.expect("the Socket.IO clients have ended: run `make test`, or `make peers`")
        }
    }
}

impl Waiting {
    fn read(&self, output: ChildStdout) {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            let mut line: Map<String, Value> = serde_json::from_str(&line).unwrap();
            if let Some(id) = line.get("id").and_then(Value::as_u64) {
                let answer = line.remove("ok").ok_or_else(|| line["error"].as_str().unwrap_or_default().to_owned());
                // Who waited may have given up.
                let _ = self.answers.lock().unwrap().remove(&id).map(|tell| tell.send(answer));
            } else if let Some(inbox) = self.inboxes.lock().unwrap().get(&line["client"].as_u64().unwrap()) {
                let event = line["event"].as_str().unwrap().to_owned();
                inbox.events.lock().unwrap().push(Received { event, data: line["args"][0].take() });
                inbox.news.notify_one();
            }
        }
        // Those who wait learn that there is nothing to wait for.
        self.answers.lock().unwrap().clear();
    }
}

/// Where to connect.
#[derive(Clone)]
pub struct Sockets {
    driver: &'static Driver,
    url: String,
}

impl Sockets {
    /// Clients of the server at `url`.
    pub async fn at(url: impl Into<String>) -> Self {
        Self { driver: Driver::shared().await, url: url.into() }
    }

    /// A server of the package `socket.io` itself, which echoes; this is what the clients are tried with.
    pub async fn at_reference_server() -> Self {
        let driver = Driver::shared().await;
        let url = driver.run(0, "serve", json!({})).await.unwrap();
        Self { driver, url: url.as_str().unwrap().to_owned() }
    }

    /// Connects `person` with the cookie of their session.
    pub async fn connect(&self, person: &Person) -> Socket {
        self.dial().person(person).connect().await
    }

    /// Connects a program with a token.
    pub async fn bot(&self, token: &str) -> Socket {
        self.dial().auth(json!({ "botToken": token })).connect().await
    }

    /// A connection in the making.
    pub fn dial(&self) -> Dial {
        Dial { sockets: self.clone(), options: json!({}), first: None }
    }
}

/// A connection in the making. Without a transport it begins with polling and upgrades to WebSocket, as clients do by themselves.
#[derive(Clone)]
pub struct Dial {
    sockets: Sockets,
    options: Value,
    first: Option<Value>,
}

impl Dial {
    /// With the cookie of a person's session.
    #[must_use]
    pub fn person(self, person: &Person) -> Self {
        let cookies: Vec<_> = person.client.cookies().iter().map(|(name, value)| format!("{name}={value}")).collect();
        self.header("Cookie", &cookies.join("; "))
    }

    /// With this `auth`.
    #[must_use]
    pub fn auth(self, auth: Value) -> Self {
        self.option("auth", auth)
    }

    /// With a header on every request.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.options["extraHeaders"][name] = json!(value);
        self
    }

    /// WebSocket from the first request on.
    #[must_use]
    pub fn websocket(self) -> Self {
        self.option("transports", json!(["websocket"]))
    }

    /// Polling, and no upgrade.
    #[must_use]
    pub fn polling(self) -> Self {
        self.option("transports", json!(["polling"]))
    }

    /// With an option of the client, in its own words (`reconnection`, `path` …).
    #[must_use]
    pub fn option(mut self, name: &str, value: Value) -> Self {
        self.options[name] = value;
        self
    }

    /// Sends an event in the very instant in which the connection stands; [`Socket::first`] has its acknowledgement.
    #[must_use]
    pub fn first(mut self, event: &str, data: Value) -> Self {
        self.first = Some(json!({ "event": event, "data": data }));
        self
    }

    /// Connects.
    pub async fn connect(self) -> Socket {
        self.try_connect().await.unwrap_or_else(|refusal| panic!("it was refused: {refusal:?}"))
    }

    /// Connects, or tells how the server refused it.
    pub async fn try_connect(self) -> Result<Socket, Refusal> {
        let Self { sockets: Sockets { driver, url }, options, first } = self;
        let client = driver.number();
        let inbox = Arc::<Inbox>::default();
        driver.shared.inboxes.lock().unwrap().insert(client, Arc::clone(&inbox));
        let mut socket = Socket { driver, client, inbox, first: Ack(Value::Null) };
        let mut outcome = driver.run(client, "connect", json!({ "url": url, "options": options, "first": first })).await.unwrap();
        socket.first = Ack(outcome["answer"].take());
        Refusal::unless_connected(outcome).map(|()| socket)
    }
}

/// How a connection was refused.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// What the client makes of it.
    pub message: String,
    /// What the server said about it with Socket.IO; `null` if nothing.
    pub data: Value,
    /// The HTTP status, if it came only that far.
    pub status: Option<u64>,
}

impl Refusal {
    fn unless_connected(outcome: Value) -> Result<(), Self> {
        if outcome["connected"] == true {
            return Ok(());
        }
        let message = outcome["message"].as_str().unwrap_or_default().to_owned();
        // The server puts its error body into the message.
        let data = serde_json::from_str(&message).unwrap_or_else(|_| outcome["data"].clone());
        Err(Self { message, status: outcome["status"].as_u64(), data })
    }

    /// The code of the error that the server sent.
    pub fn code(&self) -> &str {
        self.data["code"].as_str().unwrap_or_default()
    }
}

/// A connected client; dropped, it disconnects.
pub struct Socket {
    driver: &'static Driver,
    client: u64,
    inbox: Arc<Inbox>,
    /// The answer to [`Dial::first`].
    pub first: Ack,
}

impl Socket {
    /// Sends an event with one object and waits for the acknowledgement. Calls that are not awaited in between keep their order.
    pub fn emit(&self, event: &str, data: Value) -> impl Future<Output = Ack> + use<> {
        self.emit_raw(event, json!([data]))
    }

    /// Sends an event with `args`, whatever they are.
    pub fn emit_raw(&self, event: &str, args: Value) -> impl Future<Output = Ack> + use<> {
        let wait = u64::try_from(DEADLINE.as_millis()).unwrap();
        let answer = self.driver.run(self.client, "emit", json!({ "event": event, "args": args, "timeout": wait }));
        let event = event.to_owned();
        async move { Ack(answer.await.unwrap_or_else(|error| panic!("{event} was not acknowledged: {error}"))) }
    }

    /// Sends an event without asking for an acknowledgement.
    pub async fn tell(&self, event: &str, data: Value) {
        self.run("tell", json!({ "event": event, "args": [data] })).await;
    }

    /// The next event of this name that was not looked at yet; those of other names stay for later.
    pub async fn expect(&self, event: &str) -> Value {
        self.expect_where(event, |_| true).await
    }

    /// The next event of this name of which `wanted` says yes. Those of the name that came before it are skipped.
    pub async fn expect_where(&self, event: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let search = async {
            loop {
                let news = self.inbox.news.notified();
                if let Some(found) = self.take(event, &wanted) {
                    return found;
                }
                news.await;
            }
        };
        match timeout(DEADLINE, search).await {
            Ok(found) => found,
            Err(_) => panic!("waited in vain for {event}; what came: {:#?}", self.received()),
        }
    }

    fn take(&self, event: &str, wanted: &impl Fn(&Value) -> bool) -> Option<Value> {
        let mut events = self.inbox.events.lock().unwrap();
        let place = events.iter().position(|received| received.event == event && wanted(&received.data))?;
        let found = events.remove(place).data;
        let mut index = 0;
        events.retain(|received| {
            index += 1;
            index > place || received.event != event
        });
        Some(found)
    }

    /// Waits until the server, or the loss of the connection, has ended this client, and gives the reason in the client's words
    /// (`io server disconnect`, `transport close` …).
    pub async fn disconnected(&self) -> String {
        self.expect("$disconnect").await.as_str().unwrap_or_default().to_owned()
    }

    /// What came and was not looked at yet, oldest first, the client's own states left out. To see that something did *not* come, let the
    /// server answer something that it handles later, and look then.
    pub fn received(&self) -> Vec<Received> {
        let events = self.inbox.events.lock().unwrap();
        events.iter().filter(|received| !received.event.starts_with('$')).cloned().collect()
    }

    /// Takes what [`Self::received`] shows.
    pub fn take_received(&self) -> Vec<Received> {
        let mut events = self.inbox.events.lock().unwrap();
        let (own, received) = events.drain(..).partition(|received| received.event.starts_with('$'));
        *events = own;
        received
    }

    /// `websocket` or `polling`, what it uses now.
    pub async fn transport(&self) -> String {
        self.run("transport", json!({})).await.as_str().unwrap().to_owned()
    }

    /// Says goodbye.
    pub async fn disconnect(&self) {
        self.run("disconnect", json!({})).await;
    }

    /// Loses the connection without a word.
    pub async fn cut(&self) {
        self.run("cut", json!({})).await;
    }

    /// Stops reading from the network, or begins again. WebSocket only.
    pub async fn pause(&self, on: bool) {
        self.run("pause", json!({ "on": on })).await;
    }

    /// Connects again after [`Self::disconnect`], [`Self::cut`] or the like.
    pub async fn reconnect(&self) -> Result<(), Refusal> {
        Refusal::unless_connected(self.run("reconnect", json!({})).await)
    }

    async fn run(&self, name: &str, rest: Value) -> Value {
        self.driver.run(self.client, name, rest).await.unwrap_or_else(|error| panic!("{name}: {error}"))
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.driver.shared.inboxes.lock().unwrap().remove(&self.client);
        drop(self.driver.run(self.client, "drop", json!({})));
    }
}

/// How an event was acknowledged.
#[derive(Debug, Clone)]
pub struct Ack(pub Value);

impl Ack {
    /// It worked; gives the whole answer.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert_eq!(self.0["ok"], true, "{}", self.0);
        self.0
    }

    /// It was refused with an error of this code; gives the whole error.
    #[track_caller]
    pub fn error(self, code: &str) -> Value {
        assert_eq!((&self.0["ok"], &self.0["code"]), (&json!(false), &json!(code)), "{}", self.0);
        assert!(self.0["error"].as_str().is_some_and(|sentence| sentence.ends_with('.')), "no sentence: {}", self.0);
        self.0
    }
}
