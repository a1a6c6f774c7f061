//! How long it takes until a bot's answer is on disk and was heard.

use std::time::{Duration, Instant};

use tokio::{
    sync::mpsc::{UnboundedReceiver, unbounded_channel},
    time::timeout,
};

use super::{ROOMS, Scene, section};
use crate::{
    Outcome,
    load::percentile,
    process::Process,
    socket::Socket,
    table::{Budget, Figure, Table, Unit},
};

/// Messages in each room: all bots together may say twenty things in ten seconds there.
const TURNS: usize = 10;
const PATIENCE: Duration = Duration::from_secs(10);

/// Bots that answer with a few words, what makes them, and whether the first is what the others are seen beside.
const BOTS: [(&str, &str, &str); 4] = [
    ("a bot", "test_echo_bot", "echo hello"),
    ("the example bot in Rust", "dice", "!roll"),
    ("the example bot in JavaScript", "dice_javascript", "!roll"),
    ("the example bot in Python", "dice_python", "!roll"),
];

/// From the acknowledgement of a message to the answer of the bot at whoever wrote the message.
pub async fn measure(scene: &Scene<'_>, table: &mut Table) -> Outcome {
    let mut echo = f64::NAN;
    for (bot, component, text) in BOTS {
        scene.site.configure(&section("bench", &super::component(component)?, "cpu = \"5s\"\ncpu_per_second = \"1s\"")?)?;
        let server = scene.site.serve()?;
        let (replies, sends) = ask_all(scene, &server, text).await?;
        if component == "test_echo_bot" {
            echo = percentile(&replies, 50);
            let figure = Figure::new("from a message to the stored reply of a bot, p99", Unit::Millis, percentile(&replies, 99));
            table.add(figure.beside("message:send", percentile(&sends, 99)).budget(Budget::Below(5.0)));
        } else {
            let figure = Figure::new(format!("reply of {bot}, p50"), Unit::Millis, percentile(&replies, 50));
            table.add(figure.beside("the bot above", echo));
        }
    }
    Ok(())
}

/// One message after the other, each when the last one was answered: how long the replies and how long the messages took, sorted.
async fn ask_all(scene: &Scene<'_>, server: &Process, text: &str) -> Outcome<(Vec<Duration>, Vec<Duration>)> {
    let mut askers = Vec::with_capacity(ROOMS);
    for (cookie, room) in scene.members.cookies.iter().zip(&scene.rooms) {
        askers.push(Asker::connect(server, cookie, room, text).await?);
    }
    let (mut replies, mut sends) = (Vec::new(), Vec::new());
    for turn in 0..TURNS {
        for asker in &mut askers {
            let (send, reply) = asker.ask().await?;
            // The first turn warms up.
            if turn > 0 {
                sends.push(send);
                replies.push(reply);
            }
        }
    }
    sends.sort_unstable();
    replies.sort_unstable();
    Ok((replies, sends))
}

/// Somebody who talks with the bot.
pub struct Asker {
    socket: Socket,
    event: String,
    replies: UnboundedReceiver<Instant>,
}

impl Asker {
    /// Connects with these headers. `text` is what the bot answers.
    pub async fn connect(server: &Process, headers: &str, room: &str, text: &str) -> Outcome<Self> {
        let (tell, replies) = unbounded_channel();
        let of_bot = |event: &[u8]| event.windows(12).any(|piece| piece == b"\"isBot\":true");
        let heard = move |event: &[u8]| {
            if event.starts_with(b"[\"message:new\"") && of_bot(event) {
                // Who asked may have gone.
                let _ = tell.send(Instant::now());
            }
        };
        let socket = Socket::connect(server.addr, headers, heard).await?;
        Ok(Self { socket, event: format!(r#"["message:send",{{"roomId":"{room}","body":"{text}"}}]"#), replies })
    }

    /// Says it: how long it takes until that is acknowledged, and how long until the answer comes then.
    pub async fn ask(&mut self) -> Outcome<(Duration, Duration)> {
        let sent = Instant::now();
        self.socket.ask(&self.event).await?;
        let stored = Instant::now();
        let reply = timeout(PATIENCE, self.replies.recv()).await?.ok_or("the server closed the connection")?;
        Ok((stored - sent, reply.saturating_duration_since(stored)))
    }
}
