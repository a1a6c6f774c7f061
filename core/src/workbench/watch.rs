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
/// So many builds in a row follow at once from what changed during the one before. Somebody may go on writing meanwhile; but a build that
/// writes something else each time would be followed by others for ever, so each further one waits twice as long as the one before. The
/// two cannot be told apart, and what somebody writes must not be lost: hence they only come less and less often.
const IN_A_ROW: u32 = 2;
/// How many looks the first of those waits.
const FIRST_WAIT: u32 = 10;

/// The source files of a folder, as they were when they were last looked at.
pub struct Sources {
    folder: PathBuf,
    /// Where a server keeps its data.
    aside: Option<PathBuf>,
    files: Files,
    /// The same at the end of the last build.
    left: Files,
    /// What changed during it.
    during: BTreeSet<PathBuf>,
    /// How many builds there were in a row for which there was no other reason than that, and that it changed again.
    in_a_row: u32,
    /// How many looks the next one of those still waits.
    wait: u32,
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
        let (files, left, during) = (Files::new(), Files::new(), BTreeSet::new());
        let mut sources = Self { folder: folder.to_owned(), aside, files, left, during, in_a_row: 0, wait: 0 };
        sources.files = sources.look();
        sources
    }

    /// Where they are.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.files.keys().map(PathBuf::as_path)
    }

    /// Looks once, after a moment; true if there is a reason for another build: a file changed, came or went since the last one began.
    pub async fn changed(&mut self) -> bool {
        sleep(LOOK).await;
        self.have_changed()
    }

    fn have_changed(&mut self) -> bool {
        let now = self.look();
        if now == self.files {
            return false;
        }
        let follows = now == self.left;
        if follows && self.wait > 0 {
            self.wait -= 1;
            return false;
        }
        self.in_a_row = if follows { self.in_a_row + 1 } else { 0 };
        self.files = now;
        true
    }

    /// Says that a build is done. What it wrote again as it was is no change, or it would lead to the next one. Gives the files that have
    /// changed during so many builds in a row that the next one waits, when that is the case for the first time.
    pub fn built(&mut self) -> Vec<PathBuf> {
        let now = self.look();
        for (path, now) in &now {
            if let Some(seen) = self.files.get_mut(path).filter(|seen| seen.content == now.content) {
                *seen = now.clone();
            }
        }
        let during = differing(&self.files, &now);
        if !during.is_subset(&self.during) {
            self.in_a_row = 0;
        }
        let waited = self.in_a_row.checked_sub(IN_A_ROW).filter(|_| !during.is_empty());
        self.wait = waited.map_or(0, |times| FIRST_WAIT.saturating_mul(2_u32.saturating_pow(times)));
        let told = during.iter().filter(|_| waited == Some(0)).cloned().collect();
        (self.left, self.during) = (now, during);
        told
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

    /// A folder with a source, as it is before the first build.
    fn project() -> (tempfile::TempDir, Sources) {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "lib.rs", 0);
        let sources = Sources::of(folder.path());
        (folder, sources)
    }

    /// Writes so many letters, which differ from any other number of them whatever the clock of the files says.
    fn write(folder: &Path, name: &str, letters: usize) {
        fs::write(folder.join(name), "x".repeat(letters)).unwrap();
    }

    /// A build during which a file is written. Gives what is told of it, and how many looks later there is another one.
    fn build(sources: &mut Sources, name: &str, letters: usize) -> (Vec<PathBuf>, u32) {
        write(&sources.folder, name, letters);
        let told = sources.built();
        let waited = (0..1000).take_while(|_| !sources.have_changed()).count();
        (told, waited.try_into().unwrap())
    }

    #[test]
    fn builds_that_write_something_else_each_time_follow_less_and_less_often() {
        let (folder, mut sources) = project();
        let nothing = Vec::new;
        assert_eq!(build(&mut sources, "stamp.txt", 1), (nothing(), 0));
        assert_eq!(build(&mut sources, "stamp.txt", 2), (nothing(), 0));
        assert_eq!(build(&mut sources, "stamp.txt", 3), (vec![folder.path().join("stamp.txt")], FIRST_WAIT));
        assert_eq!(build(&mut sources, "stamp.txt", 4), (nothing(), 2 * FIRST_WAIT));
        // Something else that is saved during such a build does not wait.
        write(folder.path(), "lib.rs", 1);
        assert_eq!(build(&mut sources, "stamp.txt", 5), (nothing(), 0));
        for letters in 6..9 {
            build(&mut sources, "stamp.txt", letters);
        }
        // Nor does what is saved between builds, whatever it is, and everything begins anew.
        write(folder.path(), "stamp.txt", 9);
        sources.built();
        assert!(!sources.have_changed());
        write(folder.path(), "stamp.txt", 10);
        assert!(sources.have_changed());
        assert_eq!(build(&mut sources, "stamp.txt", 11), (nothing(), 0));
    }

    #[test]
    fn what_somebody_saves_during_build_after_build_is_built_in_the_end() {
        let (folder, mut sources) = project();
        for letters in 1..6 {
            // Any of them may be the last one.
            let (_, waited) = build(&mut sources, "lib.rs", letters);
            assert!(waited <= 4 * FIRST_WAIT, "after {letters}: {waited}");
        }
        assert!(sources.built().is_empty());
        assert!(!sources.have_changed(), "this build had everything");
        write(folder.path(), "lib.rs", 6);
        assert!(sources.have_changed());
    }
}
