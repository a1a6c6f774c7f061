//! As much of Socket.IO as a client needs that speaks WebSocket only: text packets, acknowledgements, pings.

use std::{collections::HashMap, fmt};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{
    net::TcpStream,
    sync::{mpsc, oneshot},
};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::client::IntoClientRequest};

/// What goes wrong, for people.
#[derive(Debug)]
pub enum Fault {
    /// There is no connection: trying again may help.
    Lost(String),
    /// The server, or this machine, says no.
    Refused(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Lost(reason) | Self::Refused(reason)) = self;
        f.write_str(reason)
    }
}

/// What comes of something.
pub type Outcome<T = ()> = Result<T, Fault>;

fn lost(reason: impl fmt::Display) -> Fault {
    Fault::Lost(reason.to_string())
}

/// Says no.
pub fn refused(reason: impl fmt::Display) -> Fault {
    Fault::Refused(reason.to_string())
}

/// A connection to the server.
pub struct Socket {
    asks: mpsc::UnboundedSender<Ask>,
}

struct Ask {
    event: &'static str,
    data: Value,
    answer: oneshot::Sender<Value>,
}

/// An event from the server.
#[derive(Debug)]
pub struct Event {
    /// Its name.
    pub name: String,
    /// What it carries.
    pub data: Value,
}

impl Socket {
    /// Connects to a community (`http://…` or `https://…`) with the cookie of a session. What the server tells comes out of the
    /// second value, until the connection is lost.
    pub async fn connect(url: &str, cookie: &str) -> Outcome<(Self, mpsc::UnboundedReceiver<Event>)> {
        let address = url.trim_end_matches('/').replacen("http", "ws", 1);
        let mut request = format!("{address}/socket.io/?EIO=4&transport=websocket").into_client_request().map_err(refused)?;
        request.headers_mut().insert("cookie", cookie.parse().map_err(refused)?);
        let (mut wire, _) = connect_async(request).await.map_err(lost)?;
        // The server says how the connection works, and hears whom we want to talk to.
        let greeting = next(&mut wire).await?;
        if !greeting.starts_with('0') {
            return Err(refused(format!("this is no Socket.IO: {greeting}")));
        }
        wire.send("40".into()).await.map_err(lost)?;
        let mut welcome = next(&mut wire).await?;
        while welcome == "2" {
            wire.send("3".into()).await.map_err(lost)?;
            welcome = next(&mut wire).await?;
        }
        if let Some(refusal) = welcome.strip_prefix("44") {
            // The reason is an error body, written as JSON into the message.
            let refusal: Value = serde_json::from_str(refusal).map_err(refused)?;
            let reason: Value = serde_json::from_str(refusal["message"].as_str().unwrap_or_default()).map_err(refused)?;
            return Err(refused(reason["error"].as_str().unwrap_or("the server refused the connection")));
        }
        let (asks, asked) = mpsc::unbounded_channel();
        let (tell, told) = mpsc::unbounded_channel();
        tokio::spawn(serve(wire, asked, tell));
        Ok((Self { asks }, told))
    }

    /// Sends an event and gives its answer.
    pub async fn ask(&self, event: &'static str, data: Value) -> Outcome<Value> {
        let (answer, answered) = oneshot::channel();
        self.asks.send(Ask { event, data, answer }).map_err(|_| lost("the connection is lost"))?;
        let answer = answered.await.map_err(|_| lost("the connection is lost"))?;
        if answer["ok"] == true { Ok(answer) } else { Err(refused(answer["error"].as_str().unwrap_or("refused"))) }
    }
}

type Wire = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// The next packet of the server.
async fn next(wire: &mut Wire) -> Outcome<String> {
    let packet = wire.next().await.ok_or_else(|| lost("the server closed the connection"))?.map_err(lost)?;
    Ok(packet.to_text().map_err(lost)?.to_owned())
}

/// Carries packets to and fro until either side has had enough.
async fn serve(mut wire: Wire, mut asked: mpsc::UnboundedReceiver<Ask>, tell: mpsc::UnboundedSender<Event>) {
    let mut waiting = HashMap::new();
    let mut next = 0_u64;
    loop {
        let packet = tokio::select! {
            ask = asked.recv() => {
                let Some(ask) = ask else { return };
                next += 1;
                waiting.insert(next, ask.answer);
                Some(format!("42{next}{}", json!([ask.event, ask.data])))
            }
            packet = wire.next() => {
                let Some(Ok(packet)) = packet else { return };
                packet.to_text().ok().and_then(|packet| take(packet, &mut waiting, &tell))
            }
        };
        if let Some(packet) = packet
            && wire.send(packet.into()).await.is_err()
        {
            return;
        }
    }
}

/// Handles a packet of the server; gives the one to reply with, if any.
fn take(packet: &str, waiting: &mut HashMap<u64, oneshot::Sender<Value>>, tell: &mpsc::UnboundedSender<Event>) -> Option<String> {
    if packet == "2" {
        return Some("3".to_owned());
    }
    if let Some(event) = packet.strip_prefix("42") {
        let mut event: Value = serde_json::from_str(event).ok()?;
        let (name, data) = (event[0].as_str()?.to_owned(), event[1].take());
        // Who listened may have gone.
        let _ = tell.send(Event { name, data });
    } else if let Some(answer) = packet.strip_prefix("43") {
        let (id, answer) = answer.split_at(answer.find('[')?);
        let mut answer: Value = serde_json::from_str(answer).ok()?;
        let _ = waiting.remove(&id.parse().ok()?)?.send(answer[0].take());
    }
    None
}
