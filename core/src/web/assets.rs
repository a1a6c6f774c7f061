//! Scripts, styles and pictures of the pages. Each is part of the binary and served under the hash of its content, so browsers
//! keep it until it changes. The built front end has its hashes in the names of its files instead, since they name each other.

use std::{collections::BTreeMap, fmt::Write as _, sync::LazyLock};

use bytes::Bytes;
use poem::{
    Request, Response,
    http::{HeaderMap, StatusCode, header},
};
use poem_openapi::OpenApiService;
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// The path under which assets are served.
pub const ROUTE: &str = "/assets/:hash/:name";

/// What stands in place of the hash in addresses of the built front end.
const BUILT_AT: &str = "app";

/// A file of the pages.
#[derive(Debug, Clone)]
pub struct Asset {
    name: String,
    content_type: &'static str,
    body: Bytes,
    hash: String,
}

/// A file of the built front end, with what compression makes of it.
struct Built {
    name: &'static str,
    plain: &'static [u8],
    br: &'static [u8],
    gz: &'static [u8],
}

static BUILT: &[Built] = include!(concat!(env!("OUT_DIR"), "/front_end.rs"));

/// What a page loads of the built front end.
#[derive(Debug)]
pub struct FrontEnd {
    /// The script that begins.
    pub script: String,
    /// Scripts that it needs at once.
    pub preload: Vec<String>,
    /// Styles.
    pub styles: Vec<String>,
}

/// A line of Vite's list of what it built.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Chunk {
    file: String,
    is_entry: bool,
    css: Vec<String>,
    imports: Vec<String>,
}

static FRONT_END: LazyLock<Option<FrontEnd>> = LazyLock::new(|| {
    let list = BUILT.iter().find(|file| file.name == "manifest.json")?;
    let chunks: BTreeMap<String, Chunk> = serde_json::from_slice(list.plain).ok()?;
    let entry = chunks.values().find(|chunk| chunk.is_entry)?;
    let at = |file: &String| format!("/assets/{BUILT_AT}/{file}");
    let preload = entry.imports.iter().filter_map(|name| chunks.get(name)).map(|chunk| at(&chunk.file));
    Some(FrontEnd { script: at(&entry.file), preload: preload.collect(), styles: entry.css.iter().map(at).collect() })
});

/// The front end, if this binary was built with it.
pub fn front_end() -> Option<&'static FrontEnd> {
    FRONT_END.as_ref()
}

static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    let (style, script) = swagger_ui();
    vec![
        Asset::new("style.css", CSS, include_str!("../../web/assets/style.css").into()),
        Asset::new("community.js", JS, include_str!("../../web/assets/community.js").into()),
        Asset::new("docs.css", CSS, include_str!("../../web/assets/docs.css").into()),
        Asset::new("docs.js", JS, include_str!("../../web/assets/docs.js").into()),
        Asset::new("events.css", CSS, include_str!("../../web/assets/events.css").into()),
        Asset::new("icon.svg", SVG, include_str!("../../web/assets/icon.svg").into()),
        Asset::new("icon-180.png", PNG, Bytes::from_static(include_bytes!("../../web/assets/icon-180.png"))),
        Asset::new("icon-192.png", PNG, Bytes::from_static(include_bytes!("../../web/assets/icon-192.png"))),
        Asset::new("icon-512.png", PNG, Bytes::from_static(include_bytes!("../../web/assets/icon-512.png"))),
        Asset::new("swagger-ui.css", CSS, style.into()),
        Asset::new("swagger-ui-bundle.js", JS, script.into()),
    ]
});

/// Style sheets.
pub const CSS: &str = "text/css; charset=utf-8";
/// Scripts.
const JS: &str = "text/javascript; charset=utf-8";
/// Drawings.
const SVG: &str = "image/svg+xml";
/// Pictures.
pub const PNG: &str = "image/png";

impl Asset {
    /// An asset with the address that its content gives it.
    pub fn new(name: &str, content_type: &'static str, body: Bytes) -> Self {
        let hash = hash(&body);
        Self { name: name.to_owned(), content_type, body, hash }
    }

    /// Its address, content hash included.
    pub fn url(&self) -> String {
        format!("/assets/{}/{}", self.hash, self.name)
    }
}

/// A short name for exactly this content: 64 bits of its SHA-256.
pub fn hash(content: &[u8]) -> String {
    let mut text = String::new();
    for byte in Sha256::digest(content).iter().take(8) {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The address of the asset called `name`, content hash included. Unknown names lead nowhere.
pub fn url(name: &str) -> String {
    ASSETS.iter().find(|asset| asset.name == name).map_or_else(|| format!("/assets/none/{name}"), Asset::url)
}

/// Answers `GET /assets/{hash}/{name}` from what every server has and from `own`, what this one has.
pub fn serve(request: &Request, hash: &str, name: &str, own: &[Asset]) -> Response {
    if hash == BUILT_AT {
        return BUILT.iter().find(|file| file.name == name).map_or(StatusCode::NOT_FOUND.into(), |file| built(request.headers(), file));
    }
    let Some(asset) = ASSETS.iter().chain(own).find(|asset| asset.name == name && asset.hash == hash) else {
        return StatusCode::NOT_FOUND.into();
    };
    kept(asset.content_type).body(asset.body.clone())
}

fn kept(content_type: &str) -> poem::ResponseBuilder {
    Response::builder().content_type(content_type).header(header::CACHE_CONTROL, "public, max-age=31536000, immutable")
}

/// The smallest form of `file` that the client understands.
fn built(headers: &HeaderMap, file: &'static Built) -> Response {
    let content_type = match file.name.rsplit_once('.') {
        Some((_, "css")) => CSS,
        Some((_, "js")) => JS,
        Some((_, "svg")) => SVG,
        _ => "application/json; charset=utf-8",
    };
    let (encoding, body) = match () {
        () if accepts(headers, "br") => (Some("br"), file.br),
        () if accepts(headers, "gzip") => (Some("gzip"), file.gz),
        () => (None, file.plain),
    };
    let mut builder = kept(content_type).header(header::VARY, "Accept-Encoding");
    if let Some(encoding) = encoding {
        builder = builder.header(header::CONTENT_ENCODING, encoding);
    }
    builder.body(Bytes::from_static(body))
}

/// Whether `Accept-Encoding` names `coding` and does not refuse it.
fn accepts(headers: &HeaderMap, coding: &str) -> bool {
    let values = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|listed| {
        let (name, parameters) = listed.split_once(';').unwrap_or((listed, ""));
        let refused = parameters.trim().strip_prefix("q=").and_then(|q| q.trim().parse::<f32>().ok()).is_some_and(|q| q <= 0.0);
        name.trim().eq_ignore_ascii_case(coding) && !refused
    })
}

/// The style and the script of the bundled Swagger UI, taken out of its page: the page has them inline, together with the
/// document, which a strict content security policy forbids.
fn swagger_ui() -> (String, String) {
    let page = OpenApiService::new((), "", "").swagger_ui_html();
    let between = |open: &str, close: &str| {
        let (_, rest) = page.split_once(open).unwrap_or_default();
        rest.split_once(close).unwrap_or_default().0.to_owned()
    };
    (between("<style charset=\"UTF-8\">", "</style>"), between("<script charset=\"UTF-8\">", "</script>"))
}
