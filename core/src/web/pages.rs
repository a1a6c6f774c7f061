//! The pages as data. The templates escape every value they show.

use askama::Template;
use serde::Deserialize;

use super::{assets, notice::Notice};
use crate::{
    email,
    providers::catalog::{Catalog, Offer},
};

/// What every page has around it.
#[derive(Debug)]
pub struct Frame<'a> {
    /// The name of the community.
    pub site: &'a str,
    /// Which page this is: `home`, `posts`, `settings`, `docs` or `events`.
    pub here: &'static str,
    /// Who is looking, if signed in.
    pub viewer: Option<&'a Viewer>,
    /// What a redirect has to say.
    pub notice: Option<Notice>,
}

/// Who is looking at a page.
#[derive(Debug)]
pub struct Viewer {
    /// The name that others see.
    pub username: String,
    /// Opaque id.
    pub id: String,
    /// Whether everything may be deleted.
    pub is_admin: bool,
}

/// A post as a page shows it.
#[derive(Debug, Deserialize)]
pub struct PostView {
    /// The id, also the anchor.
    pub id: String,
    /// Who wrote it.
    pub author_id: String,
    /// The name of who wrote it.
    pub author_name: String,
    /// The headline.
    pub title: String,
    /// Plain text; line breaks are kept.
    pub body: String,
    /// What is attached.
    pub attachments: Vec<Link>,
    /// RFC 3339, UTC.
    pub created_at: String,
}

/// An address that somebody wrote into a post.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub struct Link(pub String);

/// How people can sign in on this server.
#[derive(Debug)]
pub struct Ways {
    /// Whether an address and a password will do.
    pub by_password: bool,
    /// The other sites that will.
    pub elsewhere: Vec<Offer>,
}

/// `/`
#[derive(Debug, Template)]
#[template(path = "home.html")]
pub struct HomePage<'a> {
    /// The frame.
    pub frame: Frame<'a>,
    /// The latest posts.
    pub posts: Vec<PostView>,
    /// The ways to sign in.
    pub ways: Ways,
}

/// `/posts/`
#[derive(Debug, Template)]
#[template(path = "posts.html")]
pub struct PostsPage<'a> {
    /// The frame.
    pub frame: Frame<'a>,
    /// A page of posts, newest first.
    pub posts: Vec<PostView>,
    /// Whether this page begins with the newest post.
    pub is_first: bool,
    /// The id before which the next page begins, if there are older posts.
    pub older: Option<String>,
    /// The ways to sign in.
    pub ways: Ways,
    /// The shortest password, in characters.
    pub password_min: usize,
}

/// `/api-docs.html`
#[derive(Debug, Template)]
#[template(path = "docs.html")]
pub struct DocsPage<'a> {
    /// The frame.
    pub frame: Frame<'a>,
}

/// What is shown when a page cannot be.
#[derive(Debug, Template)]
#[template(path = "trouble.html")]
pub struct TroublePage<'a> {
    /// The frame.
    pub frame: Frame<'a>,
    /// What happened, in a few words.
    pub title: &'a str,
    /// A sentence about it.
    pub text: &'a str,
}

impl Frame<'_> {
    /// The address of an asset.
    #[expect(clippy::unused_self, reason = "templates call methods")]
    pub fn asset(&self, name: &str) -> String {
        assets::url(name)
    }
}

impl Ways {
    /// The ways that `catalog` has.
    pub fn of(catalog: &Catalog) -> Self {
        let offers = catalog.offers();
        let by_password = offers.iter().any(|offer| offer.id == email::PROVIDER);
        Self { by_password, elsewhere: offers.into_iter().filter(Offer::is_redirect).collect() }
    }
}

impl PostsPage<'_> {
    /// Whether the viewer may change and delete `post`. Decides about buttons only; the operations ask again.
    fn is_own(&self, post: &PostView) -> bool {
        self.frame.viewer.is_some_and(|viewer| viewer.is_admin || viewer.id == post.author_id)
    }
}

impl PostView {
    /// The moment of writing.
    pub fn when(&self) -> String {
        moment(&self.created_at)
    }
}

/// An RFC 3339 moment for readers without scripts: date and minute, UTC.
pub fn moment(text: &str) -> String {
    let date = text.get(..10).unwrap_or(text);
    format!("{date} {} UTC", text.get(11..16).unwrap_or_default())
}

impl Link {
    /// True if the link leads to a web page. Everything else (`javascript:`, `data:`) is shown as text.
    pub fn is_web(&self) -> bool {
        let lower = self.0.trim_start().to_ascii_lowercase();
        lower.starts_with("https://") || lower.starts_with("http://")
    }
}
