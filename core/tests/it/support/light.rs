//! A Socket.IO client of a few lines, for many at once and for what the official one would never send.

use std::{collections::VecDeque, time::Duration};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest, protocol::CloseFrame},
};

use super::{DEADLINE, Person};

/// A WebSocket that speaks Engine.IO, and Socket.IO once it is told to.
pub struct Light {
    ws: WebSocketStream<MaybeTlsStream<TcpStream>>,
    unread: VecDeque<String>,
    next: i64,
    patience: Duration,
    /// Its id at the server.
    pub sid: String,
}

/// What one may say about oneself when opening a connection.
#[derive(Debug, Clone)]
pub struct Opening {
    /// Headers of the request.
    pub headers: Vec<(String, String)>,
    /// More for the query, like `sid=…`.
    pub query: String,
    /// How long to wait for the connection, and then for each packet.
    pub patience: Duration,
}

impl Default for Opening {
    fn default() -> Self {
        Self { headers: Vec::new(), query: String::new(), patience: DEADLINE }
    }
}

impl Opening {
    /// With the cookie of a person's session.
    pub fn of(person: &Person) -> Self {
        Self::default().header("Cookie", &cookies(person))
    }

    /// With one more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With one more parameter.
    #[must_use]
    pub fn query(mut self, query: &str) -> Self {
        self.query = format!("&{query}");
        self
    }

    /// With another patience than [`DEADLINE`], for one of many or for what takes long.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Opens a WebSocket; the status of the answer if it is refused.
    pub async fn open(self, url: &str) -> Result<Light, u16> {
        let address = format!("{}/socket.io/?EIO=4&transport=websocket{}", url.replacen("http", "ws", 1), self.query);
        let mut request = address.into_client_request().unwrap();
        for (name, value) in &self.headers {
            let name = tungstenite::http::HeaderName::from_bytes(name.as_bytes()).unwrap();
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        match timeout(self.patience, connect_async(request)).await.unwrap() {
            Ok((ws, _)) => Ok(Light { ws, unread: VecDeque::new(), next: 0, patience: self.patience, sid: String::new() }),
            Err(tungstenite::Error::Http(answer)) => Err(answer.status().as_u16()),
            Err(error) => panic!("no WebSocket at {url}: {error}"),
        }
    }
}

/// The `Cookie` header of a person's client.
pub fn cookies(person: &Person) -> String {
    let pairs = person.client.cookies().into_iter().map(|(name, value)| format!("{name}={value}"));
    pairs.collect::<Vec<_>>().join("; ")
}

impl Light {
    /// Connects as `person`.
    pub async fn connect(url: &str, person: &Person) -> Self {
        Self::connect_with(url, Opening::of(person), None).await.unwrap_or_else(|refusal| panic!("{refusal}"))
    }

    /// Connects with an opening and an `auth`; gives the error body if it is refused.
    pub async fn connect_with(url: &str, opening: Opening, auth: Option<Value>) -> Result<Self, Value> {
        let mut light = opening.open(url).await.unwrap_or_else(|status| panic!("refused with {status}"));
        light.opened().await;
        light.send(&format!("40{}", auth.map(|auth| auth.to_string()).unwrap_or_default())).await;
        let answer = light.packet(|packet| packet.starts_with("40") || packet.starts_with("44")).await;
        match answer.strip_prefix("44") {
            None => Ok(light),
            Some(refusal) => {
                let refusal: Value = serde_json::from_str(refusal).unwrap();
                Err(serde_json::from_str(refusal["message"].as_str().unwrap()).unwrap_or(refusal))
            }
        }
    }

    /// Reads the packet that opens the session.
    pub async fn opened(&mut self) {
        let open = self.next_packet().await.expect("the server closes at once");
        let open: Value = serde_json::from_str(open.strip_prefix('0').unwrap()).unwrap();
        open["sid"].as_str().unwrap().clone_into(&mut self.sid);
    }

    /// Sends a packet as it is; false if the connection is closed.
    pub async fn send(&mut self, packet: &str) -> bool {
        self.ws.send(Message::text(packet)).await.is_ok()
    }

    /// Sends binary data.
    pub async fn send_binary(&mut self, data: Vec<u8>) -> bool {
        self.ws.send(Message::binary(data)).await.is_ok()
    }

    /// Sends an event that asks for an acknowledgement, and gives its number.
    pub async fn emit(&mut self, event: &str, data: Value) -> i64 {
        self.next += 1;
        let id = self.next;
        self.send(&format!("42{id}{}", json!([event, data]))).await;
        id
    }

    /// Waits for the acknowledgement of an event.
    pub async fn ack(&mut self, id: i64) -> Value {
        let start = format!("43{id}[");
        let packet = self.packet(|packet| packet.starts_with(&start)).await;
        let answer: Value = serde_json::from_str(&packet[start.len() - 1..]).unwrap();
        answer[0].clone()
    }

    /// Sends an event and waits for its acknowledgement.
    pub async fn call(&mut self, event: &str, data: Value) -> Value {
        let id = self.emit(event, data).await;
        self.ack(id).await
    }

    /// The next event of this name; others stay for later.
    pub async fn expect(&mut self, event: &str) -> Value {
        let start = format!("42[{event:?},");
        let packet = self.packet(|packet| packet.starts_with(&start)).await;
        serde_json::from_str::<Value>(&packet[2..]).unwrap()[1].take()
    }

    /// The events that have come and were not looked at, after everything before the answer to one more event has come.
    pub async fn events(&mut self) -> Vec<(String, Value)> {
        // Answered in the order of what is sent to this socket.
        self.call("nothing", json!({})).await;
        let events = self.unread.drain(..).filter_map(|packet| serde_json::from_str::<Value>(packet.strip_prefix("42")?).ok());
        events.map(|mut event| (event[0].as_str().unwrap().to_owned(), event[1].take())).collect()
    }

    /// The packets that have come and were not looked at.
    pub fn unread(&self) -> Vec<&str> {
        self.unread.iter().map(String::as_str).collect()
    }

    /// The first packet, unread or to come, of which `wanted` says yes.
    pub async fn packet(&mut self, wanted: impl Fn(&str) -> bool) -> String {
        if let Some(place) = self.unread.iter().position(|packet| wanted(packet)) {
            return self.unread.remove(place).unwrap();
        }
        loop {
            let Some(packet) = self.next_packet().await else { panic!("the connection closed; what came: {:?}", self.unread) };
            if wanted(&packet) {
                return packet;
            }
            self.unread.push_back(packet);
        }
    }

    /// The next packet, pings answered; `None` once the connection is closed.
    pub async fn next_packet(&mut self) -> Option<String> {
        loop {
            let message =
                timeout(self.patience, self.ws.next()).await.unwrap_or_else(|_| panic!("nothing came; unread: {:?}", self.unread));
            match message {
                Some(Ok(Message::Text(text))) if text.as_str() == "2" => {
                    self.send("3").await;
                }
                Some(Ok(Message::Text(text))) => return Some(text.as_str().to_owned()),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    /// The same without answering pings.
    pub async fn next_raw(&mut self) -> Option<String> {
        match timeout(self.patience, self.ws.next()).await.expect("nothing came") {
            Some(Ok(Message::Text(text))) => Some(text.as_str().to_owned()),
            _ => None,
        }
    }

    /// Waits until the server closes the connection, and gives what it still sent.
    pub async fn closed(&mut self) -> Vec<String> {
        let patience = self.patience;
        let closing = async {
            while let Some(packet) = self.next_packet().await {
                self.unread.push_back(packet);
            }
        };
        assert!(timeout(patience, closing).await.is_ok(), "the connection stays open");
        self.unread.drain(..).collect()
    }

    /// Whether the connection stays open that long.
    pub async fn stays_open(&mut self, time: Duration) -> bool {
        let closing = async { while self.next_packet().await.is_some() {} };
        timeout(time, closing).await.is_err()
    }

    /// Says goodbye as WebSockets do.
    pub async fn close(mut self) {
        let _ = self.ws.close(None::<CloseFrame>).await;
    }
}
