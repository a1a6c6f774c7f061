//! The house rules that no compiler checks: who may use whom, how long a file may be, and that every abuse case has a test.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

/// Files that are longer than this are to be split.
const LONGEST_FILE: usize = 500;

/// Half of all files are at most this long.
const MEDIAN_FILE: usize = 120;

/// What files without I/O may not name.
const PURE: &[&str] =
    &["poem", "sea_orm", "tokio", "hyper", "std::fs", "std::net::Tcp", "crate::store", "super::store", "::actions", "::queries", "::http"];

/// What a slice's files may not name, by file: pieces of paths as they stand in the code.
const FORBIDDEN: &[(&str, &[&str])] = &[
    ("model.rs", PURE),
    ("policy.rs", PURE),
    ("events.rs", &["poem", "sea_orm", "::actions", "::queries", "::http"]),
    ("entity.rs", &["poem", "::actions", "::queries", "::http", "::policy"]),
    ("store.rs", &["poem", "::actions", "::queries", "::http", "::policy"]),
    ("queries.rs", &["poem", "sea_orm", "::http", "::actions"]),
    ("actions.rs", &["poem", "sea_orm", "::http"]),
    ("http.rs", &["sea_orm", "super::store", "super::entity"]),
    ("socket.rs", &["sea_orm", "super::store", "super::entity"]),
];

struct Source {
    /// Below the root of the repository.
    path: PathBuf,
    text: String,
}

impl Source {
    fn name(&self) -> &str {
        self.path.file_name().unwrap().to_str().unwrap()
    }

    /// Which of a slice's files it is: `actions/login.rs` is a part of `actions.rs`.
    fn role(&self) -> String {
        let folders = self.path.strip_prefix("core/src").unwrap().iter().skip(1).map(|part| part.to_str().unwrap());
        let role = folders.map(|part| format!("{}.rs", part.trim_end_matches(".rs")));
        role.into_iter().find(|role| FORBIDDEN.iter().any(|(file, _)| file == role)).unwrap_or_default()
    }

    /// The slice or part of `core/src` it belongs to.
    fn part(&self) -> &str {
        let below = self.path.strip_prefix("core/src").unwrap().iter().next().unwrap().to_str().unwrap();
        below.trim_end_matches(".rs")
    }

    fn in_folder(&self) -> bool {
        self.path.components().count() > 3
    }

    /// The lines of code with their numbers: no comments, no tests at the end, `use` trees written out.
    fn code(&self) -> Vec<(usize, String)> {
        let mut lines = Vec::new();
        let mut tree = String::new();
        for (number, line) in self.text.lines().enumerate() {
            let line = line.split("//").next().unwrap_or_default();
            if line.trim() == "#[cfg(test)]" {
                break;
            }
            let begins =
                ["use ", "pub use ", "pub(crate) use ", "pub(super) use "].iter().any(|start| line.trim_start().starts_with(start));
            if begins || !tree.is_empty() {
                tree.push_str(line.trim());
                if line.contains(';') {
                    let uses = tree.split_once("use ").unwrap().1.trim_end_matches(';').to_owned();
                    lines.extend(expand(&uses).into_iter().map(|path| (number + 1, path)));
                    tree.clear();
                }
            } else {
                lines.push((number + 1, line.to_owned()));
            }
        }
        lines
    }
}

/// Writes out the paths of a `use` tree: `a::{b, c::{d}}` is `a::b` and `a::c::d`.
fn expand(tree: &str) -> Vec<String> {
    let Some((prefix, rest)) = tree.split_once('{') else { return vec![tree.trim().to_owned()] };
    let inner = &rest[..rest.rfind('}').unwrap()];
    let (mut depth, mut from, mut parts) = (0, 0, Vec::new());
    for (at, letter) in inner.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&inner[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&inner[from..]);
    let parts = parts.into_iter().map(str::trim).filter(|part| !part.is_empty());
    parts.flat_map(expand).map(|path| format!("{}{path}", prefix.trim())).collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Every Rust file below `folder`, without what is built.
fn sources(folder: &str) -> Vec<Source> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.push(Source { path: path.strip_prefix(root()).unwrap().to_owned(), text });
            }
        }
    }
    found
}

/// Whether `line` names `path`, not merely a longer word that contains it.
fn names(line: &str, path: &str) -> bool {
    let letter = |letter: char| letter.is_alphanumeric() || letter == '_';
    line.match_indices(path).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + path.len()..].chars().next();
        (path.starts_with(':') || !before.is_some_and(letter)) && (path.ends_with("Tcp") || !after.is_some_and(letter))
    })
}

/// Fails with every place that broke a rule.
#[track_caller]
fn none(broken: &BTreeSet<String>, rule: &str) {
    let list = broken.iter().fold(String::new(), |mut list, place| {
        write!(list, "\n  {place}").unwrap();
        list
    });
    assert!(broken.is_empty(), "{rule}:{list}");
}

fn broken(holds: impl Fn(&Source, &str) -> bool) -> BTreeSet<String> {
    let sources = sources("core/src");
    let lines = sources.iter().flat_map(|source| source.code().into_iter().map(move |(number, line)| (source, number, line)));
    lines
        .filter(|(source, _, line)| !holds(source, line))
        .map(|(source, number, line)| format!("{}:{number}: {}", source.path.display(), line.trim()))
        .collect()
}

#[test]
fn the_layers_of_a_slice_call_downwards_only() {
    let allowed = |source: &Source, line: &str| {
        let forbidden = FORBIDDEN.iter().find(|(file, _)| *file == source.role() && !matches!(source.part(), "config" | "http" | "store"));
        forbidden.is_none_or(|(_, paths)| !paths.iter().any(|path| names(line, path)))
    };
    none(&broken(allowed), "http, socket -> actions, queries -> policy, model, own store; nothing calls upwards");
}

#[test]
fn only_stores_know_the_database() {
    let allowed = |source: &Source, line: &str| {
        source.part() == "store" || matches!(source.role().as_str(), "store.rs" | "entity.rs") || !names(line, "sea_orm")
    };
    none(&broken(allowed), "sea_orm is named in store/, store.rs and entity.rs only");
}

#[test]
fn a_store_belongs_to_its_slice() {
    let slices: BTreeSet<String> = sources("core/src")
        .iter()
        .filter(|file| file.in_folder() && file.role() == "store.rs")
        .map(|file| file.part().to_owned())
        .collect();
    let allowed = |source: &Source, line: &str| {
        let strangers = slices.iter().filter(|slice| *slice != source.part());
        strangers.into_iter().all(|slice| !names(line, &format!("{slice}::store")))
    };
    none(&broken(allowed), "rows of another slice are reached through its actions and queries");
}

#[test]
fn the_database_layer_knows_no_slice() {
    let slices: BTreeSet<String> = sources("core/src")
        .iter()
        .filter(|file| file.in_folder() && file.name() == "actions.rs")
        .map(|file| file.part().to_owned())
        .collect();
    let allowed =
        |source: &Source, line: &str| source.part() != "store" || slices.iter().all(|slice| !names(line, &format!("crate::{slice}")));
    none(&broken(allowed), "store/ is below every slice");
}

#[test]
fn only_the_guarded_client_calls_others() {
    let allowed = |source: &Source, line: &str| {
        source.part() == "outbound" || ["hyper::client", "TcpStream::connect", "reqwest"].iter().all(|path| !names(line, path))
    };
    none(&broken(allowed), "requests to others go through outbound/, which knows where they may go");
}

#[test]
fn migrations_know_no_entity() {
    let sources = sources("migrations");
    let broken =
        sources.iter().filter(|source| source.code().iter().any(|(_, line)| names(line, "community") || line.contains("::entity")));
    none(
        &broken.map(|source| source.path.display().to_string()).collect(),
        "migrations stand for themselves, or they change with the code",
    );
}

#[test]
fn files_are_short() {
    let sources: Vec<Source> = ["core", "migrations", "plugins"].into_iter().flat_map(sources).collect();
    let length = |source: &Source| source.text.lines().count();
    let long = sources
        .iter()
        .filter(|source| length(source) > LONGEST_FILE)
        .map(|source| format!("{}: {}", source.path.display(), length(source)));
    none(&long.collect(), "files longer than 500 lines");
    let mut lengths: Vec<usize> = sources.iter().map(length).collect();
    lengths.sort_unstable();
    let median = lengths[lengths.len() / 2];
    assert!(median <= MEDIAN_FILE, "half of the files are longer than {median} lines; {MEDIAN_FILE} is the limit");
}

#[test]
fn every_abuse_case_has_a_test() {
    let sources: Vec<Source> = ["core/src", "core/tests/it"].into_iter().flat_map(sources).collect();
    let lines = sources.iter().flat_map(|source| source.text.lines()).filter(|line| !line.trim_start().starts_with("//"));
    let code: String = lines.collect();
    let tested: BTreeSet<&str> = code
        .split("fn ")
        .skip(1)
        .flat_map(|rest| ids(rest.split(|end: char| !end.is_alphanumeric() && end != '_').next().unwrap_or_default()))
        .collect();
    let list = include_str!("abuse-cases.txt");
    let cases = list.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let missing = cases.filter(|line| !line.contains(" -- ")).filter(|line| {
        let id = line.split(' ').next().unwrap().replace('-', "").to_lowercase();
        !tested.contains(id.as_str())
    });
    none(&missing.map(str::to_owned).collect(), "abuse cases without a test");
}

/// The ids at the beginning of a test's name: `a03_c02_forms_are_refused` has two.
fn ids(name: &str) -> impl Iterator<Item = &str> {
    name.split('_').take_while(|word| {
        word.len() >= 3
            && word[..1].chars().all(|letter| letter.is_ascii_lowercase())
            && word[1..].bytes().all(|digit| digit.is_ascii_digit())
    })
}

#[test]
fn every_test_guest_and_every_deed_of_theirs_is_used() {
    let tests: String = sources("core/tests/it").into_iter().map(|source| source.text).collect();
    let guests = root().join("plugins/test-guests");
    let names = fs::read_dir(&guests).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap().replace('-', "_"));
    let unused: BTreeSet<String> = names.filter(|name| !tests.contains(&format!("\"{name}\""))).collect();
    none(&unused, "guests that no test loads");
    let guilty = ["plugins/test-guests/naughty-bot", "plugins/test-guests/misbehaving"].into_iter().flat_map(sources);
    let deeds: BTreeSet<String> = guilty.flat_map(|source| deeds(&source.text)).collect();
    assert!(deeds.len() > 60, "this test does not see what there is: {deeds:?}");
    none(&deeds.into_iter().filter(|deed| !is_ordered(&tests, deed)).collect(), "deeds that no test orders");
}

/// The names of deeds in a guest. Each begins the line of an entry in a table, `("name", `, or of an arm, `"name" =>`.
fn deeds(text: &str) -> Vec<String> {
    let named = |line: &str| {
        let (name, rest) = line.strip_prefix("(\"").or_else(|| line.strip_prefix('"'))?.split_once('"')?;
        let plain = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        (plain && (rest.starts_with(", ") || rest.starts_with(" =>"))).then(|| name.to_owned())
    };
    text.lines().map(str::trim).filter_map(named).collect()
}

/// Whether a test names the deed: at the beginning of a text, or after the word by which the bot is called.
fn is_ordered(tests: &str, deed: &str) -> bool {
    tests.match_indices(deed).any(|(at, _)| {
        let called = ["\"", "naughty ", "before "].iter().any(|before| tests[..at].ends_with(before));
        called && !tests[at + deed.len()..].starts_with(|letter: char| letter.is_ascii_lowercase() || letter == '-')
    })
}
