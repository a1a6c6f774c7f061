//! `[uploads]`: where uploaded files live.

use serde::{Deserialize, Serialize};

/// The store for files that people upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UploadsSection {
    /// Which store.
    pub backend: UploadsBackend,
}

/// Kinds of stores for uploads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UploadsBackend {
    /// A folder in the data folder.
    Local,
    /// None: uploading is answered with 503.
    None,
}

impl Default for UploadsSection {
    fn default() -> Self {
        Self { backend: UploadsBackend::Local }
    }
}
