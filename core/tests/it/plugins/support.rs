//! Loading plugins for a test.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use community::{
    config::{PluginSection, Span},
    plugins::{Letter, PasswordProvider, Plugins, RegistrationForm, Site},
};

/// A component from `plugins/test-guests`, as `make guests` leaves it.
pub fn guest(name: &str) -> PathBuf {
    built(&format!("test_{name}"))
}

/// A component that `make guests` builds.
pub fn built(name: &str) -> PathBuf {
    let file = Path::new(env!("COMMUNITY_GUESTS_DIR")).join(format!("{name}.wasm"));
    assert!(file.is_file(), "{} is missing: run `make guests` first", file.display());
    file
}

/// A section for a component of `plugins/test-guests`, without checksum.
pub fn section(name: &str) -> PluginSection {
    PluginSection { component: Some(guest(name).display().to_string()), dev: true, ..PluginSection::default() }
}

/// A section for the guest that does what `misbehave` says, or what it is told in each call if that is empty.
pub fn misbehaving(misbehave: &str) -> PluginSection {
    let mut section = section("misbehaving");
    if !misbehave.is_empty() {
        section.settings.insert("misbehave".to_owned(), misbehave.to_owned());
    }
    section
}

/// The same section with so much time that a loop uses up its CPU time first, also where others have the machine.
pub fn unhurried(mut section: PluginSection) -> PluginSection {
    section.limits.wall_clock = Span::seconds(60);
    section
}

/// Loads the sections. The tests share one data folder, so that a component is compiled only once.
pub async fn load(sections: impl IntoIterator<Item = (&'static str, PluginSection)>) -> Plugins {
    load_in(&PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("plugins"), sections).await
}

/// Loads the sections in a data folder.
pub async fn load_in(data: &Path, sections: impl IntoIterator<Item = (&'static str, PluginSection)>) -> Plugins {
    let sections: BTreeMap<String, PluginSection> = sections.into_iter().map(|(id, section)| (id.to_owned(), section)).collect();
    Plugins::load(&sections, &std::collections::BTreeSet::new(), data, &site()).await.expect("the engine starts")
}

/// Loads one section as the plugin `bad`.
pub async fn load_bad(section: PluginSection) -> (PasswordProvider, Plugins) {
    let plugins = load([("bad", section)]).await;
    (plugins.password("bad").expect("the plugin loads"), plugins)
}

/// A registration form.
pub fn form(login: &str, username: Option<&str>) -> RegistrationForm {
    RegistrationForm { login: login.to_owned(), username: username.map(ToOwned::to_owned) }
}

/// A letter to nobody in particular.
pub fn letter() -> Letter {
    Letter { link: "https://x.example/?token=a".into(), site: "Example".into(), username: "Zoë".into(), valid_hours: 24 }
}

/// The community that plugins are told of.
pub fn site() -> Site {
    Site { name: "Example".into(), url: "https://community.example".into() }
}
