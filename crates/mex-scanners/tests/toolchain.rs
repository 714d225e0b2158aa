//! A tool is what the lock file names, byte for byte, or it is not used (contract SC-5; P3).
#![expect(clippy::unwrap_used, reason = "a panic in a test is its failure report")]

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use mex_runtime::artifact::ToolIdentity;
use mex_runtime::code::Code;
use mex_runtime::digest::Digest;
use mex_runtime::id::ToolName;
use mex_scanners::toolchain::{Lock, PLATFORM, ProvisioningRecord, ToolState, Toolchain};

const BYTES: &[u8] = b"#!/bin/sh\necho 1.0.0\n";

fn name() -> ToolName {
    "some-tool".parse().unwrap()
}

fn lock(pins: &str) -> String {
    format!(
        r#"{{"schema_version":"tl-1.0","databases":[],"tools":[{{"name":"some-tool","version":"1.0.0",
        "licence":"MIT","integration":"subprocess","purpose":"tests","used_by":"scan","sources":[
        {{"kind":"go_module","package":"example.invalid/some-tool","version":"v1.0.0","go":"go1.27.3",
        "ldflags":"-s -w","cgo":false,"trimpath":true}}],"executable_sha256":{pins},
        "version_probe":{{"args":["version"]}}}}]}}"#
    )
}

struct Place {
    _folder: tempfile::TempDir,
    tools: Toolchain,
    executable: PathBuf,
}

fn place(pins: &str) -> Place {
    let folder = tempfile::tempdir().unwrap();
    let tools = Toolchain::open(folder.path(), Lock::parse(&lock(pins)).unwrap()).unwrap();
    let executable = folder.path().join("tools/some-tool/1.0.0/some-tool");
    Place { _folder: folder, tools, executable }
}

impl Place {
    fn put(&self, bytes: &[u8]) {
        std::fs::create_dir_all(self.executable.parent().unwrap()).unwrap();
        std::fs::write(&self.executable, bytes).unwrap();
        std::fs::set_permissions(&self.executable, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn put_record(&self, bytes: &[u8]) {
        let record = ProvisioningRecord {
            schema_version: "tr-1.0".to_owned(),
            tool: identity(bytes),
            method: "source".to_owned(),
            origin: "tests".to_owned(),
            built_with: "go1.27.3".to_owned(),
            stats_sha256: None,
            provisioned_at: "2026-08-25T12:00:00Z".parse().unwrap(),
            machine: None,
        };
        let path = self.executable.with_file_name("record.json");
        std::fs::write(path, serde_json::to_vec(&record).unwrap()).unwrap();
    }
}

fn identity(bytes: &[u8]) -> ToolIdentity {
    ToolIdentity { name: name(), version: "1.0.0".to_owned(), sha256: Digest::of(bytes) }
}

fn pinned_here() -> String {
    format!("{{\"{PLATFORM}\":\"{}\"}}", Digest::of(BYTES))
}

/// A package brings tools along: they are found where the own folder has none, are pinned like any
/// other, and never stand before the own ones.
#[test]
fn tools_that_came_with_the_product_are_found_and_judged_like_any_other() {
    let shipped = place(&pinned_here());
    let folder = shipped._folder.path().join("tools");
    let own = place(&pinned_here());
    let open = || {
        let lock = Lock::parse(&lock(&pinned_here())).unwrap();
        Toolchain::open(own._folder.path(), lock).unwrap().with_shipped(Some(folder.clone()))
    };
    assert_eq!(open().state(&name()), ToolState::Missing);
    shipped.put(BYTES);
    assert_eq!(open().state(&name()), ToolState::Pinned(identity(BYTES)));
    assert_eq!(open().resolve(&name()).unwrap().executable, shipped.executable);
    shipped.put(b"#!/bin/sh\necho something else\n");
    assert!(matches!(open().state(&name()), ToolState::Changed { .. }));
    own.put(BYTES);
    assert_eq!(open().resolve(&name()).unwrap().executable, own.executable);
    let nowhere = Toolchain::open(own._folder.path(), Lock::parse(&lock(&pinned_here())).unwrap())
        .unwrap()
        .with_shipped(Some(folder.join("not/there")));
    assert_eq!(nowhere.state(&name()), ToolState::Pinned(identity(BYTES)));
}

#[test]
fn the_embedded_lock_is_valid_and_names_the_scanners() {
    let lock = Lock::embedded().unwrap();
    let names: Vec<_> = lock.tools.iter().map(|tool| tool.name.as_str()).collect();
    assert_eq!(
        names,
        ["cargo-audit", "cargo-deny", "gitleaks", "npm", "osv-scanner", "scancode", "syft"]
    );
}

/// Contract SC-13: what is carried is listed, and is what the register says.
#[test]
fn sc_13_every_file_of_data_the_product_carries_is_in_the_register_with_its_digest() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let lock = Lock::embedded().unwrap();
    let mut listed = Vec::new();
    for database in &lock.databases {
        let (file, sha256) = (database.file.as_ref().unwrap(), database.sha256.unwrap());
        assert_eq!(Digest::of(&std::fs::read(root.join(file)).unwrap()), sha256, "{file}");
        listed.push(root.join(file).canonicalize().unwrap());
    }
    // Whatever of other people's making lies among the sources: not code, and not our own prose.
    let mut open =
        vec![root.join("crates/mex-scanners/src"), root.join("crates/mex-scanners/assets")];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path().canonicalize().unwrap();
            let kind = path.extension().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() {
                open.push(path);
            } else if !["rs", "py", "md", "LICENSE"].contains(&kind.as_str())
                // Code of ours, in npm's own language.
                && !path.ends_with("npm_audit/responder.cjs")
            {
                assert!(listed.contains(&path), "`{}` is not in the register", path.display());
            }
        }
    }
}

#[test]
fn p3_a_tool_is_missing_pinned_or_changed_and_never_anything_between() {
    let place = place(&pinned_here());
    assert_eq!(place.tools.state(&name()), ToolState::Missing);
    assert_eq!(place.tools.resolve(&name()).unwrap_err().code(), Code::IntegrityToolMissing);
    place.put(BYTES);
    let tool = place.tools.resolve(&name()).unwrap();
    assert_eq!(tool.identity, identity(BYTES));
    place.tools.still_pinned(&tool).unwrap();
    for position in [0, BYTES.len() / 2, BYTES.len() - 1] {
        let mut flipped = BYTES.to_vec();
        flipped[position] ^= 1;
        place.put(&flipped);
        assert!(matches!(place.tools.state(&name()), ToolState::Changed { .. }), "{position}");
        assert!(place.tools.still_pinned(&tool).is_err(), "{position}");
    }
    place.put(b"");
    assert!(matches!(place.tools.state(&name()), ToolState::Changed { .. }));
    std::fs::remove_file(&place.executable).unwrap();
    std::os::unix::fs::symlink("/bin/true", &place.executable).unwrap();
    assert!(matches!(place.tools.state(&name()), ToolState::Changed { found: None, .. }));
    std::fs::remove_file(&place.executable).unwrap();
    std::fs::create_dir(&place.executable).unwrap();
    assert!(matches!(place.tools.state(&name()), ToolState::Changed { found: None, .. }));
}

#[test]
fn a_change_that_keeps_size_and_mtime_is_found() {
    let place = place(&pinned_here());
    place.put(BYTES);
    let tool = place.tools.resolve(&name()).unwrap();
    let modified = std::fs::metadata(&place.executable).unwrap().modified().unwrap();
    let mut flipped = BYTES.to_vec();
    flipped[5] ^= 1;
    std::fs::write(&place.executable, &flipped).unwrap();
    let file = std::fs::File::options().write(true).open(&place.executable).unwrap();
    file.set_modified(modified).unwrap();
    assert!(place.tools.still_pinned(&tool).is_err());
}

#[test]
fn without_any_digest_a_tool_is_unpinned() {
    let place = place("{}");
    place.put(BYTES);
    assert_eq!(place.tools.state(&name()), ToolState::Unpinned);
    assert_eq!(place.tools.state(&"other".parse().unwrap()), ToolState::Unpinned);
    let path = place.executable.with_file_name("record.json");
    for broken in ["", "{", "{}", "[]"] {
        std::fs::write(&path, broken).unwrap();
        assert!(matches!(place.tools.state(&name()), ToolState::Unreadable(_)), "{broken}");
    }
}

#[test]
fn the_record_pins_until_an_event_does_and_tampering_with_both_is_found() {
    let place = place("{}");
    place.put(BYTES);
    place.put_record(BYTES);
    assert_eq!(place.tools.state(&name()), ToolState::Pinned(identity(BYTES)));
    place.tools.witness(&identity(BYTES));
    let other = b"#!/bin/sh\nexit 0\n";
    place.put(other);
    place.put_record(other);
    assert!(matches!(place.tools.state(&name()), ToolState::Changed { .. }));
    assert_eq!(place.tools.record(&name()).unwrap().unwrap().tool, identity(other));
}

#[test]
fn every_fault_of_a_lock_is_told_at_once() {
    let broken = lock("{\"amiga-68k\":\"00\"}");
    assert_eq!(Lock::parse(&broken).unwrap_err().code(), Code::ToolchainLock);
    let digest = Digest::of(b"");
    let broken = lock(&format!("{{\"amiga-68k\":\"{digest}\"}}"))
        .replace("tl-1.0", "tl-9.0")
        .replace("\"cgo\":false", "\"cgo\":true")
        .replace("\"v1.0.0\"", "\"v1.0.1\"")
        .replace("[\"version\"]", "[]");
    let faults = Lock::parse(&broken).unwrap_err().0;
    let places: Vec<_> = faults.iter().map(|fault| fault.at.as_str()).collect();
    for at in [
        "/schema_version",
        "/tools/0/version_probe/args",
        "/tools/0/executable_sha256/amiga-68k",
        "/tools/0/sources/0/version",
        "/tools/0/sources/0/cgo",
    ] {
        assert!(places.contains(&at), "{at} is not in {places:?}");
    }
    for text in ["", "{", "null", "{}", "{\"a\":1,\"a\":1}"] {
        assert!(Lock::parse(text).is_err(), "{text}");
    }
    assert!(Lock::parse(&lock("{}").replacen('{', "{\"extra\":1,", 1)).is_err());
    assert!(Lock::parse(&" ".repeat(2 << 20)).is_err());
}

/// A tool of many files in a folder of its own, recorded with or without its table of stats.
struct Many {
    _folder: tempfile::TempDir,
    tools_dir: PathBuf,
    home: PathBuf,
}

fn many_lock() -> Lock {
    let digest = Digest::of(b"");
    let source = format!(
        r#"{{"kind":"python","package":"some-tool","version":"1.0.0",
        "requirements":"a/requirements.txt","requirements_sha256":"{digest}"}}"#
    );
    let text = lock("{}");
    let (begin, end) =
        (text.find("{\"kind\"").unwrap(), text.find("],\"executable_sha256").unwrap());
    Lock::parse(&format!("{}{source}{}", &text[..begin], &text[end..])).unwrap()
}

impl Many {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("tools/some-tool/1.0.0");
        let made = Self { tools_dir: folder.path().to_owned(), _folder: folder, home };
        made.put("some-tool", BYTES);
        made.put("lib/a.py", b"a = 1");
        made.put("lib/b/data", b"data");
        made
    }

    fn put(&self, path: &str, bytes: &[u8]) {
        let path = self.home.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    /// The tools folder as a process that starts now sees it.
    fn open(&self) -> Toolchain {
        Toolchain::open(&self.tools_dir, many_lock()).unwrap()
    }

    fn manifest(&self) -> String {
        let line = |path: &str, bytes: &[u8]| format!("{} - {path}\n", Digest::of(bytes));
        [line("lib/a.py", b"a = 1"), line("lib/b/data", b"data"), line("some-tool", BYTES)].concat()
    }

    fn identity(&self) -> ToolIdentity {
        let sha256 = Digest::of(self.manifest().as_bytes());
        ToolIdentity { name: name(), version: "1.0.0".to_owned(), sha256 }
    }

    fn stats(&self) -> String {
        use std::os::unix::fs::MetadataExt as _;
        let line = |path: &str| {
            let full = self.home.join(path);
            let (meta, sha256) =
                (std::fs::metadata(&full).unwrap(), Digest::of(&std::fs::read(&full).unwrap()));
            format!(
                "{} {} {} {} {} {} {} {sha256} {path}\n",
                meta.ino(),
                meta.len(),
                meta.mode(),
                meta.mtime(),
                meta.mtime_nsec(),
                meta.ctime(),
                meta.ctime_nsec()
            )
        };
        [line("lib/a.py"), line("lib/b/data"), line("some-tool")].concat()
    }
}

/// Contract SC-5: for a tool of many files by its manifest.
#[test]
fn sc_5_a_changed_added_or_removed_file_of_a_tool_of_many_files_is_another_tool() {
    let many = Many::new();
    assert_eq!(many.open().state(&name()), ToolState::Unpinned);
    let tools = many.open();
    tools.witness(&many.identity());
    let tool = tools.resolve(&name()).unwrap();
    assert_eq!(tool.identity, many.identity());
    assert_eq!(tool.mounts, std::slice::from_ref(&many.home));
    let changed = |what: &str| {
        let state = tools.state(&name());
        assert!(matches!(state, ToolState::Changed { .. }), "{what}: {state:?}");
        assert!(tools.still_pinned(&tool).is_err(), "{what}");
        let fresh = many.open();
        fresh.witness(&many.identity());
        assert!(matches!(fresh.state(&name()), ToolState::Changed { .. }), "{what}, seen anew");
    };
    many.put("lib/a.py", b"a = 2");
    changed("one byte");
    many.put("lib/a.py", b"a = 1");
    tools.still_pinned(&tool).unwrap();
    many.put("lib/sitecustomize.py", b"");
    changed("an added file");
    std::fs::remove_file(many.home.join("lib/sitecustomize.py")).unwrap();
    std::fs::remove_file(many.home.join("lib/b/data")).unwrap();
    changed("a removed file");
    std::os::unix::fs::symlink("../a.py", many.home.join("lib/b/data")).unwrap();
    changed("a link");
    std::fs::remove_file(many.home.join("lib/b/data")).unwrap();
    many.put("lib/b/data", b"data");
    let execute = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(many.home.join("lib/a.py"), execute).unwrap();
    changed("a file that became executable");
    std::fs::set_permissions(many.home.join("lib/a.py"), std::fs::Permissions::from_mode(0o644))
        .unwrap();
    tools.still_pinned(&tool).unwrap();
}

/// Contract SC-5: a stat comparison where nothing moved, and the table of stats is believed only
/// where its digest was recorded.
#[test]
fn sc_5_a_forged_table_of_stats_hides_no_change() {
    let many = Many::new();
    let honest = many.stats();
    many.put("stats.txt", honest.as_bytes());
    let opened = |stats: &str| {
        let tools = many.open();
        tools.witness(&many.identity());
        tools.witness_stats(&many.identity(), Digest::of(stats.as_bytes()));
        tools
    };
    assert!(matches!(opened(&honest).state(&name()), ToolState::Pinned(_)));
    // The change is found by its stat, whatever the table beside it says.
    many.put("lib/a.py", b"a = 2");
    assert!(matches!(opened(&honest).state(&name()), ToolState::Changed { .. }));
    let forged =
        many.stats().replace(&Digest::of(b"a = 2").to_string(), &Digest::of(b"a = 1").to_string());
    many.put("stats.txt", forged.as_bytes());
    assert!(matches!(opened(&honest).state(&name()), ToolState::Changed { .. }), "forged");
    // The same table under a recorded digest shows that it is what spares the hashing.
    assert!(matches!(opened(&forged).state(&name()), ToolState::Pinned(_)));
    let tools = opened(&forged);
    let verified = tools.verify();
    assert!(matches!(verified[0].1, ToolState::Changed { .. }), "verify hashes whatever it says");
    for broken in ["", "x", "1 2 3", &forged[..forged.len() / 2]] {
        many.put("stats.txt", broken.as_bytes());
        assert!(matches!(opened(broken).state(&name()), ToolState::Changed { .. }), "{broken}");
    }
}
