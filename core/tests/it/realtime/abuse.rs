//! Packets that no client would send.

use std::time::Duration;

use community::config::{Size, Span};
use serde_json::json;

use super::*;
use crate::support::{Db, Light, Opening};

/// One to which nobody needs to say who they are for a long time: whoever is disconnected, is so for another reason.
async fn server() -> (TestServer, Person) {
    let server = TestServer::start_with(Db::Sqlite, |config| {
        config.limits.socket_connect_timeout = Span::seconds(60);
        // Nor is anybody slowed down.
        config.limits.socket_bytes_per_second = Size::mib(64);
    });
    let server = server.await;
    let ann = server.member("Ann").await;
    (server, ann)
}

/// Without the close code 1009 that there is for it: the library closes the WebSocket the same way whatever it could not read.
#[tokio::test]
async fn s07_messages_that_are_too_large_end_the_connection() {
    let (server, ann) = server().await;
    let mut light = Light::connect(&server.url(), &ann).await;
    let fits = "x".repeat(60_000);
    assert_eq!(light.call("nothing", json!({ "body": fits })).await["code"], "invalid_event");
    for size in [66 << 10, 16 << 20] {
        let mut light = Light::connect(&server.url(), &ann).await;
        light.send(&format!("42[\"message:send\",{{\"body\":\"{}\"}}]", "x".repeat(size))).await;
        light.closed().await;
    }
    // Before they said who they are, too.
    let mut nobody = Opening::default().open(&server.url()).await.unwrap();
    nobody.opened().await;
    nobody.send(&"4".repeat(66 << 10)).await;
    nobody.closed().await;
    assert_eq!(light.call("room:list", json!({})).await["ok"], true);
    server.stop().await;
}

#[tokio::test]
async fn s07_a_message_in_endless_small_pieces_ends_the_connection() {
    let (server, _) = server().await;
    let mut raw = websocket(&server).await;
    // A text frame that goes on, then continuations without end, a few hundred bytes each.
    raw.send(&frame(0x01, &[b'4'; 100])).await;
    // Eight megabytes in all, which the system alone does not hold.
    let mut sent = 0;
    while sent < 20_000 && raw.send(&frame(0x00, &[b'4'; 400])).await {
        sent += 1;
    }
    assert!(sent < 20_000, "the server took all of it");
    raw.closed().await;
    server.stop().await;
}

#[tokio::test]
async fn s08_binary_data_ends_the_connection() {
    let (server, ann) = server().await;
    for packet in ["51-[\"message:send\",{\"_placeholder\":true,\"num\":0}]", "5999999999-[\"message:send\"]", "61-1[]"] {
        let mut light = Light::connect(&server.url(), &ann).await;
        light.send(&format!("4{packet}")).await;
        light.closed().await;
    }
    let mut light = Light::connect(&server.url(), &ann).await;
    light.send_binary(vec![0; 10]).await;
    light.closed().await;
    let sid = polling::open(&ann.client).await;
    let address = format!("/socket.io/?EIO=4&transport=polling&sid={sid}");
    ann.client.call("POST", &address).body("bAAAA").send().await;
    ann.client.get(&address).await.expect(400);
    server.stop().await;
}

#[tokio::test]
async fn s10_packets_that_cannot_be_read_end_the_connection_and_nothing_else() {
    let (server, ann) = server().await;
    for packet in
        ["9", "7", "0", "5", "6", "42[", "42[\"message", "42{}", "42", "4", "4x", "49", "42[1]", "42[{}]", "43", "", "é", "42[\"a\",NaN]"]
    {
        let mut light = Light::connect(&server.url(), &ann).await;
        light.send(packet).await;
        // Some of these are read by the library, and what it makes of them is an unknown event.
        let id = light.emit("room:list", json!({})).await;
        while let Some(answer) = light.next_packet().await {
            if answer.starts_with(&format!("43{id}")) {
                break;
            }
        }
    }
    for bytes in [
        frame(0x03, b"x"),
        frame(0x0b, b"x"),
        frame(0x41, b"4"),
        frame(0x89, &[0; 126]),
        frame(0x81, &[0xff, 0xfe]),
        vec![0x81, 0x01, b'4'],
    ] {
        let mut raw = websocket(&server).await;
        raw.send(&bytes).await;
        raw.closed().await;
    }
    let mut light = Light::connect(&server.url(), &ann).await;
    assert_eq!(light.call("room:list", json!({})).await["ok"], true);
    server.stop().await;
}

#[tokio::test]
async fn s13_one_connect_counts_and_there_is_one_namespace() {
    let (server, ann) = server().await;
    let mut light = Light::connect(&server.url(), &ann).await;
    for _ in 0..1000 {
        light.send("40").await;
    }
    for namespace in ["/admin", "/a#b", &format!("/{}", "x".repeat(10_000))] {
        light.send(&format!("40{namespace},")).await;
        let answer = light.packet(|packet| packet.starts_with("44")).await;
        assert!(answer.contains("Invalid namespace"), "{answer}");
    }
    // Letting somebody in takes a few looks at the database, and so do these.
    for _ in 0..50 {
        assert_eq!(light.call("room:list", json!({})).await["ok"], true);
    }
    assert!(light.unread().iter().all(|packet| !packet.starts_with("40")), "who is connected is let in again: {:?}", light.unread());
    server.stop().await;
}

#[tokio::test]
async fn s23_acknowledgements_that_nobody_asked_for_are_ignored() {
    let (server, ann) = server().await;
    let mut light = Light::connect(&server.url(), &ann).await;
    for packet in ["431[]", "439223372036854775807[{}]", "430[1,2,3]"] {
        for _ in 0..100 {
            light.send(packet).await;
        }
    }
    // An id of an acknowledgement as large as it can be comes back as it is.
    light.send("429223372036854775807[\"room:list\",{}]").await;
    light.packet(|packet| packet.starts_with("439223372036854775807[{") && packet.contains("\"ok\":true")).await;
    server.stop().await;
}

#[tokio::test]
async fn s24_pongs_too_many_or_early_do_no_harm_and_too_few_end_the_connection() {
    let server = TestServer::start_with(Db::Sqlite, |config| {
        config.realtime.ping_interval = Span::millis(300);
        config.realtime.ping_timeout = Span::seconds(5);
    })
    .await;
    let ann = server.member("Ann").await;
    let mut early = Light::connect(&server.url(), &ann).await;
    for _ in 0..1000 {
        early.send("3").await;
    }
    // Longer than it takes to end the connection of who does not answer.
    assert!(early.stays_open(Duration::from_secs(8)).await);
    let mut silent = Light::connect(&server.url(), &ann).await;
    while silent.next_raw().await.is_some() {}
    server.stop().await;
}

/// A WebSocket by hand.
async fn websocket(server: &TestServer) -> crate::support::Raw {
    let mut raw = crate::support::Raw::connect(server.running().addr).await;
    raw.send(
        b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
          Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    )
    .await;
    assert_eq!(raw.answer().await.status, 101);
    raw
}

/// A frame with a mask of zeros, as clients send it; `first` has the opcode and the flags, with FIN as the highest bit.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        length @ 0..126 => frame.push(0x80 | u8::try_from(length).unwrap()),
        length => {
            frame.push(0x80 | 0x7e);
            frame.extend(u16::try_from(length).unwrap().to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}
