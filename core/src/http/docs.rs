//! The OpenAPI document, written from the code.

use poem_openapi::{LicenseObject, OpenApi, OpenApiService};

use super::{document, routes::RouteTable};
use crate::{accounts, email, messages, oauth, plugins, posts, providers, rooms, sessions, uploads};

/// The parts of the document.
#[derive(poem_openapi::Tags)]
pub enum Part {
    /// Who is signed in, and where.
    Session,
    /// Signing up and in with an address and a password.
    Email,
    /// Signing in at other sites.
    Providers,
    /// What people write.
    Posts,
    /// Pictures and PDFs.
    Uploads,
    /// Rooms, their members and what is said in them.
    Rooms,
}

type Operations = (
    accounts::http::Api,
    sessions::http::Api,
    email::http::Api,
    providers::http::Api,
    oauth::http::Api,
    posts::http::Api,
    uploads::http::Api,
    rooms::http::Api,
    messages::http::Api,
    plugins::http::Api,
);

const OPERATIONS: Operations = (
    accounts::http::Api,
    sessions::http::Api,
    email::http::Api,
    providers::http::Api,
    oauth::http::Api,
    posts::http::Api,
    uploads::http::Api,
    rooms::http::Api,
    messages::http::Api,
    plugins::http::Api,
);

const DESCRIPTION: &str = "The API of a community server: posts, rooms, uploads, and signing in.\n\n\
    Whoever is signed in sends the session cookie. Every error has the same shape: `ok` is `false`, `error` a sentence for people, \
    `code` a word for programs. Ids are opaque; times are RFC 3339 in UTC.\n\n\
    Some requests are refused before any operation sees them, in the same shape and under every address: 400 `invalid_request` without \
    exactly one `Host`, 414 `uri_too_long`, 431 `headers_too_large`.";

/// All operations.
pub fn service() -> OpenApiService<impl OpenApi + 'static, ()> {
    OpenApiService::new(OPERATIONS, "Community API", env!("CARGO_PKG_VERSION"))
        .description(DESCRIPTION)
        .license(LicenseObject::new("MIT OR Apache-2.0"))
        .server("/")
}

/// The document, as it is served and committed.
pub fn document() -> String {
    let mut document = serde_json::from_str(&service().spec()).unwrap_or_default();
    document::polish(&mut document, email::http::error_examples());
    format!("{document:#}\n")
}

/// The addresses of all operations.
pub fn routes() -> RouteTable {
    RouteTable::new().api::<Operations>()
}
