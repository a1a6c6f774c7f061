//! The components that are part of the binary.

/// Their names and bytes.
const COMPONENTS: [(&str, &[u8]); 1] = [("email", include_bytes!(concat!(env!("OUT_DIR"), "/email.wasm")))];

/// The bundled plugins that run without a section.
pub const ALWAYS_ON: [&str; 1] = ["email"];

/// The bytes of the bundled component `name`.
pub fn component(name: &str) -> Option<&'static [u8]> {
    COMPONENTS.iter().find(|(bundled, _)| *bundled == name).map(|(_, bytes)| *bytes)
}

/// The names of all bundled components, as a list for people.
pub fn names() -> String {
    COMPONENTS.map(|(name, _)| name).join(", ")
}
