//! What third parties copy from `examples/` does what its README says.

use std::{
    io::{BufRead, BufReader, Write},
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{ChildStdin, Command, Stdio},
};

use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::{BOT_TOKEN, cookie_of, room_of, server};
use crate::support::{DEADLINE, Db, Process, Python, Socket, Sockets, TestServer, tools};

/// A program of `examples/` that runs.
struct Example {
    _process: Process,
    input: ChildStdin,
    lines: mpsc::UnboundedReceiver<String>,
}

impl Example {
    fn start(mut command: Command, server: &TestServer) -> Self {
        command.env("COMMUNITY_URL", server.url()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = Process::spawn(&mut command).unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let (input, output) = (process.0.stdin.take().unwrap(), process.0.stdout.take().unwrap());
        let (tell, lines) = mpsc::unbounded_channel();
        std::thread::spawn(move || BufReader::new(output).lines().map_while(Result::ok).try_for_each(|line| tell.send(line)));
        Self { _process: process, input, lines }
    }

    /// Waits until it says `wanted`.
    async fn says(&mut self, wanted: &str) {
        let search = async { while self.lines.recv().await.expect("the program ended") != wanted {} };
        tokio::time::timeout(DEADLINE, search).await.unwrap_or_else(|_| panic!("it never said {wanted:?}"));
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bot_in_javascript_rolls_dice_once_for_each_wish() {
    let server = server(Db::Sqlite).await;
    let ann = server.member("Ann").await;
    let room = room_of(&ann).await;
    // As after `npm install`.
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(example("bot-javascript/bot.mjs"), folder.path().join("bot.mjs")).unwrap();
    symlink(tools().join("npm/node_modules"), folder.path().join("node_modules")).unwrap();
    let mut command = Command::new(tools().join("bin/node"));
    command.arg(folder.path().join("bot.mjs")).arg(&room).env("CHAT_BOT_TOKEN", BOT_TOKEN);
    let mut bot = Example::start(command, &server);
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
    let mut command = Python::file(example("bot-python/bot.py").to_str().unwrap());
    command.arg(&room).env("CHAT_BOT_TOKEN", BOT_TOKEN);
    let mut bot = Example::start(command, &server);
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

    let client = tools().join("examples/debug/community-chat");
    let chat = |room: Option<&str>| {
        let mut command = Command::new(&client);
        command.args(room).env("COMMUNITY_COOKIE", cookie_of(&bob));
        Example::start(command, &server)
    };
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
