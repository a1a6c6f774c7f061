//! Reads a file, for real: the standard library imports `wasi:filesystem` for it.

/// The length of a file that is none of a plugin's business.
#[unsafe(no_mangle)]
pub extern "C" fn peek() -> u64 {
    std::fs::read("/etc/passwd").map_or(0, |bytes| bytes.len() as u64)
}
