//! The reference for operators names every key, and what it shows can be loaded.

use community::config::keys;

use super::config;

const REFERENCE: &str = include_str!("../../../docs/configuration.md");

#[test]
fn every_key_is_in_the_reference() {
    let missing: Vec<String> = keys().into_iter().filter(|key| !mentions(key)).collect();
    assert!(missing.is_empty(), "core/docs/configuration.md does not tell of {missing:?}");
}

#[test]
fn the_file_in_the_reference_can_be_used_as_it_is() {
    let file = toml_block();
    let all: String = file
        .lines()
        .map(|line| line.strip_prefix("# ").filter(|rest| rest.contains(" = ")).unwrap_or(line))
        .flat_map(|line| [line, "\n"])
        .collect();
    config(file, &[]);
    let token = "0123456789abcdef0123456789abcdef";
    let secrets = ["DISCORD_CLIENT_ID", "DISCORD_CLIENT_SECRET", "UPLOADS_KEY_ID", "UPLOADS_SECRET"].map(|name| (name, "secret"));
    config(&all, &[secrets.as_slice(), &[("BOT_TOKEN", token)]].concat());
}

/// The first TOML block of the reference.
fn toml_block() -> &'static str {
    let (_, rest) = REFERENCE.split_once("```toml\n").expect("a TOML block");
    rest.split_once("```").expect("its end").0
}

/// True if the block has the key in its section, set or commented out.
fn mentions(key: &str) -> bool {
    let key = key.replace("<id>", "discord").replace("<name>", "client_id");
    let (section, name) = key.rsplit_once('.').unwrap_or(("", &key));
    let mut current = "";
    toml_block().lines().any(|line| {
        let line = line.trim_start_matches("# ");
        if let Some(header) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            current = header;
        }
        current == section && line.strip_prefix(name).is_some_and(|rest| rest.starts_with(" ="))
    })
}
