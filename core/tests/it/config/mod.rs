//! The configuration: sources and their order, errors that say what to do, secrets that stay out of sight.

mod docs;
mod errors;
mod secrets;
mod sources;
mod values;

use std::{fs, path::Path};

use community::config::{Config, Environment, Loaded, Problems, Sources, load};
use tempfile::TempDir;

/// A working folder with `toml` as its `community.toml`.
fn folder(toml: &str) -> TempDir {
    let folder = TempDir::new().expect("a temporary folder");
    fs::write(folder.path().join("community.toml"), toml).expect("a configuration file");
    folder
}

/// An environment of its own.
fn env(pairs: &[(&str, &str)]) -> Environment {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Loads `toml` with these variables.
fn try_load(toml: &str, pairs: &[(&str, &str)]) -> Result<Loaded, Problems> {
    try_load_in(folder(toml).path(), pairs)
}

/// Loads what is in `directory` with these variables.
fn try_load_in(directory: &Path, pairs: &[(&str, &str)]) -> Result<Loaded, Problems> {
    load(Sources { path: None, directory, env: &env(pairs) })
}

/// The configuration, which must be in order.
fn config(toml: &str, pairs: &[(&str, &str)]) -> Config {
    try_load(toml, pairs).unwrap_or_else(|problems| panic!("refused: {problems}")).config
}

/// The complaints about a configuration that must not be in order, without the folder's name.
fn complaint(toml: &str, pairs: &[(&str, &str)]) -> String {
    let folder = folder(toml);
    let problems = try_load_in(folder.path(), pairs).expect_err("this must be refused");
    problems.to_string().replace(&format!("{}/", folder.path().display()), "")
}
