//! Where the bytes of a component come from, and whether they are the ones that the operator meant.

use std::{
    fmt::Write,
    fs::{self, File},
    io::Read,
    os::unix::fs::PermissionsExt,
    path::Path,
};

use sha2::{Digest, Sha256};

use super::bundled::{self, Bundled};
use crate::config::PluginSection;

/// What stands before the name of a bundled component.
pub const BUNDLED: &str = "bundled:";

/// Where the bytes of a component come from.
pub enum Source<'a> {
    /// The binary.
    Bundled(&'static Bundled),
    /// A file of the operator.
    File(&'a Path),
}

impl<'a> Source<'a> {
    /// What the section of plugin `id` names.
    pub fn of(id: &'a str, section: &'a PluginSection) -> Result<Self, String> {
        let Some(component) = &section.component else {
            return bundled::find(id).map(Self::Bundled).ok_or_else(|| {
                let bundled = bundled::names();
                format!("has no `component`, and no bundled plugin is called like that (there is {bundled}): set `component` to a file")
            });
        };
        match component.strip_prefix(BUNDLED) {
            Some(name) => bundled::named(name).map(Self::Bundled).map_err(|reason| format!("wants `{component}`, which {reason}")),
            None => Ok(Self::File(Path::new(component))),
        }
    }

    /// The bundled component, if it is one.
    pub fn bundled(&self) -> Option<&'static Bundled> {
        match self {
            Self::Bundled(bundled) => Some(bundled),
            Self::File(_) => None,
        }
    }

    /// What lets others than the operator put another component in its place, if something does. A checksum holds them off.
    pub fn replaceable(&self, section: &PluginSection) -> Option<String> {
        let Self::File(path) = self else { return None };
        let real = path.canonicalize().ok().filter(|_| section.sha256.is_none())?;
        let places = [Some(real.as_path()), real.parent(), path.parent()];
        let open = places.into_iter().flatten().find(|place| is_open_to_all(place))?;
        let open = open.display();
        Some(format!("everybody on this machine can change {open}, and its component with it: take that right away, or set `sha256`"))
    }

    /// The bytes, if their checksum is as written. A file needs one, except for those who build it again every minute.
    pub fn read(&self, section: &PluginSection) -> Result<Vec<u8>, String> {
        let bytes = match self {
            Self::Bundled(bundled) => bundled.bytes.to_vec(),
            Self::File(path) if section.sha256.is_none() && !section.dev => return Err(unpinned(path, section)),
            Self::File(path) => read_file(path, section)?,
        };
        check_sum(&bytes, section)?;
        Ok(bytes)
    }
}

/// Whether everybody may write there. In a folder like `/tmp` nobody can replace what is somebody else's.
fn is_open_to_all(place: &Path) -> bool {
    fs::metadata(place).is_ok_and(|metadata| {
        let mode = metadata.permissions().mode();
        mode & 0o002 != 0 && mode & 0o1000 == 0
    })
}

/// A file without a checksum is refused with the line to add, if there is a file.
fn unpinned(path: &Path, section: &PluginSection) -> String {
    match read_file(path, section) {
        Ok(bytes) => format!("has no checksum: if you trust {}, add sha256 = \"{}\" to its section", path.display(), hex(&bytes)),
        Err(reason) => reason,
    }
}

/// The bytes of a file that is no larger than its section allows.
pub fn read_file(path: &Path, section: &PluginSection) -> Result<Vec<u8>, String> {
    let shown = path.display();
    let failed = |error| format!("cannot be read from {shown} ({error}): correct `component`");
    let file = File::open(path).map_err(failed)?;
    if !file.metadata().map_err(failed)?.is_file() {
        return Err(format!("cannot be read from {shown}, which is not a file: correct `component`"));
    }
    let limit = section.limits.file;
    let mut bytes = Vec::new();
    file.take(limit.0.saturating_add(1)).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() > limit.as_usize() {
        return Err(format!("is larger than {limit}: build it smaller, or raise limits.file in its section"));
    }
    Ok(bytes)
}

fn check_sum(bytes: &[u8], section: &PluginSection) -> Result<(), String> {
    match &section.sha256 {
        Some(expected) if !hex(bytes).eq_ignore_ascii_case(expected.trim()) => {
            Err(format!("is not the file its section describes (its sha256 is {}): restore it, or correct `sha256`", hex(bytes)))
        }
        _ => Ok(()),
    }
}

/// The SHA-256 of `bytes`, in hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
