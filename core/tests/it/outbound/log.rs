//! What the operator reads about requests to others.

use super::{client, get, peer::Peer, private, public};
use crate::support::Log;

#[tokio::test]
async fn a_line_for_each_exchange_without_paths_and_secrets() {
    let (log, _guard) = Log::begin();
    let peer = Peer::answering("HTTP/1.1 200 OK\r\nX-Secret: S3cr3tCanary\r\nContent-Length: 12\r\n\r\nS3cr3tCanary").await;
    let outbound = client(|section| section.max_response = community::config::Size::kib(1));
    let url = peer.url("/S3cr3tCanary?token=S3cr3tCanary#S3cr3tCanary");
    get(&outbound, &private(&[&peer.entry()]), &url).await.unwrap();
    let line = &log.lines("asked another server")[0]["fields"];
    assert_eq!(line["plugin"], "test");
    let counted = |outcome: &str| outbound.outcomes().with_label_values(&["test", outcome]).get();
    assert_eq!(counted("answered"), 1);
    let fields = ["method", "host", "address", "port", "status", "bytes"].map(|name| line[name].to_string());
    assert_eq!(fields, ["\"GET\"", "\"id.example\"", "\"127.0.0.1\"", &peer.port().to_string(), "200", "12"]);
    assert!(line["ms"].is_u64());

    get(&outbound, &public(&["id.example"]), &url).await.unwrap_err();
    get(&outbound, &private(&["id.example:1"]), "http://id.example:1/?S3cr3tCanary").await.unwrap_err();
    let large = Peer::answering(format!("HTTP/1.1 200 OK\r\n\r\n{}", "S3cr3tCanary".repeat(1000))).await;
    get(&outbound, &private(&[&large.entry()]), &large.url("/S3cr3tCanary")).await.unwrap_err();
    assert_eq!(log.text().lines().count(), 4, "{}", log.text());
    assert_eq!(["refused", "unreachable", "too_large"].map(counted), [1, 1, 1]);
    assert!(!log.text().contains("S3cr3tCanary"), "{}", log.text());
}
