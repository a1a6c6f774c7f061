//! `/docs/events`: the events of the socket for people, from the same types as the AsyncAPI document.

use std::{
    collections::BTreeSet,
    fmt::{self, Display, Formatter},
    sync::LazyLock,
};

use askama::{
    Template,
    filters::{Html, HtmlSafe, escape},
};
use poem_openapi::registry::{MetaSchema, MetaSchemaRef, Registry};

use super::{pages::Frame, sample};
use crate::realtime::{
    asyncapi,
    guide::{Block, Chapter, GUIDE},
    protocol::{CLIENT, ConnectAuth, Described, SERVER},
};

/// `/docs/events`
#[derive(Debug, Template)]
#[template(path = "events.html")]
pub struct EventsPage<'a> {
    /// The frame.
    pub frame: Frame<'a>,
    /// What it shows.
    pub reference: &'static Reference,
}

/// All events and the types they are made of.
#[derive(Debug)]
pub struct Reference {
    /// How to write a client.
    pub guide: &'static [Chapter],
    /// What clients send.
    pub sent: Vec<Event>,
    /// What they hear.
    pub heard: Vec<Event>,
    /// What is used in more than one place.
    pub types: Vec<Shape>,
}

/// An event.
#[derive(Debug)]
pub struct Event {
    /// The anchor.
    pub id: String,
    /// The name on the wire.
    pub name: &'static str,
    /// What it is about.
    pub summary: Rich,
    /// Whether it may be left out.
    pub volatile: bool,
    /// What it carries.
    pub payload: Shape,
    /// How it is acknowledged.
    pub answer: Option<Shape>,
}

/// A type.
#[derive(Debug)]
pub struct Shape {
    /// Its name.
    pub name: String,
    /// What it is.
    pub about: Rich,
    /// Its fields; none for a choice of words.
    pub fields: Vec<Field>,
    /// The words, for a choice of them.
    pub words: Vec<String>,
    /// An example.
    pub example: String,
}

/// A field of a type.
#[derive(Debug)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What it holds, for people: `text`, `list of`.
    pub kind: &'static str,
    /// The type it holds, if that has a name.
    pub of: Option<String>,
    /// Whether it may be absent or null.
    pub optional: bool,
    /// What it means.
    pub about: Rich,
}

/// A sentence in which code stands between backticks.
#[derive(Debug, Clone)]
pub struct Rich(pub &'static str);

/// The reference; it only changes with the program.
pub static REFERENCE: LazyLock<Reference> = LazyLock::new(Reference::new);

impl Reference {
    fn new() -> Self {
        let known = Known(asyncapi::registry());
        let sent = CLIENT.iter().map(|event| Event {
            id: format!("send-{}", event.name.replace(':', "-")),
            name: event.name,
            summary: Rich(event.summary),
            volatile: false,
            payload: known.shape(&event.payload),
            answer: Some(known.shape(&event.answer)),
        });
        let heard = SERVER.iter().map(|event| Event {
            id: format!("on-{}", event.name.replace(':', "-")),
            name: event.name,
            summary: Rich(event.summary),
            volatile: event.volatile,
            payload: known.shape(&event.payload),
            answer: None,
        });
        let (sent, heard) = (sent.collect(), heard.collect());
        Self { guide: GUIDE, sent, heard, types: known.shared() }
    }
}

/// The types, by name.
struct Known(Registry);

impl Known {
    fn shape(&self, described: &Described) -> Shape {
        let schema = (described.schema)();
        let MetaSchemaRef::Reference(name) = &schema else { unreachable!("events carry named types") };
        let mut shape = self.named(name);
        shape.example = sample::pretty(&self.0, &schema, &(described.example)());
        shape
    }

    fn named(&self, name: &str) -> Shape {
        let Some(schema) = self.0.schemas.get(name) else { unreachable!("types register those they refer to") };
        let fields = schema.properties.iter().map(|(name, field)| Self::field(name, field, !schema.required.contains(name)));
        let example = schema.example.as_ref().map(|example| sample::pretty(&self.0, &MetaSchemaRef::Reference(name.to_owned()), example));
        Shape {
            name: name.to_owned(),
            about: Rich(schema.description.unwrap_or_default()),
            fields: fields.collect(),
            words: schema.enum_items.iter().filter_map(|word| word.as_str().map(str::to_owned)).collect(),
            example: example.unwrap_or_default(),
        }
    }

    fn field(name: &'static str, schema: &MetaSchemaRef, optional: bool) -> Field {
        let (kind, of) = kind(schema);
        let about = match schema {
            MetaSchemaRef::Inline(schema) => schema.description.unwrap_or_default(),
            MetaSchemaRef::Reference(_) => "",
        };
        Field { name, kind, of, optional, about: Rich(about) }
    }

    /// The types that others refer to, and those that no event names.
    fn shared(&self) -> Vec<Shape> {
        let all = self.0.schemas.values().flat_map(|schema| schema.properties.iter().filter_map(|(_, field)| kind(field).1));
        let mut names: BTreeSet<String> = all.collect();
        names.insert("Error".to_owned());
        if let MetaSchemaRef::Reference(name) = (Described::of::<ConnectAuth>().schema)() {
            names.insert(name);
        }
        names.iter().map(|name| self.named(name)).collect()
    }
}

/// What a field holds, and the name of its type if it has one.
fn kind(schema: &MetaSchemaRef) -> (&'static str, Option<String>) {
    match schema {
        MetaSchemaRef::Reference(name) => ("", Some(name.clone())),
        // A reference with a description of its own.
        MetaSchemaRef::Inline(schema) if !schema.all_of.is_empty() => kind(&schema.all_of[0]),
        MetaSchemaRef::Inline(schema) => plain(schema),
    }
}

fn plain(schema: &MetaSchema) -> (&'static str, Option<String>) {
    match (schema.ty, &schema.items) {
        ("string", _) => ("text", None),
        ("integer" | "number", _) => ("number", None),
        ("boolean", _) => ("true or false", None),
        ("array", Some(items)) => match kind(items) {
            (_, Some(name)) => ("list of", Some(name)),
            _ => ("list of text", None),
        },
        _ => ("object", None),
    }
}

impl Display for Rich {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (index, piece) in self.0.split('`').enumerate() {
            let Ok(text) = escape(piece, Html);
            if index % 2 == 0 { write!(f, "{text}")? } else { write!(f, "<code>{text}</code>")? }
        }
        Ok(())
    }
}

impl HtmlSafe for Rich {}
