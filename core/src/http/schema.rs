//! Holds a JSON body against the schema that the documentation shows, and says by name which field does not fit.

use std::{
    any::TypeId,
    collections::HashMap,
    sync::{Arc, LazyLock, PoisonError, RwLock},
};

use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef, Registry},
    types::Type,
};
use serde_json::{Map, Value};

/// The schema of a type, with those it refers to.
pub struct Schema {
    registry: Registry,
    root: MetaSchemaRef,
}

/// Schemas made so far, one per type of body.
static KNOWN: LazyLock<RwLock<HashMap<TypeId, Arc<Schema>>>> = LazyLock::new(RwLock::default);

impl Schema {
    /// The schema of `T`, made once.
    pub fn of<T: Type + 'static>() -> Arc<Self> {
        let id = TypeId::of::<T>();
        if let Some(known) = KNOWN.read().unwrap_or_else(PoisonError::into_inner).get(&id) {
            return Arc::clone(known);
        }
        let mut registry = Registry::new();
        T::register(&mut registry);
        let schema = Arc::new(Self { registry, root: T::schema_ref() });
        KNOWN.write().unwrap_or_else(PoisonError::into_inner).insert(id, Arc::clone(&schema));
        schema
    }

    /// Checks types, allowed words and required fields; the error is a sentence about the first that is wrong. `whole` names the value.
    pub fn check(&self, value: &Value, whole: &str) -> Result<(), String> {
        Walk { registry: &self.registry, whole }.check(&self.root, value, "")
    }
}

struct Walk<'a> {
    registry: &'a Registry,
    /// What the value itself is called; whatever is in it is named by its place.
    whole: &'a str,
}

impl Walk<'_> {
    /// `path` is the place of `value` in the body, like `attachments[2]`; empty for the body itself.
    fn check(&self, schema: &MetaSchemaRef, value: &Value, path: &str) -> Result<(), String> {
        let schema = match schema {
            MetaSchemaRef::Inline(schema) => schema.as_ref(),
            MetaSchemaRef::Reference(name) => match self.registry.schemas.get(name) {
                Some(schema) => schema,
                None => return Ok(()),
            },
        };
        // A reference with a description of its own is written as `allOf` by poem-openapi.
        for part in &schema.all_of {
            self.check(part, value, path)?;
        }
        let subject = if path.is_empty() { self.whole } else { path };
        let wanted = wanted(schema, value).map(str::to_owned).or_else(|| allowed(schema, value));
        match wanted {
            Some(wanted) if !(schema.nullable && value.is_null()) => return Err(format!("{subject} must be {wanted}.")),
            _ => {}
        }
        match value {
            Value::Object(fields) => self.check_fields(schema, fields, path),
            Value::Array(items) => self.check_items(schema, items, subject),
            _ => Ok(()),
        }
    }

    fn check_fields(&self, schema: &MetaSchema, fields: &Map<String, Value>, path: &str) -> Result<(), String> {
        let full = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        for (name, schema_of_field) in &schema.properties {
            let required = schema.required.contains(name);
            match fields.get(*name) {
                // An absent field and `null` are the same to poem-openapi.
                None | Some(Value::Null) if required => return Err(format!("{} is missing.", full(name))),
                None | Some(Value::Null) => {}
                Some(value) => self.check(schema_of_field, value, &full(name))?,
            }
        }
        Ok(())
    }

    fn check_items(&self, schema: &MetaSchema, items: &[Value], subject: &str) -> Result<(), String> {
        let Some(schema_of_item) = &schema.items else { return Ok(()) };
        items.iter().enumerate().try_for_each(|(index, item)| self.check(schema_of_item, item, &format!("{subject}[{index}]")))
    }
}

/// What a value should be by its schema's type, unless `value` is one.
fn wanted(schema: &MetaSchema, value: &Value) -> Option<&'static str> {
    let unsigned = schema.format.is_some_and(|format| format.starts_with("uint"));
    let (fits, wanted) = match schema.ty {
        "integer" if unsigned => (value.is_u64(), "a whole number, 0 or more"),
        "string" => (value.is_string(), "text"),
        "integer" => (value.is_i64() || value.is_u64(), "a whole number"),
        "number" => (value.is_number(), "a number"),
        "boolean" => (value.is_boolean(), "true or false"),
        "array" => (value.is_array(), "a list"),
        "object" => (value.is_object(), "an object"),
        _ => (true, ""),
    };
    (!fits).then_some(wanted)
}

/// The words that a value may be, where they are listed, unless `value` is one of them.
fn allowed(schema: &MetaSchema, value: &Value) -> Option<String> {
    if schema.enum_items.contains(value) {
        return None;
    }
    let (last, others) = schema.enum_items.split_last()?;
    let others: Vec<String> = others.iter().map(Value::to_string).collect();
    Some(if others.is_empty() { last.to_string() } else { format!("{} or {last}", others.join(", ")) })
}
