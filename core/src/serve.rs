//! The composition root: configuration → store → plugins → routes → server, and the way back.

use std::{
    io::{self, ErrorKind},
    net::SocketAddr,
    os::unix::fs::DirBuilderExt,
    path::Path,
    sync::Arc,
};

use poem::{
    Endpoint, EndpointExt, IntoEndpoint, Request, Response, Route,
    endpoint::BoxEndpoint,
    get, handler,
    http::{Extensions, Method},
};
use tokio::{net::TcpListener, runtime::Handle};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use url::Url;

use crate::{
    backlog,
    bots::gate::Bots,
    cleaning,
    clock::{Clock, SystemClock},
    config::{Config, UploadsBackend},
    devices,
    email::{self, flows::Flows, hasher::Hasher},
    http::{
        auth::Sessions,
        base::Base,
        data::{Data, Shared},
        docs,
        failures::FailureDelay,
        metrics::Metrics,
        rate::{Limits, Ticks},
        routes::RouteTable,
        server::Server,
    },
    mail::{
        sender::Sender,
        transport::{SetupError, Transport},
    },
    messages,
    oauth::{breaker::Breakers, discovery::Directory, flows::OAuth, http::Providers},
    outbound::{self, Outbound, Place, Resolve, SystemResolver},
    plugins::{
        self, Busy, EngineError, Plugins, Sections, Site,
        dispatch::{self, Dispatch, Hooks, Runners},
    },
    posts::{self, feed::Feed},
    providers::catalog::Catalog,
    random::Random,
    realtime::{
        self,
        fanout::{self, Join},
        handlers::Handlers,
        mount::{self, Mount},
        start::Sockets,
    },
    rooms::{self, online::Online},
    sessions,
    store::{OpenError, Store},
    uploads::{self, http::Uploads, intake::Intake, janitor::Janitor, objects::Objects, thumbnails::Thumbnails},
    web,
};

/// What the server takes from outside, so that tests can hold it.
#[derive(Clone)]
pub struct Parts {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where ids and secrets come from.
    pub random: Arc<Random>,
    /// The time that rate limits go by.
    pub ticks: Ticks,
    /// Where the addresses of other hosts come from.
    pub resolver: Arc<dyn Resolve>,
    /// Where the sections of plugins are read again; without it they stay what they were at the start.
    pub sections: Option<Sections>,
    /// How what passes gets to the sockets of other nodes.
    pub join: Join,
}

impl Parts {
    /// The machine's own.
    pub fn of_system() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            random: Arc::new(Random::from_system()),
            ticks: Ticks::monotonic(),
            resolver: Arc::new(SystemResolver),
            sections: None,
            join: fanout::alone(),
        }
    }
}

/// Why the server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// Plugins.
    #[error(transparent)]
    Plugins(#[from] EngineError),
    /// Mail.
    #[error(transparent)]
    Mail(#[from] SetupError),
    /// The client for requests to others.
    #[error(transparent)]
    Outbound(#[from] outbound::SetupError),
    /// The first look at the database.
    #[error("the database cannot be read: {0}")]
    Read(crate::error::Error),
    /// An address to listen on.
    #[error("nothing can listen on {addr}: {source}{}; {setting} says where", remedy(source))]
    Listen {
        /// Which.
        addr: SocketAddr,
        /// Where it is set.
        setting: &'static str,
        /// Why not.
        source: io::Error,
    },
    /// A folder to keep things in.
    #[error("the folder {path} cannot be made: {source}")]
    Folder {
        /// Which.
        path: String,
        /// Why not.
        source: io::Error,
    },
    /// A thread, a file.
    #[error("{what}: {source}")]
    System {
        /// What was wanted.
        what: String,
        /// Why it failed.
        source: io::Error,
    },
}

/// A server that runs.
pub struct Running {
    /// Where it listens.
    pub addr: SocketAddr,
    /// Where the counters are served, if they are.
    pub metrics_addr: Option<SocketAddr>,
    sockets: Sockets,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Running {
    /// Says goodbye to sockets, stops accepting, finishes what is in flight, and returns when everything has ended.
    pub async fn stop(self) {
        self.sockets.stop().await;
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

/// The parts that the command line works with, too: everything but what listens.
pub struct App {
    /// The configuration.
    pub config: Arc<Config>,
    /// The database.
    pub store: Store,
    /// Requests to others.
    pub outbound: Outbound,
    /// Signing up and in.
    pub flows: Flows,
    /// Signing in at other sites.
    pub oauth: OAuth,
    look: Arc<web::Look>,
    parts: Parts,
}

/// What requests and sockets work with.
struct Services {
    posts: posts::http::Posts,
    rooms: rooms::http::Rooms,
    messages: messages::http::Messages,
    commands: plugins::http::Commands,
    bots: Bots,
    sessions: Sessions,
    limits: Limits,
    failures: FailureDelay,
}

impl App {
    /// Opens the database and loads the plugins.
    ///
    /// # Errors
    /// What is missing or wrong, in a sentence.
    pub async fn open(config: Config, parts: Parts) -> Result<Self, StartError> {
        let config = Arc::new(config);
        make_private(&config.data_dir)?;
        let look = Arc::new(web::Look::new(&config.site).map_err(system("site.logo"))?);
        let store = Store::open(&config.database, &config.data_dir, parts.clock.clone(), parts.random.clone()).await?;
        let outbound = Outbound::new(&config.outbound, parts.resolver.clone(), &config.base_url(), Place::back_rooms(&config))?;
        let off = plugins::queries::switched_off(store.reader()).await.map_err(StartError::Read)?;
        let plugins = Plugins::load(&config.plugins, &off, &config.data_dir, &Site::of(&config)).await?;
        let hasher = Hasher::start(&config.auth, parts.random.clone()).map_err(system("the threads that hash passwords"))?;
        let oauth = OAuth {
            store: store.clone(),
            plugins: plugins.clone(),
            outbound: outbound.clone(),
            random: parts.random.clone(),
            clock: parts.clock.clone(),
            ticks: parts.ticks.clone(),
            config: config.clone(),
            directory: Directory::default(),
            breakers: Breakers::default(),
        };
        let (random, clock) = (parts.random.clone(), parts.clock.clone());
        let flows = Flows { store: store.clone(), plugins, hasher, random, clock, config: config.clone() };
        Ok(Self { config, store, outbound, flows, oauth, look, parts })
    }

    /// What answers requests, and the sockets among them.
    async fn endpoint(
        &self,
        base: &Base,
        uploads: Uploads,
        tasks: &TaskTracker,
        stop: &CancellationToken,
    ) -> Result<(impl Endpoint<Output = Response> + 'static, Sockets), StartError> {
        let services = self.services(base, tasks, stop).await?;
        let sockets = self.sockets(&services, base, tasks, stop);
        let app = Split { api: docs::service().into_endpoint(), pages: beside_the_api(&sockets.mount) };
        let app = app.data(Shared::from(self.extensions(services, uploads, base)));
        Ok((base.wrap(app, routes()), sockets))
    }

    /// What requests and sockets work with. Bots take part from here on.
    async fn services(&self, base: &Base, tasks: &TaskTracker, stop: &CancellationToken) -> Result<Services, StartError> {
        let (config, store) = (&self.config, &self.store);
        let limits = Limits::new(&config.limits, &self.parts.ticks);
        let failures = FailureDelay::new(&config.limits, &self.parts.ticks);
        let files_at = config.uploads_url().parse().unwrap_or_else(|_| config.base_url().url().clone());
        let online = Online::default();
        let runners = self.begin_bots(&online, &files_at, base, tasks, stop).await?;
        Ok(Services {
            posts: posts::http::Posts {
                store: store.clone(),
                feed: Feed::new(store.clone(), &self.parts.random),
                limits: limits.clone(),
                files_at: files_at.clone(),
            },
            rooms: rooms::http::Rooms {
                store: store.clone(),
                clock: self.parts.clock.clone(),
                limits: limits.clone(),
                rules: config.rooms.clone(),
                online,
            },
            commands: plugins::http::Commands { store: store.clone(), limits: limits.clone(), runners: runners.clone() },
            messages: messages::http::Messages {
                store: store.clone(),
                limits: limits.clone(),
                files_at,
                gate: Arc::new(Hooks::new(runners)),
            },
            bots: Bots::new(store.clone(), &config.chat, failures.clone()),
            sessions: self.sessions(),
            limits,
            failures,
        })
    }

    fn sockets(&self, services: &Services, base: &Base, tasks: &TaskTracker, stop: &CancellationToken) -> Sockets {
        let handlers = rooms::socket::add(Handlers::default(), &services.rooms);
        let parts = realtime::start::Parts {
            store: self.store.clone(),
            sessions: services.sessions.clone(),
            bots: services.bots.clone(),
            handlers: messages::socket::add(handlers, &services.messages),
            online: services.rooms.online.clone(),
            ticks: self.parts.ticks.clone(),
            random: self.parts.random.clone(),
            join: self.parts.join.clone(),
        };
        Sockets::start(&self.config, parts, base, tasks, stop)
    }

    /// What handlers ask for by type.
    fn extensions(&self, services: Services, uploads: Uploads, base: &Base) -> Extensions {
        let Services { posts, rooms, messages, commands, bots, sessions, limits, failures } = services;
        let catalog = Catalog::new(self.flows.plugins.clone(), &self.config.auth.root_provider);
        let providers = Providers::new(self.oauth.clone(), limits.clone());
        base.metrics.register(providers.outcomes.clone());
        base.metrics.register(self.outbound.outcomes());
        let device = devices::cookie::of_site(&self.config.base_url());
        let mut parts = Extensions::new();
        parts.insert(limits.clone());
        parts.insert(email::http::Email { flows: self.flows.clone(), limits, failures, device });
        parts.insert(self.pages(posts.feed.clone(), catalog.clone()));
        parts.insert(posts);
        parts.insert(uploads);
        parts.insert(rooms);
        parts.insert(messages);
        parts.insert(commands);
        parts.insert(bots);
        parts.insert(providers);
        parts.insert(sessions);
        parts.insert(self.store.clone());
        parts.insert(catalog);
        parts.insert(base.clone());
        parts
    }

    /// Lets the bots among the plugins take part.
    async fn begin_bots(
        &self,
        online: &Online,
        files_at: &Url,
        base: &Base,
        tasks: &TaskTracker,
        stop: &CancellationToken,
    ) -> Result<Runners, StartError> {
        let plugins = self.flows.plugins.clone();
        tasks.spawn(plugins.journal().clone().keep(self.store.clone(), stop.clone()));
        let known = self.config.plugins.clone();
        let sections = self.parts.sections.clone().unwrap_or_else(|| Arc::new(move || Ok(known.clone())));
        tasks.spawn(plugins::operate(plugins.clone(), self.store.clone(), sections, stop.clone()));
        plugins.journal().collectors().into_iter().for_each(|counter| base.metrics.register(counter));
        let parts = dispatch::Parts {
            journal: plugins.journal().clone(),
            store: self.store.clone(),
            outbound: self.outbound.clone(),
            online: online.clone(),
            files_at: files_at.clone(),
            ticks: self.parts.ticks.clone(),
            busy: Arc::new(Busy::new(self.config.limits.bots_in_a_room, self.parts.ticks.clone())),
            runtime: Handle::current(),
        };
        Dispatch::start(plugins, parts, tasks, stop).await.map_err(StartError::Read)
    }

    /// How people are known.
    fn sessions(&self) -> Sessions {
        Sessions {
            store: self.store.clone(),
            clock: self.parts.clock.clone(),
            cookie: sessions::cookie::of_site(&self.config.base_url(), &self.config.cors),
            rules: self.config.sessions.clone(),
        }
    }

    /// What the pages show.
    fn pages(&self, feed: Feed, catalog: Catalog) -> web::http::Pages {
        let config = &self.config;
        web::http::Pages {
            look: self.look.clone(),
            base: config.base_url(),
            pictures: web::Pictures { at: vec![format!("{}/", config.uploads_url())], base: config.base_url() },
            largest_file: (config.uploads.backend != UploadsBackend::None).then_some(config.uploads.max_file.0),
            feed,
            catalog,
            password_min: email::policy::minimum(config.auth.password_profile),
        }
    }
}

/// The addresses there are.
fn routes() -> RouteTable {
    let routes = web::http::routes(docs::routes()).route(uploads::files::ROUTE, &[Method::GET]);
    mount::PATHS.iter().fold(routes, |routes, path| routes.route(path, &[Method::GET, Method::POST]))
}

/// What is served beside the API: pages, files, sockets.
fn beside_the_api(sockets: &Mount) -> impl Endpoint<Output = Response> + use<> {
    let own = Route::new().at("/healthz", get(healthz)).at("/readyz", get(readyz));
    // Unless HEAD is named, poem makes a GET of it, which has ranges.
    let own = own.at(uploads::files::ROUTE, get(uploads::files::serve).head(uploads::files::serve));
    web::http::mount(mount::PATHS.iter().fold(own, |own, path| own.at(*path, sockets.clone())))
}

/// The API and everything else. A route that leads to another one would do the same, and would write and read each address anew.
struct Split<P> {
    api: BoxEndpoint<'static>,
    pages: P,
}

impl<P: Endpoint<Output = Response>> Endpoint for Split<P> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        if request.uri().path().starts_with("/api/") { self.api.call(request).await } else { self.pages.call(request).await }
    }
}

/// Whether the process lives.
#[handler]
fn healthz() -> &'static str {
    "ok"
}

/// Whether requests can be served: the database answers.
#[handler]
async fn readyz(store: Data<&Store>) -> poem::Result<&'static str> {
    store.ping().await.map_err(crate::http::error::Failure)?;
    Ok("ready")
}

/// Starts the server and returns when it listens.
///
/// # Errors
/// What is missing or wrong, in a sentence.
pub async fn start(config: Config, parts: Parts) -> Result<Running, StartError> {
    let listener = bind(config.http.listen, "`http.listen`, or `PORT` in the environment,").await?;
    let addr = listener.local_addr().map_err(system("the address"))?;
    let mut config = config;
    config.http.listen = addr;

    let app = App::open(config, parts).await?;
    let transport = Transport::new(&app.config)?;
    let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
    let follower = app.store.follow(stop.clone()).await.map_err(StartError::Read)?;
    tasks.spawn(async move {
        if let Err(error) = follower.await {
            tracing::error!(%error, "following the event log ended");
        }
    });
    let sender = Sender::new(app.store.clone(), transport, app.config.mail.clone(), app.parts.clock.clone());
    tasks.spawn(sender.run(stop.clone()));

    let metrics = Metrics::new();
    backlog::register(&app.store, &metrics);
    let uploads = begin_uploads(&app, &metrics, &tasks, &stop).await?;
    let metrics_addr = match app.config.metrics.listen {
        Some(wanted) => {
            let listener = bind(wanted, "`metrics.listen`").await?;
            let addr = listener.local_addr().map_err(system("the address of the metrics"))?;
            let (metrics, section, stop) = (metrics.clone(), app.config.http.clone(), stop.clone());
            tasks.spawn(async move { metrics.serve(listener, &section, stop).await });
            Some(addr)
        }
        None => None,
    };
    let mut base = Base::new(&app.config, metrics.clone());
    base.bodies = base.bodies.with("/socket.io", app.config.limits.socket_message.0);
    let server = Server::new(&app.config.http, &metrics);
    let (endpoint, sockets) = app.endpoint(&base, uploads, &tasks, &stop).await?;
    tasks.spawn(server.run(listener, endpoint, stop.clone()));
    Ok(Running { addr, metrics_addr, sockets, stop, tasks })
}

/// The store for uploads, and what is done about it in the background.
async fn begin_uploads(app: &App, metrics: &Metrics, tasks: &TaskTracker, stop: &CancellationToken) -> Result<Uploads, StartError> {
    let objects = Objects::new(&app.config, app.parts.resolver.clone(), Some(metrics.registry()))?;
    let most_pixels = u64::from(app.config.uploads.thumbnail_megapixels) * 1_000_000;
    let thumbnails = Thumbnails::new(app.store.clone(), objects.clone(), most_pixels);
    let janitor = Janitor::new(&app.config, app.store.clone(), objects.clone(), app.parts.clock.clone());
    janitor.begin().await;
    tasks.spawn(thumbnails.clone().run(stop.clone()));
    tasks.spawn(cleaning::keep_clean(app.store.clone(), janitor, app.config.database.events_retention.0, stop.clone()));
    let intake = Intake::new(&app.config, app.store.clone(), objects.clone(), thumbnails);
    metrics.register(intake.outcomes.clone());
    Ok(Uploads { store: app.store.clone(), objects, intake })
}

async fn bind(addr: SocketAddr, setting: &'static str) -> Result<TcpListener, StartError> {
    TcpListener::bind(addr).await.map_err(|source| StartError::Listen { addr, setting, source })
}

/// What helps against an address that cannot be had.
fn remedy(source: &io::Error) -> &'static str {
    match source.kind() {
        ErrorKind::AddrInUse => "; another program does: stop it, or choose another port",
        ErrorKind::AddrNotAvailable => "; this machine has no such address",
        ErrorKind::PermissionDenied => "; ports below 1024 need a permission of their own: choose a higher one behind a proxy",
        _ => "",
    }
}

/// Makes a folder that only its owner may enter.
pub(crate) fn make_private(folder: &Path) -> Result<(), StartError> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|source| {
        let path = folder.display().to_string();
        StartError::Folder { path, source }
    })
}

fn system(what: &str) -> impl FnOnce(io::Error) -> StartError {
    let what = what.to_owned();
    move |source| StartError::System { what, source }
}
