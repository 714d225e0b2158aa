//! syft's recorded reports against our own reading of the lockfiles they were made of, and the
//! documents made of them. The version stands in the path; the project is written here.

#![expect(clippy::unwrap_used, reason = "a panic in a test is the failure report")]

use std::fs;
use std::path::Path;

use mex_runtime::code::Code;
use mex_runtime::coverage::{CoverageEntry, CoverageState};
use mex_runtime::finding::BomComponent;
use mex_runtime::result::TypedError;
use mex_scanners::answer::{Answer, Ending};
use mex_scanners::lockfile::discover;
use mex_scanners::sbom_scan::documents::{self, Expected};
use mex_scanners::sbom_scan::reconcile::{Reconciled, reconcile};
use mex_scanners::syft::argv::CycloneDx;
use mex_scanners::syft::normalise::{Normalised, normalise};
use serde_json::Value;
use tempfile::TempDir;

const REPORT: &[u8] = include_bytes!("recorded/syft-1.52.0/syft.json");
const CYCLONEDX: &[u8] = include_bytes!("recorded/syft-1.52.0/cyclonedx.json");
const SPDX: &[u8] = include_bytes!("recorded/syft-1.52.0/spdx.json");

/// The project that was recorded.
fn project() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| write(folder.path(), path, text);
    write("Cargo.lock", include_str!("recorded/Cargo.lock.txt"));
    write("web/package-lock.json", include_str!("recorded/package-lock.json.txt"));
    write("py/requirements.txt", "flask==1.0\nrequests>=2\n");
    write(
        "go/go.mod",
        "module example.invalid/m\n\ngo 1.22\n\nrequire (\n\
         \tgithub.com/Azure/go-autorest/autorest v0.11.0\n\tgolang.org/x/text v0.3.0 // indirect\n)\n",
    );
    write("broken/package-lock.json", "{\"lockfileVersion\": 3, \"packages\": [\n");
    folder
}

fn write(root: &Path, path: &str, text: &str) {
    let file = root.join(path);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, text).unwrap();
}

fn read(report: &[u8]) -> Normalised {
    normalise(&Answer::whole(0, b"", b""), Some(report), &|path| path.to_owned())
}

fn against(folder: &TempDir, run: &Normalised) -> Reconciled {
    reconcile(&discover(folder.path()).unwrap(), folder.path(), run)
}

fn of<'a>(both: &'a Reconciled, subject: &str) -> Vec<(CoverageState, &'a str, u64)> {
    let own = |entry: &&CoverageEntry| entry.subject == subject;
    let mut found: Vec<_> = both
        .entries
        .iter()
        .filter(own)
        .map(|entry| (entry.state, entry.reason.as_str(), entry.items))
        .collect();
    found.sort();
    found
}

fn expected(said: u64, added: &[BomComponent]) -> Expected<'_> {
    Expected { said, added }
}

fn code(made: &Result<Vec<u8>, TypedError>) -> Option<Code> {
    made.as_ref().err().map(|fault| fault.code)
}

/// P4: count in = count out + listed drops.
#[test]
fn recorded_packages_are_components_or_listed_drops() {
    let run = read(REPORT);
    assert_eq!(run.errors, []);
    let count = &run.counts[0];
    assert!(count.balances(), "{count:?}");
    assert_eq!((count.said, count.kept), (13, 12));
    // The project's own crate: the tool gives it no package URL.
    assert_eq!(count.dropped.len(), 1);
    assert_eq!(count.dropped[0].reason, "no package URL");
    assert_eq!(count.dropped[0].ids, ["probe@0.1.0 in Cargo.lock"]);
    let time = &run.components["pkg:cargo/time@0.1.43"];
    assert_eq!(time.locations, ["Cargo.lock"]);
    assert_eq!(time.attributions[0].native_id, "rust-cargo-lock-cataloger");
    let probe = &run.components["pkg:npm/probe@1.0.0"];
    assert_eq!(probe.depends_on, ["pkg:npm/ansi-regex@3.0.0", "pkg:npm/elliptic@6.5.4"]);
    assert!(run.components.contains_key("pkg:github/actions/checkout@v4"));
}

/// Contract SC-3: both sides know each package of a lockfile, and what nobody read is no clean list.
#[test]
fn recorded_packages_agree_with_the_lockfiles() {
    let both = against(&project(), &read(REPORT));
    assert_eq!(both.added, []);
    assert_eq!(of(&both, "Cargo.lock"), [(CoverageState::Scanned, "", 3)]);
    assert_eq!(of(&both, "go/go.mod"), [(CoverageState::Scanned, "", 2)]);
    assert_eq!(of(&both, "web/package-lock.json"), [(CoverageState::Scanned, "", 4)]);
    let requirements = of(&both, "py/requirements.txt");
    assert_eq!(requirements.len(), 2, "{requirements:?}");
    assert!(
        requirements
            .iter()
            .any(|(state, _, items)| { *state == CoverageState::NotScanned && *items == 1 })
    );
    let broken = of(&both, "broken/package-lock.json");
    assert_eq!(broken.len(), 1);
    assert_eq!(broken[0].0, CoverageState::Failed);
    for (purl, component) in &both.components {
        let known: &[&str] = match purl.as_str() {
            // An action and the project's own part are no package of a lockfile.
            "pkg:github/actions/checkout@v4" | "pkg:npm/probe@1.0.0" => &["syft"],
            _ => &["lockfile", "syft"],
        };
        assert_eq!(component.known_by, known, "{purl}");
    }
    assert!(both.entries.iter().all(|entry| entry.job.as_str() == "sbom"));
}

/// An SBOM that disagrees with its lockfile is told, by version and by name.
#[test]
fn a_list_that_contradicts_its_lockfile_is_a_gap() {
    let other = String::from_utf8(REPORT.to_vec())
        .unwrap()
        .replace("\"version\":\"0.1.43\"", "\"version\":\"0.1.99\"")
        .replace("\"name\":\"anyhow\"", "\"name\":\"anyhcw\"");
    let both = against(&project(), &read(other.as_bytes()));
    let said = of(&both, "Cargo.lock");
    let has = |state: CoverageState, words: &str| {
        said.iter().any(|(own, reason, _)| *own == state && reason.contains(words))
    };
    assert!(
        has(CoverageState::Failed, "time is 0.1.43 in the lockfile and 0.1.99 to `syft`"),
        "{said:?}"
    );
    assert!(has(CoverageState::Failed, "anyhcw 1.0.0"), "{said:?}");
    assert!(has(CoverageState::Scanned, "anyhow 1.0.0"), "{said:?}");
    let added: Vec<_> = both.added.iter().map(|one| one.component.purl.as_str()).collect();
    assert_eq!(added, ["pkg:cargo/anyhow@1.0.0", "pkg:cargo/time@0.1.43"]);
}

/// Contract SC-3: a lockfile of which the tool saw nothing is a gap, whatever we read of it.
#[test]
fn a_lockfile_that_syft_read_nothing_of_is_a_gap() {
    let folder = project();
    write(folder.path(), "a/npm-shrinkwrap.json", include_str!("recorded/package-lock.json.txt"));
    write(folder.path(), "b/conan.lock", "{\"version\": \"0.5\"}");
    write(folder.path(), "c/Cargo.lock", "version = 4\n");
    let both = against(&folder, &read(REPORT));
    let shrinkwrap = of(&both, "a/npm-shrinkwrap.json");
    assert_eq!((shrinkwrap[0].0, shrinkwrap[0].2), (CoverageState::NotScanned, 4));
    assert_eq!(of(&both, "b/conan.lock")[0].0, CoverageState::NotScanned);
    assert_eq!(of(&both, "c/Cargo.lock")[0].0, CoverageState::Skipped);
    let lodash = &both.components["pkg:npm/lodash@4.17.0"];
    assert_eq!(lodash.locations, ["a/npm-shrinkwrap.json", "web/package-lock.json"]);
}

/// Development packages of some lockfiles are not in the tool's list: they are added to ours.
#[test]
fn what_only_a_lockfile_knows_is_in_the_list_and_in_both_documents() {
    let folder = project();
    write(folder.path(), "d/Pipfile.lock", r#"{"develop":{"pytest":{"version":"==7.0"}}}"#);
    let run = read(REPORT);
    let both = against(&folder, &run);
    assert_eq!(both.added.len(), 1);
    let wanted = expected(run.said, &both.added);
    let cyclonedx = documents::cyclonedx(CYCLONEDX, CycloneDx::V1_6, wanted).unwrap();
    let cyclonedx: Value = serde_json::from_slice(&cyclonedx).unwrap();
    let components = cyclonedx["components"].as_array().unwrap();
    assert_eq!(components.len(), 14);
    assert!(components.iter().any(|one| one["bom-ref"] == "pkg:pypi/pytest@7.0"));
    let spdx: Value = serde_json::from_slice(&documents::spdx(SPDX, wanted).unwrap()).unwrap();
    let packages = spdx["packages"].as_array().unwrap();
    let pytest = packages.iter().find(|one| one["name"] == "pytest").unwrap();
    assert_eq!(pytest["versionInfo"], "7.0");
    assert!(
        spdx["relationships"]
            .as_array()
            .unwrap()
            .iter()
            .any(|link| link["relatedSpdxElement"] == pytest["SPDXID"])
    );
}

/// Promise P5 for documents: what varies from run to run is gone, order does not matter, and
/// another content is another document.
#[test]
fn documents_of_the_same_content_are_the_same_bytes() {
    let cyclonedx =
        |bytes: &[u8]| documents::cyclonedx(bytes, CycloneDx::V1_6, expected(13, &[])).unwrap();
    let spdx = |bytes: &[u8]| documents::spdx(bytes, expected(13, &[])).unwrap();
    let shuffled = |bytes: &[u8], lists: &[&str], change: &dyn Fn(&mut Value)| {
        let mut document: Value = serde_json::from_slice(bytes).unwrap();
        for list in lists {
            document[*list].as_array_mut().unwrap().reverse();
        }
        change(&mut document);
        serde_json::to_vec(&document).unwrap()
    };
    let other = shuffled(CYCLONEDX, &["components", "dependencies"], &|document| {
        document["serialNumber"] = "urn:uuid:00000000-0000-4000-8000-000000000000".into();
        document["metadata"]["timestamp"] = "2001-01-01T00:00:00Z".into();
        document["metadata"]["component"]["name"] = "/home/somebody/else".into();
        document["metadata"]["component"]["bom-ref"] = "ffffffffffffffff".into();
    });
    assert_ne!(other, CYCLONEDX);
    assert_eq!(cyclonedx(&other), cyclonedx(CYCLONEDX));
    let other = shuffled(SPDX, &["packages", "relationships"], &|document| {
        document["documentNamespace"] = "https://example.invalid/1".into();
        document["creationInfo"]["created"] = "2001-01-01T00:00:00Z".into();
    });
    assert_eq!(spdx(&other), spdx(SPDX));
    let another = shuffled(CYCLONEDX, &[], &|document| {
        document["components"][1]["version"] = "9".into();
    });
    let serial = |bytes: Vec<u8>| -> Value {
        serde_json::from_slice::<Value>(&bytes).unwrap()["serialNumber"].clone()
    };
    assert_ne!(serial(cyclonedx(&another)), serial(cyclonedx(CYCLONEDX)));
    assert!(serial(cyclonedx(CYCLONEDX)).as_str().unwrap().starts_with("urn:uuid:"));
    let text = String::from_utf8(spdx(SPDX)).unwrap();
    assert!(!text.contains("SPDXRef-File-") && !text.contains("0000000000000000000"), "{text}");
}

/// Contract FR-9: an address in a lockfile may carry a password.
#[test]
fn credentials_in_addresses_reach_no_document() {
    let secret = uuid::Uuid::new_v4().simple().to_string();
    let with = |bytes: &[u8]| {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        text.replace("registry+https://github.com/", &format!("https://u:{secret}@github.com/"))
            .replace("https://registry.npmjs.org/", &format!("https://{secret}@h.invalid/"))
            .into_bytes()
    };
    let (report, cyclonedx) = (with(REPORT), with(CYCLONEDX));
    for bytes in [&report, &cyclonedx] {
        assert!(String::from_utf8_lossy(bytes).contains(&secret));
    }
    let made = [
        documents::evidence(&report).unwrap(),
        documents::cyclonedx(&cyclonedx, CycloneDx::V1_6, expected(13, &[])).unwrap(),
    ];
    for bytes in made {
        assert!(!String::from_utf8_lossy(&bytes).contains(&secret));
    }
}

/// P2: an exit code but 0, a signal or a cut makes no list.
#[test]
fn every_end_but_success_is_an_error() {
    for code in 0..=255 {
        let run = normalise(&Answer::whole(code, b"", b"x"), Some(REPORT), &|p| p.to_owned());
        assert_eq!(run.errors.is_empty(), code == 0, "{code}");
        assert_eq!(run.components.is_empty(), code != 0, "{code}");
    }
    let killed = Answer { ending: Ending::Signal(9), ..Answer::whole(0, b"", b"") };
    let run = normalise(&killed, Some(REPORT), &|path| path.to_owned());
    assert_eq!(run.errors[0].code, Code::ToolCrashed);
    let silent = normalise(&Answer::whole(0, b"", b""), None, &|path| path.to_owned());
    assert_eq!(silent.errors[0].code, Code::ToolOutput);
}

/// P2: a report or document that is cut anywhere, garbage, of another tool or version, nested
/// without end, or shorter than the other, is an error.
#[test]
fn broken_reports_and_documents_are_errors() {
    let cyclonedx =
        |bytes: &[u8]| code(&documents::cyclonedx(bytes, CycloneDx::V1_6, expected(13, &[])));
    let spdx = |bytes: &[u8]| code(&documents::spdx(bytes, expected(13, &[])));
    let report = |bytes: &[u8]| read(bytes).errors.first().map(|fault| fault.code);
    assert_eq!((report(REPORT), cyclonedx(CYCLONEDX), spdx(SPDX)), (None, None, None));
    for part in 0..100 {
        let cut = |whole: &[u8]| whole[..whole.trim_ascii_end().len() * part / 100].to_vec();
        assert_eq!(report(&cut(REPORT)), Some(Code::ToolOutput), "{part}");
        assert_eq!(cyclonedx(&cut(CYCLONEDX)), Some(Code::ToolOutput), "{part}");
        assert_eq!(spdx(&cut(SPDX)), Some(Code::ToolOutput), "{part}");
    }
    let deep = [vec![b'['; 100_000], vec![b']'; 100_000]].concat();
    let inside =
        [b"{\"bomFormat\":\"CycloneDX\",\"x\":".to_vec(), deep.clone(), b"}".to_vec()].concat();
    for bytes in [
        b"".as_slice(),
        b"null",
        b"[]",
        b"{}",
        b"\xff\xfe\x00",
        b"{\"artifacts\":{}}",
        b"{\"artifacts\":[],\"artifactRelationships\":[],\"descriptor\":{\"name\":\"other\"}}",
        b"{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.5\"}",
        b"{\"spdxVersion\":\"SPDX-3.0\"}",
        &deep,
        &inside,
    ] {
        assert_eq!(report(bytes), Some(Code::ToolOutput));
        assert_eq!(cyclonedx(bytes), Some(Code::ToolOutput));
        assert_eq!(spdx(bytes), Some(Code::ToolOutput));
        let evidence = code(&documents::evidence(bytes));
        assert!(evidence.is_none() || evidence == Some(Code::ToolOutput));
    }
    // A document that lost a package on its way.
    for said in [0, 12, 14] {
        let wanted = expected(said, &[]);
        let short = code(&documents::cyclonedx(CYCLONEDX, CycloneDx::V1_6, wanted));
        assert_eq!(short, Some(Code::ToolOutput), "{said}");
        assert_eq!(code(&documents::spdx(SPDX, wanted)), Some(Code::ToolOutput), "{said}");
    }
    let wrong = code(&documents::cyclonedx(CYCLONEDX, CycloneDx::V1_7, expected(13, &[])));
    assert_eq!(wrong, Some(Code::ToolOutput));
}
