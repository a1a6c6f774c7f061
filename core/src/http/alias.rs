//! The way from another name of this machine to the one that was set. To a browser `localhost`, `127.0.0.1` and `[::1]` are three
//! sites: on a page of another than the base URL's, pictures would be blocked and sockets refused. Whoever opens one is sent on.

use poem::{
    Request, Response,
    http::{Method, StatusCode, header},
};

use crate::config::BaseUrl;

/// Where a browser goes that opens a page of this machine under another name than `url` has. Programs and the API are left alone.
pub(super) fn redirect(url: &BaseUrl, request: &Request) -> Option<Response> {
    let says = |name: &str, value: &str| request.header(name) == Some(value);
    let opens_page = *request.method() == Method::GET
        && says("sec-fetch-mode", "navigate")
        && says("sec-fetch-dest", "document")
        && !request.uri().path().starts_with("/api/");
    if !opens_page || !url.has_alias(request.header(header::HOST)?) {
        return None;
    }
    let there = url.join(request.uri().path_and_query()?.as_str());
    Some(Response::builder().status(StatusCode::TEMPORARY_REDIRECT).header(header::LOCATION, there).finish())
}
