//! What a bot says of itself.

use crate::Introduction;

impl Introduction {
    /// The bot's name in rooms unless the operator gives it another, and one line for operators.
    pub fn new(name: &str, description: &str) -> Self {
        Self { name: name.to_owned(), description: description.to_owned(), version: String::new(), settings_schema: None }
    }

    /// Its version in your own counting: `env!("CARGO_PKG_VERSION")`.
    #[must_use]
    pub fn version(mut self, version: &str) -> Self {
        version.clone_into(&mut self.version);
        self
    }

    /// A JSON Schema of the bot's settings, best kept in a file beside the code: `include_str!("settings.json")`. The host refuses settings
    /// that do not fit, shows the operator what there is, and answers with defaults.
    #[must_use]
    pub fn settings(mut self, schema: &str) -> Self {
        self.settings_schema = Some(schema.to_owned());
        self
    }
}
