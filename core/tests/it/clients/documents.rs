//! What is written about the events, and whether it is so.

use std::collections::BTreeSet;

use community::realtime::{
    asyncapi,
    protocol::{CLIENT, SERVER},
};
use serde_json::Value;

use super::server;
use crate::support::{Db, Sockets};

fn document() -> Value {
    serde_json::from_str(&asyncapi::document()).unwrap()
}

#[test]
fn every_event_is_documented_once_with_its_answer_and_an_example() {
    let document = document();
    let operations = document["operations"].as_object().unwrap();
    assert_eq!(operations.len(), CLIENT.len() + SERVER.len(), "two events of one side have the same name");
    for event in CLIENT {
        let key = event.name.replace(':', "-");
        let answers = operations[&key]["reply"]["messages"].as_array().unwrap();
        assert_eq!((operations[&key]["action"].as_str(), answers.len()), (Some("receive"), 2), "{key}");
        assert!(document["components"]["messages"][format!("{key}-answer")]["examples"][0]["payload"]["ok"] == true, "{key}");
    }
    for event in SERVER {
        assert_eq!(operations[&format!("on-{}", event.name.replace(':', "-"))]["action"], "send");
    }
    let summaries = operations.values().map(|operation| operation["summary"].as_str().unwrap());
    assert!(summaries.into_iter().all(|summary| summary.len() > 10 && summary.ends_with('.')));
}

#[test]
fn every_field_of_an_event_says_what_it_is() {
    let document = document();
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        assert!(schema["description"].as_str().is_some_and(|text| text.ends_with('.')), "{name} says nothing about itself");
        for (field, schema) in schema["properties"].as_object().into_iter().flatten() {
            assert!(schema["description"].as_str().is_some_and(|text| text.ends_with('.')), "{name}.{field} says nothing about itself");
        }
    }
}

#[test]
fn what_may_be_absent_may_be_null() {
    let document = document();
    let schemas = &document["components"]["schemas"];
    assert_eq!(schemas["ChatMessage"]["properties"]["replyTo"]["type"], serde_json::json!(["string", "null"]));
    assert_eq!(schemas["RoomSummary"]["properties"]["role"]["anyOf"][1]["type"], "null");
    assert!(!asyncapi::document().contains("nullable"), "a word of OpenAPI, not of JSON Schema");
}

#[tokio::test]
async fn the_document_is_served_and_every_event_is_on_the_page() {
    let server = server(Db::Sqlite).await;
    let visitor = server.client();
    let answer = visitor.get("/asyncapi.json").await.expect(200);
    assert_eq!((answer.header("content-type"), answer.json()), (Some("application/json; charset=utf-8"), document()));
    let tag = answer.header("etag").unwrap().to_owned();
    visitor.call("GET", "/asyncapi.json").header("if-none-match", tag).send().await.expect(304);

    let page = visitor.get("/docs/events").await.expect(200).text();
    let ids: BTreeSet<&str> = page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    for (prefix, name) in CLIENT.iter().map(|event| ("send", event.name)).chain(SERVER.iter().map(|event| ("on", event.name))) {
        assert!(ids.contains(format!("{prefix}-{}", name.replace(':', "-")).as_str()), "{name} is not on the page");
    }
    let links = page.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next());
    for link in links {
        assert!(ids.contains(link), "a link leads to #{link}, and nothing is there");
    }
    assert!(page.contains("<code>clientId</code>") && !page.contains('`'), "code is not marked as such");
    server.stop().await;
}

#[tokio::test]
async fn every_documented_event_of_clients_is_handled() {
    let server = server(Db::Sqlite).await;
    let ann = server.member("Ann").await;
    let socket = Sockets::at(server.url()).await.connect(&ann).await;
    socket.emit("no:such:event", serde_json::json!({})).await.error("invalid_event");
    for event in CLIENT {
        let answer = socket.emit(event.name, (event.payload.example)()).await.0;
        assert!(answer["ok"].is_boolean() && answer["code"] != "invalid_event", "{}: {answer}", event.name);
    }
    server.stop().await;
}
