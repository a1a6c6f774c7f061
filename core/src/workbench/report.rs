//! What there is to say about a component file, as text for a terminal.

use std::{collections::BTreeSet, fmt::Write, path::Path};

use crate::{
    plugins::{
        PASSWORD, PluginKind,
        look::{Look, Said, Setting},
    },
    text::one_line,
};

/// The longest default that is shown whole, in characters.
const SHOWN: usize = 40;

/// Everything about a file, under the id that it is to have, but for the reason for which this server cannot load it.
pub fn describe(look: &Look, file: &Path, id: &str) -> String {
    let mut text = format!("{}: {}, {}\n", file.display(), look.kind.map_or("no plugin", article), size(look.size));
    let _ = writeln!(text, "packages: {}", packages(look));
    text.push_str(&reasons(look));
    table(&mut text, "may, once it is granted", wishes(look));
    if let Ok(said) = &look.said {
        let _ = writeln!(text, "this server can load it");
        introduce(&mut text, said);
        let _ = write!(text, "\nThe section for community.toml:\n\n{}", section(look, file, id, false));
    }
    text
}

/// For what a component is called, a line for each reason. One that its author forgot to export is not among them.
pub fn reasons(look: &Look) -> String {
    let mut text = String::new();
    table(&mut text, "is called because it", look.exports.iter().map(|(export, words)| [short(export), (*words).to_owned()]));
    text
}

const fn article(kind: PluginKind) -> &'static str {
    match kind {
        PluginKind::PasswordProvider => "a password provider",
        PluginKind::OAuthProvider => "a redirect provider",
        PluginKind::Bot => "a bot",
    }
}

/// `58 KiB`, `1.6 MiB`.
#[allow(clippy::cast_precision_loss, reason = "one decimal is enough")]
pub fn size(bytes: usize) -> String {
    if bytes < 1 << 20 { format!("{} KiB", bytes.div_ceil(1024)) } else { format!("{:.1} MiB", bytes as f64 / 1_048_576.0) }
}

/// The packages that a component was built against, with their versions.
fn packages(look: &Look) -> String {
    let interfaces = look.imports.iter().map(|wish| &wish.interface).chain(look.exports.iter().map(|(export, _)| export));
    let package = |interface: &String| {
        let (name, version) = interface.split_once('@').unwrap_or((interface, "no version"));
        format!("{}@{version}", name.split('/').next().unwrap_or(name))
    };
    let all: BTreeSet<String> = interfaces.map(package).collect();
    all.into_iter().collect::<Vec<_>>().join(", ")
}

/// `openclaw:bot/on-message@1.0.0` is `on-message`.
fn short(interface: &str) -> String {
    let name = interface.split('@').next().unwrap_or(interface);
    name.rsplit('/').next().unwrap_or(name).to_owned()
}

fn wishes(look: &Look) -> Vec<[String; 2]> {
    let mut rows: Vec<[String; 2]> = Vec::new();
    for wish in &look.imports {
        let words = wish.words.map_or_else(|| format!("use {}", wish.interface), ToOwned::to_owned);
        let needs = match (wish.grant, wish.words) {
            (Some(grant), _) => format!("grant \"{grant}\""),
            // What every component imports says nothing about this one.
            (None, None) if wish.interface.starts_with("wasi:io") || wish.interface.starts_with("wasi:cli") => continue,
            (None, None) if wish.interface.split('@').next().is_some_and(|name| name.ends_with("/types")) => continue,
            (None, None) => "not offered here".to_owned(),
            (None, Some(_)) => "no grant".to_owned(),
        };
        let row = [words, needs];
        if !rows.contains(&row) {
            rows.push(row);
        }
    }
    rows
}

fn introduce(text: &mut String, said: &Said) {
    if let Some(name) = &said.name {
        let version = if said.version.is_empty() { String::new() } else { format!(" {}", said.version) };
        let _ = writeln!(text, "calls itself: {name}{version}. {}", said.description);
    }
    if let Some(settings) = &said.settings {
        table(text, "settings", settings.iter().map(setting));
    }
    let row = |(first, second): &(String, String)| [first.clone(), second.clone()];
    table(text, "commands", said.commands.iter().map(row));
    table(text, "jobs that come back", said.jobs.iter().map(row));
}

fn setting(setting: &Setting) -> [String; 4] {
    let default = match &setting.default {
        _ if setting.required => "must be set".to_owned(),
        // A whole prompt would push everything beside it out of sight.
        Some(default) => format!("unless set: {}", beginning(default)),
        None => "need not be set".to_owned(),
    };
    [setting.name.clone(), setting.values.clone(), default, setting.description.clone()]
}

/// A text, or how it begins if it is long.
fn beginning(text: &str) -> String {
    let line = one_line(text, usize::MAX);
    if line.chars().count() <= SHOWN { line } else { format!("{} …", one_line(&line, SHOWN)) }
}

/// A heading with rows in columns below it; nothing if there are no rows.
fn table<const N: usize>(text: &mut String, heading: &str, rows: impl IntoIterator<Item = [String; N]>) {
    let rows: Vec<[String; N]> = rows.into_iter().collect();
    if rows.is_empty() {
        return;
    }
    let _ = writeln!(text, "{heading}");
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: [usize; N] = std::array::from_fn(width);
    for row in rows {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        let _ = writeln!(text, "  {}", cells.collect::<Vec<_>>().join("  ").trim_end());
    }
}

/// The lines of a section that say which component it is and what it is granted. A bundled one is granted what it ships with.
fn origin(look: &Look, file: &Path, dev: bool) -> String {
    if look.bundled.is_some() {
        return format!("component = \"{}\"\n", file.display());
    }
    let path = file.canonicalize().unwrap_or_else(|_| file.to_owned());
    let pinned = if dev { "dev = true".to_owned() } else { format!("sha256 = \"{}\"", look.sha256) };
    let mut text = format!("component = {:?}\n{pinned}\n", path.display().to_string());
    if !look.grants.is_empty() {
        let _ = writeln!(text, "grants = {:?}", look.grants);
    }
    text
}

/// The section for the configuration, for a file that stays as it is or one that is built again and again.
pub fn section(look: &Look, file: &Path, id: &str, dev: bool) -> String {
    // Passwords are typed at the paths of one id, whoever checks them.
    let id = if look.kind == Some(PluginKind::PasswordProvider) { PASSWORD } else { id };
    let mut text = format!("[plugins.{id}]\n{}", origin(look, file, dev));
    let goes_out = look.grants.iter().any(|grant| grant == "http") || look.kind == Some(PluginKind::OAuthProvider);
    if goes_out && look.bundled.is_none_or(|bundled| bundled.hosts.is_empty()) {
        text.push_str("allow_hosts = []           # the hosts that it may go to\n");
    }
    let required = look.said.as_ref().ok().and_then(|said| said.settings.as_ref()).into_iter().flatten().filter(|setting| setting.required);
    let mut settings: Vec<String> =
        required.map(|setting| format!("{} = \"\"   # must be set: {}", setting.name, setting.description)).collect();
    if look.kind == Some(PluginKind::OAuthProvider) {
        settings.extend(["client_id = \"\"", "client_secret = \"\""].map(ToOwned::to_owned));
    }
    if !settings.is_empty() {
        let _ = writeln!(text, "[plugins.{id}.settings]\n{}", settings.join("\n"));
    }
    text
}
