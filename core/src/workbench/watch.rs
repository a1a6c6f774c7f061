//! Seeing that somebody changed the sources of a plugin.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use tokio::time::sleep;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_millis(200);
/// How the names of sources end. What editors leave behind, logs and notes end in something else.
const ENDINGS: [&str; 8] = ["rs", "toml", "wit", "js", "mjs", "ts", "py", "json"];
/// Folders that hold what was built or installed, beside those whose names begin with a dot.
const NOT_SOURCES: [&str; 4] = ["target", "node_modules", "__pycache__", "dist"];

/// The source files of a folder, as they were when they were last looked at.
pub struct Sources {
    folder: PathBuf,
    files: BTreeMap<PathBuf, (u64, Option<SystemTime>)>,
}

impl Sources {
    /// The files as they are now.
    pub fn of(folder: &Path) -> Self {
        let mut sources = Self { folder: folder.to_owned(), files: BTreeMap::new() };
        sources.files = sources.look();
        sources
    }

    /// Where they are.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.files.keys().map(PathBuf::as_path)
    }

    /// Looks once, after a moment; true if a file changed, came or went since the last time.
    pub async fn changed(&mut self) -> bool {
        sleep(LOOK).await;
        let files = self.look();
        let changed = files != self.files;
        self.files = files;
        changed
    }

    fn look(&self) -> BTreeMap<PathBuf, (u64, Option<SystemTime>)> {
        let (mut found, mut folders) = (BTreeMap::new(), vec![self.folder.clone()]);
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                let (path, Ok(name)) = (entry.path(), entry.file_name().into_string()) else { continue };
                let Ok(about) = entry.metadata() else { continue };
                if about.is_dir() && !name.starts_with('.') && !NOT_SOURCES.contains(&name.as_str()) {
                    folders.push(path);
                } else if about.is_file() && is_source(&name) {
                    found.insert(path, (about.len(), about.modified().ok()));
                }
            }
        }
        found
    }
}

fn is_source(name: &str) -> bool {
    // npm writes its lock file itself.
    let written = name.starts_with('.') || name == "package-lock.json";
    let ending = name.rsplit_once('.').is_some_and(|(_, ending)| ENDINGS.contains(&ending));
    !written && (ending || name == "requirements.txt")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn sources_are_watched_and_what_was_built_is_not() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("target")).unwrap();
        fs::create_dir_all(folder.path().join("src")).unwrap();
        let mut sources = Sources::of(folder.path());
        let others =
            ["bot.wasm", "notes.tmp", "dev.log", "out.txt", ".hidden.rs", "src/.lib.rs.swp", "src/lib.rs~", "src/#lib.rs#", "4913"];
        for name in others.into_iter().chain(["target/x.rs", "package-lock.json"]) {
            fs::write(folder.path().join(name), "").unwrap();
        }
        assert!(!sources.changed().await);
        fs::write(folder.path().join("src/lib.rs"), "").unwrap();
        assert!(sources.changed().await);
        assert!(!sources.changed().await);
        fs::remove_file(folder.path().join("src/lib.rs")).unwrap();
        assert!(sources.changed().await);
    }
}
