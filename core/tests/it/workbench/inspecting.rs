//! `community plugin inspect`.

use std::fs;

use super::Bench;
use crate::{
    plugins::{
        refusals::provider_with,
        support::{built, guest},
    },
    support::{Binary, Db},
};

#[tokio::test]
async fn a_bot_is_described_in_plain_words() {
    let text = Bench::new().run_well(&["inspect", built("moderator").to_str().unwrap()]).await;
    for part in [
        ": a bot, ",
        "openclaw:bot@1.0.0",
        "before-message  looks at messages before they are said, and may refuse or change them",
        "remember things        grant \"store\"",
        "read its own settings  no grant",
        concat!("calls itself: Moderator ", env!("CARGO_PKG_VERSION"), ". "),
        "  flood_messages     a whole number, 0 to 1000  ",
        "/modlog [count]",
        "[plugins.my-moderator]",
        "grants = [\"store\"]",
    ] {
        assert!(text.contains(part), "{part:?} is missing:\n{text}");
    }
}

#[tokio::test]
async fn jobs_and_settings_are_described_with_their_times_and_bounds() {
    let bench = Bench::new();
    let component = bench.folder().join("all_hooks_bot.wasm");
    fs::copy(guest("all_hooks_bot"), &component).unwrap();
    fs::create_dir(bench.folder().join("aside")).unwrap();
    let text = bench.run_well(&["inspect", "aside/../all_hooks_bot.wasm"]).await;
    let path = component.canonicalize().unwrap();
    for part in [
        "weekday-morning  0 9 * * 1-5",
        "a whole number, 1 to 10    unless set: 3",
        "text, 1 to 100 characters  unless set: hello",
        "one of good, bad           unless set: good",
        &format!("component = \"{}\"", path.display()),
    ] {
        assert!(text.contains(part), "{part:?} is missing:\n{text}");
    }
}

#[tokio::test]
async fn who_hears_of_posts_needs_the_grant_to_read_them() {
    let text = Bench::new().run_well(&["inspect", guest("all_hooks_bot").to_str().unwrap()]).await;
    let grants = text.lines().find(|line| line.starts_with("grants = ")).unwrap();
    assert!(grants.contains("\"posts-read\""), "{grants}");
}

#[tokio::test]
async fn settings_that_must_be_set_stand_in_the_section() {
    let text = Bench::new().run_well(&["inspect", built("discord").to_str().unwrap()]).await;
    assert!(text.contains("a redirect provider") && text.contains("client_id = \"\"") && text.contains("allow_hosts = []"), "{text}");
}

#[tokio::test]
async fn whoever_takes_passwords_is_named_in_the_section_that_has_their_paths() {
    let bench = Bench::new();
    let vault = bench.folder().join("vault.wasm");
    fs::copy(built("email"), &vault).unwrap();
    let text = bench.run_well(&["inspect", vault.to_str().unwrap()]).await;
    assert!(text.contains("[plugins.email]\n") && !text.contains("[plugins.vault"), "{text}");
}

#[tokio::test]
async fn a_component_that_comes_with_the_server_is_described_by_its_name() {
    let bench = Bench::new();
    for (name, kind, parts) in [
        ("openclaw", "a bot", &["calls itself: OpenClaw ", "grant \"http\"", "allow_hosts = []"][..]),
        ("moderator", "a bot", &["/modlog [count]"][..]),
        ("email", "a password provider", &[][..]),
        ("oidc", "a redirect provider", &["allow_hosts = []", "client_id = \"\""][..]),
    ] {
        let text = bench.run_well(&["inspect", &format!("bundled:{name}")]).await;
        let section = format!("[plugins.{name}]\ncomponent = \"bundled:{name}\"\n");
        for part in ["this server can load it", &format!("bundled:{name}: {kind}, "), &section].into_iter().chain(parts.iter().copied()) {
            assert!(text.contains(part), "{part:?} is missing:\n{text}");
        }
        assert!(!text.contains("\nsha256 = ") && !text.contains("\ngrants = "), "it needs neither:\n{text}");
    }
    let openclaw = bench.run_well(&["inspect", "bundled:openclaw"]).await;
    let prompt = openclaw.lines().find(|line| line.starts_with("  chat_prompt ")).unwrap();
    assert!(prompt.contains("unless set: You are {name}, the assistant") && prompt.contains(" …  What the model is told"), "{prompt}");
    assert!(openclaw.lines().all(|line| line.chars().count() < 300), "a long default makes no line endless:\n{openclaw}");
    let discord = bench.run_well(&["inspect", "bundled:discord"]).await;
    assert!(!discord.contains("allow_hosts"), "it has its own: {discord}");
    let unknown = bench.run(&["inspect", "bundled:nobody"]).await;
    let sentence = "community: bundled:nobody names nothing: this server carries email, discord, reddit, oidc, openclaw, moderator;";
    assert!(!unknown.well && unknown.errors.starts_with(sentence) && unknown.errors.lines().count() == 1, "{}", unknown.errors);
}

#[tokio::test]
async fn what_cannot_be_loaded_is_told_in_one_sentence() {
    let bench = Bench::new();
    let text = bench.write("notes.wasm", "no component");
    let module = bench.folder().join("module.wasm");
    fs::write(&module, b"\0asm\x01\0\0\0").unwrap();
    let talking = bench.folder().join("talking.wasm");
    fs::write(&talking, provider_with("openclaw:chat/chat-write@1.0.0")).unwrap();
    for (file, reason) in [
        (text, "notes.wasm is not WebAssembly: a plugin is a .wasm file that holds a component"),
        (talking, "wants to write and react in its rooms (`openclaw:chat/chat-write@1.0.0`), which only bots can do"),
        (module, "is a WebAssembly module, not a component: build it for the target wasm32-wasip2"),
        (guest("stranger"), "wants `openclaw:telepathy/minds@0.1.0`, which this server does not know"),
        (guest("network"), "which this server lets no plugin do"),
        (guest("no_exports"), "exports nothing that this server calls"),
        (bench.folder().join("missing.wasm"), "missing.wasm cannot be read: No such file or directory (os error 2)"),
        (bench.folder().to_owned(), " is not a file"),
    ] {
        let said = bench.run(&["inspect", file.to_str().unwrap()]).await;
        assert!(!said.well && said.errors.lines().count() == 1, "{}", said.errors);
        assert!(said.errors.starts_with("community: ") && said.errors.contains(reason), "{}", said.errors);
        assert!(!said.out.contains(reason) && !said.errors.contains("correct `component`"), "once: {}{}", said.out, said.errors);
    }
}

#[tokio::test]
async fn the_section_can_be_pasted_as_it_is() {
    let text = Bench::new().run_well(&["inspect", guest("echo_bot").to_str().unwrap()]).await;
    let (_, section) = text.split_once("The section for community.toml:\n\n").unwrap();
    let binary = Binary::prepare(Db::Sqlite, &[]).await;
    fs::write(binary.folder().join("community.toml"), section).unwrap();
    let list = binary.run_well(&["plugin", "list"], "").await;
    assert!(list.contains("test-echo-bot\tbot\ton\tmay: write and react in its rooms"), "{list}");
    binary.stop().await;
}
