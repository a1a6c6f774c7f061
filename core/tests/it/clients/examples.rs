//! What third parties copy from `examples/` does what its README says.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{ChildStdin, Command, Stdio},
};

use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::{BOT_TOKEN, cookie_of, room_of, server};
use crate::support::{Binary, DEADLINE, Db, Person, Process, Socket, Sockets, eventually, tools};

/// A program of `examples/` that runs.
struct Example {
    _process: Process,
    input: ChildStdin,
    lines: mpsc::UnboundedReceiver<String>,
}

impl Example {
    fn start(mut command: Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = Process::spawn(&mut command).unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let (input, output) = (process.0.stdin.take().unwrap(), process.0.stdout.take().unwrap());
        let (tell, lines) = mpsc::unbounded_channel();
        std::thread::spawn(move || BufReader::new(output).lines().map_while(Result::ok).try_for_each(|line| tell.send(line)));
        Self { _process: process, input, lines }
    }

    /// Waits until it says `wanted`.
    async fn says(&mut self, wanted: &str) {
        let search = async { while self.lines.recv().await.expect("the program ended") != wanted {} };
        tokio::time::timeout(2 * DEADLINE, search).await.unwrap_or_else(|_| panic!("it never said {wanted:?}"));
    }

    fn types(&mut self, line: &str) {
        writeln!(self.input, "{line}").unwrap();
    }
}

fn example(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples").join(path)
}

async fn say(socket: &Socket, room: &str, body: &str) -> Value {
    socket.emit("message:send", json!({ "roomId": room, "body": body })).await.ok()["message"].take()
}

/// The next message in the room that a bot wrote.
async fn bot_says(socket: &Socket) -> Value {
    socket.expect_where("message:new", |event| event["message"]["isBot"] == true).await["message"].take()
}

/// The commands that a README has people type, and the last of them, which starts the program.
fn commands(readme: &str) -> (&str, &str) {
    let (_, commands) = readme.split_once("```sh\n").expect("it has commands");
    let (commands, _) = commands.split_once("\n```").expect("they end");
    commands.rsplit_once('\n').expect("there are two")
}

/// A bot from outside, started as its README says, where `.ci/tools.sh` ran the commands above that.
fn bot(name: &str, program: &str, url: &str, room: &str) -> Command {
    let folder = tools().join("bots").join(name);
    for file in ["README.md", program] {
        let as_installed = fs::read(folder.join(file)).unwrap_or_default();
        assert!(as_installed == fs::read(example(name).join(file)).unwrap(), "{name} is not ready: run `make test`, or `make peers`");
    }
    let readme = fs::read_to_string(folder.join("README.md")).unwrap();
    let mut line = commands(&readme).1.to_owned();
    for (blank, filled) in [
        ("CHAT_BOT_TOKEN=…", format!("CHAT_BOT_TOKEN='{BOT_TOKEN}'")),
        ("COMMUNITY_URL=http://127.0.0.1:3000", format!("COMMUNITY_URL={url}")),
        (" r-…", format!(" {room}")),
    ] {
        assert!(line.contains(blank), "{line} has no {blank}");
        line = line.replacen(blank, &filled, 1);
    }
    let mut command = Command::new("sh");
    command.args(["-c", &format!("PATH=\"$0:$PATH\"; exec env {line}")]).arg(tools().join("bin")).current_dir(folder);
    command
}

/// The bot in JavaScript.
fn dice(url: &str, room: &str) -> Command {
    bot("bot-javascript", "bot.mjs", url, room)
}

/// The bot in Python.
fn top(url: &str, room: &str) -> Command {
    bot("bot-python", "bot.py", url, room)
}

/// The client for the terminal, as `person`, started as its README says, where `.ci/tools.sh` has compiled it.
fn terminal(person: &Person, url: &str, room: Option<&str>) -> Command {
    let readme = fs::read_to_string(example("chat-rust/README.md")).unwrap();
    let (before, last) = commands(&readme);
    let mut script = format!("{before}\nexec {last}");
    for (blank, filled) in [("$(community user session you@example.com)", cookie_of(person)), ("r-…", room.unwrap_or_default().to_owned())]
    {
        assert!(script.contains(blank), "{script} has no {blank}");
        script = script.replacen(blank, &filled, 1);
    }
    // Compiled by `.ci/tools.sh` already; if not, it is done here, and not while somebody waits for what the client says.
    assert!(as_outside_cargo("cargo").args(["build", "--locked"]).status().unwrap().success(), "it is not compiled");
    let mut command = as_outside_cargo("sh");
    command.args(["-c", &script]).env("COMMUNITY_URL", url);
    command
}

/// What cargo tells a test of its package and build scripts look at.
const OF_THIS_PACKAGE: [&str; 8] = [
    "OUT_DIR",
    "CARGO_MANIFEST_DIR",
    "CARGO_MANIFEST_LINKS",
    "CARGO_PKG_NAME",
    "CARGO_PKG_VERSION_MAJOR",
    "CARGO_PKG_VERSION_MINOR",
    "CARGO_PKG_VERSION_PATCH",
    "CARGO_PKG_VERSION_PRE",
];

/// A command in the folder of the client for the terminal. With what cargo tells a test, build scripts would have everything
/// compiled again.
fn as_outside_cargo(program: &str) -> Command {
    let mut command = Command::new(program);
    command.current_dir(example("chat-rust"));
    command.env("CARGO_TARGET_DIR", tools().join("examples")).env("CARGO_TERM_QUIET", "true");
    for name in OF_THIS_PACKAGE {
        command.env_remove(name);
    }
    command
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bots_and_the_client_come_back_after_a_crash_and_have_missed_nothing() {
    let mut binary = Binary::start(Db::Sqlite, &[("CHAT_BOT_TOKEN", BOT_TOKEN.to_owned())]).await;
    let (ann, bob) = (crate::store::member(&binary, "Ann").await, crate::store::member(&binary, "Bob").await);
    let room = room_of(&ann).await;
    let url = binary.base_url();
    let mut dice = Example::start(dice(&url, &room));
    let mut top = Example::start(top(&url, &room));
    let mut his = Example::start(terminal(&bob, &url, Some(&room)));
    dice.says("listening in 1 rooms").await;
    top.says("listening").await;
    his.says("— Lobby —").await;
    binary.kill();
    // What is asked for before they are back is what they have missed: each waits a second or so before it tries again.
    binary.serve().await;
    for wish in ["!roll", "!top"] {
        ann.client.post(&format!("/api/rooms/{room}/messages"), json!({ "body": wish })).await.expect(200);
    }
    let answers = eventually("both bots have answered", || async {
        let all = ann.client.get(&format!("/api/rooms/{room}/messages")).await.expect(200).json();
        let own = |message: &&Value| message["isBot"] == true;
        let authors: Vec<_> =
            all["messages"].as_array().unwrap().iter().filter(own).map(|message| message["authorName"].to_string()).collect();
        (authors.len() >= 2).then_some(authors)
    });
    let mut answers = answers.await;
    answers.sort();
    assert_eq!(answers, ["\"Dice\"", "\"Top\""], "once each");
    his.says("Ann: !roll").await;
    his.says("Ann: !top").await;
    dice.says("listening in 1 rooms").await;
    // Live again.
    his.types("Back.");
    eventually("Bob's line arrives", || async {
        let all = ann.client.get(&format!("/api/rooms/{room}/messages")).await.expect(200).json();
        all["messages"].as_array().unwrap().iter().any(|message| message["body"] == "Back.").then_some(())
    })
    .await;
    binary.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bot_in_javascript_rolls_dice_once_for_each_wish() {
    let server = server(Db::Sqlite).await;
    let ann = server.member("Ann").await;
    let room = room_of(&ann).await;
    let mut bot = Example::start(dice(&server.url(), &room));
    bot.says("listening in 1 rooms").await;

    let hers = Sockets::at(server.url()).await.connect(&ann).await;
    let wish = say(&hers, &room, "!roll 2d6").await;
    let rolled = bot_says(&hers).await;
    assert_eq!((&rolled["replyTo"], &rolled["authorName"]), (&wish["id"], &json!("Dice")));
    assert!(rolled["body"].as_str().unwrap().starts_with("🎲 ") && rolled["body"].as_str().unwrap().contains(" + "), "{rolled}");
    say(&hers, &room, "roll on").await;
    let wish = say(&hers, &room, "!roll").await;
    assert_eq!(bot_says(&hers).await["replyTo"], wish["id"], "nothing else is answered");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bot_in_python_tells_who_writes_most() {
    let server = server(Db::Sqlite).await;
    let (ann, bob) = (server.member("Ann").await, server.member("Bob").await);
    let room = room_of(&ann).await;
    let mut bot = Example::start(top(&server.url(), &room));
    bot.says("listening").await;

    let sockets = Sockets::at(server.url()).await;
    let (hers, his) = (sockets.connect(&ann).await, sockets.connect(&bob).await);
    his.emit("room:join", json!({ "roomId": room })).await.ok();
    say(&his, &room, "Good morning").await;
    say(&hers, &room, "Good evening").await;
    let wish = say(&hers, &room, "!top").await;
    let answer = bot_says(&hers).await;
    assert_eq!((&answer["replyTo"], &answer["body"]), (&wish["id"], &json!("Ann: 2\nBob: 1")));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_client_for_the_terminal_shows_sends_and_tells_who_is_writing() {
    let server = server(Db::Sqlite).await;
    let (ann, bob) = (server.member("Ann").await, server.member("Bob").await);
    let room = room_of(&ann).await;
    let hers = Sockets::at(server.url()).await.connect(&ann).await;
    say(&hers, &room, "Who is \u{1b}[31mthere?").await;

    let chat = |room: Option<&str>| Example::start(terminal(&bob, &server.url(), room));
    let mut his = chat(Some(&room));
    his.says("— Lobby —").await;
    his.says("Ann: Who is [31mthere?").await;
    assert_eq!(hers.expect("room:joined").await["user"]["username"], "Bob");
    his.types("Only me, \\");
    assert_eq!(hers.expect("typing").await["username"], "Bob");
    his.types("Bob.");
    let written = hers.expect_where("message:new", |event| event["message"]["authorName"] == "Bob").await;
    assert_eq!(written["message"]["body"], "Only me, \nBob.");
    hers.emit("typing", json!({ "roomId": room, "on": true })).await.ok();
    his.says("(Ann is writing)").await;
    let last = say(&hers, &room, "Hello").await;
    his.says("Ann: Hello").await;
    hers.emit("message:delete", json!({ "messageId": last["id"] })).await.ok();
    his.says("(Ann took back a message)").await;
    chat(None).says(&format!("{room}  Lobby (0 unread)")).await;
    server.stop().await;
}
