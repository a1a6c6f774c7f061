//! A folder to begin a bot with. What it needs beyond packages that everybody can get, the interfaces and the crate for Rust, is a copy of
//! what this server was built with, so the two fit.

use std::{fs, path::Path};

use clap::ValueEnum;

use super::vendored;
use crate::plugins::look::id_for;

/// A language that bots are written in here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// Rust.
    Rust,
    /// JavaScript.
    Js,
    /// Python.
    Python,
}

type File = (&'static str, &'static str);

const RUST: [File; 4] = [
    ("Cargo.toml", include_str!("templates/rust/Cargo.toml")),
    ("src/lib.rs", include_str!("templates/rust/src/lib.rs")),
    ("README.md", include_str!("templates/rust/README.md")),
    (".gitignore", include_str!("templates/rust/gitignore")),
];
const JS: [File; 6] = [
    ("package.json", include_str!("templates/js/package.json")),
    // Pins what the toolchain depends on.
    ("package-lock.json", include_str!("../../../examples/bot-plugin-javascript/package-lock.json")),
    ("bot.js", include_str!("templates/js/bot.js")),
    ("wit/world.wit", WORLD),
    ("README.md", include_str!("templates/js/README.md")),
    (".gitignore", include_str!("templates/js/gitignore")),
];
const PYTHON: [File; 5] = [
    ("requirements.txt", include_str!("templates/python/requirements.txt")),
    ("bot.py", include_str!("templates/python/bot.py")),
    ("wit/world.wit", WORLD),
    ("README.md", include_str!("templates/python/README.md")),
    (".gitignore", include_str!("templates/python/gitignore")),
];
const WORLD: &str = include_str!("templates/world.wit");
/// The conversation that all of them pass.
const TEST: File = ("tests/hello.txt", include_str!("templates/test.txt"));

impl Language {
    /// The name of the language.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rust => "Rust",
            Self::Js => "JavaScript",
            Self::Python => "Python",
        }
    }

    const fn files(self) -> &'static [File] {
        match self {
            Self::Rust => &RUST,
            Self::Js => &JS,
            Self::Python => &PYTHON,
        }
    }
}

/// Makes the folder of a bot.
///
/// # Errors
/// There is something in it already; it cannot be written.
pub fn begin(folder: &Path, language: Language) -> Result<(), String> {
    if fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(format!("{} is not empty: name a folder that is not there yet", folder.display()));
    }
    let name = folder.file_name().ok_or_else(|| format!("{} is no name for a folder", folder.display()))?;
    let id = id_for(&name.to_string_lossy());
    for (path, text) in language.files().iter().chain([&TEST]) {
        write(folder, path, &text.replace("{{id}}", &id).replace("bot-plugin-javascript", &id))?;
    }
    if language == Language::Rust {
        for (path, text) in vendored::WIT {
            write(folder, &format!("wit/{path}"), text)?;
        }
        for (path, text) in vendored::sdk()? {
            write(folder, &format!("vendor/openclaw-sdk/{path}"), &text)?;
        }
        // Pins what the SDK depends on; cargo takes out what is not needed here.
        return write(folder, "Cargo.lock", vendored::LOCK);
    }
    // All packages for bots, so that one more import is one more line.
    for (path, text) in vendored::WIT.iter().filter(|(path, _)| path.starts_with("deps/") && !path.starts_with("deps/provider/")) {
        write(folder, &format!("wit/{path}"), text)?;
    }
    Ok(())
}

fn write(folder: &Path, path: &str, text: &str) -> Result<(), String> {
    let file = folder.join(path);
    let written = file.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&file, text));
    written.map_err(|error| format!("{} cannot be written: {error}", file.display()))
}
