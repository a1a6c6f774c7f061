//! A small app behind the real base and the real accept loop.
#![allow(clippy::unused_async, reason = "operations are async by their macro")]

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use community::{
    config::{Config, Span},
    error::Error,
    http::{
        base::Base,
        body::JsonBody,
        client_ip::ClientIp,
        error::Failure,
        fail::{BODY, E404, E429, E503, Fail},
        metrics::Metrics,
        request_id::RequestId,
        routes::RouteTable,
        server::Server,
    },
};
use futures_util::{StreamExt, stream};
use poem::{Body, Endpoint, EndpointExt, IntoEndpoint, Request, Response, Route, endpoint::make, get, http::StatusCode, post};
use poem_openapi::{Object, OpenApi, OpenApiService, param, payload::Json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::Notify,
    task::JoinHandle,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

/// What the handlers did.
#[derive(Default)]
pub struct Traces {
    pub posts: AtomicUsize,
    pub joins: AtomicUsize,
    pub uploads: AtomicUsize,
    pub verified: AtomicUsize,
    pub logouts: AtomicUsize,
    /// Set off when `/api/slow` has begun.
    pub begun: Notify,
    /// Lets `/api/slow` go on.
    pub go_on: Notify,
}

impl Traces {
    pub fn count(counter: &AtomicUsize) -> usize {
        counter.load(Ordering::SeqCst)
    }
}

/// What is posted.
#[derive(Object, Clone)]
pub struct NewPost {
    #[oai(validator(max_length = 200))]
    title: String,
    body: Option<String>,
    attachments: Option<Vec<String>>,
    place: Option<Place>,
}

/// A part of a post.
#[derive(Object, Clone)]
pub struct Place {
    row: i32,
}

/// Operations as the slices write them.
pub struct Api(pub Arc<Traces>);

#[OpenApi]
impl Api {
    /// Make a post
    #[oai(path = "/api/posts", method = "post")]
    async fn create(&self, post: JsonBody<NewPost>) -> Result<Json<NewPost>, Fail<{ BODY | E429 }>> {
        if post.title == "limited" {
            return Err(Error::limited("Too many posts.", 7).into());
        }
        if post.title == "broken" {
            return Err(Error::internal(std::io::Error::other("S3cr3tCanary in table posts")).into());
        }
        self.0.posts.fetch_add(1, Ordering::SeqCst);
        Ok(Json(post.0))
    }

    /// One post
    #[oai(path = "/api/posts/:id", method = "get")]
    async fn one(&self, id: param::Path<String>) -> Result<Json<u32>, Fail<{ E404 | E503 }>> {
        if id.0 == "away" { Err(Error::unavailable("The database is away.").into()) } else { Err(Error::not_found("post").into()) }
    }

    /// A page
    #[oai(path = "/api/page", method = "get")]
    async fn page(&self, #[oai(validator(minimum(value = "1"), maximum(value = "200")))] limit: param::Query<i32>) -> Json<i32> {
        Json(limit.0)
    }
}

fn plain(traces: &Arc<Traces>) -> Route {
    let counting = |counter: fn(&Traces) -> &AtomicUsize| {
        let traces = Arc::clone(traces);
        make(move |_: Request| {
            counter(&traces).fetch_add(1, Ordering::SeqCst);
            async { Response::builder().status(StatusCode::SEE_OTHER).header("location", "/").finish() }
        })
    };
    let slow = Arc::clone(traces);
    let slow = make(move |_| {
        let traces = Arc::clone(&slow);
        async move {
            traces.begun.notify_one();
            traces.go_on.notified().await;
            "done"
        }
    });
    let upload = Arc::clone(traces);
    let upload = make(move |request: Request| {
        let traces = Arc::clone(&upload);
        async move {
            let read = request.into_body().into_vec().await;
            traces.uploads.fetch_add(1, Ordering::SeqCst);
            // A handler that does not care what became of the body.
            format!("{}", read.map_or(0, |bytes| bytes.len()))
        }
    });
    Route::new()
        .at("/api/logout", get(counting(|traces| &traces.logouts)).post(counting(|traces| &traces.logouts)))
        .at("/api/email/verify", get(counting(|traces| &traces.verified)))
        .at("/api/email/login", post(upload))
        .at("/api/discord/login", get(counting(|traces| &traces.logouts)))
        .at("/api/rooms/:id/join", post(counting(|traces| &traces.joins)))
        .at(
            "/api/upload",
            post(make(|request: Request| async move {
                request.into_body().into_vec().await.map(|bytes| bytes.len().to_string()).map_err(poem::Error::from)
            })),
        )
        .at("/api/slow", get(slow))
        .at("/api/panic", get(make(|_| async { panics() })))
        .at("/api/teapot", get(make(|_| async { Err::<(), _>(poem::Error::from_string("S3cr3tCanary", StatusCode::IM_A_TEAPOT)) })))
        .at("/api/me", get(make(|_| async { Err::<(), _>(Failure(Error::login_required())) })))
        .at("/api/ip", get(make(|request: Request| async move { request.data::<ClientIp>().unwrap().key() })))
        .at("/api/id", get(make(|request: Request| async move { request.data::<RequestId>().unwrap().as_str().to_owned() })))
        .at("/api/cached", get(make(cached)))
        .at("/api/flood", get(make(flood)))
        .at("/socket", get(make(socket)))
        .at("/page", get(make(|_| async { Response::builder().content_type("text/html; charset=utf-8").body("<p>page</p>") })))
}

fn panics() {
    panic!("S3cr3tCanary")
}

/// Sends back four bytes after an upgrade, and closes.
async fn socket(request: Request) -> poem::Result<Response> {
    let stream = request.take_upgrade()?;
    tokio::spawn(async move {
        let (mut stream, mut bytes) = (stream.await.unwrap(), [0; 4]);
        stream.read_exact(&mut bytes).await.unwrap();
        stream.write_all(&bytes).await.unwrap();
        stream.shutdown().await.unwrap();
    });
    let answer = Response::builder().status(StatusCode::SWITCHING_PROTOCOLS);
    Ok(answer.header("connection", "Upgrade").header("upgrade", "websocket").finish())
}

async fn cached(request: Request) -> Response {
    let fresh = request.header("if-none-match") == Some("\"1\"");
    let response = Response::builder().header("etag", "\"1\"").header("cache-control", "public, max-age=0, must-revalidate");
    if fresh { response.status(StatusCode::NOT_MODIFIED).finish() } else { response.content_type("application/json").body("[]") }
}

/// More than any socket buffer takes.
async fn flood(_: Request) -> Response {
    let pieces = stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b'x'; 64 << 10])).take(1024);
    Response::builder().body(Body::from_bytes_stream(pieces))
}

/// A running server.
pub struct App {
    pub address: SocketAddr,
    pub traces: Arc<Traces>,
    pub metrics: Metrics,
    pub stop: CancellationToken,
    task: JoinHandle<()>,
}

/// The default configuration, under a public address and with short timeouts.
pub fn config() -> Config {
    let mut config = Config::default();
    config.http.base_url = Some("https://community.example".parse().unwrap());
    config.http.shutdown_timeout = Span::millis(500);
    config
}

/// The app itself, for tests without sockets.
pub fn endpoint(config: &Config, traces: &Arc<Traces>, metrics: &Metrics) -> impl Endpoint<Output = Response> + 'static {
    let api = OpenApiService::new(Api(Arc::clone(traces)), "test", "1");
    let app = plain(traces).nest_no_strip("/", api.into_endpoint());
    let routes = RouteTable::new().api::<Api>().route("/api/logout", &[poem::http::Method::GET, poem::http::Method::POST]);
    Base::new(config, metrics.clone()).wrap(app.map_to_response(), routes)
}

impl App {
    /// Starts a server on a free port.
    pub async fn start(config: Config) -> Self {
        let (traces, metrics, stop) = (Arc::default(), Metrics::new(), CancellationToken::new());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = endpoint(&config, &traces, &metrics);
        let task = tokio::spawn(Server::new(&config.http, &metrics).run(listener, app, stop.clone()));
        Self { address, traces, metrics, stop, task }
    }

    /// Waits until the server is gone.
    pub async fn ended(self) {
        timeout(Duration::from_secs(10), self.task).await.expect("the server does not stop").unwrap();
    }
}
