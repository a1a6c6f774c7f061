//! Counters, on a listener of their own.

use community::http::metrics::Metrics;
use prometheus::IntCounter;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{
    app::{App, config},
    raw::{ask, request},
};

#[tokio::test]
async fn o02_counters_have_patterns_and_no_ids() {
    let app = App::start(config()).await;
    for path in ["/api/posts/u-secret-1", "/api/posts/u-secret-2", "/api/guessed-1", "/api/guessed-2"] {
        ask(app.address, request(&format!("GET {path}?token=S3cr3tCanary"), "", "")).await;
    }
    ask(app.address, request("S3CR3TCANARY /api/posts", "", "")).await;
    let text = app.metrics.text();
    assert!(text.contains(r#"community_http_requests_total{method="GET",route="/api/posts/{id}",status="404"} 2"#), "{text}");
    assert!(text.contains(r#"route="other",status="404"} 2"#), "{text}");
    assert!(text.contains("community_http_request_duration_seconds_bucket"));
    for leak in ["u-secret", "guessed", "S3cr3tCanary", "S3CR3TCANARY"] {
        assert!(!text.contains(leak), "{leak}");
    }
    assert_eq!(ask(app.address, request("GET /metrics", "", "")).await.status, 404, "not on the public listener");
}

#[tokio::test]
async fn other_parts_add_counters_and_the_listener_serves_them() {
    let (metrics, stop) = (Metrics::new(), CancellationToken::new());
    let mails = IntCounter::new("mails_sent_total", "Mails sent.").unwrap();
    metrics.register(mails.clone());
    metrics.register(mails.clone());
    mails.inc();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let section = config().http;
    let stopped = stop.clone();
    let task = tokio::spawn(async move { metrics.serve(listener, &section, stopped).await });
    let answer = ask(address, request("GET /metrics", "", "")).await;
    assert_eq!((answer.status, answer.header("content-type").as_deref()), (200, Some("text/plain; version=0.0.4")));
    assert!(answer.text().contains("community_mails_sent_total 1"), "{}", answer.text());
    assert_eq!(ask(address, request("GET /", "", "")).await.status, 404);
    stop.cancel();
    task.await.unwrap();
}
