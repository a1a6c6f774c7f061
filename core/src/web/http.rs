//! `/`, `/posts/`, `/rooms/`, `/settings/`, the references of API and events, and the documents they are made from.

use std::sync::{Arc, LazyLock};

use askama::Template;
use poem::{
    Endpoint, EndpointExt, FromRequest, IntoResponse, Request, Response, Route,
    error::{NotFoundError, ParsePathError},
    get, handler,
    http::{HeaderMap, Method, StatusCode, header},
    web::{Html, Path, Query, Redirect},
};
use serde::Deserialize;

use super::{
    assets, atom,
    events::{EventsPage, REFERENCE},
    look::Look,
    markdown::Pictures,
    notice::Notice,
    pages::{DocsPage, Frame, HomePage, PostPage, PostView, PostsPage, RoomsPage, TroublePage, Viewer, Ways, is_reference},
    settings::SettingsPage,
    texts::{self, Lang},
};
use crate::{
    actor::Role,
    config::BaseUrl,
    error::{Error, Kind, Result as AppResult},
    http::{
        self,
        auth::{MaybeAuth, Sessions},
        data::{self, Data},
        docs,
        error::Failure,
        routes::RouteTable,
    },
    ids::{PostId, RoomId},
    posts::{self, feed::Feed},
    providers::catalog::Catalog,
    realtime::asyncapi,
    sessions::model::{Session, SignedIn},
};

/// Posts whose titles are shown at `/`.
const LATEST: u64 = 5;
/// Posts on a page.
const PER_PAGE: u64 = 20;

/// What the pages are made of.
#[derive(Clone)]
pub struct Pages {
    /// How the community looks.
    pub look: Arc<Look>,
    /// Where people reach it.
    pub base: BaseUrl,
    /// Where our own pictures are.
    pub pictures: Pictures,
    /// The largest file that can be uploaded, in bytes; nothing if none can.
    pub largest_file: Option<u64>,
    /// The list of posts.
    pub feed: Feed,
    /// The ways to sign in.
    pub catalog: Catalog,
    /// The shortest password, in characters.
    pub password_min: usize,
}

/// What a page's address may say.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Wanted {
    login: Option<String>,
    reason: Option<String>,
    before: Option<String>,
}

/// What all pages need from a request.
struct Visit {
    viewer: Option<Viewer>,
    session: Option<Session>,
    wanted: Wanted,
    taste: Taste,
}

/// How a visitor wants to see pages.
#[derive(Debug, Clone, Copy, Default)]
struct Taste {
    lang: Lang,
    theme: Option<&'static str>,
}

impl Taste {
    fn of(request: &Request) -> Self {
        let theme = texts::preference(request.headers(), "theme");
        let theme = ["light", "dark"].into_iter().find(|known| theme.as_deref() == Some(known));
        Self { lang: Lang::of(request.headers()), theme }
    }
}

impl<'a> FromRequest<'a> for Visit {
    async fn from_request(request: &'a Request, body: &mut poem::RequestBody) -> poem::Result<Self> {
        let MaybeAuth(who) = MaybeAuth::from_request(request, body).await?;
        // A page with a mangled address is still the page.
        let Query(wanted) = Query::from_request(request, body).await.unwrap_or_default();
        let session = who.as_ref().map(|who| who.session.clone());
        let viewer = who.map(Viewer::from);
        Ok(Self { viewer, session, wanted, taste: Taste::of(request) })
    }
}

impl From<SignedIn> for Viewer {
    fn from(who: SignedIn) -> Self {
        Self { username: who.username, id: who.session.user.to_string(), is_admin: who.role == Role::Admin }
    }
}

impl Visit {
    fn frame<'a>(&'a self, pages: &'a Pages, here: &'static str) -> Frame<'a> {
        let notice = Notice::of(self.wanted.login.as_deref(), self.wanted.reason.as_deref(), self.viewer.is_some());
        let boot = pages.boot(self.viewer.as_ref(), self.taste);
        let Taste { lang, theme } = self.taste;
        let lang = if is_reference(here) { Lang::En } else { lang };
        Frame { lang, theme, boot, viewer: self.viewer.as_ref(), notice, ..pages.frame(here) }
    }
}

impl Pages {
    /// What a page has around it before anything is known of who looks.
    fn frame(&self, here: &'static str) -> Frame<'_> {
        let (look, pictures) = (&*self.look, &self.pictures);
        let (lang, theme, boot, viewer, notice) = (Lang::default(), None, String::new(), None, None);
        Frame { site: &look.name, look, base: &self.base, lang, theme, here, boot, pictures, viewer, notice }
    }

    /// What the front end begins with.
    fn boot(&self, viewer: Option<&Viewer>, taste: Taste) -> String {
        let offers = self.catalog.offers().into_iter();
        let providers: Vec<_> = offers
            .map(|offer| serde_json::json!({ "id": offer.id, "name": offer.name, "redirect": offer.is_redirect(), "login": offer.login }))
            .collect();
        let user = viewer.map(|viewer| serde_json::json!({ "id": viewer.id, "username": viewer.username, "admin": viewer.is_admin }));
        serde_json::json!({
            "site": { "name": self.look.name, "description": self.look.description, "icon": self.look.icon },
            "base": self.base.origin(),
            "lang": taste.lang.tag(),
            "theme": taste.theme,
            "user": user,
            "providers": providers,
            "passwordMin": self.password_min,
            "pictures": self.pictures.at,
            "largestFile": self.largest_file,
        })
        .to_string()
    }
}

/// Adds the pages to `route`. What nothing answers is a page for people, too: one that says so.
pub fn mount(route: Route) -> impl Endpoint<Output = Response> {
    let route = route
        .at("/", page(home_page))
        .at("/posts", get(to_posts))
        .at("/posts/", page(posts_page))
        .at("/posts/feed.xml", get(atom_feed))
        .at("/posts/:id", page(post_page))
        .at("/rooms", get(to_rooms))
        .at("/rooms/", page(rooms_page))
        .at("/rooms/:id", page(room_page))
        .at("/posts/:id/", get(without_slash))
        .at("/rooms/:id/", get(without_slash))
        .at("/docs/", get(without_slash))
        .at("/docs/events/", get(without_slash))
        .at("/settings", get(to_settings))
        .at("/settings/", page(settings_page))
        .at("/api-docs.html", page(reference))
        .at("/docs", page(reference))
        .at("/docs/events", page(events_page))
        .at("/openapi.json", get(openapi_document))
        .at("/asyncapi.json", get(asyncapi_document))
        .at("/robots.txt", get(robots))
        .at("/favicon.ico", get(favicon))
        .at(assets::ROUTE, get(asset));
    route.around(|route, request| async move {
        let frame = wants_page(&request).then(|| Bare::of(&request));
        match (route.call(request).await, frame) {
            (Err(error), Some(frame)) if error.is::<NotFoundError>() || error.is::<ParsePathError>() => frame.nothing_here().await,
            (outcome, _) => outcome,
        }
    })
}

/// Adds the addresses of the pages to `table`.
pub fn routes(table: RouteTable) -> RouteTable {
    let pages = ["/", "/posts", "/posts/", "/posts/:id", "/rooms", "/rooms/", "/rooms/:id", "/settings", "/settings/"];
    let files = ["/api-docs.html", "/docs", "/docs/events", "/openapi.json", "/asyncapi.json", "/posts/feed.xml", assets::ROUTE];
    let expected = ["/robots.txt", "/favicon.ico", "/posts/:id/", "/rooms/:id/", "/docs/", "/docs/events/"];
    pages.into_iter().chain(files).chain(expected).fold(table, |table, path| table.route(path, &[Method::GET]))
}

#[handler]
async fn home_page(pages: Data<&Pages>, visit: Visit) -> poem::Result<Response> {
    let (posts, _) = read(&pages.feed, None, LATEST).await.map_err(Failure)?;
    render(&HomePage { frame: visit.frame(&pages, "home"), posts, ways: Ways::of(&pages.catalog) })
}

#[handler]
async fn posts_page(pages: Data<&Pages>, visit: Visit) -> poem::Result<Response> {
    let before = visit.wanted.before.as_deref().and_then(PostId::parse);
    let (posts, older) = read(&pages.feed, before.as_ref(), PER_PAGE).await.map_err(Failure)?;
    render(&PostsPage {
        frame: visit.frame(&pages, "posts"),
        posts,
        is_first: before.is_none(),
        older,
        ways: Ways::of(&pages.catalog),
        password_min: pages.password_min,
    })
}

#[handler]
async fn post_page(pages: Data<&Pages>, sessions: Data<&Sessions>, visit: Visit, Path(id): Path<String>) -> poem::Result<Response> {
    let id = PostId::parse(&id).ok_or(NotFoundError)?;
    let post = posts::queries::post(sessions.store.reader(), &id).await.map_err(|error| match error.kind {
        Kind::NotFound => NotFoundError.into(),
        _ => poem::Error::from(Failure(error)),
    })?;
    let url = pages.base.join(&format!("/posts/{id}"));
    render(&PostPage { frame: visit.frame(&pages, "posts"), post: post.into(), url })
}

/// The newest posts for feed readers, who ask often and are mostly told that nothing is new.
#[handler]
async fn atom_feed(request: &Request, pages: Data<&Pages>) -> poem::Result<Response> {
    let tag = pages.feed.tag();
    let builder = Response::builder().header(header::ETAG, &tag).header(header::CACHE_CONTROL, "public, max-age=0, must-revalidate");
    if http::query::has(request, &tag) {
        return Ok(builder.status(StatusCode::NOT_MODIFIED).finish());
    }
    let (posts, _) = read(&pages.feed, None, PER_PAGE).await.map_err(Failure)?;
    let xml = atom::document(&pages.look.name, &pages.base, &pages.pictures, &posts);
    Ok(builder.content_type("application/atom+xml; charset=utf-8").body(xml))
}

#[handler]
fn rooms_page(pages: Data<&Pages>, visit: Visit) -> poem::Result<Response> {
    render(&RoomsPage { frame: visit.frame(&pages, "rooms"), is_one: false })
}

/// One room. Whether there is one and the visitor may see it, the front end asks.
#[handler]
fn room_page(pages: Data<&Pages>, visit: Visit, Path(id): Path<String>) -> poem::Result<Response> {
    RoomId::parse(&id).ok_or(NotFoundError)?;
    render(&RoomsPage { frame: visit.frame(&pages, "rooms"), is_one: true })
}

/// Where somebody wrote a slash too many at the end.
#[handler]
fn without_slash(request: &Request) -> Redirect {
    Redirect::permanent(request.uri().path().trim_end_matches('/'))
}

#[handler]
fn to_rooms() -> Redirect {
    Redirect::permanent("/rooms/")
}

/// `GET /assets/{hash}/{name}`
#[handler]
fn asset(request: &Request, pages: Data<&Pages>, Path((hash, name)): Path<(String, String)>) -> Response {
    assets::serve(request, &hash, &name, &pages.look.files)
}

/// What search engines may read: everything but the API and what belongs to one person.
const ROBOTS: &str = "User-agent: *\nAllow: /\nDisallow: /api/\nDisallow: /settings/\n";

/// How long what programs ask for by names of their own may be kept.
const FOR_AN_HOUR: &str = "public, max-age=3600";

#[handler]
fn robots() -> Response {
    Response::builder().content_type("text/plain; charset=utf-8").header(header::CACHE_CONTROL, FOR_AN_HOUR).body(ROBOTS)
}

/// The icon, for whoever does not read in a page where it is.
#[handler]
fn favicon(pages: Data<&Pages>) -> Response {
    Redirect::temporary(&pages.look.icon).with_header(header::CACHE_CONTROL, FOR_AN_HOUR).into_response()
}

/// One's own account. Strangers are shown where to sign in.
#[handler]
async fn settings_page(pages: Data<&Pages>, sessions: Data<&Sessions>, visit: Visit) -> poem::Result<Response> {
    let Some(session) = &visit.session else { return Ok(Redirect::see_other("/posts/?next=/settings/#sign-in").into_response()) };
    let frame = visit.frame(&pages, "settings");
    render(&SettingsPage::read(&pages, &sessions, session, frame).await.map_err(Failure)?)
}

#[handler]
fn to_settings() -> Redirect {
    Redirect::permanent("/settings/")
}

#[handler]
fn to_posts() -> Redirect {
    Redirect::permanent("/posts/")
}

#[handler]
fn reference(pages: Data<&Pages>, visit: Visit) -> poem::Result<Response> {
    render(&DocsPage { frame: visit.frame(&pages, "docs") })
}

/// The events of the socket.
#[handler]
fn events_page(pages: Data<&Pages>, visit: Visit) -> poem::Result<Response> {
    render(&EventsPage { frame: visit.frame(&pages, "events"), reference: &REFERENCE })
}

#[handler]
fn openapi_document(request: &Request) -> Response {
    static DOCUMENT: LazyLock<Document> = LazyLock::new(|| Document::new(docs::document()));
    DOCUMENT.answer(request)
}

#[handler]
fn asyncapi_document(request: &Request) -> Response {
    static DOCUMENT: LazyLock<Document> = LazyLock::new(|| Document::new(asyncapi::document()));
    DOCUMENT.answer(request)
}

/// A document about the API. It only changes with the program, so readers need it once.
struct Document {
    text: bytes::Bytes,
    tag: String,
}

impl Document {
    fn new(text: String) -> Self {
        let tag = format!("\"{}\"", assets::hash(text.as_bytes()));
        Self { text: text.into(), tag }
    }

    fn answer(&self, request: &Request) -> Response {
        let Self { text, tag } = self;
        let builder = Response::builder().header(header::ETAG, tag).header(header::CACHE_CONTROL, "public, max-age=0, must-revalidate");
        if http::query::has(request, tag) {
            return builder.status(StatusCode::NOT_MODIFIED).finish();
        }
        builder.content_type("application/json; charset=utf-8").body(text.clone())
    }
}

/// Posts and where to go on.
async fn read(feed: &Feed, before: Option<&PostId>, limit: u64) -> AppResult<(Vec<PostView>, Option<String>)> {
    let page = feed.page(before, limit).await?;
    let posts = serde_json::from_slice(&page.json).map_err(Error::internal)?;
    Ok((posts, page.next.map(|id| id.to_string())))
}

fn render(page: &impl Template) -> poem::Result<Response> {
    Ok(Html(page.render().map_err(Error::internal).map_err(Failure)?).into_response())
}

/// A page that, where it fails, is a page all the same.
fn page(endpoint: impl Endpoint + 'static) -> impl Endpoint {
    get(endpoint).around(|endpoint, request| async move {
        let frame = Bare::of(&request);
        let error = match endpoint.call(request).await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        let Some(failure) = error.downcast_ref::<Failure>() else { return Err(error) };
        failure.log();
        let lang = frame.taste.lang;
        let text = lang.explain(failure.0.code, &failure.0.message);
        frame.trouble(http::error::status(failure.0.kind), lang.text("trouble.title"), &text).await
    })
}

/// Whether a person in front of a browser is waiting. Under `/api` errors always have the one shape.
fn wants_page(request: &Request) -> bool {
    let accepts = request.header(header::ACCEPT).is_some_and(|types| types.contains("text/html"));
    accepts && !request.uri().path().starts_with("/api/")
}

/// What it takes to make a page after the one that was asked for did not come about.
struct Bare {
    pages: Option<Pages>,
    sessions: Option<Sessions>,
    cookies: HeaderMap,
    taste: Taste,
}

impl Bare {
    fn of(request: &Request) -> Self {
        let cookies = request.headers().get_all(header::COOKIE).iter().map(|value| (header::COOKIE, value.clone()));
        Self {
            pages: data::find::<Pages>(request).ok().cloned(),
            sessions: data::find::<Sessions>(request).ok().cloned(),
            cookies: cookies.collect(),
            taste: Taste::of(request),
        }
    }

    async fn nothing_here(&self) -> poem::Result<Response> {
        let lang = self.taste.lang;
        self.trouble(StatusCode::NOT_FOUND, lang.text("trouble.nothing"), lang.text("trouble.nothing_text")).await
    }

    /// Whoever looks, if that can be found out: what made the trouble may stand in the way.
    async fn viewer(&self) -> Option<Viewer> {
        let found = self.sessions.as_ref()?.signed_in(&self.cookies).await;
        found.ok().flatten().map(Viewer::from)
    }

    async fn trouble(&self, status: StatusCode, title: &str, text: &str) -> poem::Result<Response> {
        let Some(pages) = &self.pages else { return Ok(status.into()) };
        let Taste { lang, theme } = self.taste;
        let viewer = self.viewer().await;
        let boot = pages.boot(viewer.as_ref(), self.taste);
        let frame = Frame { lang, theme, boot, viewer: viewer.as_ref(), ..pages.frame("trouble") };
        let mut response = render(&TroublePage { frame, title, text })?;
        response.set_status(status);
        Ok(response)
    }
}
