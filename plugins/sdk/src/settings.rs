//! The plugin's own configuration.

/// The value of `key` in the plugin's `[plugins.<id>.settings]` section, or none when it is not set.
///
/// Keys that end in `secret` are never handed out.
#[cfg(target_family = "wasm")]
pub fn get(key: &str) -> Option<String> {
    crate::bindings::openclaw::settings::settings::get(key)
}

/// Outside a component there is no host to ask: none.
#[cfg(not(target_family = "wasm"))]
pub fn get(_key: &str) -> Option<String> {
    None
}
