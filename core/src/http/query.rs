//! Parameters and conditions of requests that several operations have.

use poem::{Request, http::header};

use crate::error::{Error, Result};

/// Refuses a parameter that is there twice: which one is meant would be a guess.
///
/// # Errors
/// `invalid_request` naming it.
pub fn require_once(request: &Request, names: &[&str]) -> Result<()> {
    // Most often there is one parameter at most, and nothing to look at twice.
    let query = request.uri().query().filter(|query| query.contains('&')).unwrap_or_default();
    let times = |name: &str| url::form_urlencoded::parse(query.as_bytes()).filter(|(known, _)| known == name).count();
    match names.iter().find(|name| times(name) > 1) {
        Some(name) => Err(Error::invalid(format!("{name} must be there once."))),
        None => Ok(()),
    }
}

/// Whether the client says that it has the state `tag` (`If-None-Match`).
pub fn has(request: &Request, tag: &str) -> bool {
    let values = request.headers().get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    values
        .flat_map(|value| value.split(','))
        .map(|listed| listed.trim().trim_start_matches("W/"))
        .any(|listed| listed == tag || listed == "*")
}
