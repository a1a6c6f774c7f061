//! `community plugin new` and `build`: a folder that builds, answers, and passes its own test.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::Path,
};

use super::Bench;
use crate::{
    plugins::support::{built, guest},
    support::full,
};

/// All languages in the long run: their tools are fetched for it.
fn languages() -> &'static [&'static str] {
    if full() { &["rust", "js", "python"] } else { &["rust"] }
}

#[tokio::test]
async fn a_new_bot_builds_and_answers() {
    for language in languages() {
        let bench = Bench::new();
        let name = format!("greeter-{language}");
        let told = bench.run_well(&["new", &name, "--lang", language]).await;
        assert!(told.contains("community plugin build") && told.contains("community plugin test"), "{told}");
        let built = bench.run_well(&["build", &name]).await;
        assert!(built.contains(&format!("[plugins.{name}]")) && built.contains("grants = [\"chat-write\"]"), "{built}");
        assert!(built.contains(".wasm (") && built.contains("sha256 = \""), "{built}");
        let reasons = "is called because it\n  commands    has commands\n  on-message  hears what is said in its rooms\n";
        assert!(built.contains(reasons), "{built}");
        let tried = bench.run_well(&["test", &name]).await;
        assert!(tried.ends_with("all 12 steps went as written\n"), "{tried}");
    }
}

#[test]
fn the_examples_have_the_interfaces_as_they_are() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for package in fs::read_dir(root.join("wit/deps")).unwrap().map(|entry| entry.unwrap().file_name()) {
        let file = Path::new("wit/deps").join(&package).join(&package).with_extension("wit");
        for example in ["bot-plugin-javascript", "bot-plugin-python"].into_iter().filter(|_| package != "provider") {
            let copy = fs::read(root.join("examples").join(example).join(&file)).unwrap_or_default();
            assert!(copy == fs::read(root.join(&file)).unwrap(), "{} in {example}", file.display());
        }
    }
}

#[tokio::test]
async fn the_examples_pass_their_conversations() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let components = [("rust", "dice"), ("javascript", "dice_javascript"), ("python", "dice_python")];
    // The others take a compiler its time.
    for (language, component) in components.into_iter().filter(|(language, _)| full() || *language == "rust") {
        let script = root.join(format!("bot-plugin-{language}/tests/dice.txt"));
        let tried = Bench::new().run_well(&["test", built(component).to_str().unwrap(), script.to_str().unwrap()]).await;
        assert!(tried.ends_with("all 8 steps went as written\n"), "{tried}");
    }
}

#[tokio::test]
async fn what_is_newer_than_its_sources_is_not_built_again_for_a_test() {
    let bench = Bench::new();
    for folder in ["snake/.venv/bin", "snake/wit", "snake/tests"] {
        fs::create_dir_all(bench.folder().join(folder)).unwrap();
    }
    let script = format!("#!/bin/sh\necho once more >> builds.log\ncp {} bot.wasm\n", guest("echo_bot").display());
    for (name, text) in [
        ("requirements.txt", ""),
        (".venv/installed", ""),
        (".venv/bin/componentize-py", script.as_str()),
        ("wit/world.wit", "world bot {\n}\n"),
        ("bot.py", "one"),
        ("tests/echo.txt", "room Lobby\nann joins\nann: echo a\n< echo: a\n"),
    ] {
        bench.write(&format!("snake/{name}"), text);
    }
    let tool = bench.folder().join("snake/.venv/bin/componentize-py");
    fs::set_permissions(tool, Permissions::from_mode(0o755)).unwrap();
    let builds = || fs::read_to_string(bench.folder().join("snake/builds.log")).unwrap().lines().count();
    bench.run_well(&["test", "snake"]).await;
    for (change, text, built) in [("tests/more.txt", "room Lobby\n", 1), ("bot.py", "two", 2), ("wit/world.wit", "world bot {\n\n}\n", 3)] {
        bench.write(&format!("snake/{change}"), text);
        bench.run_well(&["test", "snake"]).await;
        assert_eq!(builds(), built, "{change}");
    }
    bench.run_well(&["build", "snake"]).await;
    assert_eq!(builds(), 4, "who says build means it");
}

#[tokio::test]
async fn what_is_there_already_is_left_alone() {
    let bench = Bench::new();
    fs::create_dir(bench.folder().join("mine")).unwrap();
    bench.write("mine/notes.txt", "mine");
    let said = bench.run(&["new", "mine"]).await;
    assert!(!said.well && said.errors.contains("mine is not empty"), "{}", said.errors);
    assert_eq!(fs::read_dir(bench.folder().join("mine")).unwrap().count(), 1);
}

#[tokio::test]
async fn a_new_bot_takes_the_place_of_no_plugin_that_comes_with_the_server() {
    let bench = Bench::new();
    for (folder, id) in [("email", "my-email"), ("OpenClaw", "my-openclaw"), ("posts", "my-posts"), ("emails", "emails")] {
        bench.run_well(&["new", folder, "--lang", "js"]).await;
        let readme = fs::read_to_string(bench.folder().join(folder).join("README.md")).unwrap();
        assert_eq!(readme.lines().next(), Some(format!("# {id}").as_str()), "{folder}");
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_build_is_shown_as_the_tools_say_it() {
    let bench = Bench::new();
    bench.run_well(&["new", "broken"]).await;
    bench.write("broken/src/lib.rs", "fn broken( {}");
    let said = bench.run(&["build", "broken"]).await;
    assert!(!said.well && said.errors.contains("error: ") && said.errors.contains("src/lib.rs:1"), "{}", said.errors);
    assert!(said.errors.ends_with("community: cargo did not build it; it says above why\n"), "{}", said.errors);
    fs::create_dir(bench.folder().join("empty")).unwrap();
    let said = bench.run(&["build", "empty"]).await;
    assert!(said.errors.contains("empty holds no plugin"), "{}", said.errors);
}
