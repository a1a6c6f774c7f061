//! Events as data, for whoever needs all of them: the document, and the tests.

use poem_openapi::{
    registry::{MetaSchemaRef, Registry},
    types::{Example, ToJSON},
};
use serde_json::Value;

use super::{ClientEvent, ServerEvent};

/// A type that goes over the wire, and how it looks.
#[derive(Debug, Clone, Copy)]
pub struct Described {
    /// Puts its schema, and those it refers to, into a registry.
    pub register: fn(&mut Registry),
    /// Where its schema is then.
    pub schema: fn() -> MetaSchemaRef,
    /// An example as JSON.
    pub example: fn() -> Value,
}

impl Described {
    /// The description of `T`.
    pub const fn of<T: ToJSON + Example>() -> Self {
        Self { register: T::register, schema: T::schema_ref, example: || T::example().to_json().unwrap_or_default() }
    }
}

/// An event that clients send.
#[derive(Debug, Clone, Copy)]
pub struct ClientDescription {
    /// Its name on the wire.
    pub name: &'static str,
    /// What it does, in a sentence.
    pub summary: &'static str,
    /// What it carries.
    pub payload: Described,
    /// How it is acknowledged when all is well.
    pub answer: Described,
}

impl ClientDescription {
    /// The description of `E`.
    pub const fn of<E: ClientEvent>() -> Self {
        Self { name: E::NAME, summary: E::SUMMARY, payload: Described::of::<E>(), answer: Described::of::<E::Answer>() }
    }
}

/// An event that the server sends.
#[derive(Debug, Clone, Copy)]
pub struct ServerDescription {
    /// Its name on the wire.
    pub name: &'static str,
    /// What it tells, in a sentence.
    pub summary: &'static str,
    /// Whether it may be left out for a client that does not keep up.
    pub volatile: bool,
    /// What it carries.
    pub payload: Described,
}

impl ServerDescription {
    /// The description of `E`.
    pub const fn of<E: ServerEvent>() -> Self {
        Self { name: E::NAME, summary: E::SUMMARY, volatile: E::VOLATILE, payload: Described::of::<E>() }
    }
}
