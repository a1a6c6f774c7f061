//! What the generated OpenAPI document needs before other people's tools read it well.

use serde_json::{Map, Value, json};

/// Corrects the document in place.
pub fn polish(document: &mut Value) {
    open_to_all(document);
    each_schema(document, &mut |schema| {
        plain_reference(schema);
        absent_or_null(schema);
    });
}

/// An operation that names no security needs none, and says so; linters take silence for an oversight.
fn open_to_all(document: &mut Value) {
    let paths = document["paths"].as_object_mut().into_iter().flat_map(Map::values_mut);
    for operation in paths.filter_map(Value::as_object_mut).flat_map(Map::values_mut).filter_map(Value::as_object_mut) {
        operation.entry("security").or_insert_with(|| json!([]));
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
