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
/// Folders that hold what was built or installed.
const NOT_SOURCES: [&str; 6] = ["target", "node_modules", ".venv", ".git", "__pycache__", "dist"];

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
                let (path, name) = (entry.path(), entry.file_name());
                let Ok(about) = entry.metadata() else { continue };
                if about.is_dir() && NOT_SOURCES.iter().all(|other| name != *other) {
                    folders.push(path);
                } else if about.is_file()
                    && path.extension().is_none_or(|end| end != "wasm")
                    && name != "package-lock.json"
                    && name != "Cargo.lock"
                {
                    found.insert(path, (about.len(), about.modified().ok()));
                }
            }
        }
        found
    }
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
        fs::write(folder.path().join("target/x"), "").unwrap();
        fs::write(folder.path().join("bot.wasm"), "").unwrap();
        assert!(!sources.changed().await);
        fs::write(folder.path().join("src/lib.rs"), "").unwrap();
        assert!(sources.changed().await);
        assert!(!sources.changed().await);
        fs::remove_file(folder.path().join("src/lib.rs")).unwrap();
        assert!(sources.changed().await);
    }
}
