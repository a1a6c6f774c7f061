//! The AsyncAPI document of the events, written from the types that decode and encode them.

use poem_openapi::registry::Registry;
use serde_json::{Map, Value, json};

use super::{
    guide,
    protocol::{CLIENT, ClientDescription, ConnectAuth, Described, SERVER, ServerDescription},
};
use crate::http::{error::ErrorBody, json_schema};

const INTRODUCTION: &str = "What a community server and its clients tell each other over Socket.IO. The HTTP side is described by \
    `/openapi.json`.";

/// The one channel: all events go through the namespace `/`.
const CHANNEL: &str = "#/channels/main";

/// The document, as it is served and committed.
pub fn document() -> String {
    let error = Described::of::<ErrorBody>();
    let document = json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Community events",
            "version": env!("CARGO_PKG_VERSION"),
            "description": format!("{INTRODUCTION}\n\n{}", guide::markdown()),
            "license": { "name": "MIT OR Apache-2.0" },
        },
        "defaultContentType": "application/json",
        "servers": { "local": server() },
        "channels": { "main": channel() },
        "operations": operations(),
        "components": { "schemas": json_schema::of(&registry()), "messages": messages(&error), "securitySchemes": security() },
    });
    format!("{document:#}\n")
}

fn server() -> Value {
    json!({
        "host": "127.0.0.1:3000",
        "pathname": "/socket.io/",
        "protocol": "socketio",
        "protocolVersion": "5",
        "description": "A server as it starts by itself; put yours in its place.",
        "security": [{ "$ref": "#/components/securitySchemes/session" }, { "$ref": "#/components/securitySchemes/bot" }],
    })
}

fn security() -> Value {
    json!({
        "session": {
            "type": "httpApiKey",
            "in": "cookie",
            "name": "community_sid",
            "description": "The cookie that signing in sets. It is called `__Host-community_sid` where the site is on https.",
        },
        "bot": {
            "type": "apiKey",
            "in": "password",
            "description": "The token of a bot, sent as `botToken` in Socket.IO's `auth` (schema `ConnectAuth`).",
        },
    })
}

fn channel() -> Value {
    let of_clients = CLIENT.iter().flat_map(|event| [key(event), answer_key(event)]);
    let keys = of_clients.chain(SERVER.iter().map(heard_key)).chain(["error".to_owned()]);
    let messages: Map<_, _> = keys.map(|key| (key.clone(), reference(&format!("#/components/messages/{key}")))).collect();
    json!({
        "address": "/",
        "title": "Namespace /",
        "description": "All events of all rooms that one is a member of.",
        "servers": [reference("#/servers/local")],
        "messages": messages,
    })
}

/// What the server does: it receives what clients send, and sends the rest.
fn operations() -> Value {
    let received = CLIENT.iter().map(|event| {
        let answers = [answer_key(event), "error".to_owned()].map(|key| in_channel(&key));
        let operation = json!({
            "action": "receive",
            "channel": reference(CHANNEL),
            "title": event.name,
            "summary": event.summary,
            "messages": [in_channel(&key(event))],
            "reply": { "channel": reference(CHANNEL), "messages": answers },
        });
        (key(event), operation)
    });
    let sent = SERVER.iter().map(|event| {
        let operation = json!({
            "action": "send",
            "channel": reference(CHANNEL),
            "title": event.name,
            "summary": event.summary,
            "messages": [in_channel(&heard_key(event))],
        });
        (heard_key(event), operation)
    });
    Value::Object(received.chain(sent).collect())
}

fn messages(error: &Described) -> Value {
    let of_clients = CLIENT.iter().flat_map(|event| {
        let answered = format!("Acknowledges `{}`.", event.name);
        [
            (key(event), message(event.name, event.summary, &event.payload)),
            (answer_key(event), message(&format!("{} acknowledged", event.name), &answered, &event.answer)),
        ]
    });
    let of_server = SERVER.iter().map(|event| {
        let mut message = message(event.name, event.summary, &event.payload);
        if event.volatile {
            message["description"] = json!("Tells of a passing state, so it may be left out for a client that does not keep up.");
        }
        (heard_key(event), message)
    });
    let refused = (
        "error".to_owned(),
        message("error", "Acknowledges what was refused; as JSON text it is the `message` of `connect_error`.", error),
    );
    Value::Object(of_clients.chain(of_server).chain([refused]).collect())
}

fn message(name: &str, summary: &str, payload: &Described) -> Value {
    json!({
        "name": name,
        "title": name,
        "summary": summary,
        "payload": (payload.schema)(),
        "examples": [{ "payload": (payload.example)() }],
    })
}

/// Every type of the events, in a registry.
pub fn registry() -> Registry {
    let types = CLIENT.iter().flat_map(|event| [event.payload, event.answer]).chain(SERVER.iter().map(|event| event.payload));
    let mut registry = Registry::new();
    for described in types.chain([Described::of::<ErrorBody>(), Described::of::<ConnectAuth>()]) {
        (described.register)(&mut registry);
    }
    registry
}

/// The key of a client's event: names have colons, which keys may not.
fn key(event: &ClientDescription) -> String {
    event.name.replace(':', "-")
}

fn answer_key(event: &ClientDescription) -> String {
    format!("{}-answer", key(event))
}

/// The key of a server's event. Some have the name of a client's.
fn heard_key(event: &ServerDescription) -> String {
    format!("on-{}", event.name.replace(':', "-"))
}

fn in_channel(key: &str) -> Value {
    reference(&format!("{CHANNEL}/messages/{key}"))
}

fn reference(place: &str) -> Value {
    json!({ "$ref": place })
}
