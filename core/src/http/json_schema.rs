//! The schemas of types as JSON, for documents that other people's tools read. What poem-openapi writes is OpenAPI's dialect; other
//! documents want JSON Schema.

use poem_openapi::registry::Registry;
use serde_json::{Map, Value, json};

/// Every schema in `registry` by name, in JSON Schema (draft 7). References lead to `#/components/schemas`.
pub fn of(registry: &Registry) -> Value {
    let named = registry.schemas.iter().map(|(name, schema)| (name.clone(), json!(schema)));
    let mut schemas = Value::Object(named.collect());
    each_schema(&mut schemas, &mut |schema| {
        described_once(schema);
        absent_or_null(schema);
        one_example(schema);
        counts_from_zero(schema);
    });
    schemas
}

/// Calls `change` on every object in the document that may be a schema, the inner ones first.
pub(super) fn each_schema(node: &mut Value, change: &mut impl FnMut(&mut Map<String, Value>)) {
    match node {
        Value::Object(inner) => {
            inner.iter_mut().filter(|(name, _)| *name != "example").for_each(|(_, node)| each_schema(node, change));
            change(inner);
        }
        Value::Array(items) => items.iter_mut().for_each(|node| each_schema(node, change)),
        _ => {}
    }
}

/// The properties of `schema` that may be absent. What may be absent may be null as well, in what we read and in what we write.
pub(super) fn optional(schema: &mut Map<String, Value>) -> impl Iterator<Item = &mut Map<String, Value>> {
    let required = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    let properties = schema.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten();
    properties.filter(move |(name, _)| !required.contains(&json!(name))).filter_map(|(_, property)| property.as_object_mut())
}

/// A reference with a description of its own comes with it twice.
fn described_once(schema: &mut Map<String, Value>) {
    if let Some(parts) = schema.get_mut("allOf").and_then(Value::as_array_mut) {
        parts.retain(|part| part.get("$ref").is_some());
    }
}

fn absent_or_null(schema: &mut Map<String, Value>) {
    for property in optional(schema) {
        if let Some(kind) = property.get_mut("type") {
            *kind = json!([kind.clone(), "null"]);
        } else {
            // A reference, with or without a description of its own.
            let description = property.remove("description");
            *property = Map::from_iter([("anyOf".to_owned(), json!([property, { "type": "null" }]))]);
            property.extend(description.map(|text| ("description".to_owned(), text)));
        }
    }
}

fn one_example(schema: &mut Map<String, Value>) {
    if let Some(example) = schema.remove("example") {
        schema.insert("examples".to_owned(), json!([example]));
    }
}

fn counts_from_zero(schema: &mut Map<String, Value>) {
    if schema.get("format").is_some_and(|format| format == "uint64") {
        schema.insert("minimum".to_owned(), json!(0));
    }
}
