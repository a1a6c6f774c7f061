//! What a plugin may be called.

/// First parts of `/api/…` paths and other names of the host: a plugin called like that could not be told from it.
const RESERVED: [&str; 27] = [
    "admin",
    "api",
    "bot",
    "bots",
    "callback",
    "docs",
    "events",
    "health",
    "identities",
    "invite",
    "login",
    "logout",
    "me",
    "messages",
    "metrics",
    "plugin",
    "plugins",
    "posts",
    "provider",
    "providers",
    "rooms",
    "sessions",
    "socket",
    "system",
    "upload",
    "uploads",
    "users",
];

/// The longest id.
const MAX_ID: usize = 32;

/// Whether `id` can be the id of a plugin; if not, why.
pub fn check(id: &str) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let fits = id.len() <= MAX_ID && id.starts_with(|c: char| c.is_ascii_lowercase()) && id.chars().all(plain) && !id.ends_with('-');
    if !fits {
        return Err("has an id that cannot be part of a path: use small letters, digits and dashes, at most 32".to_owned());
    }
    if RESERVED.contains(&id) {
        return Err("has an id that the server needs for its own paths: choose another".to_owned());
    }
    Ok(())
}
