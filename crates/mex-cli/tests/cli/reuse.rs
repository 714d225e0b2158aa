//! What did not change is not run again, and is judged anew all the same (contract SC-12). Real tools.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::harness::{Answer, Mex, answer, canary, cargo_lock};

const VULNERABLE: (&str, &str) = ("crossbeam-epoch", "0.9.18");

fn job<'a>(outcome: &'a Value, name: &str) -> &'a Value {
    let jobs = outcome["jobs"].as_array().unwrap();
    jobs.iter().find(|job| job["job"] == name).unwrap_or_else(|| panic!("no job {name}: {outcome}"))
}

/// The jobs of a scan for which an earlier result stood.
fn reused(outcome: &Value) -> BTreeSet<String> {
    let jobs = outcome["jobs"].as_array().unwrap().iter();
    jobs.filter(|job| !job["reused"].as_array().unwrap().is_empty())
        .map(|job| job["job"].as_str().unwrap().to_owned())
        .collect()
}

/// What a scan says of the project: everything but ids, times and where it comes from.
fn meaning(outcome: &Value) -> Value {
    json!([outcome["findings"], outcome["coverage"], outcome["staged"]["files"]])
}

/// A project with something for each job to say; the secret is the caller's.
fn project(mex: &Mex, secret: &str) {
    mex.write("Cargo.toml", "[package]\nname = \"a\"\nversion = \"0.1.0\"\nlicense = \"MIT\"\n")
        .write("Cargo.lock", cargo_lock(&[VULNERABLE]))
        .write("src/a.py", format!("token = \"{secret}\"\n"))
        .write("src/b.py", "nothing = 1\n")
        .write("src/app.browser.js", "var nothing = 1\n")
        .write("img/x.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0")
        .write("deny.toml", "[advisories]\nignore = [\"RUSTSEC-2026-0204\"]\n");
}

fn events(mex: &Mex, more: &[&str]) -> Vec<Value> {
    let query = [&["recorder", "query", "--limit", "1000", "--format", "json"], more].concat();
    mex.run(query).expect(0).json()["items"].as_array().unwrap().clone()
}

/// Every regular file of the data folder's store that is no sidecar.
fn stored(mex: &Mex) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in fs::read_dir(mex.data().join("artifacts")).unwrap() {
        for file in fs::read_dir(folder.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            if !path.to_string_lossy().ends_with("sidecar.json") {
                found.push(path);
            }
        }
    }
    found
}

fn path_of(mex: &Mex, sha256: &Value) -> PathBuf {
    let (folder, rest) = sha256.as_str().unwrap().split_at(2);
    mex.data().join("artifacts").join(folder).join(rest)
}

fn verified(mex: &Mex) {
    mex.run(["recorder", "verify"]).expect(0);
}

/// SC-12: nothing runs, everything is judged, the first attempt is named, and `--fresh` runs all.
#[test]
fn sc_12_an_unchanged_scan_runs_nothing_and_is_judged_anew() {
    let mex = Mex::ready();
    project(&mex, &canary());
    let all = ["--jobs", "secret,vuln,sbom"];
    let first = mex.scan(&all).json();
    let whole: BTreeSet<String> = ["secret", "vuln", "sbom"].map(str::to_owned).into();
    assert!(reused(&first).is_empty(), "{first}");
    let second = mex.scan(&all).json();
    assert_eq!(reused(&second), whole, "{second}");
    assert_eq!(meaning(&second), meaning(&first));
    let third = mex.scan(&all).json();
    for name in &whole {
        let (one, two, three) = (job(&first, name), job(&second, name), job(&third, name));
        let original = &one["op_ids"][0];
        for later in [two, three] {
            assert_ne!(&later["op_ids"][0], original);
            assert_eq!(&later["reused"][0]["from"]["op_id"], original, "{name}");
            assert_eq!(later["artifacts"], one["artifacts"], "{name}");
            assert_eq!(later["tools"], one["tools"], "{name}");
        }
        let op_id = two["op_ids"][0].as_str().unwrap();
        let gates = mex.run(["gates", "show", op_id, "--format", "json"]).expect(0).json();
        let outcomes = gates["outcomes"].as_array().unwrap();
        let judged = |phase: &str| {
            outcomes
                .iter()
                .map(|stored| &stored["event"]["payload"])
                .filter(|event| event["phase"] == phase && event["outcome"] == "pass")
                .count()
        };
        assert_eq!((judged("before"), judged("after")), (6, 3), "{name}: {gates}");
        assert_eq!(&gates["operation"]["ended"]["event"]["payload"]["reused_from"], original);
        let ran = events(&mex, &["--op", op_id, "--type", "terminal_command"]);
        assert!(ran.is_empty(), "{name} ran {ran:?}");
        let text = mex.run(["gates", "show", op_id]).expect(0).stdout;
        assert!(text.contains("nothing ran") && text.contains(&original.as_str().unwrap()[..18]));
        let result = &gates["operation"]["result_ref"]["sha256"];
        let result: Value =
            serde_json::from_slice(&fs::read(path_of(&mex, result)).unwrap()).unwrap();
        assert_eq!(&result["provenance"]["reused_from"], original);
        assert_eq!(result["op_id"], op_id);
    }
    let project = mex.project();
    let page = mex.run(["scan", project.to_str().unwrap(), "--jobs", "secret"]).expect(0).stdout;
    assert!(page.contains("nothing changed: reused "), "{page}");

    let fresh = mex.scan(&[&all[..], &["--fresh"]].concat()).json();
    assert!(reused(&fresh).is_empty(), "{fresh}");
    assert_eq!(meaning(&fresh), meaning(&first));
    let after = mex.scan(&all).json();
    let newest = &job(&fresh, "secret")["op_ids"][0];
    assert_eq!(&job(&after, "secret")["reused"][0]["from"]["op_id"], newest, "the newest run");
    verified(&mex);
}

/// SC-12: whatever a result depends on, changed alone, runs what depends on it again.
#[test]
fn sc_12_each_part_of_what_a_result_rests_on_runs_it_again() {
    let mex = Mex::ready().with_databases_of_its_own();
    project(&mex, &canary());
    let names = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect();
    let all: BTreeSet<String> = names(&["secret", "vuln"]);
    let (none, vuln, secret) = (names(&[]), names(&["vuln"]), names(&["secret"]));
    let scan = |more: &[&str]| mex.scan(&[&["--jobs", "secret,vuln"], more].concat()).json();
    scan(&[]);
    let expect = |what: &str, more: &[&str], left: &BTreeSet<String>| {
        assert_eq!(&reused(&scan(more)), left, "{what}");
        assert_eq!(reused(&scan(more)), all, "again after {what}");
    };
    expect("nothing", &[], &all);
    mex.write("src/b.py", "nothing = 2\n");
    expect("a file's content", &[], &none);
    fs::rename(mex.project().join("src/b.py"), mex.project().join("src/c.py")).unwrap();
    expect("a file's name", &[], &none);
    fs::remove_file(mex.project().join("src/c.py")).unwrap();
    expect("a file that is gone", &[], &none);
    mex.write("Cargo.lock", cargo_lock(&[VULNERABLE, ("smallvec", "0.6.0")]));
    expect("a lockfile", &[], &none);
    mex.write("deny.toml", "[advisories]\nignore = []\n");
    expect("what the project says for itself", &[], &none);
    // The manifest shows both names without their secrets, and so as the same.
    mex.write(&format!("names/{}.txt", canary()), "x\n");
    expect("a secret in a name", &[], &none);
    fs::remove_dir_all(mex.project().join("names")).unwrap();
    mex.write(&format!("names/{}.txt", canary()), "x\n");
    expect("another secret in that name", &[], &none);

    let record = json!({"id": "TEST-2026-1", "modified": "2026-11-01T00:00:00Z", "affected": [
        {"package": {"ecosystem": "Go", "name": "example.com/a"}, "versions": ["1.0.0"]}]});
    let database = mex.folder.path().join("go.zip");
    zip_of(&database, "TEST-2026-1.json", &record.to_string());
    let import = ["db", "import", database.to_str().unwrap(), "--ecosystem", "Go"];
    mex.run(import).expect(0);
    expect("a database", &[], &secret);

    let list = mex.folder.path().join("allowlist.json");
    let allowlist = |salt: &str| {
        fs::write(
            &list,
            json!({
                "schema_version": "al-1.0",
                "document_id": "d7b7f7d0-6d1c-4a57-8c5e-3f9a1d0c2b11",
                "fingerprint_key":
                    {"algorithm": "argon2id", "salt": salt.repeat(32), "m_kib": 19456, "t": 2, "p": 1},
                "exceptions": [],
            })
            .to_string(),
        )
        .unwrap();
    };
    let with = ["--allowlist", list.to_str().unwrap()];
    allowlist("0");
    expect("the key of a document", &with, &vuln);
    allowlist("1");
    expect("another salt of that document", &with, &vuln);
    fs::remove_file(mex.data().join("keys/reuse.key")).unwrap();
    expect("the data folder's secret", &[], &none);
    verified(&mex);
}

fn zip_of(path: &Path, name: &str, text: &str) {
    let script =
        "import sys, zipfile\nzipfile.ZipFile(sys.argv[1], 'w').writestr(sys.argv[2], sys.argv[3])";
    let status = std::process::Command::new("python3")
        .args(["-c", script, path.to_str().unwrap(), name, text])
        .status()
        .unwrap();
    assert!(status.success());
}

/// SC-12, ART-1: a result that is damaged or gone is none; what is damaged is a Problem too.
#[test]
fn sc_12_a_damaged_or_missing_artifact_is_not_reused_and_told() {
    let mex = Mex::ready();
    project(&mex, &canary());
    let jobs = ["--jobs", "secret"];
    let first = mex.scan(&jobs).expect(0).json();
    let mut artifacts: Vec<Value> = job(&first, "secret")["artifacts"].as_array().unwrap().clone();
    let op_id = job(&first, "secret")["op_ids"][0].as_str().unwrap();
    let gates = mex.run(["gates", "show", op_id, "--format", "json"]).json();
    artifacts.push(gates["operation"]["result_ref"].clone());
    assert!(artifacts.len() >= 4, "report, coverage, evidence and result: {artifacts:?}");
    let told = || {
        let list = mex.run(["problems", "list", "--text", "ran again", "--format", "json"]).json();
        list["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["count"].as_u64().unwrap())
            .sum::<u64>()
    };
    assert_eq!(told(), 0);
    let mut current = first.clone();
    for (number, role) in artifacts.iter().map(|one| one["role"].clone()).enumerate() {
        // The result document of each run is its own; the others are the same bytes each time.
        let handle = if role == "result" {
            let op_id = job(&current, "secret")["op_ids"][0].as_str().unwrap().to_owned();
            let gates = mex.run(["gates", "show", &op_id, "--format", "json"]).json();
            gates["operation"]["result_ref"].clone()
        } else {
            let list = job(&current, "secret")["artifacts"].as_array().unwrap().clone();
            list.into_iter().find(|one| one["role"] == role).unwrap()
        };
        let path = path_of(&mex, &handle["sha256"]);
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&path, bytes).unwrap();
        let again = mex.scan(&jobs).expect(0).json();
        assert!(reused(&again).is_empty(), "a damaged {role} was reused");
        assert_eq!(meaning(&again), meaning(&first), "{role}");
        assert_eq!(told(), number as u64 + 1, "{role}");
        current = again;
    }
    assert_eq!(reused(&mex.scan(&jobs).json()).len(), 1, "it heals");
    for path in stored(&mex) {
        fs::remove_file(path).unwrap();
    }
    let again = mex.scan(&jobs).expect(0).json();
    assert!(reused(&again).is_empty(), "what is gone was reused");
    assert_eq!(meaning(&again), meaning(&first));
    assert_eq!(told(), artifacts.len() as u64, "what is gone is nobody's fault");
}

/// SC-12, SC-4, SC-3: policy, exceptions and the age of databases are judged anew.
#[test]
fn sc_12_expiries_policy_and_age_are_judged_anew_over_a_reused_result() {
    let mex = Mex::ready().with_databases_of_its_own();
    project(&mex, &canary());
    let first = mex.scan(&["--jobs", "secret"]).expect(0).json();
    let found = first["findings"].as_array().unwrap();
    let leak = found.iter().find(|one| one["type"] == "secret").unwrap();
    let list = mex.folder.path().join("allowlist.json");
    let with = ["--jobs", "secret", "--release", "--allowlist", list.to_str().unwrap()];
    let allow = |fingerprint: &Value, expires: &str| {
        let document = json!({
            "schema_version": "al-1.0",
            "document_id": "d7b7f7d0-6d1c-4a57-8c5e-3f9a1d0c2b11",
            "fingerprint_key":
                {"algorithm": "argon2id", "salt": "0".repeat(32), "m_kib": 19456, "t": 2, "p": 1},
            "exceptions": [{
                "id": "known",
                "matches": {"type": "secret", "fingerprint": fingerprint},
                "reason": "a test key",
                "owner": "us",
                "approver": {"name": "us", "how": "typed"},
                "created": "2026-01-01T00:00:00Z",
                "expires": expires,
            }],
        });
        fs::write(&list, document.to_string()).unwrap();
    };
    allow(&json!("0".repeat(64)), "2999-01-01T00:00:00Z");
    let keyed = mex.scan(&with).expect(1).json();
    let found = keyed["findings"].as_array().unwrap();
    let ours = found.iter().find(|one| one["path"] == leak["path"]).unwrap();
    let fingerprint = ours["allowlist_fingerprints"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["document_id"] == "d7b7f7d0-6d1c-4a57-8c5e-3f9a1d0c2b11")
        .unwrap()["fingerprint"]
        .clone();
    let blocks = |outcome: &Value| outcome["verdict"]["verdict"] == "block";
    allow(&fingerprint, "2999-01-01T00:00:00Z");
    let lifted = mex.scan(&with).json();
    assert!(!blocks(&lifted) && reused(&lifted).len() == 1, "{}", lifted["verdict"]);
    allow(&fingerprint, "2026-01-02T00:00:00Z");
    let expired = mex.scan(&with).expect(1).json();
    assert!(blocks(&expired) && reused(&expired).len() == 1, "{}", expired["verdict"]);

    let release = ["--jobs", "vuln", "--release"];
    let policy = |days: u32| {
        let path = mex.folder.path().join(format!("policy-{days}.toml"));
        let text = fs::read_to_string(
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policy/default.toml"),
        )
        .unwrap();
        let line = text.lines().find(|line| line.starts_with("database_max_age_days")).unwrap();
        fs::write(&path, text.replace(line, &format!("database_max_age_days = {days}"))).unwrap();
        path
    };
    let judged = |days: u32| {
        let policy = policy(days);
        let more = [&release[..], &["--policy", policy.to_str().unwrap()]].concat();
        let outcome = mex.scan(&more).json();
        let stale = outcome["verdict"]["databases"].as_array().unwrap();
        (reused(&outcome).len(), stale.iter().any(|age| age["stale"] == true))
    };
    assert_eq!(judged(365), (0, false));
    assert_eq!(judged(1), (1, true), "too old under the policy of now");
    assert_eq!(judged(365), (1, false));
}

/// SC-12: licences too are reused as a whole, and after one changed file scancode reads that one alone.
#[test]
fn sc_12_licences_are_reused_and_one_changed_file_costs_one_file() {
    let mex = Mex::ready();
    mex.write("Cargo.toml", "[package]\nname = \"a\"\nversion = \"0.1.0\"\nlicense = \"MIT\"\n")
        .write("Cargo.lock", "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"0.1.0\"\n")
        .write("src/lib.rs", "// SPDX-License-Identifier: MIT\n")
        .write("src/b.rs", "fn nothing() {}\n");
    let jobs = ["--jobs", "license"];
    let first = mex.scan(&jobs).json();
    let second = mex.scan(&jobs).json();
    assert_eq!(reused(&second).len(), 1, "{second}");
    assert_eq!(meaning(&second), meaning(&first));
    let asked = |outcome: &Value| {
        let op_id = job(outcome, "license")["op_ids"][0].as_str().unwrap().to_owned();
        let ran = events(&mex, &["--op", &op_id, "--type", "terminal_command"]);
        ran.iter().any(|event| event["event"]["payload"]["tool"]["name"] == "scancode")
    };
    assert!(asked(&first) && !asked(&second));
    mex.write("src/b.rs", "fn something() {}\n");
    let third = mex.scan(&jobs).json();
    assert!(reused(&third).is_empty() && !asked(&third), "no licence word, no question");
    mex.write("src/b.rs", "// SPDX-License-Identifier: ISC\n");
    let fourth = mex.scan(&jobs).json();
    assert!(asked(&fourth));
    let fresh = mex.scan(&["--jobs", "license", "--fresh"]).json();
    assert!(asked(&fresh));
    assert_eq!(meaning(&fourth), meaning(&fresh));
}

/// SC-12: where a package's source appears on this machine, nothing said without it stands.
#[test]
fn sc_12_a_source_that_appears_on_the_machine_runs_the_licence_job_again() {
    let mex = Mex::ready();
    mex.write("go.mod", "module a\n\nrequire e.example/M v1.0.0\n")
        .write("go.sum", "e.example/M v1.0.0 h1:AAAA\ne.example/M v1.0.0/go.mod h1:AAAA\n");
    let modules = mex.folder.path().join("modules");
    let scan = || {
        let project = mex.project();
        let arguments =
            ["scan", project.to_str().unwrap(), "--jobs", "license", "--format", "json"];
        let mut command = mex.command(arguments);
        command.env("GOMODCACHE", &modules);
        !reused(&answer(command.spawn().unwrap()).json()).is_empty()
    };
    // What moved less than two seconds ago is not known, whatever it is.
    let settle = || std::thread::sleep(std::time::Duration::from_millis(3100));
    assert!(!scan() && scan(), "nothing is there, and that is known");
    let places = [
        modules.join("cache/download/e.example/!m/@v/v1.0.0.zip"),
        mex.tools.join("archives/sha256/00/00"),
    ];
    for place in places {
        std::fs::create_dir_all(place.parent().unwrap()).unwrap();
        std::fs::write(&place, "something").unwrap();
        settle();
        assert!(!scan(), "{} appeared", place.display());
        assert!(scan(), "{} is known", place.display());
    }
}

/// SC-12: a run that failed or was stopped leaves nothing to reuse.
#[test]
fn sc_12_what_did_not_end_well_runs_again() {
    let mex = Mex::ready();
    mex.write("Cargo.lock", "<<<<<<< ours\nversion = 4\n").write("a.py", "x = 1\n");
    for _ in 0..2 {
        let outcome = mex.scan(&["--jobs", "vuln"]).json();
        assert_eq!(outcome["verdict"]["verdict"], "incomplete");
        assert!(reused(&outcome).is_empty(), "{outcome}");
    }
}

/// SC-12: two at once on one data folder are as good as one after the other.
#[test]
fn sc_12_two_scans_at_once_are_safe() {
    let mex = Mex::ready();
    project(&mex, &canary());
    let path = mex.project();
    let path = path.to_str().unwrap();
    let start = || mex.command(["scan", path, "--jobs", "secret,vuln", "--format", "json"]).spawn();
    for _ in 0..2 {
        let running = [start().unwrap(), start().unwrap(), start().unwrap()];
        let said: Vec<Value> =
            running.into_iter().map(|child| meaning(&answer(child).expect(0).json())).collect();
        assert!(said.iter().all(|one| *one == said[0]));
    }
    let last: Answer = mex.scan(&["--jobs", "secret,vuln"]);
    assert_eq!(reused(&last.expect(0).json()).len(), 2);
    verified(&mex);
}

/// SC-12: after any edits a scan that reuses says what a scan of a data folder that knows nothing
/// would say, up to the fingerprints' salt; and a kept file that somebody edits is not believed.
#[test]
fn sc_12_changed_added_removed_and_renamed_files_are_found_as_in_a_fresh_scan() {
    let mex = Mex::ready();
    let secrets: Vec<String> = (0..6).map(|_| canary()).collect();
    let leak = |at: usize| format!("x = 1\ntoken = \"{}\"\n", secrets[at]);
    project(&mex, &secrets[0]);
    for number in 0..12 {
        mex.write(&format!("lib/f{number}.py"), format!("x = {number}\n"));
    }
    let root = mex.project();
    let rename = |from: &str, to: &str| fs::rename(root.join(from), root.join(to)).unwrap();
    type Edit<'a> = (&'a str, Box<dyn Fn() + 'a>);
    let edits: Vec<Edit<'_>> = vec![
        ("nothing", Box::new(|| {})),
        (
            "a leak comes",
            Box::new(|| {
                mex.write("lib/f1.py", leak(1));
            }),
        ),
        (
            "it changes",
            Box::new(|| {
                mex.write("lib/f1.py", leak(2));
            }),
        ),
        (
            "a leak in a text named like an archive",
            Box::new(|| {
                mex.write("src/app.browser.js", leak(3));
            }),
        ),
        ("a leaking file moves", Box::new(|| rename("lib/f1.py", "lib/moved.py"))),
        ("a clean file moves onto its place", Box::new(|| rename("lib/f2.py", "lib/f1.py"))),
        (
            "one is added, one removed",
            Box::new(|| {
                mex.write("new/deep/g.py", leak(4));
                fs::remove_file(root.join("lib/f3.py")).unwrap();
            }),
        ),
        (
            "a file that asks for silence leaks",
            Box::new(|| {
                mex.write("deny.toml", format!("# {}", leak(5)));
            }),
        ),
        (
            "the leaks go",
            Box::new(|| {
                mex.write("lib/moved.py", "x = 1\n").write("new/deep/g.py", "x = 1\n");
            }),
        ),
        (
            "and one comes back",
            Box::new(|| {
                mex.write("lib/moved.py", leak(2));
            }),
        ),
        (
            "a picture becomes a text that leaks",
            Box::new(|| {
                mex.write("img/x.png", leak(1));
            }),
        ),
        ("only a removal", Box::new(|| fs::remove_file(root.join("lib/f9.py")).unwrap())),
    ];
    let jobs = ["--jobs", "secret"];
    let document = || {
        let kept = fs::read_dir(mex.data().join("kept/gitleaks")).unwrap();
        kept.map(|entry| entry.unwrap().path()).next().unwrap()
    };
    let mut whole_trees = 0;
    for (what, edit) in edits {
        edit();
        let incremental = mex.scan(&jobs).expect(0).json();
        let before = fs::read(document()).unwrap();
        let fresh = mex.scan(&["--jobs", "secret", "--fresh"]).expect(0).json();
        assert_eq!(meaning(&incremental), meaning(&fresh), "{what}");
        assert_eq!(fs::read(document()).unwrap(), before, "{what}: what is known of the files");
        whole_trees += usize::from(!evidence(&mex, &incremental).contains("\"kept\""));
    }
    assert!(whole_trees <= 2, "{whole_trees} scans read every file");

    // Somebody adds a leaking file to those that are known to be clean, with all digests right.
    mex.write("lib/f1.py", leak(1));
    let text = fs::read_to_string(document()).unwrap();
    let mut forged: Value = serde_json::from_str(&text).unwrap();
    let files = forged["files"].as_object_mut().unwrap();
    let (known, _) = files.clone().into_iter().next().unwrap();
    files.remove(&known);
    files.insert("0".repeat(64), Value::Null);
    fs::write(document(), forged.to_string()).unwrap();
    let outcome = mex.scan(&jobs).expect(0).json();
    assert!(!evidence(&mex, &outcome).contains("\"kept\""), "an edited document was believed");
    let found = outcome["findings"].as_array().unwrap();
    assert!(found.iter().any(|one| one["path"] == "lib/f1.py"), "{outcome}");
}

/// The evidence of the secret job.
fn evidence(mex: &Mex, outcome: &Value) -> String {
    let artifacts = job(outcome, "secret")["artifacts"].as_array().unwrap();
    let handle = artifacts.iter().find(|one| one["role"] == "evidence").unwrap();
    fs::read_to_string(path_of(mex, &handle["sha256"])).unwrap()
}
