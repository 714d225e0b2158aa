//! What a scan says of the one before it, and `mex diff`: each cause provoked for real.

use std::fs;
use std::io::Write as _;

use serde_json::{Value, json};

use crate::harness::{Mex, canary, cargo_lock};

/// Crate versions with one known vulnerability each in the embedded snapshot.
const UNSCORED: (&str, &str) = ("crossbeam-epoch", "0.9.18");
const MEDIUM: (&str, &str) = ("time", "0.1.45");
const JOBS: [&str; 2] = ["--jobs", "secret,vuln,sbom"];

/// What a scan says of the last one.
fn since(outcome: &Value) -> &Value {
    assert_eq!(outcome["since"]["state"], "compared", "{:#}", outcome["since"]);
    &outcome["since"]
}

/// Of each finding that changed: how, about what, and its causes as `kind/how`.
fn told(delta: &Value) -> Vec<(String, String, Vec<String>)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let causes = |causes: &Value| -> Vec<String> {
        let all = causes.as_array().unwrap();
        all.iter()
            .map(|cause| format!("{}/{}", text(&cause["kind"]), text(&cause["how"])))
            .collect()
    };
    let mut all = Vec::new();
    for finding in delta["findings"].as_array().unwrap() {
        let subject = text(&finding["subject"]);
        match finding["change"].as_str().unwrap() {
            "unchanged" => {
                for changed in finding["changes"].as_array().unwrap() {
                    all.push((text(&changed["what"]), subject.clone(), causes(&changed["causes"])));
                }
            }
            change => all.push((change.to_owned(), subject, causes(&finding["causes"]))),
        }
    }
    all
}

/// How, and the causes, where exactly one finding changed and in one way.
#[track_caller]
fn only(delta: &Value) -> (String, Vec<String>) {
    let mut all = told(delta);
    assert_eq!(all.len(), 1, "{all:#?}");
    let (how, _, causes) = all.remove(0);
    (how, causes)
}

fn run_id(outcome: &Value) -> &str {
    outcome["run_id"].as_str().unwrap()
}

#[track_caller]
fn is(found: (String, Vec<String>), how: &str, causes: &[&str]) {
    assert_eq!(
        (found.0.as_str(), found.1),
        (how, causes.iter().map(ToString::to_string).collect())
    );
}

#[test]
fn a_changed_lockfile_is_the_cause_and_a_version_that_is_no_better_is_no_news() {
    let mex = Mex::ready();
    mex.write("Cargo.lock", cargo_lock(&[UNSCORED]));
    let first = mex.scan(&JOBS).expect(0).json();
    assert_eq!(first["since"], json!({"state": "nothing"}));

    let again = mex.scan(&JOBS).expect(0).json();
    let counts = &since(&again)["counts"];
    assert_eq!(
        (&counts["new"], &counts["gone"], &counts["unchanged"]),
        (&json!(0), &json!(0), &json!(1))
    );
    assert!(told(since(&again)).is_empty());

    mex.write("Cargo.lock", cargo_lock(&[UNSCORED, MEDIUM]));
    let added = mex.scan(&JOBS).expect(0).json();
    is(only(since(&added)), "new", &["dependency/added"]);
    assert_eq!(since(&added)["counts"]["new_by_cause"], json!({"dependency": 1}));

    mex.write("Cargo.lock", cargo_lock(&[("crossbeam-epoch", "0.9.17"), ("time", "0.3.47")]));
    let moved = mex.scan(&JOBS).expect(0).json();
    let mut all = told(since(&moved));
    all.sort();
    let hows: Vec<&str> = all.iter().map(|(how, ..)| how.as_str()).collect();
    assert_eq!(hows, ["gone", "version"], "{all:#?}");
    assert!(all.iter().all(|(.., causes)| causes == &["dependency/changed"]), "{all:#?}");

    mex.write("Cargo.lock", cargo_lock(&[]));
    is(only(since(&mex.scan(&JOBS).expect(0).json())), "gone", &["dependency/removed"]);

    // Over all scans at once, by the start of an id, and the other way round.
    let typed = |outcome: &Value| run_id(outcome)[..18].to_owned();
    let diff = |a: &Value, b: &Value| {
        mex.run(["diff", &typed(a), &typed(b), "--format", "json"]).expect(0).json()
    };
    let there = diff(&first, &added);
    is(only(&there), "new", &["dependency/added"]);
    is(only(&diff(&added, &first)), "gone", &["dependency/removed"]);
    assert!(told(&diff(&added, &added)).is_empty());
    assert_eq!(there["schema_version"], "de-1.0");
    let text = mex.run(["diff", &typed(&first), &typed(&added)]).expect(0).stdout;
    assert!(text.contains("1 new (1 dependency), 0 gone, 1 unchanged"), "{text}");
    assert!(text.contains("`pkg:cargo/time` was added (0.1.45)"), "{text}");
    assert_eq!(text, mex.run(["diff", &typed(&first), &typed(&added)]).expect(0).stdout);
}

#[test]
fn what_was_not_looked_at_is_never_gone() {
    let mex = Mex::ready();
    let token = format!("token = \"{}\"\n", canary());
    mex.write("Cargo.lock", cargo_lock(&[UNSCORED])).write("src/a.py", &token).write("b.txt", "b");
    mex.scan(&JOBS).expect(0);

    // A job that was left out says nothing of its findings, not even of a package that is gone.
    mex.write("Cargo.lock", cargo_lock(&[]));
    let secrets = mex.scan(&["--jobs", "secret"]).expect(0).json();
    is(only(since(&secrets)), "not_looked_at", &["coverage/not_looked_at"]);
    assert_eq!(since(&secrets)["counts"]["gone"], 0);
    mex.write("Cargo.lock", cargo_lock(&[UNSCORED]));
    let all = mex.scan(&JOBS).expect(0).json();
    is(only(since(&all)), "new", &["coverage/not_looked_at", "dependency/lockfile_changed"]);

    // A file over the size limit.
    let mut big = fs::File::create(mex.project().join("src/a.py")).unwrap();
    big.write_all(token.as_bytes()).unwrap();
    big.set_len(3 << 30).unwrap();
    let too_big = mex.scan(&JOBS).expect(4).json();
    is(only(since(&too_big)), "not_looked_at", &["coverage/not_looked_at"]);

    // Moved within the project: the same finding. Ignored by git: nobody looks. Removed: gone.
    fs::remove_file(mex.project().join("src/a.py")).unwrap();
    mex.write("lib/c.py", &token);
    mex.scan(&JOBS).expect(0);
    mex.write("lib/d.py", format!("# below\n\n{token}"));
    fs::remove_file(mex.project().join("lib/c.py")).unwrap();
    let moved = mex.scan(&JOBS).expect(0).json();
    is(only(since(&moved)), "place", &["code/removed", "code/added"]);
    mex.write(".gitignore", "lib/\n");
    git(&mex, &["init", "-q"]);
    git(&mex, &["add", "Cargo.lock", ".gitignore"]);
    let ignored = mex.scan(&JOBS).expect(0).json();
    is(only(since(&ignored)), "not_looked_at", &["coverage/not_looked_at"]);
    git(&mex, &["add", "-f", "lib/d.py"]);
    is(
        only(since(&mex.scan(&JOBS).expect(0).json())),
        "new",
        &["coverage/not_looked_at", "code/added"],
    );
    fs::remove_file(mex.project().join("lib/d.py")).unwrap();
    is(only(since(&mex.scan(&JOBS).expect(0).json())), "gone", &["code/removed"]);
}

fn git(mex: &Mex, arguments: &[&str]) {
    let status = std::process::Command::new("git")
        .args(arguments)
        .current_dir(mex.project())
        .status()
        .unwrap();
    assert!(status.success(), "git {arguments:?}");
}

/// A database of npm records on `left-pad`, each with its day before today and whether it is withdrawn.
fn import(mex: &Mex, records: &[(&str, i64, bool)]) -> String {
    let day = |ago: i64| {
        let hours = jiff::SignedDuration::from_hours(24 * ago);
        (jiff::Timestamp::now() - hours).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    };
    let file = mex.folder.path().join("npm.zip");
    let mut zip = zip::ZipWriter::new(fs::File::create(&file).unwrap());
    for (id, ago, is_withdrawn) in records {
        let mut record = json!({
            "schema_version": "1.6.0",
            "id": id,
            "modified": day(*ago),
            "affected": [{
                "package": {"ecosystem": "npm", "name": "left-pad"},
                "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "2.0.0"}]}],
            }],
            "database_specific": {"severity": "HIGH"},
        });
        if *is_withdrawn {
            record["withdrawn"] = json!(day(*ago));
        }
        let options = zip::write::SimpleFileOptions::default();
        zip.start_file(format!("{id}.json"), options).unwrap();
        zip.write_all(record.to_string().as_bytes()).unwrap();
    }
    zip.finish().unwrap();
    let file = file.to_str().unwrap();
    let taken = mex.run(["db", "import", file, "--ecosystem", "npm", "--format", "json"]);
    taken.expect(0).json()[0]["sha256"].as_str().unwrap().to_owned()
}

#[test]
fn a_record_that_came_or_was_withdrawn_is_the_cause_and_a_missing_database_is_a_gap() {
    const JOBS: [&str; 2] = ["--jobs", "vuln,sbom"];
    const OTHER: &str = "GHSA-aaaa-aaaa-aaaa";
    const OURS: &str = "GHSA-bbbb-bbbb-bbbb";
    let mex = Mex::ready().with_databases_of_its_own();
    let lock = json!({
        "name": "w", "version": "1.0.0", "lockfileVersion": 3,
        "packages": {
            "": {"name": "w", "version": "1.0.0", "dependencies": {"left-pad": "1.3.0"}},
            "node_modules/left-pad": {
                "version": "1.3.0",
                "resolved": "https://registry.npmjs.org/left-pad/-/left-pad-1.3.0.tgz",
            },
        },
    });
    mex.write(
        "package.json",
        r#"{"name":"w","version":"1.0.0","dependencies":{"left-pad":"1.3.0"}}"#,
    )
    .write("package-lock.json", lock.to_string());
    let first = import(&mex, &[(OTHER, 9, false)]);
    mex.scan(&JOBS).expect(0);
    let second = import(&mex, &[(OTHER, 9, false), (OURS, 5, false)]);
    is(only(since(&mex.scan(&JOBS).expect(0).json())), "new", &["database/added"]);

    let third = import(&mex, &[(OTHER, 9, false), (OURS, 3, true)]);
    let withdrawn = mex.scan(&JOBS).expect(0);
    is(only(since(&withdrawn.json())), "gone", &["database/withdrawn"]);

    // No npm database at all: nobody looked. The snapshot is gone, and a comparison says no more of
    // its records than it knows.
    for sha256 in [&first, &second, &third] {
        fs::remove_dir_all(mex.tools.join("advisories").join(sha256)).unwrap();
    }
    let without = mex.scan(&JOBS).expect(4).json();
    let (how, causes) = only(since(&without));
    assert_eq!(how, "not_looked_at");
    assert!(causes.iter().all(|cause| cause == "coverage/not_looked_at"), "{causes:?}");
    import(&mex, &[(OURS, 1, false)]);
    let back = mex.scan(&JOBS).expect(0).json();
    let scans = mex.run(["jobs", "list", "--format", "json"]).expect(0).json();
    let oldest = scans["scans"].as_array().unwrap().last().unwrap()["run_id"].clone();
    let delta = mex.run(["diff", oldest.as_str().unwrap(), run_id(&back), "--format", "json"]);
    let mut all = told(&delta.expect(0).json());
    all.sort();
    let expected = ["database/snapshot_changed".to_owned()];
    assert_eq!(all.len(), 2, "{all:#?}");
    assert!(all.iter().all(|(.., causes)| *causes == expected), "{all:#?}");
}

/// An allowlist file with one exception for the MEDIUM vulnerability, in force until then.
fn allowlist(mex: &Mex, expires: Option<&str>) -> String {
    let exceptions: Vec<Value> = expires
        .iter()
        .map(|expires| {
            json!({
                "id": "accepted", "reason": "not reachable", "owner": "team",
                "approver": {"name": "ana", "how": "typed"},
                "matches": {
                    "type": "vulnerability",
                    "purl": "pkg:cargo/time@0.1.45",
                    "aliases": ["CVE-2020-26235"],
                },
                "created": "2026-01-01T00:00:00Z", "expires": expires,
            })
        })
        .collect();
    let document = json!({
        "schema_version": "al-1.0", "document_id": "team", "exceptions": exceptions,
        "fingerprint_key": {"algorithm": "argon2id", "salt": "0".repeat(32), "m_kib": 7168, "t": 1, "p": 1},
    });
    let file = mex.folder.path().join("allowlist.json");
    fs::write(&file, document.to_string()).unwrap();
    file.to_str().unwrap().to_owned()
}

#[test]
fn an_exception_or_policy_changes_what_a_finding_means_and_not_the_finding() {
    let mex = Mex::ready();
    mex.write("Cargo.lock", cargo_lock(&[MEDIUM]));
    let scan = |more: &[&str]| mex.scan(&[&["--jobs", "vuln"], more].concat()).json();
    let file = allowlist(&mex, None);
    scan(&["--allowlist", &file]);
    let stands = |outcome: &Value, causes: &[&str]| {
        is(only(since(outcome)), "standing", causes);
        assert_eq!(since(outcome)["counts"]["unchanged"], 1);
        assert_eq!(since(outcome)["counts"]["standing_changed"], 1);
    };
    for (expires, cause) in [
        (Some("2026-12-31T00:00:00Z"), "exception/added"),
        (Some("2026-02-01T00:00:00Z"), "exception/expired"),
        (Some("2027-01-31T00:00:00Z"), "exception/renewed"),
        (None, "exception/revoked"),
    ] {
        allowlist(&mex, expires);
        let outcome = scan(&["--allowlist", &file, "--release"]);
        stands(&outcome, &[cause]);
        let told = since(&outcome)["exceptions"].as_array().unwrap();
        assert_eq!(
            format!("exception/{}", told.last().unwrap()["cause"]["how"].as_str().unwrap()),
            cause
        );
    }
    // Another mode changes nothing; a stricter policy does, in any mode.
    assert!(told(since(&scan(&["--allowlist", &file]))).is_empty());
    let policy = mex.folder.path().join("policy.toml");
    let strict = include_str!("../../../../policy/default.toml")
        .replace("\"UNSCORED\"]", "\"UNSCORED\", \"MEDIUM\"]")
        .replace("name = \"default\"", "name = \"strict\"");
    fs::write(&policy, strict).unwrap();
    let outcome = scan(&["--allowlist", &file, "--policy", policy.to_str().unwrap()]);
    stands(&outcome, &["policy/changed"]);
    let text = mex.run(["scan", mex.project().to_str().unwrap(), "--jobs", "vuln"]).stdout;
    assert!(text.contains("1 unchanged (1 stands differently)"), "{text}");
    assert!(text.contains("blocked a release"), "{text}");
}

#[test]
fn nonsense_and_two_projects_are_refused() {
    let mex = Mex::ready();
    mex.write("Cargo.lock", cargo_lock(&[]));
    let one = mex.scan(&["--jobs", "vuln"]).expect(0).json();
    let other = mex.folder.path().join("other");
    crate::harness::copy(&mex.project(), &other);
    let other = mex.run(["scan", other.to_str().unwrap(), "--jobs", "vuln", "--format", "json"]);
    let other = other.expect(0).json();
    assert_eq!(other["since"]["state"], "nothing", "of another project");
    mex.run(["diff", run_id(&one), run_id(&other)]).refuses(2, "MEX-DIFF-WORKSPACES");
    mex.run(["diff", run_id(&one), "ffff"]).refuses(2, "MEX-NOT-FOUND");
    mex.run(["diff", "", run_id(&one)]).refuses(2, "MEX-NOT-FOUND");
    mex.run(["diff", "\u{202e}0'; --", run_id(&one)]).refuses(2, "MEX-NOT-FOUND");
    mex.run(["diff", "0", run_id(&one)]).refuses(2, "MEX-AMBIGUOUS-ID");
    let job = one["jobs"][0]["job_id"].as_str().unwrap();
    mex.run(["diff", run_id(&one), job]).refuses(2, "MEX-NOT-FOUND");
    assert_eq!(mex.run(["diff", run_id(&one)]).code, 2);

    // Damaged evidence is said; the scan itself stands.
    let artifact = one["verdict_ref"]["sha256"].as_str().unwrap();
    let (folder, rest) = artifact.split_at(2);
    fs::write(mex.data().join("artifacts").join(folder).join(rest), "{}").unwrap();
    let next = mex.scan(&["--jobs", "vuln"]).expect(0).json();
    assert_eq!(next["since"]["state"], "not_comparable", "{:#}", next["since"]);
    assert_eq!(next["since"]["run_id"], one["run_id"]);
    let answer = mex.run(["diff", run_id(&one), run_id(&next)]).expect(4);
    assert!(answer.stderr.contains("MEX-STORE-CORRUPT"), "{answer:?}");
}
