//! Whatever poem, poem-openapi or an extractor complains about, in the one shape of errors. Their own texts show type names
//! and parser positions, so none of them gets through.

use poem::{
    PathPattern, Response,
    error::{
        NotFoundError, ParseFormError, ParseJsonError, ParsePathError, ParseQueryError, ParseTypedHeaderError, ReadBodyError,
        ResponseError as _,
    },
    http::StatusCode,
};
use poem_openapi::error::{ContentTypeError, ParseParamError, ParsePathError as ApiPathError, ParseRequestPayloadError};

use super::{
    error::ErrorBody,
    error::{Failure, refuse},
    words,
};

/// Status, code and sentence of an answer.
type Words = (StatusCode, &'static str, String);

/// The answer for an error that no endpoint turned into one. Keeps the route pattern for log and metrics.
pub fn map_error(error: poem::Error) -> Response {
    let pattern = error.data::<PathPattern>().cloned();
    let mut response = if error.is_from_response() {
        error.into_response()
    } else if let Some(failure) = error.downcast_ref::<Failure>() {
        failure.as_response()
    } else {
        let (status, code, sentence) = words_for(&error);
        if status.is_server_error() {
            tracing::error!(cause = %error, "a request failed");
        }
        refuse(status, code, &sentence)
    };
    if let Some(pattern) = pattern {
        response.set_data(pattern);
    }
    response
}

fn words_for(error: &poem::Error) -> Words {
    from_parameters(error).or_else(|| from_body(error)).unwrap_or_else(|| by_status(error.status()))
}

/// Path, query, header and cookie parameters.
fn from_parameters(error: &poem::Error) -> Option<Words> {
    if let Some(ParseParamError { name, reason }) = error.downcast_ref() {
        return Some(invalid(words::sentence(name, reason)));
    }
    // An id that cannot be one is the id of nothing.
    if error.is::<ApiPathError>() || error.is::<ParsePathError>() || error.is::<NotFoundError>() {
        return Some(by_status(StatusCode::NOT_FOUND));
    }
    if let Some(ParseTypedHeaderError::HeaderRequired(name)) = error.downcast_ref() {
        return Some(invalid(format!("The header {name} is missing.")));
    }
    let malformed = error.is::<ParseQueryError>() || error.is::<ParseTypedHeaderError>();
    malformed.then(|| invalid("The request has a malformed parameter.".to_owned()))
}

fn from_body(error: &poem::Error) -> Option<Words> {
    if let Some(ParseRequestPayloadError { reason }) = error.downcast_ref() {
        let about_fields = ["failed to parse", "Expected input", "Type \""].iter().any(|start| reason.starts_with(start));
        return Some(if about_fields { invalid(words::sentence("The body", reason)) } else { invalid_json() });
    }
    if error.is::<ContentTypeError>() {
        return Some(by_status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    match error.downcast_ref() {
        Some(ParseJsonError::Parse(_)) => return Some(invalid_json()),
        Some(_) => return Some(by_status(StatusCode::UNSUPPORTED_MEDIA_TYPE)),
        None => {}
    }
    if let Some(ParseFormError::UrlDecode(_)) = error.downcast_ref() {
        return Some(invalid("The form has a missing or malformed field.".to_owned()));
    }
    match error.downcast_ref() {
        Some(ReadBodyError::Io(_)) => Some(invalid("The body of the request could not be read to its end.".to_owned())),
        Some(ReadBodyError::Utf8(_)) => Some(invalid("The body of the request is not UTF-8.".to_owned())),
        Some(ReadBodyError::PayloadTooLarge) => Some(by_status(StatusCode::PAYLOAD_TOO_LARGE)),
        Some(ReadBodyError::BodyHasBeenTaken) | None => None,
    }
}

/// The body where nothing is known but the status.
pub fn usual_body(status: StatusCode) -> ErrorBody {
    let (_, code, sentence) = by_status(status);
    ErrorBody::new(code, &sentence)
}

/// Code and sentence where nothing is known but the status.
fn by_status(status: StatusCode) -> Words {
    let (code, sentence) = match status {
        StatusCode::UNAUTHORIZED => ("login_required", "Please sign in first."),
        StatusCode::FORBIDDEN => ("forbidden", "You may not do this."),
        StatusCode::NOT_FOUND => ("not_found", "There is nothing at this address."),
        StatusCode::METHOD_NOT_ALLOWED => ("method_not_allowed", "This address does not answer to this method."),
        StatusCode::REQUEST_TIMEOUT => ("request_timeout", "The request came too slowly."),
        StatusCode::CONFLICT => ("conflict", "The request contradicts the present state."),
        StatusCode::PAYLOAD_TOO_LARGE => ("payload_too_large", "The body of the request is too large."),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => ("unsupported_media_type", "The body of the request is in a format that is not spoken here."),
        StatusCode::TOO_MANY_REQUESTS => ("rate_limited", "Too many requests; please wait a moment."),
        StatusCode::SERVICE_UNAVAILABLE => ("unavailable", "This does not work at the moment; please try again later."),
        status if status.is_client_error() => ("invalid_request", "The request is not acceptable."),
        // Faults of ours are all 500, whichever status a library chose.
        _ => return (StatusCode::INTERNAL_SERVER_ERROR, "internal", "Something went wrong on our side.".to_owned()),
    };
    (status, code, sentence.to_owned())
}

fn invalid(sentence: String) -> Words {
    (StatusCode::BAD_REQUEST, "invalid_request", sentence)
}

fn invalid_json() -> Words {
    (StatusCode::BAD_REQUEST, "invalid_json", "The body of the request is not valid JSON.".to_owned())
}
