//! The examples in other languages have copies of the interfaces, so that each can be copied as it is. They are the originals.

use std::{
    fs,
    path::{Path, PathBuf},
};

#[test]
fn copies_of_interfaces_are_the_originals() {
    let entries = |folder: &Path| -> Vec<PathBuf> { fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect() };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut compared = 0;
    for deps in entries(&root.join("examples")).iter().map(|example| example.join("wit/deps")).filter(|deps| deps.is_dir()) {
        for copy in entries(&deps).iter().flat_map(|package| entries(package)) {
            let original = root.join("wit/deps").join(copy.strip_prefix(&deps).unwrap());
            assert_eq!(fs::read_to_string(&copy).unwrap(), fs::read_to_string(&original).unwrap(), "copy {} again", copy.display());
            compared += 1;
        }
    }
    assert!(compared >= 6, "{compared} files were compared");
}
