//! One room on the terminal, over as many connections as it takes.

use std::time::SystemTime;

use serde_json::{Value, json};
use tokio::{
    io::{BufReader, Lines, Stdin},
    sync::mpsc::UnboundedReceiver,
};

use crate::socket::{Event, Fault, Outcome, Socket, refused};

/// Ends of a connection that say nothing against the session.
const COME_BACK: [&str; 3] = ["slow_consumer", "rate_limited", "too_many"];

/// A room, and how far it was shown.
pub struct Chat {
    room: String,
    /// How far it has come; not known before it was entered.
    place: Option<Place>,
    /// The place of the last message that was shown.
    seq: u64,
    /// Lines that go on in the next one.
    unfinished: String,
    /// A message of which it is not known whether it was stored.
    unsent: Option<Value>,
}

/// Every change up to `rev` was shown, and those `ahead`, which came before their turn.
struct Place {
    rev: u64,
    ahead: Vec<u64>,
}

impl Place {
    fn is_news(&self, rev: u64) -> bool {
        rev > self.rev && !self.ahead.contains(&rev)
    }

    /// All was shown up to `rev`, and up to where what came ahead goes on from there.
    fn advance(&mut self, rev: u64) {
        self.rev = self.rev.max(rev);
        self.ahead.retain(|ahead| *ahead > self.rev);
        self.ahead.sort_unstable();
        while self.ahead.first() == Some(&(self.rev + 1)) {
            self.rev = self.ahead.remove(0);
        }
    }
}

impl Chat {
    /// The room with this id, which is not known yet.
    pub fn of(room: String) -> Self {
        Self { room, place: None, seq: 0, unfinished: String::new(), unsent: None }
    }

    /// Goes on over a new connection, until that is lost or nothing more is typed.
    pub async fn go_on(&mut self, socket: &Socket, events: &mut UnboundedReceiver<Event>, lines: &mut Lines<BufReader<Stdin>>) -> Outcome {
        if self.place.is_none() {
            self.enter(socket).await?;
        }
        self.catch_up(socket).await?;
        self.have_read(socket).await?;
        self.send(socket).await?;
        loop {
            tokio::select! {
                event = events.recv() => {
                    let event = event.ok_or_else(|| Fault::Lost("the connection is lost".to_owned()))?;
                    let before = self.seq;
                    self.heard(&event)?;
                    if self.seq > before {
                        self.have_read(socket).await?;
                    }
                }
                line = lines.next_line() => match line.map_err(refused)? {
                    Some(line) => self.typed(socket, &line).await?,
                    None => return Ok(()),
                },
            }
        }
    }

    /// Becomes a member and shows the latest messages.
    async fn enter(&mut self, socket: &Socket) -> Outcome {
        let joined = socket.ask("room:join", json!({ "roomId": self.room })).await?;
        let room = &joined["room"];
        println!("— {} —", text(&room["name"]));
        for message in room["messages"].as_array().into_iter().flatten() {
            show(message);
        }
        self.seq = number(&room["seq"]);
        self.place = Some(Place { rev: number(&room["rev"]), ahead: Vec::new() });
        Ok(())
    }

    /// Shows what was missed. What happens meanwhile waits among the events.
    async fn catch_up(&mut self, socket: &Socket) -> Outcome {
        while let Some(place) = &mut self.place {
            let answer = socket.ask("resume", json!({ "rooms": [{ "roomId": self.room, "rev": place.rev }] })).await?;
            let page = answer["rooms"].get(0).ok_or_else(|| refused("you are not in this room any more"))?;
            let missed = page["messages"].as_array().into_iter().flatten();
            for message in missed.filter(|message| place.is_news(number(&message["rev"]))) {
                self.seq = self.seq.max(show_missed(message, self.seq));
            }
            if let Some(last) = page["messages"].as_array().and_then(|messages| messages.last()) {
                place.advance(number(&last["rev"]));
            }
            if page["more"] != true {
                break;
            }
        }
        Ok(())
    }

    /// Something happened.
    fn heard(&mut self, event: &Event) -> Outcome {
        let data = &event.data;
        if event.name == "session:ended" {
            let reason = text(&data["reason"]);
            let end = format!("the server ended this: {reason}");
            return Err(if COME_BACK.contains(&&*reason) { Fault::Lost(end) } else { Fault::Refused(end) });
        }
        if data["message"]["roomId"] == self.room {
            self.changed(&event.name, &data["message"]);
        } else if data["roomId"] == self.room {
            match event.name.as_str() {
                "room:joined" => println!("({} joined)", text(&data["user"]["username"])),
                "room:left" => println!("({} left)", text(&data["user"]["username"])),
                "typing" if data["on"] == true => println!("({} is writing)", text(&data["username"])),
                _ => {}
            }
        }
        Ok(())
    }

    /// A message is new or has changed, which may have been among what was missed.
    fn changed(&mut self, how: &str, message: &Value) {
        let rev = number(&message["rev"]);
        let Some(place) = self.place.as_mut().filter(|place| place.is_news(rev)) else { return };
        place.ahead.push(rev);
        place.advance(place.rev);
        match how {
            "message:new" => {
                show(message);
                self.seq = self.seq.max(number(&message["seq"]));
            }
            "message:edited" => {
                print!("(changed) ");
                show(message);
            }
            "message:deleted" => show_deletion(message),
            _ => {}
        }
    }

    /// A line was typed: it is a message, or a part of one.
    async fn typed(&mut self, socket: &Socket, line: &str) -> Outcome {
        if let Some(part) = line.strip_suffix('\\') {
            self.unfinished.push_str(part);
            self.unfinished.push('\n');
            return socket.ask("typing", json!({ "roomId": self.room, "on": true })).await.map(drop);
        }
        let body = std::mem::take(&mut self.unfinished) + line;
        if !body.trim().is_empty() {
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
            self.unsent = Some(json!({ "roomId": self.room, "body": body, "clientId": format!("chat-{}", now.as_nanos()) }));
        }
        self.send(socket).await
    }

    /// Sends what is not known to be stored. Under the same `clientId` it is stored once, however often it is sent.
    async fn send(&mut self, socket: &Socket) -> Outcome {
        let Some(message) = self.unsent.clone() else { return Ok(()) };
        match socket.ask("message:send", message).await {
            Err(Fault::Lost(reason)) => return Err(Fault::Lost(reason)),
            Err(refusal) => println!("! {refusal}"),
            Ok(_) => {}
        }
        self.unsent = None;
        Ok(())
    }

    /// Lets the server know up to where the room was shown.
    async fn have_read(&self, socket: &Socket) -> Outcome {
        socket.ask("room:read", json!({ "roomId": self.room, "seq": self.seq })).await.map(drop)
    }
}

/// Shows a message as it is after one was away; up to `seq` it had been shown before. Gives its place.
fn show_missed(message: &Value, seq: u64) -> u64 {
    let own = number(&message["seq"]);
    if message["deleted"] == true {
        show_deletion(message);
    } else if own > seq {
        show(message);
    } else if message["editedAt"].is_string() {
        print!("(changed) ");
        show(message);
    }
    own
}

fn show_deletion(message: &Value) {
    println!("({} took back a message)", text(&message["authorName"]));
}

fn show(message: &Value) {
    if message["deleted"] != true {
        println!("{}: {}", text(&message["authorName"]), text(&message["body"]));
    }
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_default()
}

/// Text from others, without the characters that would steer a terminal.
pub fn text(value: &Value) -> String {
    let text = value.as_str().unwrap_or_default();
    text.chars().filter(|letter| *letter == '\n' || !letter.is_control()).collect()
}
