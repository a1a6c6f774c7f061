//! What addresses and methods there are, taken from the OpenAPI operations: for `Allow`, and for names in log and metrics.

use std::{collections::HashMap, sync::Arc};

use poem::{
    PathPattern, Response,
    http::{HeaderValue, Method, StatusCode, header},
};
use poem_openapi::OpenApi;

use super::map_error::map_error;

/// The pattern of the route that answered, like `/api/posts/{id}`; put into answers by [`RouteTable`].
#[derive(Debug, Clone)]
pub struct Pattern(Arc<str>);

impl Pattern {
    /// The pattern as it stands in the documentation.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The addresses and their methods.
#[derive(Debug, Clone, Default)]
pub struct RouteTable {
    /// By pattern with its parameters unnamed: poem and OpenAPI name them differently.
    routes: HashMap<String, Known>,
}

#[derive(Debug, Clone)]
struct Known {
    pattern: Pattern,
    methods: Vec<Method>,
}

impl RouteTable {
    /// A table that knows nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds all operations of an API.
    #[must_use]
    pub fn api<T: OpenApi>(self) -> Self {
        let paths = T::meta().into_iter().flat_map(|api| api.paths);
        paths.fold(self, |table, path| {
            let methods: Vec<Method> = path.operations.iter().map(|operation| operation.method.clone()).collect();
            table.route(&path.path, &methods)
        })
    }

    /// Adds an address that answers to `methods`. `HEAD` comes with `GET`.
    #[must_use]
    pub fn route(mut self, path: &str, methods: &[Method]) -> Self {
        let known = self.routes.entry(unnamed(path)).or_insert_with(|| Known { pattern: Pattern(path.into()), methods: Vec::new() });
        known.methods.extend_from_slice(methods);
        if methods.contains(&Method::GET) && !known.methods.contains(&Method::HEAD) {
            known.methods.push(Method::HEAD);
        }
        self
    }

    /// The methods of a path without parameters, for an `Allow` header.
    pub(super) fn methods(&self, path: &str) -> Option<&[Method]> {
        self.routes.get(path).map(|known| known.methods.as_slice())
    }

    /// The answer of an app: its error is one, too, it learns its [`Pattern`], and a wrong method is told the right ones.
    pub(super) fn name(&self, outcome: poem::Result<Response>) -> Response {
        let mut response = outcome.unwrap_or_else(map_error);
        let known = response.data::<PathPattern>().and_then(|pattern| self.find(pattern));
        if response.status() == StatusCode::METHOD_NOT_ALLOWED && !response.headers().contains_key(header::ALLOW) {
            let methods = known.map_or([Method::GET, Method::HEAD].as_slice(), |known| &known.methods);
            response.headers_mut().insert(header::ALLOW, allow(methods));
        }
        if let Some(known) = known {
            response.set_data(known.pattern.clone());
        }
        response
    }

    fn find(&self, pattern: &PathPattern) -> Option<&Known> {
        self.routes.get(&*pattern.0).or_else(|| self.routes.get(&unnamed(&pattern.0)))
    }
}

/// The value of an `Allow` header.
pub(super) fn allow<'a>(methods: impl IntoIterator<Item = &'a Method>) -> HeaderValue {
    let names: Vec<&str> = methods.into_iter().map(Method::as_str).collect();
    HeaderValue::from_str(&names.join(", ")).unwrap_or(HeaderValue::from_static("GET, HEAD"))
}

/// `/api/posts/:param0` and `/api/posts/{id}` as `/api/posts/{}`.
fn unnamed(path: &str) -> String {
    let segments = path.split('/').map(|segment| if segment.starts_with([':', '{', '<', '*']) { "{}" } else { segment });
    segments.collect::<Vec<_>>().join("/")
}
