//! Loading plugins for a test.

use std::{collections::BTreeMap, path::PathBuf};

use community::{
    config::PluginSection,
    plugins::{Plugins, RegistrationForm},
};
use tempfile::TempDir;

/// A component from `plugins/test-guests`, as `make guests` leaves it.
pub fn guest(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../plugins/target/wasm32-wasip2/release");
    let file = folder.join(name).with_extension("wasm");
    assert!(file.is_file(), "{} is missing: run `make guests` first", file.display());
    file
}

/// A section for a component file, without checksum.
pub fn section(component: &str) -> PluginSection {
    PluginSection { component: Some(component.to_owned()), dev: true, ..PluginSection::default() }
}

/// Loads the sections in a data folder of their own.
pub async fn load(sections: impl IntoIterator<Item = (&'static str, PluginSection)>) -> (Plugins, TempDir) {
    let sections: BTreeMap<String, PluginSection> = sections.into_iter().map(|(id, section)| (id.to_owned(), section)).collect();
    let data = tempfile::tempdir().expect("a folder for the test");
    let plugins = Plugins::load(&sections, data.path()).await.expect("the engine starts");
    (plugins, data)
}

/// A registration form.
pub fn form(login: &str, username: Option<&str>) -> RegistrationForm {
    RegistrationForm { login: login.to_owned(), username: username.map(ToOwned::to_owned) }
}
