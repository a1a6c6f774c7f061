//! `/`, `/posts/`, `/settings/`, the references of API and events, and the documents they are made from.

use std::sync::LazyLock;

use askama::Template;
use poem::{
    Endpoint, EndpointExt, FromRequest, IntoResponse, Request, Response, Route,
    error::NotFoundError,
    get, handler,
    http::{Method, StatusCode, header},
    web::{Html, Query, Redirect},
};
use serde::Deserialize;

use super::{
    assets,
    events::{EventsPage, REFERENCE},
    notice::Notice,
    pages::{DocsPage, Frame, HomePage, PostView, PostsPage, TroublePage, Viewer, Ways},
    settings::SettingsPage,
};
use crate::{
    actor::Role,
    error::{Error, Result as AppResult},
    http::{
        self,
        auth::{MaybeAuth, Sessions},
        data::{self, Data},
        docs,
        error::Failure,
        routes::RouteTable,
    },
    ids::PostId,
    posts::feed::Feed,
    providers::catalog::Catalog,
    realtime::asyncapi,
    sessions::model::Session,
};

/// Posts whose titles are shown at `/`.
const LATEST: u64 = 5;
/// Posts on a page.
const PER_PAGE: u64 = 20;

/// What the pages are made of.
#[derive(Clone)]
pub struct Pages {
    /// The name of the community.
    pub site: String,
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
}

impl<'a> FromRequest<'a> for Visit {
    async fn from_request(request: &'a Request, body: &mut poem::RequestBody) -> poem::Result<Self> {
        let MaybeAuth(who) = MaybeAuth::from_request(request, body).await?;
        // A page with a mangled address is still the page.
        let Query(wanted) = Query::from_request(request, body).await.unwrap_or_default();
        let session = who.as_ref().map(|who| who.session.clone());
        let viewer = who.map(|who| Viewer { username: who.username, id: who.session.user.to_string(), is_admin: who.role == Role::Admin });
        Ok(Self { viewer, session, wanted })
    }
}

impl Visit {
    fn frame<'a>(&'a self, pages: &'a Pages, here: &'static str) -> Frame<'a> {
        let notice = Notice::of(self.wanted.login.as_deref(), self.wanted.reason.as_deref(), self.viewer.is_some());
        Frame { site: &pages.site, here, viewer: self.viewer.as_ref(), notice }
    }
}

/// Adds the pages to `route`. What nothing answers is a page for people, too: one that says so.
pub fn mount(route: Route) -> impl Endpoint<Output = Response> {
    let route = route
        .at("/", page(home_page))
        .at("/posts", get(to_posts))
        .at("/posts/", page(posts_page))
        .at("/settings", get(to_settings))
        .at("/settings/", page(settings_page))
        .at("/api-docs.html", page(reference))
        .at("/docs", page(reference))
        .at("/docs/events", page(events_page))
        .at("/openapi.json", get(openapi_document))
        .at("/asyncapi.json", get(asyncapi_document))
        .at(assets::ROUTE, get(assets::serve));
    route.around(|route, request| async move {
        let site = wants_page(&request).then(|| site_of(&request));
        match (route.call(request).await, site) {
            (Err(error), Some(site)) if error.is::<NotFoundError>() => nothing_here(&site),
            (outcome, _) => outcome,
        }
    })
}

/// Adds the addresses of the pages to `table`.
pub fn routes(table: RouteTable) -> RouteTable {
    let pages = ["/", "/posts", "/posts/", "/settings", "/settings/", "/api-docs.html", "/docs", "/docs/events"];
    let files = ["/openapi.json", "/asyncapi.json", assets::ROUTE];
    pages.into_iter().chain(files).fold(table, |table, path| table.route(path, &[Method::GET]))
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

/// One's own account. Strangers are shown where to sign in.
#[handler]
async fn settings_page(pages: Data<&Pages>, sessions: Data<&Sessions>, visit: Visit) -> poem::Result<Response> {
    let Some(session) = &visit.session else { return Ok(Redirect::see_other("/posts/#sign-in").into_response()) };
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
        if request.header(header::IF_NONE_MATCH).is_some_and(|tags| tags.contains(tag.as_str())) {
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
        let site = site_of(&request);
        endpoint.call(request).await.or_else(|error| match error.downcast_ref::<Failure>() {
            Some(failure) => {
                failure.log();
                trouble(&site, http::error::status(failure.0.kind), "This page cannot be shown", &failure.0.message)
            }
            None => Err(error),
        })
    })
}

/// Whether a person in front of a browser is waiting. Under `/api` errors always have the one shape.
fn wants_page(request: &Request) -> bool {
    let accepts = request.header(header::ACCEPT).is_some_and(|types| types.contains("text/html"));
    accepts && !request.uri().path().starts_with("/api/")
}

fn nothing_here(site: &str) -> poem::Result<Response> {
    let text = "The address may be mistyped, or what was there is gone.";
    trouble(site, StatusCode::NOT_FOUND, "There is nothing here", text)
}

fn site_of(request: &Request) -> String {
    data::find::<Pages>(request).map(|pages| pages.site.clone()).unwrap_or_default()
}

fn trouble(site: &str, status: StatusCode, title: &str, text: &str) -> poem::Result<Response> {
    let frame = Frame { site, here: "trouble", viewer: None, notice: None };
    let mut response = render(&TroublePage { frame, title, text })?;
    response.set_status(status);
    Ok(response)
}
