//! What is refused before it runs, each with one sentence that names the plugin, what it wants and the way out.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

use community::config::{PluginSection, Size, Span};

use super::support::{guest, load, load_in, section};
use crate::support::{Binary, DEADLINE, Db, Process};

/// Why the plugin `bad` does not run.
async fn refusal(section: PluginSection) -> String {
    let plugins = load([("bad", section)]).await;
    assert!(plugins.password("email").is_ok(), "the others are not affected");
    let reason = plugins.password("bad").map(|_| ()).expect_err("the plugin is refused").reason;
    assert!(reason.starts_with("plugin `bad` ") && !reason.contains('\n'), "{reason}");
    reason
}

fn file(path: &Path) -> PluginSection {
    PluginSection { component: Some(path.display().to_string()), dev: true, ..PluginSection::default() }
}

#[tokio::test]
async fn p18_what_is_not_a_component_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let component = fs::read(guest("no_exports")).unwrap();
    let cases: [(&str, &[u8], &str); 6] = [
        ("zip", b"PK\x03\x04 and more", "is not WebAssembly: a plugin is a .wasm file that holds a component"),
        ("empty", b"", "is not WebAssembly: a plugin is a .wasm file that holds a component"),
        ("module", b"\0asm\x01\0\0\0", "is a WebAssembly module, not a component: build it for the target wasm32-wasip2"),
        ("version", b"\0asm\xff\0\x01\0", "is not a readable component"),
        ("half", &component[..component.len() / 2], "is not a readable component"),
        ("precompiled", b"\x7fELF and more", "is not WebAssembly"),
    ];
    for (name, bytes, sentence) in cases {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        let reason = refusal(file(&path)).await;
        assert!(reason.starts_with(&format!("plugin `bad` {sentence}")), "{name}: {reason}");
    }
}

#[tokio::test]
async fn p18_a_file_over_its_size_is_refused_unread() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("big");
    fs::File::create(&path).unwrap().set_len(200 << 20).unwrap();
    assert_eq!(refusal(file(&path)).await, "plugin `bad` is larger than 32 MiB: build it smaller, or raise limits.file in its section");
    let mut small = section("misbehaving");
    small.limits.file = Size::kib(1);
    assert!(refusal(small).await.starts_with("plugin `bad` is larger than 1 KiB"));
    assert!(refusal(file(folder.path())).await.contains("which is not a file"));
    assert!(refusal(file(&folder.path().join("nothing"))).await.contains("cannot be read from"));
}

#[tokio::test]
async fn p18_imports_that_no_plugin_gets_are_refused() {
    let files = refusal(section("files")).await;
    assert!(files.starts_with("plugin `bad` wants to read and write files (`wasi:filesystem/"), "{files}");
    assert!(files.ends_with("which this server lets no plugin do: build it without"), "{files}");
    let network = refusal(section("network")).await;
    assert!(network.starts_with("plugin `bad` wants to open network connections (`wasi:sockets/"), "{network}");
}

#[tokio::test]
async fn p18_what_only_bots_can_do_is_refused_to_providers() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("provider.wasm");
    for (import, grant, words) in [
        ("openclaw:chat/chat-write@1.0.0", "chat-write", "write and react in its rooms"),
        ("openclaw:store/store@1.0.0", "store", "remember things"),
        ("openclaw:http/http@1.0.0", "http", "ask other servers that you allow"),
        ("openclaw:secrets/secrets@1.0.0", "secrets", "use secrets without reading them"),
    ] {
        fs::write(&path, provider_with(import)).unwrap();
        let sentence = format!(
            "plugin `bad` wants to {words} (`{import}`), which only bots can do, and this is a password provider: build it without"
        );
        assert_eq!(refusal(file(&path)).await, sentence);
        let granted = PluginSection { grants: vec![grant.to_owned()], ..file(&path) };
        assert_eq!(refusal(granted).await, sentence, "whatever it is granted");
    }
    for import in ["openclaw:clock/clock@1.0.0", "openclaw:random/random@1.0.0", "openclaw:settings/settings@1.0.0"] {
        fs::write(&path, provider_with(import)).unwrap();
        let reason = refusal(file(&path)).await;
        assert!(!reason.contains("only bots"), "{reason}");
    }
}

/// What looks like a password provider that imports one interface, as long as nobody compiles it.
pub fn provider_with(import: &str) -> Vec<u8> {
    let section = |id: u8, body: &[u8]| [&[id][..], leb(body.len()).as_slice(), body].concat();
    let name = |text: &str| [&[0][..], leb(text.len()).as_slice(), text.as_bytes()].concat();
    // An instance without anything in it, the import as one, and the same as the export.
    let types = section(7, &[1, 0x42, 0]);
    let imports = section(10, &[&[1][..], name(import).as_slice(), &[5, 0]].concat());
    let exports = section(11, &[&[1][..], name("openclaw:provider/password@1.0.0").as_slice(), &[5, 0, 0]].concat());
    [b"\0asm\x0d\0\x01\0".to_vec(), types, imports, exports].concat()
}

#[tokio::test]
async fn p18_unknown_and_newer_interfaces_are_refused() {
    let stranger = refusal(section("stranger")).await;
    let known =
        "plugin `bad` wants `openclaw:telepathy/minds@0.1.0`, which this server does not know; it has `openclaw:settings/settings@1.0.0`, ";
    assert!(stranger.starts_with(known) && stranger.contains("`openclaw:chat/chat-write@1.0.0`"), "{stranger}");
    assert!(stranger.ends_with(": install a newer server, or build the plugin without it"), "{stranger}");
    assert_eq!(
        refusal(section("newer_settings")).await,
        "plugin `bad` wants `openclaw:settings/settings@2.0.0`, but this server has version 1.0.0: install a newer server, or build the \
         plugin for that version"
    );
    assert_eq!(
        refusal(section("newer_function")).await,
        "plugin `bad` needs `openclaw:settings/settings@1.9.0`, but this server has version 1.0.0: install a newer server, or build the \
         plugin for that version"
    );
}

#[tokio::test]
async fn p18_missing_and_newer_exports_are_refused() {
    assert_eq!(
        refusal(section("no_exports")).await,
        "plugin `bad` exports nothing that this server calls: it looks for one of `openclaw:provider/password@1.0.0`, \
         `openclaw:provider/oauth@1.0.0`, or any of `openclaw:bot@1.0.0` (on-message, on-change, on-member, on-post, commands, completion, \
         scheduled, before-message, lifecycle); build it with the export macros of the SDK"
    );
    assert_eq!(
        refusal(section("newer_provider")).await,
        "plugin `bad` offers `openclaw:provider/password@2.0.0`, but this server calls version 1.0.0: install a newer server, or build the \
         plugin for that version"
    );
}

#[tokio::test]
async fn p21_a_file_needs_its_checksum() {
    let unpinned = PluginSection { dev: false, ..section("misbehaving") };
    let reason = refusal(unpinned.clone()).await;
    let (_, rest) = reason.split_once("add sha256 = \"").expect("the line to add is named");
    let sha256 = rest.split('"').next().unwrap().to_owned();
    let plugins = load([("bad", PluginSection { sha256: Some(sha256.to_uppercase()), ..unpinned.clone() })]).await;
    assert!(plugins.password("bad").is_ok());
    let wrong = PluginSection { sha256: Some("0".repeat(64)), ..unpinned };
    let reason = refusal(wrong).await;
    assert!(reason.contains("is not the file its section describes") && reason.contains(&sha256), "{reason}");
}

#[tokio::test]
async fn p21_a_file_that_everybody_can_change_is_warned_of() {
    let (folder, link) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (path, through) = (folder.path().join("plugin.wasm"), link.path().join("link.wasm"));
    fs::copy(guest("misbehaving"), &path).unwrap();
    std::os::unix::fs::symlink(&path, &through).unwrap();
    let warnings = async |path: &Path, sha256: Option<String>| {
        let section = PluginSection { sha256, ..file(path) };
        load([("bad", section)]).await.status().into_iter().find(|status| status.id == "bad").unwrap().unread
    };
    let open = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    assert!(warnings(&path, None).await.is_empty());
    for (place, before, after) in [(path.as_path(), 0o644, 0o666), (folder.path(), 0o700, 0o777)] {
        open(place, after);
        let told = warnings(&through, None).await;
        let real = place.canonicalize().unwrap();
        let sentence = format!("everybody on this machine can change {}, and its component with it", real.display());
        assert!(told.len() == 1 && told[0].starts_with(&sentence), "{told:?}");
        open(place, before);
    }
    open(&path, 0o666);
    let reason = refusal(PluginSection { dev: false, ..file(&path) }).await;
    let pinned = reason.split('"').nth(1).unwrap().to_owned();
    assert!(warnings(&path, Some(pinned)).await.is_empty(), "the checksum holds others off");
}

#[tokio::test]
async fn sections_that_make_no_sense_are_refused() {
    let bundled = |name: &str| PluginSection { component: Some(format!("bundled:{name}")), ..PluginSection::default() };
    assert!(refusal(bundled("nonsense")).await.contains("this server carries email"));
    assert!(refusal(PluginSection::default()).await.contains("set `component` to a file"));
    let granted = PluginSection { grants: vec!["everything".into()], ..bundled("email") };
    assert_eq!(
        refusal(granted).await,
        "plugin `bad` is granted `everything`, which is not a permission; there are chat-read, chat-write, posts-read, posts-write, members, moderation, \
         store, secrets, schedule, http: correct its `grants`"
    );
    let mut idle = bundled("email");
    idle.limits.concurrency = 0;
    assert_eq!(refusal(idle).await, "plugin `bad` limits.concurrency must be more than zero");
}

#[tokio::test]
async fn ids_that_are_paths_of_the_host_are_reserved() {
    let bundled = PluginSection { component: Some("bundled:email".into()), ..PluginSection::default() };
    for id in ["rooms", "posts", "me", "logout", "login", "callback", "upload", "sessions", "users", "Staff", "a/b", "-a", ""] {
        let plugins = load([(id, bundled.clone())]).await;
        let reason = plugins.password(id).map(|_| ()).unwrap_err().reason;
        assert!(reason.contains("has an id"), "{id}: {reason}");
    }
    let plugins = load([("staff-2", bundled)]).await;
    assert!(plugins.password("staff-2").is_ok(), "the same component may serve under another id");
}

#[tokio::test]
async fn p19_a_component_that_takes_too_long_to_compile_is_off_and_the_server_goes_on() {
    let mut bomb = section("misbehaving");
    let file = tempfile::NamedTempFile::with_suffix(".wasm").unwrap();
    fs::write(file.path(), compile_bomb(&branches())).unwrap();
    bomb.component = Some(file.path().display().to_string());
    bomb.limits.compile = Span::millis(100);
    let folder = tempfile::tempdir().unwrap();
    let began = Instant::now();
    let plugins = load_in(folder.path(), [("bomb", bomb)]).await;
    let reason = plugins.password("bomb").map(|_| ()).unwrap_err().reason;
    assert!(reason.starts_with("plugin `bomb` takes longer than 100ms to compile"), "{reason}");
    plugins.password("email").expect("the others run");
    assert!(began.elapsed() < 5 * DEADLINE, "{:?}", began.elapsed());
}

#[tokio::test]
async fn p19_a_component_is_compiled_by_a_process_that_ends_at_its_limits() {
    let mut binary = Binary::prepare(Db::Sqlite, &[]).await;
    let components = [
        ("greedy", compile_bomb(&sums()), "compile_memory = \"64 MiB\""),
        ("endless", compile_bomb(&branches()), "compile = \"1s\""),
        ("modest", fs::read(guest("misbehaving")).unwrap(), "compile = \"5m\""),
    ];
    let sections = components.map(|(id, bytes, limit)| {
        let path = binary.folder().join(id).with_extension("wasm");
        fs::write(&path, bytes).unwrap();
        format!("[plugins.{id}]\ncomponent = \"{}\"\ndev = true\n[plugins.{id}.limits]\n{limit}\n", path.display())
    });
    fs::write(binary.folder().join("community.toml"), sections.concat()).unwrap();
    binary.serve().await;
    let greedy =
        "plugin `greedy` needs more than 64 MiB of memory to compile: build it smaller, or raise limits.compile_memory in its section";
    binary.logged(greedy).await;
    binary.logged("plugin `endless` takes longer than 1s to compile: build it smaller, or raise limits.compile in its section").await;
    let done = fs::read_dir(binary.folder().join("data/cache/compiled")).unwrap().map(|note| note.unwrap().file_name());
    assert_eq!(done.collect::<Vec<_>>(), ["modest"], "{}", binary.log());
    binary.stop().await;
}

#[tokio::test]
async fn p19_a_process_that_compiles_ends_when_its_time_is_up_even_if_it_uses_none() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_community"));
    command.arg("compile-component").arg(folder.path()).args(["1000000000", "200"]);
    // Nothing is written there, so it waits.
    let mut process = Process::spawn(command.stdin(Stdio::piped())).unwrap();
    let status = process.end().await.expect("it goes on");
    assert_eq!(status.code(), Some(124));
}

/// One function with so many branches that compiling it takes seconds.
fn branches() -> Vec<u8> {
    // (if (local.get 0) (then (local.set 0 (i32.add (local.get 0) (i32.const 1)))))
    let branch = [0x20, 0, 0x04, 0x40, 0x20, 0, 0x41, 1, 0x6a, 0x21, 0, 0x0b];
    [branch.repeat(30_000), vec![0x20, 0]].concat()
}

/// One function that adds and multiplies so much that compiling it takes hundreds of MiB.
pub fn sums() -> Vec<u8> {
    // (i32.add (i32.mul … (i32.const 7)) (local.get 0))
    [vec![0x20, 0], [0x41, 7, 0x6c, 0x20, 0, 0x6a].repeat(200_000)].concat()
}

/// A component with a core module beside its own, which is never instantiated and has one function: this one.
pub fn compile_bomb(function: &[u8]) -> Vec<u8> {
    let sized = |body: Vec<u8>| [leb(body.len()), body].concat();
    let section = |id: u8, body: Vec<u8>| [vec![id], sized(body)].concat();
    let code = [[0].as_slice(), function, &[0x0b]].concat();
    let types = section(1, vec![1, 0x60, 1, 0x7f, 1, 0x7f]);
    let module = [b"\0asm\x01\0\0\0".to_vec(), types, section(3, vec![1, 0]), section(10, [vec![1], sized(code)].concat())].concat();
    [fs::read(guest("misbehaving")).unwrap(), section(1, module)].concat()
}

fn leb(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = u8::try_from(number & 0x7f).unwrap();
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}
