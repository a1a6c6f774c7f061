//! The store for uploads: whether something can be written to it, read and removed again.

use std::sync::Arc;

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
        UploadsBackend::Fs => {
            let folder = config.uploads_directory();
            if !folder.exists() {
                return Finding::good(SUBJECT, format!("{} will be made with the first upload", folder.display()));
            }
            (folder.display().to_string(), "give it to the user who runs the server")
        }
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
    match objects.probe(&Random::from_system().token().expose()[..11]).await {
        Ok(()) => Finding::good(SUBJECT, format!("{place}; files appear at {}", config.uploads_url())),
        Err(error) => Finding::bad(SUBJECT, format!("{place}: {error}: {fix}")),
    }
}
