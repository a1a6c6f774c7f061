//! What the generated OpenAPI document needs before other people's tools read it well.

use serde_json::{Map, Value, json};

/// Corrects the document in place.
pub fn polish(document: &mut Value) {
    each_operation(document);
    each_schema(document, &mut |schema| {
        plain_reference(schema);
        absent_or_null(schema);
    });
}

fn each_operation(document: &mut Value) {
    let paths = document["paths"].as_object_mut().into_iter().flat_map(Map::values_mut);
    for operation in paths.filter_map(Value::as_object_mut).flat_map(Map::values_mut).filter_map(Value::as_object_mut) {
        // An operation that names no security needs none, and says so; linters take silence for an oversight.
        operation.entry("security").or_insert_with(|| json!([]));
        let responses = operation.get_mut("responses").and_then(Value::as_object_mut).into_iter().flatten();
        responses.filter(|(status, _)| status.as_str() >= "400").for_each(|(_, response)| without_cookie(response));
    }
}

/// A header of an operation is written down for all its answers, but an error sets no cookie.
fn without_cookie(response: &mut Value) {
    if let Some(headers) = response.get_mut("headers").and_then(Value::as_object_mut) {
        headers.retain(|name, _| !name.eq_ignore_ascii_case("set-cookie"));
        if headers.is_empty() {
            response.as_object_mut().map(|response| response.remove("headers"));
        }
    }
}

/// Calls `change` on every object in the document that may be a schema, the inner ones first.
fn each_schema(node: &mut Value, change: &mut impl FnMut(&mut Map<String, Value>)) {
    match node {
        Value::Object(inner) => {
            inner.iter_mut().filter(|(name, _)| *name != "example").for_each(|(_, node)| each_schema(node, change));
            change(inner);
        }
        Value::Array(items) => items.iter_mut().for_each(|node| each_schema(node, change)),
        _ => {}
    }
}

/// A reference with a description comes as `allOf`, from which generators make a second type of the same name.
fn plain_reference(schema: &mut Map<String, Value>) {
    let reference = schema.get("allOf").and_then(|parts| parts.get(0)?.get("$ref")).cloned();
    if let Some(reference) = reference {
        *schema = Map::from_iter([("$ref".to_owned(), reference)]);
    }
}

/// What may be absent may be null as well, in what we read and in what we write.
fn absent_or_null(schema: &mut Map<String, Value>) {
    let required = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else { return };
    for (name, property) in properties {
        if let Some(property) = property.as_object_mut()
            && property.contains_key("type")
            && !required.contains(&json!(name))
        {
            property.insert("nullable".to_owned(), json!(true));
        }
    }
}
