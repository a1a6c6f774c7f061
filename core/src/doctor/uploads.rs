//! The store for uploads: whether something can be written to it, read and removed again.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::Finding;
use crate::{
    config::{Config, UploadsBackend},
    outbound::SystemResolver,
    random::Random,
    uploads::objects::Objects,
};

const SUBJECT: &str = "uploads";

pub async fn examine(config: &Config) -> Finding {
    let (place, fix) = match config.uploads.backend {
        UploadsBackend::None => return Finding::good(SUBJECT, "off; uploads.backend = \"fs\" keeps them in the data folder"),
        UploadsBackend::Fs => (config.uploads_directory().display().to_string(), "give it to the user who runs the server"),
        UploadsBackend::S3 | UploadsBackend::Oss => {
            let endpoint = config.uploads.endpoint().map(String::from).unwrap_or_default();
            let bucket = config.uploads.bucket.as_deref().unwrap_or_default();
            (format!("bucket {bucket} at {endpoint}"), "correct uploads.bucket, region, endpoint and access keys, and what the keys may do")
        }
    };
    let objects = match Objects::new(&Arc::new(config.clone()), Arc::new(SystemResolver), None) {
        Ok(objects) => objects,
        Err(error) => return Finding::bad(SUBJECT, error.to_string()),
    };
    let missing = missing(&config.uploads_directory());
    let probed = objects.probe(&Random::from_system().token().expose()[..11]).await;
    // Folders that were made for the probe would belong to whoever asked, who need not be the user who runs the server.
    for folder in missing {
        let _ = fs::remove_dir(folder);
    }
    match probed {
        Ok(()) => Finding::good(SUBJECT, format!("{place}; files appear at {}", config.uploads_url())),
        Err(error) => Finding::bad(SUBJECT, format!("{place}: {error}: {fix}")),
    }
}

/// What is not there yet of the folders that are made with the first upload, the innermost first.
fn missing(folder: &Path) -> Vec<PathBuf> {
    let inner = Objects::FOLDERS.map(|name| folder.join(name));
    let all = inner.into_iter().chain(folder.ancestors().map(Path::to_owned));
    all.filter(|folder| !folder.as_os_str().is_empty() && !folder.exists()).collect()
}
