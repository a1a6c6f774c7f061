//! Commands of the binary that look at things.

mod backup;
mod doctor;
mod trial;

use std::{
    collections::BTreeSet, ffi::OsString, fs, net::TcpListener, os::unix::fs::PermissionsExt, path::Path, process::Command, time::Duration,
};

use sea_orm::ConnectionTrait;
use serde_json::Value;
use tokio::time::timeout;

use crate::{
    bots::crash::section,
    plugins::refusals::{compile_bomb, sums},
    support::{Binary, Db, PASSWORD, eventually, output, share_plugin_cache},
};

db_test! {
    async fn o03_config_check_says_what_is_in_effect_without_secrets(db) {
        let settings = [("SMTP_URL", "smtp://user:S3cr3tCanary@127.0.0.1:2525".to_owned()), ("CHAT_BOT_TOKEN", "S3cr3tCanaryS3cr3tCanary".to_owned())];
        let binary = Binary::prepare(db, &settings).await;
        fs::write(binary.folder().join("community.toml"), "[limits]\nposts = \"7/hour\"\n").unwrap();
        let text = binary.run_well(&["config", "check"], "").await;
        assert!(text.contains("posts = \"7/hour\"") && text.contains("login = \"10/minute\"") && text.contains("127.0.0.1:2525"), "{text}");
        assert!(!text.contains("S3cr3tCanary"), "{text}");
        binary.stop().await;
    }
}

db_test! {
    async fn a_command_waits_for_a_server_that_is_busy_and_not_for_one_that_is_gone(db) {
        let mut binary = Binary::start(db, &[]).await;
        freeze(&binary).await;
        let (mut command, _lines) = binary.begin(&["plugin", "disable", "email"]);
        // Longer than one waits for a server that is not there.
        let ended = timeout(Duration::from_secs(6), command.end()).await;
        assert!(ended.is_err(), "gave up: {}", binary.errors());
        binary.signal("CONT");
        assert!(command.end().await.unwrap().success(), "{}", binary.errors());
        binary.client().get("/readyz").await.expect(200);
        binary.logged("switched off").await;
        // However it ended.
        binary.kill();
        let said = binary.run_well(&["plugin", "enable", "email"], "").await;
        assert_eq!(said, "email: noted; no server is running on this database, so it takes effect at the next start\n");
        binary.serve().await;
        assert_eq!(binary.run_well(&["plugin", "reload", "email"], "").await, "email: loaded\n");
        binary.stop().await;
    }
}

/// Waits until a signal to stop has come to each thread of the server.
async fn all_stand(binary: &Binary) {
    let stands = |task: fs::DirEntry| {
        let stat = fs::read_to_string(task.path().join("stat")).unwrap_or_default();
        stat.rsplit_once(") ").is_none_or(|(_, rest)| rest.starts_with('T'))
    };
    eventually("every thread to stand", || async {
        fs::read_dir(format!("/proc/{}/task", binary.pid())).unwrap().map(Result::unwrap).all(stands).then_some(())
    })
    .await;
}

/// Stops the server where it holds nothing that a command needs: SQLite has one place for who writes.
async fn freeze(binary: &Binary) {
    let connection = binary.database().connect().await;
    if binary.database().kind() == Db::Sqlite {
        connection.execute_unprepared("PRAGMA busy_timeout = 0").await.unwrap();
    }
    eventually("the server to write nothing", || async {
        binary.signal("STOP");
        all_stand(binary).await;
        let free = connection.execute_unprepared("DELETE FROM events WHERE false").await.is_ok();
        if !free {
            binary.signal("CONT");
        }
        free.then_some(())
    })
    .await;
    connection.close().await.unwrap();
}

#[tokio::test]
async fn a_server_that_cannot_start_says_what_helps() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = format!("postgres://somebody:S3cr3tCanary@{}/community", taken.local_addr().unwrap());
    for (name, value, told) in [
        (
            "PORT",
            taken.local_addr().unwrap().port().to_string(),
            "Address already in use (os error 98); another program does: stop it, or choose another port; `http.listen`, or `PORT`",
        ),
        ("COMMUNITY_DATA_DIR", "community.toml".to_owned(), "the folder community.toml cannot be made: File exists (os error 17)"),
        ("DATABASE_URL", silent, "/community does not answer, is starting, or has no connection free"),
    ] {
        let binary = Binary::prepare(Db::Sqlite, &[(name, value)]).await;
        fs::write(binary.folder().join("community.toml"), "").unwrap();
        let output = binary.run(&["serve"], "").await;
        let errors = String::from_utf8(output.stderr).unwrap();
        let last = errors.lines().last().unwrap_or_default();
        assert!(output.status.code() == Some(1) && last.starts_with("community: ") && last.contains(told), "{name}: {errors}");
        assert!(!errors.contains("S3cr3tCanary"), "{errors}");
    }
}

#[tokio::test]
async fn whoever_only_looks_at_plugins_is_safe_from_what_they_cost_and_leaves_nothing() {
    let binary = Binary::prepare(Db::Sqlite, &[("COMMUNITY_DATA_DIR", "fresh".to_owned()), ("TMPDIR", ".".to_owned())]).await;
    let path = binary.folder().join("greedy.wasm");
    fs::write(&path, compile_bomb(&sums())).unwrap();
    let section = format!("[plugins.greedy]\ncomponent = \"{}\"\ndev = true\nlimits.compile_memory = \"64 MiB\"\n", path.display());
    fs::write(binary.folder().join("community.toml"), section).unwrap();
    let before = names(binary.folder());
    let report = String::from_utf8(binary.run(&["doctor"], "").await.stdout).unwrap();
    assert!(report.contains("plugin `greedy` needs more than 64 MiB of memory to compile"), "{report}");
    assert!(report.contains("plugin email     on"), "{report}");
    assert_eq!(names(binary.folder()), before);
    binary.stop().await;
}

/// What is in a folder.
fn names(folder: &Path) -> BTreeSet<OsString> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect()
}

#[tokio::test]
async fn o21_a_mistake_in_the_configuration_is_one_sentence() {
    let binary = Binary::prepare(Db::Sqlite, &[]).await;
    fs::write(binary.folder().join("community.toml"), "[limits]\nposst = \"7/hour\"\n").unwrap();
    for arguments in [&["config", "check"][..], &["serve"], &["migrate"], &["plugin", "list"], &["user", "list"]] {
        let output = binary.run(arguments, "").await;
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{arguments:?}: {errors}");
        assert!(errors.contains("posst") && errors.contains("posts") && errors.lines().count() <= 3, "{arguments:?}: {errors}");
    }
    assert!(!binary.folder().join("community.db").exists(), "something was begun all the same");
    binary.stop().await;
}

#[tokio::test]
async fn a_logo_that_is_not_there_is_found_before_the_server_does_not_start() {
    let binary = Binary::prepare(Db::Sqlite, &[("COMMUNITY_SITE__LOGO", "no/such/logo.png".to_owned())]).await;
    for (command, told) in [(&["config", "check"][..], false), (&["doctor"], true), (&["serve"], false)] {
        let output = binary.run(command, "").await;
        let said = String::from_utf8(if told { output.stdout } else { output.stderr }).unwrap();
        assert!(said.contains("site.logo") && said.contains("no/such/logo.png: No such file"), "{command:?}: {said}");
        assert!(!output.status.success(), "{command:?}");
    }
    binary.stop().await;
}

#[tokio::test]
async fn config_check_finds_what_the_doctor_finds_about_plugins() {
    let binary = Binary::prepare(Db::Sqlite, &[]).await;
    let file = binary.folder().join("community.toml");
    let greedy = section("greedy", "counting_bot", &[]);
    fs::write(&file, format!("[plugins.nobody]\n[plugins.email.settings]\ncolour = \"red\"\n{greedy}")).unwrap();
    let doctor = String::from_utf8(binary.run(&["doctor"], "").await.stdout).unwrap();
    let output = binary.run(&["config", "check"], "").await;
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{errors}");
    for (plugin, fault) in [("nobody", "no bundled plugin"), ("greedy", "store")] {
        let sentence =
            doctor.lines().find_map(|line| line.strip_prefix("FAILED")?.trim().strip_prefix(&format!("plugin {plugin}"))).unwrap();
        assert!(sentence.contains(fault) && errors.contains(sentence.trim()), "{sentence}:\n{errors}");
    }
    // What works and is perhaps not meant stands above what is in effect.
    fs::write(&file, "[plugins.email.settings]\ncolour = \"red\"\n").unwrap();
    let text = binary.run_well(&["config", "check"], "").await;
    assert!(text.contains("# warning: plugin email: nothing reads its setting colour: correct it, or take it out"), "{text}");
    assert!(text.contains("colour = \"red\""), "{text}");
    binary.stop().await;
}

#[tokio::test]
async fn config_check_makes_nothing_where_the_server_never_was() {
    let binary = Binary::prepare(Db::Sqlite, &[("COMMUNITY_DATA_DIR", "fresh".to_owned())]).await;
    fs::write(binary.folder().join("community.toml"), "[plugins.email.settings]\ncolour = \"red\"\n").unwrap();
    let text = binary.run_well(&["config", "check"], "").await;
    assert!(text.contains("# warning: plugin email: "), "the plugins were not looked at: {text}");
    assert!(!binary.folder().join("fresh").exists());
    binary.stop().await;
}

#[tokio::test]
async fn a_file_that_is_named_must_exist() {
    let binary = Binary::prepare(Db::Sqlite, &[]).await;
    let output = binary.run(&["config", "check", "--config", "elsewhere.toml"], "").await;
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("elsewhere.toml"));
    binary.stop().await;
}

#[tokio::test]
async fn the_document_on_the_terminal_is_the_one_on_the_web() {
    let binary = Binary::start(Db::Sqlite, &[]).await;
    let printed = binary.run_well(&["openapi"], "").await;
    let document: Value = serde_json::from_str(&printed).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.") && document["paths"]["/api/posts"]["post"].is_object());
    assert_eq!(binary.client().get("/openapi.json").await.expect(200).json(), document);
    binary.stop().await;
}

#[tokio::test]
async fn the_plugins_and_what_they_may_do_are_listed() {
    let binary = Binary::prepare(Db::Sqlite, &[]).await;
    let list = binary.run_well(&["plugin", "list"], "").await;
    assert!(list.lines().any(|line| line.starts_with("email\tpassword provider\ton\t")), "{list}");
    fs::write(binary.folder().join("community.toml"), "[plugins.email]\nenabled = false\n").unwrap();
    let list = binary.run_well(&["plugin", "list"], "").await;
    assert!(list.lines().any(|line| line.starts_with("email\tpassword provider\toff: ")), "{list}");
    binary.stop().await;
}

#[tokio::test]
async fn bots_that_come_with_the_server_are_listed_with_the_line_that_switches_them_on() {
    let binary = Binary::prepare(Db::Sqlite, &[]).await;
    let available = |list: &str| list.lines().filter(|line| line.contains("\tbot\tavailable: ")).map(str::to_owned).collect::<Vec<_>>();
    let list = available(&binary.run_well(&["plugin", "list"], "").await);
    let line = |name: &str| format!("{name}\tbot\tavailable: the line [plugins.{name}] in community.toml switches it on");
    assert_eq!(list, [line("openclaw"), line("moderator")]);
    // One by the line, the other under a name of the operator's.
    let sections = "[plugins.openclaw]\n[plugins.guard]\ncomponent = \"bundled:moderator\"\n";
    fs::write(binary.folder().join("community.toml"), sections).unwrap();
    let list = binary.run_well(&["plugin", "list"], "").await;
    assert!(available(&list).is_empty(), "{list}");
    for id in ["openclaw", "guard"] {
        let on = format!("{id}\tbot {}\ton\t", env!("CARGO_PKG_VERSION"));
        assert!(list.lines().any(|line| line.starts_with(&on)), "{list}");
    }
    binary.stop().await;
}

#[tokio::test]
async fn a_provider_without_its_secret_names_the_variable() {
    let binary = Binary::prepare(Db::Sqlite, &[]).await;
    let section = "[plugins.company]\ncomponent = \"bundled:oidc\"\n[plugins.company.settings]\nissuer = \"https://id.example\"\n\
                   client_id = \"community\"\nclient_secret = \"env:COMPANY_CLIENT_SECRET\"\n";
    fs::write(binary.folder().join("community.toml"), section).unwrap();
    let list = binary.run_well(&["plugin", "list"], "").await;
    let off = "company\tredirect provider\toff: plugin `company` is not set up: set COMPANY_CLIENT_SECRET";
    assert!(list.lines().any(|line| line.starts_with(off)), "{list}");
    binary.stop().await;
}

#[tokio::test]
async fn a_command_before_the_first_start_leaves_the_data_folder_private() {
    let binary = Binary::prepare(Db::Sqlite, &[("COMMUNITY_DATA_DIR", "new/data".to_owned())]).await;
    fs::write(binary.folder().join("community.toml"), "[plugins.email]\nenabled = false\n").unwrap();
    binary.run_well(&["plugin", "list"], "").await;
    for folder in ["new/data", "new/data/cache", "new/data/cache/wasm"] {
        let mode = fs::metadata(binary.folder().join(folder)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "{folder}");
    }
    binary.stop().await;
}

/// Runs a command in `folder`, where no variable says anything; gives its errors and whether it went well.
async fn run_in(folder: &Path, arguments: &[&str]) -> (String, bool) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_community"));
    command.args(arguments).current_dir(folder).env_clear();
    let output = output(command, PASSWORD).await;
    (String::from_utf8(output.stderr).unwrap(), output.status.success())
}

#[tokio::test]
async fn a_command_in_a_folder_that_is_no_servers_makes_nothing_and_says_where_it_looked() {
    let folder = tempfile::tempdir().unwrap();
    let create = ["user", "create", "--email", "ann@example.org", "--password-stdin"];
    for arguments in
        [&["user", "list"][..], &["bot", "create", "Helper"], &["plugin", "list"], &["mail", "test", "ann@example.org"], &create]
    {
        let (errors, well) = run_in(folder.path(), arguments).await;
        let database = folder.path().join("data/community.db").display().to_string();
        for said in [database.as_str(), "--config", "COMMUNITY_DATA_DIR", "start the server"] {
            assert!(!well && errors.contains(said), "{arguments:?}: {said}: {errors}");
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "{arguments:?} made something");
    }
}

#[tokio::test]
async fn a_configuration_or_a_database_makes_a_folder_a_servers() {
    let folder = tempfile::tempdir().unwrap();
    share_plugin_cache(&folder.path().join("data"));
    let (errors, well) = run_in(folder.path(), &["migrate"]).await;
    assert!(well, "{errors}");
    assert_eq!(run_in(folder.path(), &["user", "list"]).await, (String::new(), true), "the database is enough");
    let folder = tempfile::tempdir().unwrap();
    share_plugin_cache(&folder.path().join("data"));
    fs::write(folder.path().join("community.toml"), "").unwrap();
    let create = ["user", "create", "--email", "ann@example.org", "--password-stdin"];
    assert_eq!(run_in(folder.path(), &create).await, (String::new(), true), "people can be there before the first start");
}

#[tokio::test]
async fn a_database_that_is_not_there_is_one_sentence_without_its_password() {
    let settings = [("DATABASE_URL", "postgres://community:S3cr3tCanary@127.0.0.1:1/none".to_owned())];
    let binary = Binary::prepare(Db::Sqlite, &settings).await;
    for arguments in [&["migrate"][..], &["migrate", "--plan"], &["user", "list"], &["serve"]] {
        let output = binary.run(arguments, "").await;
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {errors}");
        assert!(errors.contains("the database at") && !errors.contains("S3cr3tCanary"), "{arguments:?}: {errors}");
    }
    binary.stop().await;
}
