//! `community plugin dev`, `record` and `replay`: beside a server that runs, and what is taken away from there.

use std::{
    fs,
    process::{Command, Stdio},
    time::Instant,
};

use tokio::time::{sleep, timeout};

use super::{Bench, rust_component, surround};
use crate::{
    bots::{
        crash::{section, server},
        present, said,
    },
    plugins::support::guest,
    rooms::{open_room, say},
    store::member,
    support::{DEADLINE, Db, Process},
};

/// Waits until a file has a line with `text` in it, and gives the line.
async fn line(file: &std::path::Path, text: &str) -> String {
    let wait = timeout(12 * DEADLINE, async {
        loop {
            let now = fs::read_to_string(file).unwrap_or_default();
            if let Some(line) = now.lines().rfind(|line| line.contains(text)) {
                return line.to_owned();
            }
            sleep(std::time::Duration::from_millis(20)).await;
        }
    });
    wait.await.unwrap_or_else(|_| panic!("no line with {text:?}: {}", fs::read_to_string(file).unwrap_or_default()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_is_loaded_into_the_running_server_whenever_it_changes() {
    let bench = Bench::new();
    bench.run_well(&["new", "liver"]).await;
    bench.run_well(&["build", "liver"]).await;
    let component = rust_component("liver").display().to_string();
    let section = format!("[plugins.liver]\ncomponent = \"{component}\"\ndev = true\nrooms = \"all\"\ngrants = [\"chat-write\"]\n");
    let binary = server(Db::Sqlite, &section).await;
    let ann = member(&binary, "Ann").await.client;
    let room = open_room(&ann, "Lobby").await;
    present(&ann, &room, "liver").await;
    let greeting = bench.folder().join("liver/src/greeting.txt");
    fs::write(&greeting, "Ahoy").unwrap();
    let out = bench.folder().join("out");
    let mut command = Command::new(env!("CARGO_BIN_EXE_community"));
    command.args(["plugin", "dev"]).arg(bench.folder().join("liver")).current_dir(binary.folder()).stdin(Stdio::null());
    surround(&mut command);
    command.env("COMMUNITY_DATA_DIR", binary.folder().join("data")).env("DATABASE_URL", &binary.database().url);
    command.stdout(fs::File::create(&out).unwrap()).stderr(fs::File::create(bench.folder().join("errors")).unwrap());
    let mut dev = Process::spawn(&mut command).unwrap();
    line(&out, "liver: loaded").await;
    let source = bench.folder().join("liver/src/lib.rs");
    let code = fs::read_to_string(&source).unwrap().replace("\"Hello\".to_owned()", "include_str!(\"greeting.txt\").to_owned()");
    fs::write(&out, "").unwrap();
    let changed = Instant::now();
    fs::write(&source, code).unwrap();
    let loaded = line(&out, "liver: loaded").await;
    // How long both took is told, rounded, and is the compilers' affair on a busy machine.
    let told = |line: &str, between: [&str; 2]| -> f64 {
        let (_, rest) = line.split_once(between[0]).unwrap();
        rest.split_once(between[1]).unwrap().0.parse().unwrap()
    };
    let built = told(&line(&out, "built in ").await, ["built in ", " s, "]);
    let took = built + told(&loaded, ["liver: loaded, ", " s after it was built"]);
    assert!(took > 0.1 && took < changed.elapsed().as_secs_f64() + 0.1, "{built} {loaded} after {:?}", changed.elapsed());
    say(&ann, &room, "hello").await;
    said(&ann, &room, "Ahoy, Ann!").await;
    // What the code takes in is a source, too.
    fs::write(&out, "").unwrap();
    fs::write(&greeting, "Moin").unwrap();
    line(&out, "liver: loaded").await;
    say(&ann, &room, "hello").await;
    said(&ann, &room, "Moin, Ann!").await;
    fs::write(&source, "nonsense").unwrap();
    line(&out, "cargo did not build it").await;
    dev.kill();
    binary.stop().await;
}

#[tokio::test]
async fn who_has_no_configuration_here_is_told_how_to_name_it() {
    let bench = Bench::new();
    bench.run_well(&["new", "lost"]).await;
    let said = bench.run(&["dev", "lost"]).await;
    assert!(
        !said.well && said.errors.contains("no configuration was found here") && said.errors.contains("--config FILE"),
        "{}",
        said.errors
    );
    assert!(!bench.folder().join("data").exists(), "and nothing is made here");
}

#[tokio::test]
async fn who_works_on_a_folder_without_a_plugin_is_told_and_nothing_is_watched() {
    let bench = Bench::new();
    fs::create_dir(bench.folder().join("empty")).unwrap();
    bench.write("community.toml", "[plugins.empty]\ncomponent = \"empty.wasm\"\ndev = true\n");
    let errors = bench.folder().join("errors");
    let mut command = Command::new(env!("CARGO_BIN_EXE_community"));
    command.args(["plugin", "dev", "empty"]).current_dir(bench.folder()).stdin(Stdio::null()).stdout(Stdio::null());
    surround(&mut command);
    let mut dev = Process::spawn(command.stderr(fs::File::create(&errors).unwrap())).unwrap();
    let code = dev.end().await.and_then(|status| status.code());
    let errors = fs::read_to_string(&errors).unwrap();
    assert!(code == Some(1) && errors.contains("empty holds no plugin"), "{code:?} {errors}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_bot_was_told_can_be_told_again_elsewhere() {
    let binary = server(Db::Sqlite, &section("helper", "counting_bot", &["store"])).await;
    let ann = member(&binary, "Ann").await.client;
    let room = open_room(&ann, "Lobby").await;
    present(&ann, &room, "helper").await;
    say(&ann, &room, "echo one").await;
    say(&ann, &room, "echo two\nof two lines").await;
    let told = binary.run_well(&["plugin", "record", "helper", "-n", "2", "--file", "events.jsonl"], "").await;
    assert_eq!(told, "2 events in events.jsonl\n");
    let one = binary.run_well(&["plugin", "record", "helper", "-n", "1", "--file", "one.jsonl"], "").await;
    assert_eq!(one, "1 event in one.jsonl\n");
    let events = fs::read_to_string(binary.folder().join("events.jsonl")).unwrap();
    assert!(events.lines().count() == 2 && events.contains("echo two\\nof two lines") && events.contains("\"room\":\"Lobby\""), "{events}");
    let bench = Bench::new();
    bench.write("events.jsonl", &events);
    let replay = ["replay", guest("echo_bot").to_str().unwrap(), "events.jsonl"].map(str::to_owned);
    let replay: Vec<&str> = replay.iter().map(String::as_str).collect();
    let (first, second) = (bench.run(&replay).await, bench.run(&replay).await);
    assert!(first.well && first.out == second.out, "{}\n{}\n{}", first.errors, first.out, second.out);
    assert!(first.out.contains("Ann said in Lobby: echo one\n    < test-echo-bot: echo: one\n"), "{}", first.out);
    assert!(first.out.contains("echo: two\\nof two lines") && first.errors.contains("ms CPU"), "{}{}", first.out, first.errors);
    let counted = bench.run_well(&["replay", guest("counting_bot").to_str().unwrap(), "events.jsonl"]).await;
    assert!(counted.contains("stores count = 1") && counted.contains("stores count = 2"), "{counted}");
    bench.write("wrong.jsonl", "{\"id\":\"e-1\"}\n");
    let wrong = bench.run(&["replay", guest("echo_bot").to_str().unwrap(), "wrong.jsonl"]).await;
    assert!(!wrong.well && wrong.errors.contains("wrong.jsonl, line 1: event e-1: its time is no time"), "{}", wrong.errors);
    binary.stop().await;
}
