//! Seeing that somebody changed the sources of a plugin.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, Metadata},
    hash::{DefaultHasher, Hash, Hasher},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use tokio::time::sleep;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_millis(200);
/// How the names of files end that builds, their tools and editors write. Everything else may be part of a component.
const NOT_SOURCES: [&str; 6] = ["wasm", "lock", "log", "tmp", "pyc", "swp"];
/// Folders that hold what was built or installed, beside those whose names begin with a dot.
const NO_FOLDERS_OF_SOURCES: [&str; 6] = ["target", "node_modules", "__pycache__", "dist", "build", "venv"];
/// So many builds in a row that only followed from the one before would be followed by others for ever. One or two may follow because
/// somebody goes on writing meanwhile.
const IN_A_ROW: u32 = 2;

/// The source files of a folder, as they were when they were last looked at.
pub struct Sources {
    folder: PathBuf,
    /// Where a server keeps its data.
    aside: Option<PathBuf>,
    files: Files,
    /// What changed during the last build.
    just_built: BTreeSet<PathBuf>,
    /// How many builds there were in a row for which there was no other reason.
    in_a_row: u32,
    /// What builds write differently each time.
    of_builds: BTreeSet<PathBuf>,
}

type Files = BTreeMap<PathBuf, Seen>;

/// A file as it was.
#[derive(Clone, PartialEq, Eq)]
struct Seen {
    size: u64,
    written: Option<SystemTime>,
    /// A hash of what is in it.
    content: u64,
}

impl Sources {
    /// The files as they are now.
    pub fn of(folder: &Path) -> Self {
        Self::without(folder, None)
    }

    /// The same beside a server, whose data may be below the folder and is not looked at.
    pub fn beside(folder: &Path, data: &Path) -> Self {
        Self::without(folder, data.canonicalize().ok())
    }

    fn without(folder: &Path, aside: Option<PathBuf>) -> Self {
        let (just_built, of_builds) = (BTreeSet::new(), BTreeSet::new());
        let mut sources = Self { folder: folder.to_owned(), aside, files: Files::new(), just_built, in_a_row: 0, of_builds };
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
        let changed = differing(&self.files, &files);
        let of_last_build = std::mem::take(&mut self.just_built);
        let follows = !changed.is_empty() && changed.is_subset(&of_last_build);
        self.in_a_row = if follows { self.in_a_row + 1 } else { 0 };
        // What changes without a build is somebody's after all.
        self.of_builds.retain(|path| of_last_build.contains(path) || !changed.contains(path));
        self.files = files;
        !changed.is_empty()
    }

    /// Says that a build is done. What it wrote again as it was is no change, or it would lead to the next one, and neither is what every
    /// build writes differently. Gives those files of which that was found only now.
    pub fn built(&mut self) -> Vec<PathBuf> {
        let now = self.look();
        for (path, now) in &now {
            if let Some(seen) = self.files.get_mut(path).filter(|seen| seen.content == now.content) {
                *seen = now.clone();
            }
        }
        let (all, known) = (self.in_a_row >= IN_A_ROW, &self.of_builds);
        let (own, others) = differing(&self.files, &now).into_iter().partition::<BTreeSet<_>, _>(|path| all || known.contains(path));
        for path in &own {
            match now.get(path) {
                Some(seen) => drop(self.files.insert(path.clone(), seen.clone())),
                None => drop(self.files.remove(path)),
            }
        }
        self.just_built = others;
        own.into_iter().filter(|path| self.of_builds.insert(path.clone())).collect()
    }

    fn look(&self) -> Files {
        let (mut found, mut folders, ours) = (Files::new(), vec![self.folder.clone()], our_output());
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                let (path, Ok(name)) = (entry.path(), entry.file_name().into_string()) else { continue };
                let Ok(about) = entry.metadata() else { continue };
                if about.is_dir() && self.may_hold_sources(&path, &name) {
                    folders.push(path);
                } else if about.is_file() && is_source(&path, &name) && !ours.contains(&(about.dev(), about.ino())) {
                    let seen = self.see(&path, &about);
                    found.insert(path, seen);
                }
            }
        }
        found
    }

    fn may_hold_sources(&self, path: &Path, name: &str) -> bool {
        let aside = self.aside.is_some() && path.canonicalize().ok() == self.aside;
        !name.starts_with('.') && !NO_FOLDERS_OF_SOURCES.contains(&name) && !aside
    }

    /// A file, which is read only if it was written since it was last looked at.
    fn see(&self, path: &Path, about: &Metadata) -> Seen {
        let (size, written) = (about.len(), about.modified().ok());
        let known = self.files.get(path).filter(|known| (known.size, known.written) == (size, written));
        known.cloned().unwrap_or_else(|| Seen { size, written, content: hash(&fs::read(path).unwrap_or_default()) })
    }
}

/// The files that changed, came or went.
fn differing(before: &Files, after: &Files) -> BTreeSet<PathBuf> {
    before.keys().chain(after.keys()).filter(|path| before.get(*path) != after.get(*path)).cloned().collect()
}

fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
}

/// The files into which we write ourselves, if that is where our output goes: device and number.
fn our_output() -> Vec<(u64, u64)> {
    let files = ["/dev/stdout", "/dev/stderr"].into_iter().filter_map(|file| fs::metadata(file).ok());
    files.map(|about| (about.dev(), about.ino())).collect()
}

fn is_source(path: &Path, name: &str) -> bool {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    // npm writes its lock file itself.
    let of_tools = NOT_SOURCES.contains(&ending) || name == "package-lock.json";
    // What vim tries whether it may write is called 4913.
    let of_editors = name.ends_with('~') || name.starts_with('#') || name == "4913";
    // Conversations for `plugin test`.
    let script = ending == "txt" && path.parent().is_some_and(|folder| folder.ends_with("tests"));
    !(name.starts_with('.') || of_tools || of_editors || script)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn sources_are_watched_and_what_was_built_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        for name in ["target", "src", "tests", "dist", "build", "node_modules", "venv", "data", ".git"] {
            fs::create_dir_all(folder.path().join(name)).unwrap();
        }
        let mut sources = Sources::beside(folder.path(), &folder.path().join("src/../data"));
        let written = [
            "bot.wasm",
            "Cargo.lock",
            "package-lock.json",
            "target/x.rs",
            "dist/x.js",
            "build/x.js",
            "node_modules/x.js",
            "venv/x.py",
            ".git/x",
            "data/community.db",
        ];
        let left = ["notes.tmp", "dev.log", ".hidden.rs", "src/.lib.rs.swp", "src/lib.rs~", "src/#lib.rs#", "4913", "tests/hello.txt"];
        for name in written.into_iter().chain(left) {
            write(name, "");
        }
        assert!(!sources.changed().await);
        for name in ["src/lib.rs", "src/prompt.txt", "words.json", "page.html", "Makefile"] {
            for text in ["", "one", "two"] {
                write(name, text);
                sources.built();
                assert!(sources.changed().await, "{name}");
                // As a build writes it again.
                write(name, text);
                sources.built();
                assert!(!sources.changed().await, "{name}");
            }
        }
        fs::remove_file(folder.path().join("src/lib.rs")).unwrap();
        assert!(sources.changed().await);
    }

    #[tokio::test]
    async fn what_every_build_writes_differently_leads_to_no_builds_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        write("lib.rs", "");
        let mut sources = Sources::of(folder.path());
        let build = |sources: &mut Sources, text: &str| {
            write("stamp.txt", text);
            sources.built()
        };
        // It may be somebody who writes meanwhile, above all if they write something else as well.
        assert!(build(&mut sources, "one").is_empty());
        assert!(sources.changed().await);
        assert!(build(&mut sources, "two").is_empty());
        write("lib.rs", "other");
        assert!(sources.changed().await);
        for text in ["three", "four"] {
            assert!(build(&mut sources, text).is_empty(), "{text}");
            assert!(sources.changed().await, "{text}");
        }
        assert_eq!(build(&mut sources, "five"), [folder.path().join("stamp.txt")]);
        assert!(!sources.changed().await);
        // From now on it is known.
        write("lib.rs", "another");
        assert!(sources.changed().await);
        assert!(build(&mut sources, "six").is_empty());
        assert!(!sources.changed().await);
        // Whatever somebody writes between builds is a change all the same.
        write("stamp.txt", "mine");
        assert!(sources.changed().await);
    }
}
