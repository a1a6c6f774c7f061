//! The workbench for authors of plugins: beginning one ([`new`]), building it ([`build`]), looking at the outcome ([`report`]) and letting it
//! play before an audience that is not there. All of it works without a server, and without the network but for what
//! the tools of the languages fetch.

pub mod build;
pub mod new;
pub mod replay;
pub mod report;
pub mod script;
pub mod stage;
mod vendored;
pub mod watch;

use std::path::PathBuf;

use crate::config::of_process;

/// Where compiled code is kept between the commands of an author: the folder for caches of whoever runs them.
///
/// # Errors
/// There is no such folder.
pub fn cache() -> Result<PathBuf, String> {
    let environment = of_process();
    let named = |name: &str| environment.get(name).filter(|path| path.starts_with('/')).map(PathBuf::from);
    let folder = named("XDG_CACHE_HOME").or_else(|| Some(named("HOME")?.join(".cache")));
    let folder = folder.ok_or("there is no folder for caches: set HOME or XDG_CACHE_HOME to the path of one")?;
    Ok(folder.join("openclaw-community"))
}
