//! What this server was built with and authors of plugins get along: the interfaces, and the crate for authors in Rust.

use toml::{Table, Value};

include!(concat!(env!("OUT_DIR"), "/sources.rs"));

/// The lock file of the workspace in which the crate for Rust was tested.
pub const LOCK: &str = include_str!("../../../plugins/Cargo.lock");
const WORKSPACE: &str = include_str!("../../../plugins/Cargo.toml");
const MANIFEST: &str = "Cargo.toml";

/// The files of the crate for Rust, as one that stands for itself: what its manifest takes from the workspace is written out.
///
/// # Errors
/// None that could happen: a test looks.
pub fn sdk() -> Result<Vec<(&'static str, String)>, String> {
    let standalone = |text: &str| alone(text).map_err(|error| format!("the SDK cannot be copied: {error}"));
    let file = |(path, text): &(&'static str, &str)| Ok((*path, if *path == MANIFEST { standalone(text)? } else { (*text).to_owned() }));
    SDK.iter().map(file).collect()
}

fn alone(manifest: &str) -> Result<String, toml::de::Error> {
    let workspace: Table = WORKSPACE.parse()?;
    let shared = |section: &str| workspace["workspace"].get(section).and_then(Value::as_table).cloned().unwrap_or_default();
    let mut manifest: Table = manifest.parse()?;
    // Tests of the crate stay where they are run.
    manifest.remove("lints");
    manifest.remove("dev-dependencies");
    for (section, values) in [("package", shared("package")), ("dependencies", shared("dependencies"))] {
        let Some(table) = manifest.get_mut(section).and_then(Value::as_table_mut) else { continue };
        for (key, value) in table.iter_mut() {
            inherit(value, values.get(key));
        }
    }
    Ok(manifest.to_string())
}

/// Puts the workspace's value in the place of `workspace = true`, with the features that are named beside it.
fn inherit(value: &mut Value, shared: Option<&Value>) {
    let (Some(own), Some(shared)) = (value.as_table().filter(|own| own.contains_key("workspace")).cloned(), shared) else { return };
    *value = shared.clone();
    if let (Some(features), Some(table)) = (own.get("features"), value.as_table_mut()) {
        table.insert("features".to_owned(), features.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_copied_crate_needs_no_workspace() {
        let files = sdk().unwrap();
        let (_, manifest) = files.iter().find(|(path, _)| *path == MANIFEST).unwrap();
        assert!(
            !manifest.contains("workspace") && manifest.contains("wit-bindgen") && manifest.contains("edition = \"2024\""),
            "{manifest}"
        );
        assert!(files.iter().any(|(path, _)| *path == "src/lib.rs") && WIT.iter().any(|(path, _)| *path == "deps/bot/bot.wit"));
    }
}
