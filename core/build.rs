//! Embeds the bundled plugins and the web front end. They are built by `make guests` and `make web`, never from here: a build inside
//! a build would fight over locks, flags and the target directory.
#![allow(clippy::disallowed_methods, clippy::print_stdout, reason = "this is how a build script and cargo talk to each other")]

use std::{
    env,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

/// The plugins that are part of the binary.
const BUNDLED: [&str; 6] = ["email", "discord", "reddit", "oidc", "openclaw", "moderator"];

fn main() {
    println!("cargo::rerun-if-env-changed=COMMUNITY_GUESTS_DIR");
    println!("cargo::rerun-if-changed=build.rs");
    let folder = env::var_os("COMMUNITY_GUESTS_DIR").map_or_else(
        || PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("../plugins/target/wasm32-wasip2/release"),
        PathBuf::from,
    );
    // The tests find their guests there too.
    println!("cargo::rustc-env=COMMUNITY_GUESTS_DIR={}", folder.display());
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    let mut missing = Vec::new();
    for name in BUNDLED {
        let file = folder.join(name).with_extension("wasm");
        println!("cargo::rerun-if-changed={}", file.display());
        if fs::copy(&file, out.join(name).with_extension("wasm")).is_err() {
            missing.push(name);
        }
    }
    if !missing.is_empty() {
        let (names, folder) = (missing.join(", "), folder.display());
        println!("cargo::error=bundled plugins are missing in {folder} ({names}): run \"make guests\" first");
    }
    embed_front_end(&out);
    embed_sources(&out);
}

/// Writes tables of what authors of plugins get with their folder: the interfaces, and the crate for Rust.
fn embed_sources(out: &Path) {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("..");
    let mut text = String::new();
    for (table, folder) in [("WIT", "wit"), ("SDK", "plugins/sdk")] {
        let (folder, mut files) = (root.join(folder), Vec::new());
        println!("cargo::rerun-if-changed={}", folder.display());
        collect(&folder, "", &mut files);
        files.sort();
        let _ = writeln!(text, "/// Files by their paths.\npub const {table}: &[(&str, &str)] = &[");
        for name in files {
            let _ = writeln!(text, "    ({name:?}, include_str!({:?})),", folder.join(&name).display().to_string());
        }
        text.push_str("];\n");
    }
    if let Err(error) = fs::write(out.join("sources.rs"), text) {
        println!("cargo::error=the table of sources cannot be written: {error}");
    }
}

/// The paths of all files below `folder`, without what was built and what was released before.
fn collect(folder: &Path, prefix: &str, files: &mut Vec<String>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let Ok(name) = entry.file_name().into_string() else { continue };
        let path = format!("{prefix}{name}");
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && name != "target" && name != "released" => collect(&entry.path(), &format!("{path}/"), files),
            Ok(kind) if kind.is_file() && !name.starts_with('.') => files.push(path),
            _ => {}
        }
    }
}

/// Writes a table of the files in `core/web/dist`. Unless `make web` filled it, the table is empty, and the server serves its plain
/// pages.
fn embed_front_end(out: &Path) {
    let folder = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("web/dist");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut names: Vec<String> = fs::read_dir(&folder)
        .map(|entries| entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect())
        .unwrap_or_default();
    names.sort();
    let mut table = String::from("&[\n");
    for name in names.iter().filter(|name| ![".br", ".gz", ".gitignore"].iter().any(|end| name.ends_with(end))) {
        let file = |ending: &str| {
            let path = folder.join(format!("{name}{ending}")).display().to_string();
            format!("include_bytes!({path:?})")
        };
        let _ = writeln!(table, "    Built {{ name: {name:?}, plain: {}, br: {}, gz: {} }},", file(""), file(".br"), file(".gz"));
    }
    table.push(']');
    if let Err(error) = fs::write(out.join("front_end.rs"), table) {
        println!("cargo::error=the table of the front end cannot be written: {error}");
    }
}
