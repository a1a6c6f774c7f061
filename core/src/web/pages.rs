//! The pages as data. The templates escape every value they show.

use askama::Template;
use serde::Deserialize;

use super::{
    assets::{self, FrontEnd},
    look::Look,
    markdown::{self, Pictures},
    notice::Notice,
    texts::Lang,
};
use crate::{
    config::BaseUrl,
    email,
    ids::MemberId,
    posts::model::Post,
    providers::catalog::{Catalog, Offer},
};

/// Characters of a post in the list; longer ones are read on their own page.
const IN_LIST: usize = 2000;
/// Characters of a description for search engines and previews.
const DESCRIPTION: usize = 200;

/// What every page has around it.
#[derive(Debug)]
pub struct Frame<'a> {
    /// The name of the community.
    pub site: &'a str,
    /// How it looks.
    pub look: &'a Look,
    /// Where people reach it.
    pub base: &'a BaseUrl,
    /// The language of the page.
    pub lang: Lang,
    /// `light` or `dark`, if the visitor set it; else the browser decides.
    pub theme: Option<&'static str>,
    /// Which page this is: `home`, `posts`, `rooms`, `settings`, `docs` or `events`.
    pub here: &'static str,
    /// What the front end begins with, as JSON.
    pub boot: String,
    /// Where our own pictures are.
    pub pictures: &'a Pictures,
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
    /// RFC 3339, UTC; absent if it was never changed.
    pub edited_at: Option<String>,
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

/// `/posts/{id}`
#[derive(Debug, Template)]
#[template(path = "post.html")]
pub struct PostPage<'a> {
    /// The frame.
    pub frame: Frame<'a>,
    /// The post.
    pub post: PostView,
    /// The full address of the page.
    pub url: String,
}

/// `/rooms/` and `/rooms/{id}`: rooms are live, so there is nothing to read without the front end.
#[derive(Debug, Template)]
#[template(path = "rooms.html")]
pub struct RoomsPage<'a> {
    /// The frame.
    pub frame: Frame<'a>,
    /// Whether it is one of them, and not their list.
    pub is_one: bool,
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

/// Whether this is the id of a program.
fn is_bot(id: &str) -> bool {
    MemberId::from_stored(id.to_owned()).is_bot()
}

/// Whether the page called `here` is a reference of the API.
pub fn is_reference(here: &str) -> bool {
    matches!(here, "docs" | "events")
}

impl Frame<'_> {
    /// The address of an asset.
    #[expect(clippy::unused_self, reason = "templates call methods")]
    pub fn asset(&self, name: &str) -> String {
        assets::url(name)
    }

    /// Whether this page is for programmers: in English, and nothing takes over.
    pub fn is_reference(&self) -> bool {
        is_reference(self.here)
    }

    /// Whether the page fills the window: rooms, for those who can be in some.
    pub fn is_wide(&self) -> bool {
        self.here == "rooms" && self.viewer.is_some() && self.front_end().is_some()
    }

    /// The front end that takes over in the browser, if this binary has it.
    #[expect(clippy::unused_self, reason = "templates call methods")]
    pub fn front_end(&self) -> Option<&'static FrontEnd> {
        assets::front_end()
    }

    /// The text called `key`.
    pub fn t<'k>(&self, key: &'k str) -> &'k str {
        self.lang.text(key)
    }

    /// The text called `key` with `value` in place of `{name}`.
    pub fn with(&self, key: &str, name: &str, value: &str) -> String {
        self.lang.with(key, name, value)
    }

    /// What the community is about.
    pub fn description(&self) -> String {
        self.look.description.clone().unwrap_or_else(|| self.t("site.description").to_owned())
    }

    /// Its full address, if search engines and previews are to know it.
    pub fn address(&self) -> Option<String> {
        let path = match self.here {
            "home" => "/",
            "posts" => "/posts/",
            _ => return None,
        };
        Some(self.base.join(path))
    }

    /// What previews call it.
    pub fn title(&self) -> String {
        if self.here == "posts" { format!("{} · {}", self.t("frame.posts"), self.site) } else { self.site.to_owned() }
    }

    /// The full address of the logo for previews.
    pub fn logo(&self) -> String {
        self.base.join(&self.look.picture)
    }

    /// The face of somebody, as the front end draws it (`Avatar.svelte`): the initial of a name, in a colour that stays with an id.
    #[expect(clippy::unused_self, reason = "templates call methods")]
    pub fn face(&self, id: &str, name: &str) -> String {
        let hue = id.chars().fold(7, |sum: u32, letter| (sum * 31 + u32::from(letter)) % 997) % 8;
        let initial: String = name.trim().chars().take(1).flat_map(char::to_uppercase).collect();
        let bot = if is_bot(id) { " bot" } else { "" };
        let mut html = format!("<span class=\"avatar hue-{hue}{bot}\" aria-hidden=\"true\">");
        markdown::escape(&mut html, &initial);
        html + "</span>"
    }

    /// What the script of the plain pages says, as JSON.
    pub fn sentences(&self) -> String {
        serde_json::json!({
            "unreachable": self.t("trouble.unreachable"),
            "unclear": self.t("trouble.unclear"),
            "done": self.t("form.done"),
            "again": self.t("auth.sent_again"),
            "errors": self.lang.errors(),
        })
        .to_string()
    }

    /// Markdown as HTML.
    pub fn html(&self, text: &str) -> String {
        markdown::html(text, self.pictures)
    }
}

impl PostPage<'_> {
    /// What it says, in a sentence or two.
    fn description(&self) -> String {
        let text = markdown::plain(&self.post.body, DESCRIPTION);
        if text.is_empty() { self.frame.with("post.by", "name", &self.post.author_name) } else { text }
    }

    /// The first picture of our own among the attachments.
    fn picture(&self) -> Option<&str> {
        self.post.attachments.iter().map(|link| link.0.as_str()).find(|url| self.frame.pictures.show(url))
    }

    /// Whether the viewer may change and delete it.
    fn is_own(&self) -> bool {
        self.frame.viewer.is_some_and(|viewer| viewer.is_admin || viewer.id == self.post.author_id)
    }
}

impl Ways {
    /// The ways that `catalog` has.
    pub fn of(catalog: &Catalog) -> Self {
        let offers = catalog.offers();
        let by_password = offers.iter().any(|offer| offer.id == email::PROVIDER);
        Self { by_password, elsewhere: offers.into_iter().filter(Offer::is_redirect).collect() }
    }

    /// Whether there is any.
    pub fn is_open(&self) -> bool {
        self.by_password || !self.elsewhere.is_empty()
    }
}

impl PostsPage<'_> {
    /// Whether the viewer may change and delete `post`. Decides about buttons only; the operations ask again.
    fn is_own(&self, post: &PostView) -> bool {
        self.frame.viewer.is_some_and(|viewer| viewer.is_admin || viewer.id == post.author_id)
    }
}

impl PostView {
    /// Whether a program wrote it.
    pub fn is_by_bot(&self) -> bool {
        is_bot(&self.author_id)
    }

    /// The moment of writing.
    pub fn when(&self) -> String {
        moment(&self.created_at)
    }

    /// When it last changed, RFC 3339.
    pub fn changed_at(&self) -> &str {
        self.edited_at.as_deref().unwrap_or(&self.created_at)
    }

    /// Whether the list shows only its beginning.
    pub fn is_long(&self) -> bool {
        self.body.chars().count() > IN_LIST
    }

    /// What the list shows: whole paragraphs, unless there are none.
    pub fn beginning(&self) -> &str {
        let end = self.body.char_indices().nth(IN_LIST).map_or(self.body.len(), |(at, _)| at);
        let cut = &self.body[..end];
        if end == self.body.len() { cut } else { cut.rfind("\n\n").map_or(cut, |at| &cut[..at]) }
    }
}

impl From<Post> for PostView {
    fn from(post: Post) -> Self {
        Self {
            id: post.id.to_string(),
            author_id: post.author.to_string(),
            author_name: post.author_name,
            title: post.content.title,
            body: post.content.body,
            attachments: post.content.attachments.into_iter().map(Link).collect(),
            created_at: post.created_at.to_string(),
            edited_at: post.edited_at.map(|at| at.to_string()),
        }
    }
}

/// An RFC 3339 moment for readers without scripts: date and minute, UTC.
pub fn moment(text: &str) -> String {
    let date = text.get(..10).unwrap_or(text);
    format!("{date} {} UTC", text.get(11..16).unwrap_or_default())
}

impl Link {
    /// True if the link leads to a web page or one of our files. Everything else (`javascript:`, `data:`, our API) is shown as text.
    pub fn leads(&self, pictures: &Pictures) -> bool {
        pictures.are_at(&self.0) || (self.on_the_web().is_some() && !pictures.lead_into_api(&self.0))
    }

    /// What comes after `https://`, if it leads to a web page.
    fn on_the_web(&self) -> Option<&str> {
        ["https://", "http://"].into_iter().find_map(|scheme| {
            let (beginning, rest) = self.0.split_at_checked(scheme.len())?;
            beginning.eq_ignore_ascii_case(scheme).then_some(rest)
        })
    }

    /// What it is called, as the front end calls it (`Attachments.svelte`).
    pub fn name(&self, frame: &Frame<'_>) -> String {
        if frame.pictures.are_at(&self.0) {
            return format!("{} · PDF", frame.t("post.document"));
        }
        self.on_the_web().unwrap_or(&self.0).to_owned()
    }

    /// True if it is a picture that pages show: one of our own.
    pub fn is_picture(&self, pictures: &Pictures) -> bool {
        pictures.show(&self.0)
    }
}
