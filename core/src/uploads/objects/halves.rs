//! Files of a store that is a folder, until they are whole.

use std::{
    fs::{self, DirEntry, File},
    io,
    num::NonZeroU64,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
    time::UNIX_EPOCH,
};

use rustix::fs::{Advice, fadvise};
use tokio::task::{JoinHandle, spawn_blocking};

use crate::clock::Timestamp;

/// Where they are, in the folder of the store: a path that no key can have.
pub(super) const HALVES: &str = ".incomplete";
/// So much of a file the disk begins to write at a time.
const STRETCH: u64 = 1 << 20;

/// A file that is being written. The system would keep all of it in memory until the end, when somebody waits for the disk; it is told
/// to begin before.
pub(super) struct Half {
    folder: PathBuf,
    /// What the name of the file begins with.
    name: String,
    /// Once it was looked for.
    file: Arc<OnceLock<Option<File>>>,
    /// How much of it is on its way to the disk.
    begun: u64,
    beginning: Option<JoinHandle<()>>,
}

impl Half {
    /// That of the object called `name` in a store that is `folder`.
    pub fn new(folder: &Path, name: &str) -> Self {
        Self { folder: folder.join(HALVES), name: name.to_owned(), file: Arc::default(), begun: 0, beginning: None }
    }

    /// There are `written` bytes. Waits for nothing, and nothing depends on it.
    pub fn reached(&mut self, written: u64) {
        let busy = self.beginning.as_ref().is_some_and(|beginning| !beginning.is_finished());
        let Some(length) = written.checked_sub(self.begun).filter(|length| *length >= STRETCH && !busy).and_then(NonZeroU64::new) else {
            return;
        };
        let begun = std::mem::replace(&mut self.begun, written);
        let (folder, name, file) = (self.folder.clone(), self.name.clone(), self.file.clone());
        self.beginning = Some(spawn_blocking(move || {
            if let Some(file) = file.get_or_init(|| open(&folder, &name).ok().flatten()) {
                // Of what is not on disk, "not needed in memory" means that writing it begins.
                let _ = fadvise(file, begun, Some(length), Advice::DontNeed);
            }
        }));
    }
}

/// Opens the half of which the name begins with `name`.
fn open(halves: &Path, name: &str) -> io::Result<Option<File>> {
    for entry in fs::read_dir(halves)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(name) {
            return File::open(entry.path()).map(Some);
        }
    }
    Ok(None)
}

/// Removes what is half written in the folder of the store `folder`: whatever has a name that begins with `name` and, if there is one, was
/// last written before `before`.
pub(super) async fn remove_halves(folder: &Path, name: &str, before: Option<Timestamp>) -> io::Result<()> {
    let (halves, name) = (folder.join(HALVES), name.to_owned());
    let removed = spawn_blocking(move || {
        let entries = match fs::read_dir(&halves) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with(&name) && is_before(&entry, before)? {
                gone_by_now(fs::remove_file(entry.path()))?;
            }
        }
        Ok(())
    });
    removed.await.map_err(io::Error::other)?
}

/// Removes a file, which may not be there.
pub(super) async fn remove_file(path: &Path) -> io::Result<()> {
    gone_by_now(tokio::fs::remove_file(path).await)
}

/// Whether a file is gone, whoever removed it.
fn gone_by_now(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(()),
        outcome => outcome,
    }
}

/// Whether a file was last written before `before`; not one that has gone meanwhile.
fn is_before(entry: &DirEntry, before: Option<Timestamp>) -> io::Result<bool> {
    let Some(before) = before else { return Ok(true) };
    let metadata = match entry.metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        metadata => metadata?,
    };
    let written = metadata.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(i64::try_from(written.as_millis()).is_ok_and(|millis| Timestamp::from_millis(millis) < before))
}
