//! Answers that poem-openapi has no type for.

use std::marker::PhantomData;

use poem::{Body, IntoResponse, Response};
use poem_openapi::{
    ApiResponse, Object,
    payload::Payload,
    registry::{MetaMediaType, MetaResponse, MetaResponses, MetaSchemaRef, Registry},
    types::{Example, Type},
};

/// JSON that is written already, documented as a `T`.
pub struct RawJson<T> {
    body: Body,
    documented: PhantomData<fn() -> T>,
}

impl<T> RawJson<T> {
    /// Sends `body` as it is.
    pub fn new(body: impl Into<Body>) -> Self {
        Self { body: body.into(), documented: PhantomData }
    }
}

impl<T: Type> Payload for RawJson<T> {
    const CONTENT_TYPE: &'static str = "application/json; charset=utf-8";

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: Type> ApiResponse for RawJson<T> {
    fn meta() -> MetaResponses {
        let content = vec![MetaMediaType { content_type: Self::CONTENT_TYPE, schema: T::schema_ref() }];
        let worked = MetaResponse { description: "", status: Some(200), status_range: None, content, headers: Vec::new() };
        MetaResponses { responses: vec![worked] }
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: Send> IntoResponse for RawJson<T> {
    fn into_response(self) -> Response {
        Response::builder().content_type("application/json; charset=utf-8").body(self.body)
    }
}

/// Sends the browser elsewhere, once somebody follows the link.
#[derive(ApiResponse)]
pub enum Redirect {
    /// Go on at `Location`.
    #[oai(status = 303)]
    To(
        /// Where.
        #[oai(header = "Location")]
        String,
        /// A cookie, set or taken away.
        #[oai(header = "Set-Cookie")]
        Option<String>,
    ),
    /// Nothing was done, since nobody followed a link: the browser fetched ahead of a click, or for a part of a page.
    #[oai(status = 204)]
    Ahead,
}

impl Redirect {
    /// To `path` of this site.
    pub fn to(path: &str) -> Self {
        Self::To(path.to_owned(), None)
    }

    /// To `path` of this site, with a cookie.
    pub fn with_cookie(path: &str, cookie: String) -> Self {
        Self::To(path.to_owned(), Some(cookie))
    }
}

/// It worked, and there is nothing else to say.
#[derive(Debug, Object)]
#[oai(example)]
pub struct Done {
    /// Always `true`.
    pub ok: bool,
}

impl Done {
    /// It worked.
    pub const fn new() -> Self {
        Self { ok: true }
    }
}

impl Default for Done {
    fn default() -> Self {
        Self::new()
    }
}

impl Example for Done {
    fn example() -> Self {
        Self::new()
    }
}

/// It worked; a sentence says what follows.
#[derive(Debug, Object)]
#[oai(example)]
pub struct Message {
    /// Always `true`.
    pub ok: bool,
    /// A sentence for people.
    pub message: String,
}

impl Message {
    /// It worked, and `message` follows.
    pub fn new(message: &str) -> Self {
        Self { ok: true, message: message.to_owned() }
    }
}

impl Example for Message {
    fn example() -> Self {
        Self::new("Please check your email to verify your account.")
    }
}
