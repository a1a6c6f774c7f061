//! Request bodies in JSON: an extractor that is strict about the format and speaks of fields instead of types.

use std::ops::Deref;

use poem::{Request, RequestBody, http::header};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaMediaType, MetaRequest, Registry},
    types::ParseFromJSON,
};
use serde_json::Value;

use super::{error::Failure, schema::Schema, words};
use crate::error::{Error, Kind};

/// How deeply lists and objects may be nested in a body.
const MAX_DEPTH: usize = 16;

/// A JSON body, parsed into `T`. It must be declared `application/json`, be UTF-8 and well formed to the last byte, at most 16
/// levels deep, and contain no U+0000 (which PostgreSQL cannot store). Size and speed are bounded by [`super::body_limit`].
///
/// Answers 415 `unsupported_media_type`, 400 `invalid_json` or 400 `invalid_request` with a sentence that names the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JsonBody<T>(pub T);

impl<T> Deref for JsonBody<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<'a, T: ParseFromJSON + 'static> ApiExtractor<'a> for JsonBody<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        let content = vec![MetaMediaType { content_type: "application/json", schema: T::schema_ref() }];
        Some(MetaRequest { description: None, content, required: T::IS_REQUIRED })
    }

    async fn from_request(request: &'a Request, body: &mut RequestBody, _: ExtractParamOptions<()>) -> poem::Result<Self> {
        let declared = request.headers().get(header::CONTENT_TYPE);
        match declared {
            Some(declared) => require_json(declared.as_bytes()).map_err(Failure)?,
            None if T::IS_REQUIRED => return Err(Failure(unsupported()).into()),
            None => {}
        }
        let bytes = body.take()?.into_bytes().await?;
        if declared.is_none() && !bytes.is_empty() {
            return Err(Failure(unsupported()).into());
        }
        Ok(Self(parse(&bytes).map_err(Failure)?))
    }
}

/// Reads `T` from the bytes of a body; an empty body is `null` where `T` may be absent.
pub fn parse<T: ParseFromJSON + 'static>(bytes: &[u8]) -> Result<T, Error> {
    let value = match bytes {
        [] if T::IS_REQUIRED => return Err(invalid_json("The body of the request is empty; it must be JSON.")),
        [] => Value::Null,
        _ => serde_json::from_slice(bytes).map_err(|error| invalid_json("The body of the request is not valid JSON.").caused_by(error))?,
    };
    read(value, "The body")
}

/// Reads `T` from JSON that was parsed already, with the same strictness. `whole` begins the sentence about a value that is wrong as a
/// whole.
///
/// # Errors
/// A sentence that names the field.
pub fn read<T: ParseFromJSON + 'static>(value: Value, whole: &str) -> Result<T, Error> {
    inspect(&value, MAX_DEPTH)?;
    // First against the schema: poem-openapi takes numbers for text, and its messages name types instead of fields.
    if T::IS_REQUIRED || !value.is_null() {
        Schema::of::<T>().check(&value, whole).map_err(Error::invalid)?;
    }
    T::parse_from_json(Some(value)).map_err(|error| Error::invalid(words::sentence(whole, error.message())))
}

/// Refuses nesting deeper than `depth` and U+0000 in any text.
fn inspect(value: &Value, depth: usize) -> Result<(), Error> {
    let inner = || depth.checked_sub(1).ok_or_else(|| invalid_json("JSON may be nested at most 16 levels deep."));
    match value {
        Value::String(text) => inspect_text(text),
        Value::Array(items) => {
            let inner = inner()?;
            items.iter().try_for_each(|item| inspect(item, inner))
        }
        Value::Object(fields) => {
            let inner = inner()?;
            fields.iter().try_for_each(|(name, value)| inspect_text(name).and_then(|()| inspect(value, inner)))
        }
        _ => Ok(()),
    }
}

fn inspect_text(text: &str) -> Result<(), Error> {
    if text.contains('\0') { Err(Error::invalid("Text must not contain the character U+0000.")) } else { Ok(()) }
}

/// Accepts `application/json`, with or without parameters, as long as they do not name a charset other than UTF-8.
fn require_json(declared: &[u8]) -> Result<(), Error> {
    let text = str::from_utf8(declared).map_err(|_| unsupported())?;
    let mut parts = text.split(';').map(str::trim);
    let json = parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"));
    let mut charsets = parts.filter_map(|part| part.split_once('=')).filter(|(name, _)| name.trim().eq_ignore_ascii_case("charset"));
    let utf8 = charsets.all(|(_, value)| value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8"));
    if json && utf8 { Ok(()) } else { Err(unsupported()) }
}

fn unsupported() -> Error {
    Error::new(Kind::Unsupported, "unsupported_media_type", "The body of the request must be application/json.")
}

fn invalid_json(sentence: &str) -> Error {
    Error::new(Kind::Invalid, "invalid_json", sentence)
}
