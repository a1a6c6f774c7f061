//! Examples as people write them: fields in the order in which their type declares them, short lists in one line.

use std::fmt::Write as _;

use poem_openapi::registry::{MetaSchema, MetaSchemaRef, Registry};
use serde_json::Value;

/// `value`, of the type `schema`, over several lines.
pub fn pretty(registry: &Registry, schema: &MetaSchemaRef, value: &Value) -> String {
    let mut text = String::new();
    write(registry, Some(schema), value, 0, &mut text);
    text
}

fn write(registry: &Registry, schema: Option<&MetaSchemaRef>, value: &Value, depth: usize, text: &mut String) {
    let schema = schema.and_then(|schema| resolve(registry, schema));
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            let declared = schema.map_or(&[][..], |schema| &schema.properties);
            let places = declared.iter().filter_map(|(name, field)| Some((*name, Some(field), fields.get(*name)?)));
            let others = fields.iter().filter(|(name, _)| !declared.iter().any(|(known, _)| known == name));
            let all: Vec<_> = places.chain(others.map(|(name, value)| (name.as_str(), None, value))).collect();
            lines(('{', '}'), all.len(), depth, text, |index, text| {
                let (name, field, value) = all[index];
                let _ = write!(text, "\"{name}\": ");
                write(registry, field, value, depth + 1, text);
            });
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            let of = schema.and_then(|schema| schema.items.as_deref());
            lines(('[', ']'), items.len(), depth, text, |index, text| write(registry, of, &items[index], depth + 1, text));
        }
        _ => {
            let _ = write!(text, "{value}");
        }
    }
}

/// `count` things between brackets, each in a line of its own.
fn lines((open, close): (char, char), count: usize, depth: usize, text: &mut String, mut each: impl FnMut(usize, &mut String)) {
    text.push(open);
    for index in 0..count {
        let _ = write!(text, "\n{:1$}", "", 2 * (depth + 1));
        each(index, text);
        if index + 1 < count {
            text.push(',');
        }
    }
    let _ = write!(text, "\n{:1$}{close}", "", 2 * depth);
}

fn resolve<'a>(registry: &'a Registry, schema: &'a MetaSchemaRef) -> Option<&'a MetaSchema> {
    match schema {
        MetaSchemaRef::Reference(name) => registry.schemas.get(name),
        MetaSchemaRef::Inline(schema) => match schema.all_of.first() {
            Some(inner) => resolve(registry, inner),
            None => Some(schema),
        },
    }
}
