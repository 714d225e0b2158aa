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

#[test]
fn the_embedded_lock_is_valid_and_names_the_scanners() {
    let lock = Lock::embedded().unwrap();
    let names: Vec<_> = lock.tools.iter().map(|tool| tool.name.as_str()).collect();
    assert_eq!(names, ["cargo-audit", "cargo-deny", "gitleaks", "npm", "osv-scanner"]);
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
            } else if !["rs", "md", "LICENSE"].contains(&kind.as_str())
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
