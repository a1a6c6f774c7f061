//! Building the plugin in a folder with the tools of its language, which is known by its files. What the tools say is shown as it is.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf, absolute},
    process::{Command, Stdio},
    time::{Duration, Instant, SystemTime},
};

use serde_json::Value;

use super::{new::Language, watch::Sources};
use crate::plugins::look::id_for;

const TARGET: &str = "wasm32-wasip2";
/// What is written last when the tools of a language are installed.
const NPM_DONE: &str = "node_modules/.package-lock.json";
const PIP_DONE: &str = ".venv/installed";

/// What came of a build.
pub struct Built {
    /// The component.
    pub component: PathBuf,
    /// Its size in bytes.
    pub size: usize,
    /// How long it took.
    pub took: Duration,
}

/// The language of the plugin in `folder`.
///
/// # Errors
/// None is recognised.
pub fn language(folder: &Path) -> Result<Language, String> {
    let has = |name: &str| folder.join(name).is_file();
    let found = [("Cargo.toml", Language::Rust), ("package.json", Language::Js), ("requirements.txt", Language::Python)];
    found
        .into_iter()
        .find(|(file, _)| has(file))
        .map(|(_, language)| language)
        .ok_or_else(|| format!("{} holds no plugin: there is no Cargo.toml, package.json or requirements.txt in it", folder.display()))
}

/// The id that suggests itself for the plugin in `folder`.
///
/// # Errors
/// There is no such folder.
pub fn id(folder: &Path) -> Result<String, String> {
    let path = folder.canonicalize().map_err(|error| format!("{} cannot be opened: {error}", folder.display()))?;
    Ok(id_for(&path.file_name().map(OsStr::to_string_lossy).unwrap_or_default()))
}

/// Builds the plugin in `folder`, after installing in the folder what its tools need.
///
/// # Errors
/// What is missing and how to get it; that the build failed, the reason being on the terminal already.
pub async fn run(folder: &Path) -> Result<Built, String> {
    let folder = folder.to_owned();
    tokio::task::spawn_blocking(move || here(&folder)).await.map_err(|error| error.to_string())?
}

/// The component of the plugin in `folder`, which is built only if a source is newer. Cargo sees to that by itself; the other tools take
/// their time, and never build the same bytes twice.
///
/// # Errors
/// As [`run`].
pub async fn latest(folder: &Path) -> Result<PathBuf, String> {
    let (built, tools) = match language(folder)? {
        Language::Rust => return Ok(run(folder).await?.component),
        Language::Js => (newest(folder).map(|(_, file)| file), folder.join(NPM_DONE)),
        Language::Python => (Some(folder.join(world(folder)?).with_extension("wasm")), folder.join(PIP_DONE)),
    };
    let sources = Sources::of(folder);
    let is_latest = |file: &PathBuf| is_newer(file, &tools) && sources.paths().all(|source| is_newer(file, source));
    match built.filter(is_latest) {
        Some(component) => Ok(component),
        None => Ok(run(folder).await?.component),
    }
}

fn here(folder: &Path) -> Result<Built, String> {
    let folder = &absolute(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let language = language(folder)?;
    prepare(folder, language)?;
    let begun = Instant::now();
    let component = match language {
        Language::Rust => cargo(folder)?,
        Language::Js => npm(folder)?,
        Language::Python => componentize_py(folder)?,
    };
    let took = begun.elapsed();
    let size = fs::metadata(&component).map_err(|error| format!("{}: {error}", component.display()))?.len();
    Ok(Built { component, size: usize::try_from(size).unwrap_or(usize::MAX), took })
}

/// Installs what the tools of the language need, unless it is there.
fn prepare(folder: &Path, language: Language) -> Result<(), String> {
    match language {
        Language::Rust => need_target(folder),
        Language::Js if is_newer(&folder.join(NPM_DONE), &folder.join("package.json")) => Ok(()),
        Language::Js => {
            let missing = "npm is missing: install Node.js 20 or later (https://nodejs.org)";
            run_tool(tool(folder, "npm", &["install", "--no-audit", "--no-fund"]), missing)
        }
        Language::Python => {
            let (python, done) = (folder.join(".venv/bin/python"), folder.join(PIP_DONE));
            if is_newer(&done, &folder.join("requirements.txt")) {
                return Ok(());
            }
            if !python.is_file() {
                let missing = "python3 is missing: install Python 3.10 or later with its module venv (Debian: `apt install python3-venv`)";
                run_tool(tool(folder, "python3", &["-m", "venv", ".venv"]), missing)?;
            }
            let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", "requirements.txt"];
            run_tool(tool(folder, python, &pip), "the folder .venv is broken: delete it and build again")?;
            fs::write(&done, "").map_err(|error| format!("{} cannot be written: {error}", done.display()))
        }
    }
}

/// Whether a file is there and newer than another.
fn is_newer(file: &Path, than: &Path) -> bool {
    let time = |path: &Path| fs::metadata(path).and_then(|found| found.modified()).ok();
    matches!((time(file), time(than)), (Some(file), Some(than)) if file >= than)
}

/// Requires a Rust that can make components, and lets rustup get what it lacks.
fn need_target(folder: &Path) -> Result<(), String> {
    const MISSING: &str = "Rust is missing: install rustup (https://rustup.rs) and open a new shell";
    let mut rustc = tool(folder, "rustc", &["--print", "target-libdir", "--target", TARGET]);
    let printed = rustc.stderr(Stdio::null()).output().map_err(|_| MISSING.to_owned())?;
    let libraries = String::from_utf8_lossy(&printed.stdout).trim().to_owned();
    if printed.status.success() && Path::new(&libraries).is_dir() {
        return Ok(());
    }
    let missing = format!("the target {TARGET} is missing, and there is no rustup to get it: install rustup (https://rustup.rs)");
    run_tool(tool(folder, "rustup", &["target", "add", TARGET]), &missing)
}

fn cargo(folder: &Path) -> Result<PathBuf, String> {
    let arguments = ["build", "--release", "--target", TARGET, "--message-format", "json-render-diagnostics"];
    let mut command = tool(folder, "cargo", &arguments);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn();
    let child = child.map_err(|_| "cargo is missing: install rustup (https://rustup.rs) and open a new shell".to_owned())?;
    let output = child.wait_with_output().map_err(|error| format!("cargo: {error}"))?;
    if !output.status.success() {
        return Err("cargo did not build it; it says above why".to_owned());
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    let built = messages.lines().filter_map(|line| component_of(&serde_json::from_str(line).ok()?, folder)).next_back();
    built.ok_or_else(|| "cargo built no component: Cargo.toml needs a [lib] with crate-type = [\"cdylib\"]".to_owned())
}

/// The component that a message of cargo tells of, if it is one of this folder's own package.
fn component_of(message: &Value, folder: &Path) -> Option<PathBuf> {
    let manifest = Path::new(message["manifest_path"].as_str()?);
    let same = manifest.canonicalize().ok()? == folder.join("Cargo.toml").canonicalize().ok()?;
    let files = message["filenames"].as_array()?.iter().filter_map(|file| Some(PathBuf::from(file.as_str()?)));
    files.into_iter().find(|file| same && file.extension().is_some_and(|end| end == "wasm"))
}

fn npm(folder: &Path) -> Result<PathBuf, String> {
    let before = newest(folder);
    let missing = "npm is missing: install Node.js 20 or later (https://nodejs.org)";
    run_tool(tool(folder, "npm", &["run", "--silent", "build"]), missing)?;
    let built = newest(folder).filter(|after| before.as_ref() != Some(after));
    built.map(|(_, file)| file).ok_or_else(|| "`npm run build` wrote no .wasm file into the folder: let it write one there".to_owned())
}

/// The .wasm file in `folder` that was written last.
fn newest(folder: &Path) -> Option<(SystemTime, PathBuf)> {
    let entries = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path());
    let components = entries.filter(|path| path.extension().is_some_and(|end| end == "wasm"));
    components.filter_map(|path| Some((fs::metadata(&path).ok()?.modified().ok()?, path))).max()
}

fn componentize_py(folder: &Path) -> Result<PathBuf, String> {
    let world = world(folder)?;
    if !folder.join("bot.py").is_file() {
        return Err(format!("{} has no bot.py, which is where its code is to be", folder.display()));
    }
    let file = format!("{world}.wasm");
    let arguments = ["-d", "wit", "-w", &world, "componentize", "--stub-wasi", "bot", "-o", &file];
    let missing = "componentize-py is missing: name it in requirements.txt, as in `componentize-py==0.25.1`";
    run_tool(tool(folder, folder.join(".venv/bin/componentize-py"), &arguments), missing)?;
    Ok(folder.join(file))
}

/// The name of the only world in `wit/world.wit`.
fn world(folder: &Path) -> Result<String, String> {
    let file = folder.join("wit/world.wit");
    let text = fs::read_to_string(&file).map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
    let names = text.lines().filter_map(|line| line.trim_start().strip_prefix("world ")?.split([' ', '{']).next());
    match names.collect::<Vec<_>>()[..] {
        [world] => Ok(world.to_owned()),
        _ => Err(format!("{} must have one world, and no more", file.display())),
    }
}

fn tool(folder: &Path, program: impl AsRef<OsStr>, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder).stdin(Stdio::null());
    command
}

/// Runs a tool that speaks on the terminal; `missing` is said if there is none.
fn run_tool(mut command: Command, missing: &str) -> Result<(), String> {
    let name = Path::new(command.get_program()).file_name().map(OsStr::to_string_lossy).unwrap_or_default().into_owned();
    let status = command.status().map_err(|_| missing.to_owned())?;
    if status.success() { Ok(()) } else { Err(format!("{name} failed; it says above why")) }
}
