//! A folder for the database of a stage, which is gone with it.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process,
};

use crate::{random::Random, serve::make_private};

/// A folder that only its owner may enter, removed with everything in it when it is dropped.
pub struct Folder(PathBuf);

impl Folder {
    pub fn make() -> Result<Self, String> {
        let number = u64::from_le_bytes(Random::from_system().bytes());
        let path = env::temp_dir().join(format!("openclaw-stage-{}-{number:016x}", process::id()));
        make_private(&path).map_err(|error| error.to_string())?;
        Ok(Self(path))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed is left for the system to sweep.
        let _ = fs::remove_dir_all(&self.0);
    }
}
