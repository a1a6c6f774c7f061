//! Scripts, styles and pictures of the pages. Each is part of the binary and served under the hash of its content, so browsers
//! keep it until it changes.

use std::{fmt::Write as _, sync::LazyLock};

use bytes::Bytes;
use poem::{
    Response, handler,
    http::{StatusCode, header},
    web::Path,
};
use poem_openapi::OpenApiService;
use sha2::{Digest, Sha256};

/// The path under which [`serve`] is mounted.
pub const ROUTE: &str = "/assets/:hash/:name";

/// A file of the pages.
struct Asset {
    name: &'static str,
    content_type: &'static str,
    body: Bytes,
    hash: String,
}

static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    let (style, script) = swagger_ui();
    vec![
        Asset::new("style.css", CSS, include_str!("../../web/assets/style.css").into()),
        Asset::new("community.js", JS, include_str!("../../web/assets/community.js").into()),
        Asset::new("docs.css", CSS, include_str!("../../web/assets/docs.css").into()),
        Asset::new("docs.js", JS, include_str!("../../web/assets/docs.js").into()),
        Asset::new("events.css", CSS, include_str!("../../web/assets/events.css").into()),
        Asset::new("icon.svg", "image/svg+xml", include_str!("../../web/assets/icon.svg").into()),
        Asset::new("swagger-ui.css", CSS, style.into()),
        Asset::new("swagger-ui-bundle.js", JS, script.into()),
    ]
});

const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";

impl Asset {
    fn new(name: &'static str, content_type: &'static str, body: Bytes) -> Self {
        let hash = hash(&body);
        Self { name, content_type, body, hash }
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
    let hash = ASSETS.iter().find(|asset| asset.name == name).map_or("none", |asset| asset.hash.as_str());
    format!("/assets/{hash}/{name}")
}

/// `GET /assets/{hash}/{name}`
#[handler]
pub fn serve(Path((hash, name)): Path<(String, String)>) -> Response {
    let Some(asset) = ASSETS.iter().find(|asset| asset.name == name && asset.hash == hash) else {
        return StatusCode::NOT_FOUND.into();
    };
    Response::builder()
        .content_type(asset.content_type)
        .header(header::CACHE_CONTROL, "public, max-age=31536000, immutable")
        .body(asset.body.clone())
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
