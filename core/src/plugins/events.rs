//! What happens to plugins.

use serde_json::json;

use crate::store::Event;

const RELOAD: &str = "plugin.reload";

/// The operator wants a plugin loaded anew.
pub fn reload(plugin: &str) -> Event {
    Event::new(RELOAD, &plugin, &json!({}))
}

/// The plugin that is to be loaded anew, if that is what happened.
pub fn is_reload(event: &Event) -> Option<&str> {
    (event.kind == RELOAD).then_some(event.subject.as_str())
}
