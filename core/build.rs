//! Embeds the bundled plugins. They are built by `make guests`, never from here: a build inside a build would fight over
//! locks, flags and the target directory.
#![allow(clippy::disallowed_methods, clippy::print_stdout, reason = "this is how a build script and cargo talk to each other")]

use std::{env, fs, path::PathBuf};

/// The plugins that are part of the binary.
const BUNDLED: [&str; 4] = ["email", "discord", "reddit", "oidc"];

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
    for name in BUNDLED {
        let file = folder.join(name).with_extension("wasm");
        println!("cargo::rerun-if-changed={}", file.display());
        if let Err(error) = fs::copy(&file, out.join(name).with_extension("wasm")) {
            println!("cargo::error=the bundled plugin {} is missing ({error}): run \"make guests\" first", file.display());
        }
    }
}
