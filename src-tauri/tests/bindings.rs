//! The generated files of the desktop are what the table of commands says. Never writes: `./dev gen` does.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use mex_desktop::{bindings, commands};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// UI-6: a command or a type that moves without its bindings or its access list fails here.
#[test]
fn ui_6_bindings_and_access_list_are_up_to_date() {
    for file in bindings::files().unwrap() {
        let found = std::fs::read_to_string(root().join(&file.path)).unwrap_or_default();
        assert!(found == file.text, "`{}` is stale: run `./dev gen`", file.path);
    }
}

#[test]
fn every_command_has_one_plain_name() {
    let table = commands::table();
    let names: BTreeSet<&str> = table.iter().map(|command| command.name).collect();
    assert_eq!(names.len(), table.len(), "two commands share a name");
    for name in names {
        assert!(name.bytes().all(|c| c.is_ascii_lowercase() || c == b'_'), "`{name}`");
    }
}
