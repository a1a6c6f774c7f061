//! What the generated OpenAPI document needs before other people's tools read it well.

use poem::{error::ResponseError as _, http::StatusCode};
use poem_openapi::types::ToJSON;
use serde_json::{Map, Value, json};

use super::{
    error::{ErrorBody, Failure},
    json_schema::{each_schema, optional},
    map_error::usual_body,
};
use crate::error::Error;

/// What an operation answers in words of its own, by its path.
pub type ErrorExample = (&'static str, Error);

/// Corrects the document in place. Errors without an example in `examples` are shown in the usual words.
pub fn polish(document: &mut Value, examples: Vec<ErrorExample>) {
    let examples: Vec<_> = examples.into_iter().map(|(path, error)| (path, Failure(error))).collect();
    open_to_all(document);
    let schemas = document["components"]["schemas"].clone();
    each_schema(document, &mut |schema| {
        plain_reference(schema);
        absent_or_null(schema, &schemas);
    });
    for (path, operation) in operations(document) {
        for (status, response) in operation["responses"].as_object_mut().into_iter().flatten() {
            if response["description"] == "" {
                response["description"] = json!("It worked.");
            }
            usual_header_names(response);
            error_example(&examples, &path, status, response);
        }
    }
    list_examples(document);
}

/// All operations with their paths.
fn operations(document: &mut Value) -> impl Iterator<Item = (String, &mut Value)> {
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    paths.flat_map(|(path, methods)| {
        methods.as_object_mut().into_iter().flat_map(Map::values_mut).map(|operation| (path.clone(), operation))
    })
}

/// Headers come in capitals; people know them as `Retry-After`.
fn usual_header_names(response: &mut Value) {
    let Some(headers) = response.get_mut("headers").and_then(Value::as_object_mut) else { return };
    *headers = std::mem::take(headers).into_iter().map(|(name, header)| (usual_name(&name), header)).collect();
}

fn usual_name(name: &str) -> String {
    if name.eq_ignore_ascii_case("etag") {
        return "ETag".to_owned();
    }
    let words = name.split('-').map(|word| {
        let (first, rest) = word.split_at(word.len().min(1));
        format!("{}{}", first.to_ascii_uppercase(), rest.to_ascii_lowercase())
    });
    words.collect::<Vec<_>>().join("-")
}

/// Shows what each error looks like.
fn error_example(examples: &[(&str, Failure)], path: &str, status: &str, response: &mut Value) {
    let Some(status) = status.parse().ok().filter(|status| *status >= 400) else { return };
    let Ok(status) = StatusCode::from_u16(status) else { return };
    let body = match examples.iter().find(|(place, failure)| *place == path && failure.status() == status) {
        Some((_, failure)) => failure.body(),
        None if status == StatusCode::TOO_MANY_REQUESTS => ErrorBody { retry_after: Some(30), ..usual_body(status) },
        None => usual_body(status),
    };
    for content in contents(response) {
        content["example"] = body.to_json().unwrap_or_default();
    }
}

/// What a response may carry, by media type; nothing for a redirect. (Indexing would add a `null` where there is none.)
fn contents(response: &mut Value) -> impl Iterator<Item = &mut Value> {
    response.get_mut("content").and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut)
}

/// Shows lists by one entry, if that has an example.
fn list_examples(document: &mut Value) {
    let schemas = document["components"]["schemas"].clone();
    for (_, operation) in operations(document) {
        for response in operation["responses"].as_object_mut().into_iter().flat_map(Map::values_mut) {
            for content in contents(response) {
                let entry = content
                    .pointer("/schema/items/$ref")
                    .and_then(Value::as_str)
                    .and_then(|name| name.rsplit('/').next())
                    .map(str::to_owned);
                if let Some(example) = entry.and_then(|name| schemas[name].get("example")) {
                    content["example"] = json!([example]);
                }
            }
        }
    }
}

/// An operation that names no security needs none, and says so; linters take silence for an oversight.
fn open_to_all(document: &mut Value) {
    let paths = document["paths"].as_object_mut().into_iter().flat_map(Map::values_mut);
    for operation in paths.filter_map(Value::as_object_mut).flat_map(Map::values_mut).filter_map(Value::as_object_mut) {
        operation.entry("security").or_insert_with(|| json!([]));
    }
}

/// A reference with a description comes as `allOf`, from which generators make a second type of the same name.
fn plain_reference(schema: &mut Map<String, Value>) {
    if schema.contains_key("nullable") {
        return;
    }
    let reference = schema.get("allOf").and_then(|parts| parts.get(0)?.get("$ref")).cloned();
    if let Some(reference) = reference {
        *schema = Map::from_iter([("$ref".to_owned(), reference)]);
    }
}

/// What may be absent may be null as well. Beside a reference nothing counts, so one to a type of `schemas` that may be null stands in a
/// list of its own, and the type beside it again.
fn absent_or_null(schema: &mut Map<String, Value>, schemas: &Value) {
    for property in optional(schema) {
        plain_reference(property);
        if let Some(reference) = property.remove("$ref") {
            let name = reference.as_str().and_then(|path| path.rsplit('/').next()).unwrap_or_default();
            property.insert("type".to_owned(), schemas[name]["type"].clone());
            property.insert("allOf".to_owned(), json!([{ "$ref": reference }]));
        }
        if property.contains_key("type") {
            property.insert("nullable".to_owned(), json!(true));
        }
    }
}
