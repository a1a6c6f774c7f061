//! What answers which event. Each slice adds its own; here an event is decoded and its answer encoded.

use std::{collections::HashMap, future::Future, sync::Arc};

use futures_util::future::BoxFuture;
use poem_openapi::types::ToJSON;
use serde_json::Value;

use super::{peer::Peer, protocol::ClientEvent};
use crate::{error::Result, http::body};

/// What an event does to the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It changes something: two of one socket take effect in the order in which they were sent.
    Changes,
    /// Nothing.
    Reads,
}

/// The work of an event; what comes out is the answer as JSON.
pub type Work = BoxFuture<'static, Result<String>>;

/// Everything that can be asked for.
#[derive(Clone, Default)]
pub struct Handlers(HashMap<&'static str, Handler>);

/// What answers one event.
#[derive(Clone)]
pub struct Handler {
    /// What it does to the database.
    pub effect: Effect,
    /// The event's name, as it may stand in a label of a counter.
    pub name: &'static str,
    begin: Arc<dyn Fn(Arc<Peer>, Value) -> Work + Send + Sync>,
}

impl Handler {
    /// The work for the event with this payload.
    pub fn begin(&self, peer: Arc<Peer>, payload: Value) -> Work {
        (self.begin)(peer, payload)
    }
}

impl Handlers {
    /// Adds what answers the event `E`.
    #[must_use]
    pub fn on<E, F, W>(self, effect: Effect, handler: F) -> Self
    where
        E: ClientEvent,
        F: Fn(Arc<Peer>, E) -> W + Clone + Send + Sync + 'static,
        W: Future<Output = Result<E::Answer>> + Send + 'static,
    {
        self.on_json(effect, move |peer, event| {
            let answer = handler(peer, event);
            async move { Ok(answer.await?.to_json_string()) }
        })
    }

    /// The same for a handler whose answer is JSON already, that of an `E::Answer`.
    #[must_use]
    pub fn on_json<E, F, W>(mut self, effect: Effect, handler: F) -> Self
    where
        E: ClientEvent,
        F: Fn(Arc<Peer>, E) -> W + Clone + Send + Sync + 'static,
        W: Future<Output = Result<String>> + Send + 'static,
    {
        let begin = move |peer, payload| -> Work {
            let handler = handler.clone();
            Box::pin(async move { handler(peer, body::read::<E>(payload, "What the event carries")?).await })
        };
        let before = self.0.insert(E::NAME, Handler { effect, name: E::NAME, begin: Arc::new(begin) });
        debug_assert!(before.is_none(), "{} is answered twice", E::NAME);
        self
    }

    /// What answers the event called `name`.
    pub fn find(&self, name: &str) -> Option<&Handler> {
        self.0.get(name)
    }

    /// The names of all events that are answered.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.keys().copied()
    }
}
