//! Advisory databases as people and hostile people hand them over (contract SC-6; P1, P24).
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a panic in a test is its failure report"
)]

use std::io::Write as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use mex_runtime::code::Code;
use mex_runtime::digest::Digest;
use mex_runtime::finding::AdvisoryKind;
use mex_runtime::port::Clock;
use mex_scanners::advisory::{DatabaseRefused, Databases, Form, Imported, Novelty};
use mex_scanners::toolchain::Lock;
use uuid::Uuid;

const NOW: &str = "2026-08-25T12:00:00Z";

struct Fixed(Timestamp);

impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        self.0
    }
    fn uuid(&self) -> Uuid {
        Uuid::now_v7()
    }
}

fn clock() -> Fixed {
    Fixed(NOW.parse().unwrap())
}

fn record(id: &str, ecosystem: &str, package: &str) -> Vec<u8> {
    serde_json::json!({
        "id": id, "modified": "2026-08-20T00:00:00Z",
        "affected": [{
            "package": {"ecosystem": ecosystem, "name": package},
            "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "1.2.3"}]}]
        }]
    })
    .to_string()
    .into_bytes()
}

fn zip_of(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn good_zip() -> Vec<u8> {
    zip_of(&[
        ("A-1.json", &record("A-1", "npm", "left")),
        ("A-2.json", &record("A-2", "npm", "right")),
    ])
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(bytes).unwrap();
    gz.finish().unwrap()
}

fn advisory_md(id: &str, package: &str) -> Vec<u8> {
    format!(
        "```toml\n[advisory]\nid = \"{id}\"\npackage = \"{package}\"\ndate = \"2026-08-01\"\n\n\
         [versions]\npatched = [\">= 1.0.0\"]\n```\n\n# Title\n"
    )
    .into_bytes()
}

fn tar_of(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, bytes) in entries {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len().try_into().unwrap());
        header.set_mode(0o644);
        // Set raw, so that names a careful writer refuses can be written too.
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        tar.append(&header, *bytes).unwrap();
    }
    tar.into_inner().unwrap()
}

struct Place {
    folder: tempfile::TempDir,
    databases: Databases,
}

fn place() -> Place {
    let folder = tempfile::tempdir().unwrap();
    let databases = Databases::open_bare(folder.path()).unwrap();
    Place { folder, databases }
}

impl Place {
    fn import(&self, bytes: &[u8], ecosystem: Option<&str>) -> Result<Imported, DatabaseRefused> {
        let file = self.folder.path().join("given");
        std::fs::write(&file, bytes).unwrap();
        self.databases.import(&file, ecosystem, &clock())
    }

    fn left_over(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.folder.path().join("advisories")).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        paths.filter(|path| !path.ends_with(".lock")).collect()
    }
}

#[track_caller]
fn refused(bytes: &[u8], ecosystem: Option<&str>, code: Code, says: &str) {
    let place = place();
    let error = place.import(bytes, ecosystem).expect_err("must be refused");
    assert_eq!(error.code, code, "{error}");
    assert!(error.message.contains(says), "{says:?} is not in: {error}");
    assert_eq!(place.left_over(), Vec::<PathBuf>::new(), "something was left: {error}");
    assert!(place.databases.current("npm", Form::Osv).is_none());
    assert!(place.databases.current("crates.io", Form::Rustsec).is_none());
}

#[test]
fn a_good_zip_is_taken_in_whole_and_indexed() {
    let place = place();
    let imported = place.import(&good_zip(), Some("npm")).unwrap();
    assert_eq!(imported.novelty, Novelty::New);
    let snapshot = place.databases.current("npm", Form::Osv).unwrap();
    assert_eq!(snapshot, imported.snapshot);
    assert_eq!(snapshot.identity.record_count, 2);
    assert_eq!(snapshot.identity.sha256, Digest::of(&good_zip()));
    assert_eq!(snapshot.identity.date.to_string(), "2026-08-20T00:00:00Z");
    assert_eq!(std::fs::read(&snapshot.path).unwrap(), good_zip());
    let index = snapshot.index().unwrap();
    assert_eq!(index.records[0].packages[0].fixed, ["1.2.3"]);
    snapshot.verify().unwrap();
    // Without a name, the ecosystem is the one all records share; the same bytes are known.
    assert_eq!(place.import(&good_zip(), None).unwrap().novelty, Novelty::Known);
    assert_eq!(place.databases.pinned(&snapshot.identity.sha256), Some(snapshot));
    assert!(place.databases.current("PyPI", Form::Osv).is_none());
    assert!(place.databases.current("npm", Form::Rustsec).is_none());
}

#[test]
fn p1_empty_databases_are_refused() {
    refused(b"", Some("npm"), Code::DbEmpty, "empty");
    refused(&zip_of(&[]), Some("npm"), Code::DbEmpty, "no advisory");
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.add_directory("npm/", zip::write::SimpleFileOptions::default()).unwrap();
    let only_folders = zip.finish().unwrap().into_inner();
    refused(&only_folders, Some("npm"), Code::DbEmpty, "no advisory");
    let only_support = gz(&tar_of(&[("support.toml", b"[rustsec]\n")]));
    refused(&only_support, None, Code::DbEmpty, "crates");
    let no_crates = gz(&tar_of(&[("rust/std/CVE-1.md", &advisory_md("CVE-1", "std"))]));
    refused(&no_crates, None, Code::DbEmpty, "crates");
}

#[test]
fn p1_a_zip_truncated_anywhere_is_refused() {
    let whole = good_zip();
    for length in 1..whole.len() {
        let place = place();
        let error = place.import(&whole[..length], Some("npm")).expect_err("truncated");
        assert_eq!(error.code, Code::DbTruncated, "at {length}: {error}");
        assert!(place.left_over().is_empty(), "at {length}");
    }
}

#[test]
fn p1_a_tree_truncated_anywhere_is_refused() {
    let entries: &[(&str, &[u8])] =
        &[("crates/a/RUSTSEC-2026-0001.md", &advisory_md("RUSTSEC-2026-0001", "a"))];
    let tar = tar_of(entries);
    place().import(&gz(&tar), None).unwrap();
    let whole = gz(&tar);
    for length in 1..whole.len() {
        let error = place().import(&whole[..length], None).expect_err("truncated");
        assert_eq!(error.code, Code::DbTruncated, "at {length}: {error}");
    }
    // The gzip is whole and the tar inside is not.
    for length in [tar.len() - 512, tar.len() - 1024, 700, 512, 1] {
        refused(&gz(&tar[..length]), None, Code::DbTruncated, "end marker");
    }
}

#[test]
fn p1_unparsable_records_are_refused_and_named() {
    let good = record("A-1", "npm", "left");
    let bad: &[(&[u8], &str)] = &[
        (b"", "EOF"),
        (b"{", "EOF"),
        (b"null", "invalid type"),
        (b"[]", ""),
        (b"{}", "missing field"),
        (b"\xff\xfe{}", "UTF-8"),
        (br#"{"id":"A-2"}"#, "modified"),
        (br#"{"id":"A-2","modified":"yesterday"}"#, ""),
        (br#"{"id":"A-2","modified":"2026-08-20T00:00:00Z"}"#, "affected"),
        (br#"{"id":"A-2","id":"A-2","modified":"2026-08-20T00:00:00Z"}"#, "duplicate"),
        (br#"{"id":"B-9","modified":"2026-08-20T00:00:00Z","affected":[{"package":{"ecosystem":"npm","name":"x"}}]}"#, "B-9"),
        (br#"{"id":"A-2","modified":"2026-08-20T00:00:00Z","affected":[{"package":{"ecosystem":"npm","name":""}}]}"#, "name"),
        (br#"{"id":"A-2","modified":"2026-08-20T00:00:00Z","affected":[{"package":{"ecosystem":"npm","name":"x"},"ranges":[{"type":"MAGIC","events":[]}]}]}"#, "MAGIC"),
        (br#"{"id":"A-2","modified":"2026-08-20T00:00:00Z","affected":[{"package":{"ecosystem":"npm","name":"x"},"ranges":[{"type":"SEMVER","events":[{}]}]}]}"#, "events"),
        (br#"{"id":"A-2","modified":"2026-08-20T00:00:00Z","aliases":"CVE-1","affected":[{"package":{"ecosystem":"npm","name":"x"}}]}"#, "sequence"),
        (br#"{"id":"A-2","schema_version":"2.0.0","modified":"2026-08-20T00:00:00Z","affected":[{"package":{"ecosystem":"npm","name":"x"}}]}"#, "schema_version"),
    ];
    for (text, says) in bad {
        for ecosystem in [Some("npm"), None] {
            let zip = zip_of(&[("A-1.json", &good), ("A-2.json", text)]);
            refused(&zip, ecosystem, Code::DbUnparsable, "A-2.json");
            refused(&zip, ecosystem, Code::DbUnparsable, says);
        }
    }
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let zip = zip_of(&[("A-1.json", &good), ("A-2.json", deep.as_bytes())]);
    refused(&zip, Some("npm"), Code::DbUnparsable, "A-2.json");
    let zip = zip_of(&[("A-1.json", &good), ("README.md", b"hello")]);
    refused(&zip, Some("npm"), Code::DbUnparsable, "README.md");
}

#[test]
fn p1_unparsable_advisories_of_a_tree_are_refused_and_named() {
    let fine = advisory_md("RUSTSEC-2026-0001", "a");
    let name = "crates/b/RUSTSEC-2026-0002.md";
    let cases: &[(&[u8], &str)] = &[
        (b"", "toml"),
        (b"# only a title\n", "toml"),
        (b"```toml\n[advisory]\n", "toml"),
        (b"```toml\n[advisory\n```\n", ""),
        (b"```toml\n[advisory]\nid = 7\n```\n", ""),
        (b"\xff", "UTF-8"),
        (&advisory_md("RUSTSEC-2026-0009", "b"), "RUSTSEC-2026-0009"),
        (&advisory_md("RUSTSEC-2026-0002", "c"), "package"),
    ];
    for (text, says) in cases {
        let tar = tar_of(&[("crates/a/RUSTSEC-2026-0001.md", &fine), (name, text)]);
        refused(&gz(&tar), None, Code::DbUnparsable, name);
        refused(&gz(&tar), None, Code::DbUnparsable, says);
    }
    let astray = tar_of(&[("crates/RUSTSEC-2026-0001.md", &fine)]);
    refused(&gz(&astray), None, Code::DbUnparsable, "crates/NAME/ID.md");
}

#[test]
fn p1_wrong_and_mixed_ecosystems_are_refused() {
    refused(&good_zip(), Some("PyPI"), Code::DbEcosystem, "A-1.json");
    refused(&good_zip(), Some("NPM"), Code::DbEcosystem, "OSV spells it `npm`");
    refused(&good_zip(), Some("no/../such"), Code::DbEcosystem, "is no ecosystem");
    let mixed = zip_of(&[
        ("A-1.json", &record("A-1", "npm", "left")),
        ("A-2.json", &record("A-2", "PyPI", "right")),
    ]);
    refused(&mixed, None, Code::DbEcosystem, "mixed");
    refused(&mixed, Some("npm"), Code::DbEcosystem, "A-2.json");
    let unknown = zip_of(&[("A-1.json", &record("A-1", "Nowhere", "left"))]);
    refused(&unknown, None, Code::DbEcosystem, "Nowhere");
    let tree = gz(&tar_of(&[("crates/a/R-1.md", &advisory_md("R-1", "a"))]));
    refused(&tree, Some("npm"), Code::DbEcosystem, "crates.io");
}

#[test]
fn p1_what_is_no_database_is_refused() {
    refused(b"<!DOCTYPE html><h1>Sign in</h1>", Some("npm"), Code::DbUnparsable, "web page");
    refused(b"hello world", None, Code::DbUnparsable, "neither");
    refused(&gz(b"hello"), None, Code::DbTruncated, "end marker");
    refused(&gz(&[b'x'; 4096]), None, Code::DbTruncated, "end marker");
    let mut flipped = good_zip();
    let middle = flipped.iter().position(|byte| *byte == b'{').unwrap_or(60);
    flipped[middle] ^= 1;
    assert_eq!(place().import(&flipped, Some("npm")).unwrap_err().code, Code::DbUnparsable);
}

#[test]
fn p1_a_database_of_the_future_is_refused_and_an_old_one_keeps_its_date() {
    let dated = |day: &str| {
        let text = String::from_utf8(record("A-1", "npm", "left")).unwrap();
        zip_of(&[("A-1.json", text.replace("2026-08-20", day).as_bytes())])
    };
    refused(&dated("2026-09-20"), Some("npm"), Code::DbUnparsable, "future");
    // Within the difference two clocks may have, the day is never after now.
    let near = place().import(&dated("2026-08-26"), Some("npm")).unwrap();
    assert_eq!(near.snapshot.identity.date.to_string(), NOW);
    let old = place().import(&dated("2019-01-02"), Some("npm")).unwrap();
    assert_eq!(old.snapshot.identity.date.to_string(), "2019-01-02T00:00:00Z");
}

#[test]
fn p1_a_snapshot_changed_after_import_is_found() {
    let place = place();
    let snapshot = place.import(&good_zip(), Some("npm")).unwrap().snapshot;
    std::fs::write(&snapshot.path, zip_of(&[])).unwrap();
    assert!(snapshot.verify().is_err());
    // Importing again heals it.
    assert_eq!(place.import(&good_zip(), Some("npm")).unwrap().novelty, Novelty::New);
    place.databases.current("npm", Form::Osv).unwrap().verify().unwrap();

    let tree = gz(&tar_of(&[
        ("crates/a/R-1.md", &advisory_md("R-1", "a")),
        ("crates/b/R-2.md", &advisory_md("R-2", "b")),
    ]));
    let snapshot = place.import(&tree, None).unwrap().snapshot;
    snapshot.verify().unwrap();
    let file = snapshot.path.join("crates/b/R-2.md");
    let original = std::fs::read(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    assert!(snapshot.verify().unwrap_err().message.contains("R-2.md"), "a removed advisory");
    std::fs::write(&file, b"```toml\n").unwrap();
    assert!(snapshot.verify().unwrap_err().message.contains("R-2.md"), "an emptied advisory");
    std::fs::write(&file, original).unwrap();
    std::fs::write(snapshot.path.join("crates/a/R-9.md"), b"").unwrap();
    assert!(snapshot.verify().unwrap_err().message.contains("R-9.md"), "an added advisory");
    std::fs::remove_file(snapshot.path.join("crates/a/R-9.md")).unwrap();
    snapshot.verify().unwrap();
    std::os::unix::fs::symlink("/etc/passwd", snapshot.path.join("crates/a/x.md")).unwrap();
    assert!(snapshot.verify().is_err(), "an added link");
}

#[test]
fn p1_a_snapshot_whose_description_or_bytes_are_gone_is_absent() {
    let place = place();
    let snapshot = place.import(&good_zip(), Some("npm")).unwrap().snapshot;
    let folder = snapshot.path.parent().unwrap();
    let description = folder.join("snapshot.json");
    let text = std::fs::read_to_string(&description).unwrap();
    for broken in [
        "",
        "{}",
        &text[..text.len() - 1],
        &text.replace("\"record_count\":2", "\"record_count\":0"),
    ] {
        std::fs::write(&description, broken).unwrap();
        assert!(place.databases.current("npm", Form::Osv).is_none(), "{broken:?}");
    }
    std::fs::write(&description, &text).unwrap();
    assert!(place.databases.current("npm", Form::Osv).is_some());
    std::fs::remove_file(&snapshot.path).unwrap();
    assert!(place.databases.current("npm", Form::Osv).is_none());
    assert!(place.databases.pinned(&snapshot.identity.sha256).is_none());
}

#[test]
fn p24_hostile_names_are_inert() {
    let good = record("A-1", "npm", "left");
    let long = format!("{}.json", "a".repeat(4096));
    for name in [
        "../A-1.json",
        "/A-1.json",
        "x/../../A-1.json",
        "a\\..\\A-1.json",
        "C:A-1.json",
        "./A-1.json",
        "a//A-1.json",
        "A-1\n.json",
        "A-1\u{202e}.json",
        "A-1\u{1b}[2J.json",
        "\u{410}-1.json",
        &long,
    ] {
        refused(&zip_of(&[(name, &good)]), Some("npm"), Code::DbUnparsable, "an entry named");
    }
    let cases = zip_of(&[("x/A-1.json", &good), ("X/a-1.JSON", &good)]);
    refused(&cases, Some("npm"), Code::DbUnparsable, "upper and lower case");
    let twice = zip_of(&[("x/A-1.json", &good), ("y/A-1.json", &good)]);
    refused(&twice, Some("npm"), Code::DbUnparsable, "twice");
    let md = advisory_md("R-1", "a");
    for name in ["../../escape/R-1.md", "/etc/cron.d/R-1.md", "crates/a/../../../R-1.md"] {
        refused(&gz(&tar_of(&[(name, &md)])), None, Code::DbUnparsable, "an entry named");
    }
}

#[test]
fn p24_links_and_devices_are_refused() {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.add_symlink("A-1.json", "/etc/passwd", zip::write::SimpleFileOptions::default()).unwrap();
    let linked = zip.finish().unwrap().into_inner();
    refused(&linked, Some("npm"), Code::DbUnparsable, "link");
    for kind in [
        tar::EntryType::Symlink,
        tar::EntryType::Link,
        tar::EntryType::Fifo,
        tar::EntryType::Char,
        tar::EntryType::Block,
    ] {
        let mut tar = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(0);
        header.set_path("crates/a/R-1.md").unwrap();
        header.set_link_name("/etc/passwd").unwrap();
        header.set_cksum();
        tar.append(&header, &[][..]).unwrap();
        refused(&gz(&tar.into_inner().unwrap()), None, Code::DbUnparsable, "only files");
    }
}

#[test]
fn p24_bombs_are_refused_within_bounds() {
    let zeros = vec![b' '; 20 << 20];
    let one_large = zip_of(&[("A-1.json", &zeros)]);
    refused(&one_large, Some("npm"), Code::InputTooBig, "unpacks");
    let half = vec![b' '; 2 << 20];
    let ratio = zip_of(&[("A-1.json", &half)]);
    refused(&ratio, Some("npm"), Code::InputTooBig, "times its size");
    refused(&gz(&vec![0; 64 << 20]), None, Code::InputTooBig, "unpacks");
}

#[test]
fn a_folder_a_pipe_and_an_absent_file_are_refused() {
    let place = place();
    for path in [place.folder.path(), Path::new("/dev/zero"), &place.folder.path().join("absent")] {
        let error = place.databases.import(path, None, &clock()).unwrap_err();
        assert_eq!(error.code, Code::InputUnreadable, "{error}");
    }
}

#[test]
fn a_source_archive_made_by_git_speaks_for_its_commit() {
    let mut tar = tar::Builder::new(Vec::new());
    let comment = format!("52 comment={}\n", "a".repeat(40));
    let mut header = tar::Header::new_ustar();
    header.set_entry_type(tar::EntryType::XGlobalHeader);
    header.set_path("pax_global_header").unwrap();
    header.set_size(comment.len().try_into().unwrap());
    header.set_cksum();
    tar.append(&header, comment.as_bytes()).unwrap();
    let md = advisory_md("R-1", "a");
    for (name, text) in
        [("advisory-db-main/crates/a/R-1.md", &md[..]), ("advisory-db-main/README.md", b"x")]
    {
        let mut header = tar::Header::new_ustar();
        header.set_path(name).unwrap();
        header.set_size(text.len().try_into().unwrap());
        header.set_mtime(
            u64::try_from("2026-08-24T03:00:00Z".parse::<Timestamp>().unwrap().as_second())
                .unwrap(),
        );
        header.set_cksum();
        tar.append(&header, text).unwrap();
    }
    let snapshot = place().import(&gz(&tar.into_inner().unwrap()), None).unwrap().snapshot;
    assert_eq!(snapshot.identity.date.to_string(), "2026-08-24T03:00:00Z");
    assert_eq!(snapshot.identity.record_count, 1);
}

#[test]
fn the_embedded_snapshot_is_the_one_the_lock_names_and_is_taken_in_once() {
    let folder = tempfile::tempdir().unwrap();
    let databases = Databases::open(folder.path(), &clock()).unwrap();
    let lock = Lock::embedded().unwrap();
    let osv = databases.current("crates.io", Form::Osv).unwrap();
    let tree = databases.current("crates.io", Form::Rustsec).unwrap();
    for (snapshot, name, records) in
        [(&osv, "rustsec-osv-export", 1206), (&tree, "rustsec-advisory-db", 1225)]
    {
        let entry = lock.databases.iter().find(|entry| entry.name == name).unwrap();
        assert_eq!(entry.sha256, Some(snapshot.identity.sha256));
        assert!(snapshot.identity.date.to_string().starts_with("2026-08-21"));
        assert_eq!(snapshot.identity.record_count, records);
        assert_eq!(snapshot.method, "embedded");
        snapshot.verify().unwrap();
    }
    assert!(osv.index().unwrap().records.iter().any(|record| {
        record.kind == AdvisoryKind::Unmaintained && record.packages[0].name == "rust-crypto"
    }));
    let again = Databases::open(folder.path(), &clock()).unwrap();
    assert_eq!(again.list(), databases.list());
    assert_eq!(again.list().len(), 2);
}

#[test]
fn two_imports_at_once_leave_one_whole_snapshot() {
    let place = place();
    let file = place.folder.path().join("given");
    std::fs::write(&file, good_zip()).unwrap();
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| place.databases.import(&file, Some("npm"), &clock())))
            .collect();
        for worker in workers {
            worker.join().unwrap().unwrap();
        }
    });
    assert_eq!(place.databases.list().len(), 1);
    place.databases.list()[0].verify().unwrap();
    assert_eq!(place.left_over().len(), 1);
}

/// Contract SC-2 over the whole RustSec snapshot: every vector computes, what is withdrawn or
/// informational is known as such, what has no score is unscored, and the two forms agree.
#[test]
fn every_record_of_the_embedded_snapshots_has_the_class_it_should() {
    use std::collections::BTreeMap;

    use mex_runtime::cvss;
    use mex_runtime::severity::VulnSeverity;

    let folder = tempfile::tempdir().unwrap();
    let databases = Databases::open(folder.path(), &clock()).unwrap();
    let index = |form| databases.current("crates.io", form).unwrap().index().unwrap().records;
    let (osv, tree) = (index(Form::Osv), index(Form::Rustsec));
    let mut classes: BTreeMap<String, usize> = BTreeMap::new();
    for record in &osv {
        let scores: Vec<_> =
            record.cvss.iter().map(|vector| cvss::score(vector, &record.id)).collect();
        assert!(scores.iter().all(|score| score.tenths.is_some()), "{record:?}");
        let severity = cvss::severity(&scores, &[], record.kind);
        let class = match (record.withdrawn, record.kind) {
            (Some(_), _) => "withdrawn".to_owned(),
            (None, AdvisoryKind::Vulnerability) => {
                assert_eq!(severity == VulnSeverity::Unscored, scores.is_empty(), "{record:?}");
                if scores.is_empty() { "unscored" } else { "scored" }.to_owned()
            }
            (None, AdvisoryKind::Malware) => {
                assert_eq!(severity, VulnSeverity::Critical, "{record:?}");
                "malware".to_owned()
            }
            (None, _) => {
                assert_eq!(severity, VulnSeverity::Informational, "{record:?}");
                "informational".to_owned()
            }
        };
        *classes.entry(class).or_default() += 1;
    }
    // Counted once in the snapshot of 2026-08-21 by another program; two carry a `MAL-` alias.
    let counted: Vec<_> = classes.iter().map(|(class, count)| (class.as_str(), *count)).collect();
    assert_eq!(
        counted,
        [
            ("informational", 466),
            ("malware", 2),
            ("scored", 379),
            ("unscored", 346),
            ("withdrawn", 13)
        ]
    );
    let tree: BTreeMap<_, _> = tree.iter().map(|record| (&record.id, record)).collect();
    for record in &osv {
        if let Some(same) = tree.get(&record.id) {
            assert_eq!(same.kind, record.kind, "{}", record.id);
            assert_eq!(same.withdrawn.is_some(), record.withdrawn.is_some(), "{}", record.id);
        }
    }
}

/// Contract SC-2: an informational word that nobody knows is taken for a vulnerability, a word beside
/// the ecosystem's own fields counts, malware is told by id, alias or weakness.
#[test]
fn odd_records_are_indexed_by_the_graver_reading() {
    let odd = |id: &str, more: serde_json::Value| {
        let mut record: serde_json::Value =
            serde_json::from_slice(&record(id, "npm", "odd")).unwrap();
        for (key, value) in more.as_object().unwrap() {
            if key == "affected" {
                for (inner, value) in value.as_object().unwrap() {
                    record["affected"][0][inner] = value.clone();
                }
            } else {
                record[key] = value.clone();
            }
        }
        record.to_string().into_bytes()
    };
    let cases = [
        ("MAL-1", serde_json::json!({}), AdvisoryKind::Malware),
        ("X-1", serde_json::json!({"aliases": ["mal-2026-1"]}), AdvisoryKind::Malware),
        (
            "X-2",
            serde_json::json!({"database_specific": {"cwe_ids": ["CWE-79", "CWE-506"]}}),
            AdvisoryKind::Malware,
        ),
        (
            "X-3",
            serde_json::json!({"affected": {"database_specific": {"informational": "unsound"}}}),
            AdvisoryKind::Unsound,
        ),
        (
            "X-4",
            serde_json::json!({"affected": {"database_specific": {"informational": "surprising"}}}),
            AdvisoryKind::Vulnerability,
        ),
        (
            "X-5",
            serde_json::json!({"affected": {"ecosystem_specific": {"severity": "HIGH"}}}),
            AdvisoryKind::Vulnerability,
        ),
    ];
    let files: Vec<_> =
        cases.iter().map(|(id, more, _)| (format!("{id}.json"), odd(id, more.clone()))).collect();
    let entries: Vec<_> =
        files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("odd.zip");
    std::fs::write(&file, zip_of(&entries)).unwrap();
    let databases = Databases::open_bare(folder.path()).unwrap();
    let index = databases.import(&file, None, &clock()).unwrap().snapshot.index().unwrap();
    for (id, _, expect) in &cases {
        let found = index.records.iter().find(|record| record.id == *id).unwrap();
        assert_eq!(found.kind, *expect, "{id}");
    }
    let word = &index.records.iter().find(|record| record.id == "X-5").unwrap().words;
    assert_eq!(word, &["HIGH"]);
}
