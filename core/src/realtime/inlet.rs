//! What comes in over a socket: counted, decoded, put into its order, worked on, acknowledged.

use std::{panic::AssertUnwindSafe, sync::Arc};

use futures_util::FutureExt;
use serde_json::Value as Json;
use socketioxide::{handler::MessageHandler, socket::Socket};
use socketioxide_core::Value;

use super::{
    Realtime,
    handlers::{Effect, Handler},
    lane::{Job, Queued},
    peer::Peer,
    wire::{Frame, WireAdapter},
};
use crate::{
    error::{Error, Kind, Result},
    http::error::Failure,
};

/// How much of an unknown name is repeated to its sender.
const LONGEST_NAME: usize = 40;

/// Takes all events of one socket. The library calls it in the order in which they come, and it never waits.
pub struct Inlet {
    /// Everything that is connected.
    pub realtime: Arc<Realtime>,
    /// The socket.
    pub peer: Arc<Peer>,
}

impl MessageHandler<WireAdapter, Inlet> for Inlet {
    fn call(&self, _: Arc<Socket<WireAdapter>>, event: Value, ack: Option<i64>) {
        if self.peer.is_ending() {
            return;
        }
        if let Err((error, times)) = self.peer.spend() {
            return self.over_limit(error, times, ack);
        }
        self.realtime.touch(&self.peer);
        let (handler, payload) = match self.decode(&event) {
            Ok(found) => found,
            Err(error) => {
                self.count("unknown", error.code);
                return self.refuse(error, ack);
            }
        };
        self.queue(&handler, payload, ack);
    }
}

impl Inlet {
    /// The event's handler and payload.
    fn decode(&self, event: &Value) -> Result<(Handler, Json)> {
        let text = event.as_str().map(|text| serde_json::from_str(text));
        let Some(Ok(Json::Array(mut items))) = text else { return Err(invalid("An event must be a list of its name and one object.")) };
        let surplus = items.len() > 2;
        let payload = if items.len() > 1 { Some(items.swap_remove(1)) } else { None };
        let name = items.first().and_then(Json::as_str).unwrap_or_default();
        let shown: String = name.chars().filter(|letter| !letter.is_control()).take(LONGEST_NAME).collect();
        let handler = self.realtime.handlers.find(name).ok_or_else(|| invalid(format!("There is no event called \"{shown}\".")))?;
        if surplus {
            return Err(invalid(format!("The event {shown} carries one object and nothing else.")));
        }
        let payload = payload.ok_or_else(|| invalid(format!("The event {shown} must carry one object.")))?;
        Ok((handler.clone(), payload))
    }

    fn queue(&self, handler: &Handler, payload: Json, ack: Option<i64>) {
        let (realtime, peer, name) = (Arc::clone(&self.realtime), Arc::clone(&self.peer), handler.name);
        let (changes, work) = (handler.effect == Effect::Changes, handler.begin(Arc::clone(&peer), payload));
        let work = async move {
            // What an ended session sent before is not carried out after.
            if peer.is_ending() {
                return;
            }
            let outcome = AssertUnwindSafe(work).catch_unwind().await;
            let outcome = outcome.unwrap_or_else(|_| Err(Error::internal(format!("the handler of {name} panicked"))));
            realtime.counters.received.with_label_values(&[name, outcome.as_ref().map_or_else(|error| error.code, |_| "ok")]).inc();
            realtime.acknowledge(&peer, ack, outcome).await;
        };
        if !self.work_on(self.peer.lane.push(Job { changes, work: Box::pin(work) }, self.realtime.lane)) {
            let sentence = "Too many events of this socket are waiting; please wait for their answers.";
            self.refuse(Error::limited(sentence, 1), ack);
        }
    }

    /// Sees that what was queued is worked on. False if it was not.
    fn work_on(&self, queued: Queued) -> bool {
        if queued == Queued::Begin {
            let (peer, rules) = (Arc::clone(&self.peer), self.realtime.lane);
            tokio::spawn(async move { peer.lane.work(rules).await });
        }
        queued != Queued::Full
    }

    /// Answers an event that is not worked on: at once, or in its turn where much waits for the client already.
    fn refuse(&self, error: Error, ack: Option<i64>) {
        if ack.is_none() || self.realtime.hub.surely_takes(&self.peer) {
            return self.realtime.answer(&self.peer, ack, Err(error));
        }
        let (realtime, peer) = (Arc::clone(&self.realtime), Arc::clone(&self.peer));
        let answer = Box::pin(async move { realtime.acknowledge(&peer, ack, Err(error)).await });
        if !self.work_on(self.peer.lane.push_answer(answer, self.realtime.lane)) {
            self.realtime.hub.fall_behind(&self.peer);
        }
    }

    /// Refuses an event over the limit, and in the end its sender.
    fn over_limit(&self, error: Error, times: u32, ack: Option<i64>) {
        self.count("any", error.code);
        if times > self.realtime.limits.socket_refused {
            self.realtime.hub.end(&self.peer, error.code);
        } else {
            self.refuse(error, ack);
        }
    }

    fn count(&self, event: &str, outcome: &str) {
        self.realtime.counters.received.with_label_values(&[event, outcome]).inc();
    }
}

impl Realtime {
    /// Answers an event, once the client has taken enough of what it was sent before: answers alone make nobody fall behind.
    async fn acknowledge(&self, peer: &Peer, ack: Option<i64>, outcome: Result<String>) {
        if ack.is_some() {
            self.hub.until_it_surely_takes(peer).await;
        }
        self.answer(peer, ack, outcome);
    }

    /// Answers an event, if its sender wants an answer.
    fn answer(&self, peer: &Peer, ack: Option<i64>, outcome: Result<String>) {
        let answer = outcome.unwrap_or_else(|error| {
            let failure = Failure(error);
            failure.log();
            failure.body().json()
        });
        if let Some(id) = ack {
            self.hub.send(peer, &Frame::ack(id, &answer));
        }
    }
}

fn invalid(sentence: impl Into<String>) -> Error {
    Error::new(Kind::Invalid, "invalid_event", sentence)
}
