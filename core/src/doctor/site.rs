//! The configuration, the public address, and the folder for data.

use std::{fs, io::Write as _, os::unix::fs::PermissionsExt, path::Path};

use super::Finding;
use crate::{
    config::{Config, Loaded},
    web::Look,
};

pub fn configuration(loaded: &Loaded) -> Vec<Finding> {
    let source = loaded.file.as_ref().map_or_else(|| "defaults and environment, no file".to_owned(), |path| path.display().to_string());
    let mut findings = vec![Finding::good("configuration", source)];
    findings.extend(loaded.warnings.iter().map(|warning| Finding::doubtful("configuration", warning.to_string())));
    let look = Look::new(&loaded.config.site);
    findings.extend(look.err().map(|error| Finding::bad("site.logo", error.to_string())));
    findings
}

pub fn address(config: &Config) -> Vec<Finding> {
    const SUBJECT: &str = "address";
    let base_url = config.base_url();
    if config.http.base_url.is_none() {
        let text = format!("{} for this machine only: set http.base_url (BASE_URL) to what people type", base_url.origin());
        return vec![Finding::doubtful(SUBJECT, text)];
    }
    let mut findings = vec![if base_url.is_https() {
        Finding::good(SUBJECT, base_url.origin())
    } else {
        let text = format!("{}: over plain http, sessions can be read on the way; put a proxy with TLS in front", base_url.origin());
        Finding::doubtful(SUBJECT, text)
    }];
    if base_url.is_https() && config.http.trusted_proxies.is_empty() {
        let text = "https, but no proxy is trusted: if there is one, all its visitors look like one; set http.trusted_proxies";
        findings.push(Finding::doubtful(SUBJECT, text));
    }
    findings
}

pub fn data_folder(config: &Config) -> Finding {
    const SUBJECT: &str = "data folder";
    let folder = &config.data_dir;
    match probe(folder) {
        Ok(None) => Finding::good(SUBJECT, format!("{} will be made at the first start", folder.display())),
        Ok(Some(mode)) if mode & 0o077 != 0 => {
            Finding::doubtful(SUBJECT, format!("{} can be entered by others: chmod 700 it", folder.display()))
        }
        Ok(Some(_)) => Finding::good(SUBJECT, folder.display().to_string()),
        Err(error) => {
            Finding::bad(SUBJECT, format!("{} cannot be written ({error}): give it to the user who runs the server", folder.display()))
        }
    }
}

/// Writes a file and removes it. `None` if there is no folder yet, else its mode.
fn probe(folder: &Path) -> std::io::Result<Option<u32>> {
    if !folder.exists() {
        return Ok(None);
    }
    let file = folder.join(format!(".doctor-{}", std::process::id()));
    fs::File::create_new(&file)?.write_all(b"probe")?;
    fs::remove_file(&file)?;
    Ok(Some(fs::metadata(folder)?.permissions().mode()))
}
