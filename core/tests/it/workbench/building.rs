//! `community plugin new` and `build`: a folder that builds, answers, and passes its own test.

use std::fs;

use super::Bench;
use crate::support::full;

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
        let tried = bench.run_well(&["test", &name]).await;
        assert!(tried.ends_with("all 12 steps went as written\n"), "{tried}");
    }
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
