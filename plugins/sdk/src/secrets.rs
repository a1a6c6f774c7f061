//! Secrets that can be used but not read. Permission: `secrets`.

use crate::host::secrets;

/// Whether the operator has set this setting, whose key ends in `secret`. Requests name it: see [`crate::http::Request::bearer`].
pub fn available(name: &str) -> bool {
    secrets::available(name)
}
