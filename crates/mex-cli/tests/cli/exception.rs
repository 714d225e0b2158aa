//! `mex exception`: accept for a time, see what that hides, sign, renew, revoke. Real scans and, for
//! signatures, the real `ssh-keygen`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::harness::{Answer, Mex, canary, cargo_lock};

/// A crate version with one known vulnerability in the embedded snapshot, which nobody scored.
const VULNERABLE: (&str, &str) = ("crossbeam-epoch", "0.9.18");
const WHY: [&str; 4] = ["--reason", "looked at, not reachable", "--owner", "platform team"];

/// A project with one vulnerability and one secret, scanned as a release.
fn blocked() -> (Mex, Value) {
    let mex = Mex::ready();
    mex.write("Cargo.lock", cargo_lock(&[VULNERABLE]))
        .write("src/a.py", format!("token = \"{}\"\n", canary()));
    let outcome = mex.scan(&["--release"]).expect(1).json();
    assert_eq!(blocking(&outcome).len(), 2, "{outcome:#}");
    (mex, outcome)
}

/// The subjects that block.
fn blocking(outcome: &Value) -> Vec<String> {
    reasons(outcome)
        .iter()
        .filter(|reason| reason["effect"] == "blocks" && reason["lifted_by"].is_null())
        .filter_map(|reason| reason["subject"].as_str().map(str::to_owned))
        .collect()
}

fn reasons(outcome: &Value) -> &Vec<Value> {
    outcome["verdict"]["reasons"].as_array().unwrap()
}

/// The Problem of a rule.
fn problem(outcome: &Value, rule: &str) -> String {
    reasons(outcome)
        .iter()
        .find(|reason| reason["rule"] == rule)
        .and_then(|reason| reason["fingerprint"].as_str())
        .unwrap_or_else(|| panic!("no {rule} in {outcome:#}"))
        .to_owned()
}

fn exception(mex: &Mex, arguments: &[&str]) -> Answer {
    mex.run([&["exception"], arguments, &["--format", "json"]].concat())
}

fn add(mex: &Mex, problem: &str, more: &[&str]) -> Answer {
    exception(mex, &[&["add", "--problem", problem, "--yes"], &WHY[..], more].concat())
}

/// The payloads of the recorded human actions of one kind, newest first.
fn actions(mex: &Mex, action: &str) -> Vec<Value> {
    let page = mex
        .run(["recorder", "query", "--type", "human_action", "--limit", "1000", "--format", "json"])
        .expect(0)
        .json();
    let all = page["items"].as_array().unwrap();
    all.iter()
        .map(|item| item["event"]["payload"].clone())
        .filter(|payload| payload["action"] == action)
        .collect()
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn what_is_accepted_is_hidden_in_every_later_scan_of_that_project_and_nowhere_else() {
    let (mex, outcome) = blocked();
    let vulnerability = add(&mex, &problem(&outcome, "SC-2/vulnerability"), &[]).expect(0).json();
    assert_eq!(vulnerability["impact"]["now"]["hides"].as_array().unwrap().len(), 1);
    assert_eq!(vulnerability["exceptions"][0]["approver"]["how"], "known_user");
    let first = mex.scan(&["--release"]).expect(1).json();
    assert_eq!(blocking(&first), ["github-pat in src/a.py"]);
    let secret = add(&mex, &problem(&outcome, "SC-2/secret")[..16], &["--approver", "ana"]);
    let secret = secret.expect(0).json();
    assert_eq!(secret["before"], vulnerability["sha256"]);
    assert_eq!(secret["exceptions"][0]["approver"], json!({"name": "ana", "how": "typed"}));
    assert_eq!(secret["impact"]["judged"], 2);
    assert_eq!(secret["impact"]["scans"].as_array().unwrap().len(), 2);

    let second = mex.scan(&["--release"]);
    assert_ne!(second.code, 1, "{second:?}");
    let second = second.json();
    assert!(blocking(&second).is_empty());
    assert_eq!(second["verdict"]["counts"]["lifted"], 2);
    assert_eq!(second["allowlist"], "data_folder");
    assert_eq!(second["verdict"]["allowlists"][0]["sha256"], secret["sha256"]);

    let list = exception(&mex, &["list"]).expect(0).json();
    let listed = list["documents"][0]["exceptions"].as_array().unwrap().clone();
    assert_eq!(listed.len(), 2);
    assert!(listed.iter().all(|one| one["state"] == "live" && one["days_left"] == 89));
    assert!(listed.iter().all(|one| one["last_use"] == "lifts"), "{list:#}");

    let other = mex.folder.path().join("other");
    crate::harness::copy(&mex.project(), &other);
    let elsewhere = mex
        .run(["scan", path(&other), "--release", "--jobs", "secret,vuln", "--format", "json"])
        .expect(1);
    assert_eq!(blocking(&elsewhere.json()).len(), 2);
    assert_eq!(elsewhere.json()["allowlist"], "none");
}

#[test]
fn an_exception_is_of_content_and_a_changed_secret_or_version_blocks_again() {
    let (mex, outcome) = blocked();
    for rule in ["SC-2/vulnerability", "SC-2/secret"] {
        add(&mex, &problem(&outcome, rule), &[]).expect(0);
    }
    let kept = fs::read_to_string(mex.project().join("src/a.py")).unwrap();
    mex.write("src/a.py", format!("# moved down\n\n{kept}"));
    assert_ne!(mex.scan(&["--release"]).code, 1, "a line number is no content");
    mex.write("src/a.py", format!("token = \"{}\"\n", canary()))
        .write("Cargo.lock", cargo_lock(&[("crossbeam-epoch", "0.9.17")]));
    assert_eq!(blocking(&mex.scan(&["--release"]).expect(1).json()).len(), 2);
}

#[test]
fn what_was_not_approved_does_not_count_and_a_changed_document_is_refused() {
    let (mex, outcome) = blocked();
    let saved = add(&mex, &problem(&outcome, "SC-2/secret"), &[]).expect(0).json();
    let sha = saved["sha256"].as_str().unwrap();
    // A file that looks like an approval is none.
    let document = mex.run(["artifact", "export", sha]).expect(0).stdout;
    let mut wider: Value = serde_json::from_str(&document).unwrap();
    wider["exceptions"][0]["matches"] = json!({
        "type": "vulnerability",
        "purl": "pkg:cargo/crossbeam-epoch@0.9.18",
        "aliases": ["RUSTSEC-2026-0204"],
    });
    for name in ["allowlist.json", "allowlists.json", "keys/allowlist.json"] {
        fs::write(mex.data().join(name), wider.to_string()).unwrap();
    }
    assert_eq!(blocking(&mex.scan(&["--release"]).expect(1).json()).len(), 1);
    let stored = mex.data().join("artifacts").join(&sha[..2]).join(&sha[2..]);
    fs::write(&stored, wider.to_string()).unwrap();
    mex.run(["scan", path(&mex.project()), "--release"]).refuses(4, "MEX-STORE-CORRUPT");
    mex.run(["exception", "list"]).refuses(4, "MEX-STORE-CORRUPT");
    fs::write(&stored, document).unwrap();
    mex.scan(&["--release"]).expect(1);
}

#[test]
fn nonsense_is_refused_by_name_recorded_and_changes_nothing() {
    let (mex, outcome) = blocked();
    let secret = problem(&outcome, "SC-2/secret");
    let run = outcome["run_id"].as_str().unwrap();
    let attempt = |arguments: &[&str], code: &str| {
        let before = actions(&mex, "allowlist_refused").len();
        mex.run([&["exception"], arguments].concat()).refuses(2, code);
        let after = actions(&mex, "allowlist_refused");
        assert_eq!(after.len(), before + 1, "{arguments:?}");
        assert_eq!(after[0]["code"], code);
    };
    let add = |more: &[&str], code: &str| {
        attempt(&[&["add", "--problem", &secret], more].concat(), code);
    };
    add(&["--reason", " ", "--owner", "o", "--yes"], "MEX-EXCEPTION-INVALID");
    add(&["--reason", "r", "--owner", "", "--yes"], "MEX-EXCEPTION-INVALID");
    add(&["--reason", "a\nb", "--owner", "o", "--yes"], "MEX-EXCEPTION-INVALID");
    add(&["--reason", &"x".repeat(2000), "--owner", "o", "--yes"], "MEX-EXCEPTION-INVALID");
    for date in ["2020-01-01", "2999-01-01", "soon", "2026-13-01"] {
        add(&[&WHY[..], &["--yes", "--expires", date]].concat(), "MEX-EXCEPTION-INVALID");
    }
    add(&[&WHY[..], &["--yes", "--id", "a b"]].concat(), "MEX-EXCEPTION-INVALID");
    add(&[&WHY[..], &["--yes", "--run", "ffffffff"]].concat(), "MEX-NOT-FOUND");
    // Nobody sits at a terminal here, so nobody could confirm.
    add(&WHY, "MEX-USAGE");
    attempt(&[&["add", "--problem", "00", "--yes"], &WHY[..]].concat(), "MEX-NOT-FOUND");
    for number in ["0", "99"] {
        let wanted = ["add", "--proposal", number, "--run", run, "--yes"];
        attempt(&[&wanted, &WHY[..]].concat(), "MEX-NOT-FOUND");
    }
    attempt(&["renew", "nobody", "--yes"], "MEX-NOT-FOUND");
    attempt(&["revoke", "nobody", "--reason", "r"], "MEX-NOT-FOUND");
    attempt(&["revoke", "nobody", "--reason", " "], "MEX-EXCEPTION-INVALID");
    let foreign = mex.folder.path().join("foreign.json");
    fs::write(&foreign, "{}").unwrap();
    add(&[&WHY[..], &["--yes", "--file", path(&foreign)]].concat(), "MEX-ALLOWLIST-INVALID");
    add(&[&WHY[..], &["--yes", "--file", "/nowhere/a.json"]].concat(), "MEX-INPUT-UNREADABLE");
    add(&[&WHY[..], &["--yes", "--out", path(&foreign)]].concat(), "MEX-EXCEPTION-INVALID");
    assert_eq!(fs::read_to_string(&foreign).unwrap(), "{}");
    for arguments in [
        &["add", "--problem", &secret, "--reason", "r"][..],
        &["add", "--yes", "--reason", "r", "--owner", "o"],
        &["add", "--problem", &secret, "--reason", "r", "--owner", "o", "--days", "0"],
        &["add", "--problem", &secret, "--reason", "r", "--owner", "o", "--days", "400"],
        &["list", "--proposed"],
        &["sign", "x", "--approver", "ana"],
        &["frob"],
    ] {
        let answer = mex.run([&["exception"], arguments].concat());
        assert_eq!(answer.code, 2, "{arguments:?}");
    }
    assert!(actions(&mex, "allowlist_changed").is_empty());
    assert!(
        exception(&mex, &["list"]).expect(0).json()["documents"].as_array().unwrap().is_empty()
    );
}

#[test]
fn a_gap_is_accepted_by_name_and_what_cannot_be_trusted_never() {
    let mex = Mex::ready().with_databases_of_its_own();
    mex.write("Cargo.lock", cargo_lock(&[]))
        .write("web/package-lock.json", r#"{"name":"w","version":"1.0.0","lockfileVersion":3,"packages":{"":{"name":"w","version":"1.0.0","dependencies":{"lodash":"4.17.0"}},"node_modules/lodash":{"version":"4.17.0","resolved":"https://example.invalid/lodash.tgz"}}}"#)
        .write("web/package.json", r#"{"name":"w","version":"1.0.0","dependencies":{"lodash":"4.17.0"}}"#);
    let jobs = ["--jobs", "vuln"];
    let outcome = mex.scan(&jobs).expect(4).json();
    let mut gaps: Vec<String> = reasons(&outcome)
        .iter()
        .filter(|reason| reason["effect"] == "leaves_incomplete")
        .map(|reason| reason["fingerprint"].as_str().unwrap().to_owned())
        .collect();
    assert!(!gaps.is_empty());
    // Two tools that miss the same database are one gap to accept.
    gaps.sort();
    gaps.dedup();
    for gap in &gaps {
        add(&mex, gap, &[]).expect(0);
    }
    let after = mex.scan(&jobs).expect(0).json();
    assert_eq!(after["verdict"]["verdict"], "pass");
    assert_eq!(after["verdict"]["counts"]["gaps"], outcome["verdict"]["counts"]["gaps"]);
}

#[test]
fn an_exception_is_renewed_revoked_and_every_change_is_on_record() {
    let (mex, outcome) = blocked();
    let added = add(&mex, &problem(&outcome, "SC-2/secret"), &["--days", "3", "--id", "leak"]);
    let added = added.expect(0).json();
    mex.run(
        ["exception", "add", "--problem", &problem(&outcome, "SC-2/secret"), "--yes"]
            .iter()
            .chain(&WHY),
    )
    .refuses(2, "MEX-EXCEPTION-INVALID");
    let soon = mex.scan(&["--release"]).expect(1);
    let text = mex.run(["scan", path(&mex.project()), "--release"]).expect(1);
    assert!(text.stdout.contains("EXPIRING  leak"), "{text:?}");
    let warned = mex.run(["problems", "list", "--code", "SC-4/expiring"]).expect(0);
    assert!(warned.stdout.contains("leak"), "{warned:?}");
    assert_eq!(blocking(&soon.json()).len(), 1);
    let checked = exception(&mex, &["check"]).expect(0).json();
    assert_eq!(checked["documents"][0]["remarks"][0]["kind"], "expiring");

    let renewed = exception(&mex, &["renew", "leak", "--days", "40", "--yes"]).expect(0).json();
    assert_eq!(renewed["before"], added["sha256"]);
    assert_eq!(renewed["exceptions"][0]["created"], added["exceptions"][0]["created"]);
    assert!(
        exception(&mex, &["check"]).json()["documents"][0]["remarks"]
            .as_array()
            .unwrap()
            .is_empty()
    );

    let project = mex.project();
    let revoked =
        exception(&mex, &["revoke", "leak", "--reason", "rotated", "--project", path(&project)]);
    assert_eq!(revoked.expect(0).json()["exceptions"][0]["id"], "leak");
    assert_eq!(blocking(&mex.scan(&["--release"]).expect(1).json()).len(), 2);

    let recorded = actions(&mex, "allowlist_changed");
    let changes: Vec<&str> = recorded.iter().filter_map(|one| one["change"].as_str()).collect();
    assert_eq!(changes, ["revoked", "renewed", "added"]);
    assert_eq!(recorded[0]["before"], renewed["sha256"]);
    assert_eq!(recorded[0]["reason"], "rotated");
    mex.run(["recorder", "verify"]).expect(0);
}

/// Runs `mex` at a terminal of its own, made by `script` (Debian: bsdutils, always there), and types.
fn at_a_terminal(mex: &Mex, arguments: &[&str], typed: &str) -> (i32, String) {
    let words: Vec<String> = [env!("CARGO_BIN_EXE_mex")]
        .iter()
        .chain(arguments)
        .map(|word| format!("'{word}'"))
        .collect();
    let mut child = Command::new("script")
        .args(["-qec", &words.join(" "), "/dev/null"])
        .env("MEX_DATA_DIR", mex.data())
        .env("MEX_TOOLS_DIR", &mex.tools)
        .env("NO_COLOR", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    use std::io::Write as _;
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(typed.as_bytes()).unwrap();
    // The terminal stays open until the program ends: an end of input is no answer.
    let answer = crate::harness::answer(child);
    drop(stdin);
    (answer.code, answer.stdout)
}

#[test]
fn at_a_terminal_the_impact_is_shown_and_a_person_is_asked() {
    let (mex, outcome) = blocked();
    let secret = problem(&outcome, "SC-2/secret");
    let arguments = [&["exception", "add", "--problem", &secret], &WHY[..]].concat();
    for no in ["n\n", "\n", "whatever\n"] {
        let (code, shown) = at_a_terminal(&mex, &arguments, no);
        assert_eq!(code, 4, "{shown}");
        assert!(shown.contains("github-pat in src/a.py") && shown.contains("[y/N]"), "{shown}");
        assert!(shown.contains("MEX-CANCELLED"), "{shown}");
    }
    assert!(actions(&mex, "allowlist_changed").is_empty());
    assert_eq!(actions(&mex, "allowlist_refused").len(), 3);
    let (code, shown) = at_a_terminal(&mex, &arguments, "y\n");
    assert_eq!(code, 0, "{shown}");
    assert_eq!(actions(&mex, "allowlist_changed").len(), 1);
}

#[test]
fn of_two_changes_at_once_none_is_lost_in_silence() {
    let (mex, outcome) = blocked();
    let start = |rule: &str| {
        let id = problem(&outcome, rule);
        let arguments = [&["exception", "add", "--problem", &id, "--yes"], &WHY[..]].concat();
        mex.command(arguments).spawn().unwrap()
    };
    let both = ["SC-2/secret", "SC-2/vulnerability"].map(start);
    let mut saved = 0;
    for child in both {
        let answer = crate::harness::answer(child);
        if answer.code == 0 {
            saved += 1;
        } else {
            answer.refuses(2, "MEX-EXCEPTION-INVALID");
        }
    }
    assert!(saved >= 1);
    let list = exception(&mex, &["list"]).expect(0).json();
    assert_eq!(list["documents"][0]["exceptions"].as_array().unwrap().len(), saved);
}

#[test]
fn a_purge_of_old_events_forgets_no_approval() {
    let (mex, outcome) = blocked();
    add(&mex, &problem(&outcome, "SC-2/secret"), &[]).expect(0);
    mex.run(["recorder", "purge", "--keep-days", "1"]).expect(0);
    assert_eq!(actions(&mex, "allowlist_changed")[0]["change"], "kept");
    assert_eq!(blocking(&mex.scan(&["--release"]).expect(1).json()).len(), 1);
}

#[test]
fn a_written_document_works_on_another_machine_and_never_from_inside_the_project() {
    let (mex, outcome) = blocked();
    let document = mex.folder.path().join("allow.json");
    add(&mex, &problem(&outcome, "SC-2/secret"), &["--out", path(&document)]).expect(0);
    let elsewhere = Mex::ready();
    crate::harness::copy(&mex.project(), &elsewhere.project());
    let with = |file: &Path| elsewhere.scan(&["--release", "--allowlist", path(file)]);
    let outcome = with(&document).expect(1).json();
    assert_eq!(blocking(&outcome).len(), 1, "the salt travels with the document");
    assert_eq!(outcome["allowlist"], "file");
    // The file is worked on as a document of its own.
    let file = ["--file", path(&document)];
    add(&elsewhere, &problem(&outcome, "SC-2/vulnerability"), &file).expect(0);
    assert_ne!(with(&document).code, 1);
    let checked = exception(&elsewhere, &["check", path(&document)]).expect(0).json();
    assert_eq!(checked["documents"][0]["exceptions"], 2);
    let impact = exception(&elsewhere, &["impact", "--file", path(&document)]).expect(0).json();
    assert_eq!(impact[0]["now"]["hides"].as_array().unwrap().len(), 2, "{impact:#}");
    // A scan without the document did not fingerprint under it, and the impact says so.
    assert_eq!(blocking(&elsewhere.scan(&["--release"]).expect(1).json()).len(), 2);
    let impact = exception(&elsewhere, &["impact", "--file", path(&document)]).expect(0).json();
    assert_eq!(impact[0]["now"]["unknown_secrets"], 1, "{impact:#}");

    let inside = elsewhere.project().join("allow.json");
    fs::copy(&document, &inside).unwrap();
    let link = elsewhere.folder.path().join("link.json");
    std::os::unix::fs::symlink(&inside, &link).unwrap();
    let outward = elsewhere.project().join("outward.json");
    std::os::unix::fs::symlink(&document, &outward).unwrap();
    for named in [&inside, &link, &outward] {
        for option in ["--allowlist", "--signers"] {
            elsewhere
                .run(["scan", path(&elsewhere.project()), option, path(named)])
                .refuses(2, "MEX-ALLOWLIST-IN-TREE");
        }
    }
}

#[test]
fn a_baseline_leaves_only_what_is_new() {
    let (mex, outcome) = blocked();
    let run = outcome["run_id"].as_str().unwrap();
    let baseline = |run: &str| {
        exception(&mex, &[&["baseline", "--run", run, "--days", "30", "--yes"], &WHY[..]].concat())
    };
    let saved = baseline(run).expect(0).json();
    assert_eq!(saved["exceptions"].as_array().unwrap().len(), 2);
    assert_eq!(saved["impact"]["now"]["before"], "block");
    assert_ne!(saved["impact"]["now"]["after"], "block");
    let second = mex.scan(&["--release"]);
    assert_ne!(second.code, 1, "{second:?}");
    mex.run([&["exception", "baseline", "--run", run, "--yes"], &WHY[..]].concat())
        .refuses(2, "MEX-EXCEPTION-INVALID");
    mex.write("src/new.py", format!("token = \"{}\"\n", canary()));
    assert_eq!(blocking(&mex.scan(&["--release"]).expect(1).json()), ["github-pat in src/new.py"]);
}

#[test]
fn what_the_project_asks_for_is_offered_and_only_a_person_accepts_it() {
    let (mex, _) = blocked();
    mex.write(".gitleaksignore", "src/a.py:github-pat:1\nsrc/gone.py:github-pat:7\n")
        .write(".cargo/audit.toml", "[advisories]\nignore = [\"RUSTSEC-2026-0204\"]\n");
    let outcome = mex.scan(&["--release"]).expect(1).json();
    assert_eq!(blocking(&outcome).len(), 2);
    let run = outcome["run_id"].as_str().unwrap();
    let offered = exception(&mex, &["list", "--proposed", "--run", run]).expect(0).json();
    let offered = offered.as_array().unwrap();
    let number = |ask: &str| {
        let one = offered.iter().find(|one| one["ask"] == ask).unwrap_or_else(|| panic!("{ask}"));
        (one["number"].to_string(), one["problem"].as_str().map(str::to_owned))
    };
    let (gone, nothing) = number("src/gone.py:github-pat:7");
    assert_eq!(nothing, None);
    mex.run([&["exception", "add", "--proposal", &gone, "--run", run, "--yes"], &WHY[..]].concat())
        .refuses(2, "MEX-EXCEPTION-INVALID");
    assert_eq!(blocking(&mex.scan(&["--release"]).expect(1).json()).len(), 2);
    for (ask, rule) in
        [("src/a.py:github-pat:1", "SC-2/secret"), ("RUSTSEC-2026-0204", "SC-2/vulnerability")]
    {
        let (number, problem_id) = number(ask);
        assert_eq!(problem_id, Some(problem(&outcome, rule)));
        let arguments = ["add", "--proposal", &number, "--run", run, "--yes"];
        let saved = exception(&mex, &[&arguments, &WHY[..]].concat()).expect(0).json();
        assert_eq!(saved["exceptions"][0]["owner"], "platform team");
    }
    assert_ne!(mex.scan(&["--release"]).code, 1);
}

#[test]
fn a_check_tells_what_is_remarkable_and_refuses_only_what_is_invalid() {
    let mex = Mex::bare();
    let file = mex.folder.path().join("allow.json");
    let exception_of = |id: &str, expires: &str, matches: Value| {
        json!({
            "id": id, "matches": matches, "reason": "r", "owner": "o",
            "approver": {"name": "ana", "how": "typed"},
            "created": "2020-01-01T00:00:00Z", "expires": expires,
        })
    };
    let mut document = json!({
        "schema_version": "al-1.0",
        "document_id": "team",
        "fingerprint_key": {"algorithm": "argon2id", "salt": "0".repeat(32), "m_kib": 7168, "t": 3, "p": 1},
        "exceptions": [
            exception_of("old", "2020-02-01T00:00:00Z", json!({"type": "gap", "job": "vuln", "subject": "Cargo.lock"})),
            exception_of("wide", "2990-01-01T00:00:00Z", json!({"type": "secret", "fingerprint": "a".repeat(64)})),
            exception_of("job", "2990-01-01T00:00:00Z", json!({"type": "gap", "job": "sbom", "subject": "job"})),
        ],
    });
    fs::write(&file, document.to_string()).unwrap();
    let report = exception(&mex, &["check", path(&file)]).expect(0).json();
    let kinds = |id: &str| -> Vec<String> {
        let remarks = report["documents"][0]["remarks"].as_array().unwrap();
        remarks
            .iter()
            .filter(|remark| remark["exception"] == id)
            .map(|remark| remark["kind"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(kinds("old"), ["expired", "typed"]);
    assert_eq!(kinds("wide"), ["over_broad", "over_broad", "typed"]);
    assert_eq!(kinds("job"), ["over_broad", "over_broad", "typed"]);
    document["exceptions"][0]["owner"] = json!(" ");
    fs::write(&file, document.to_string()).unwrap();
    let refused = mex.run(["exception", "check", path(&file)]);
    assert!(refused.stderr.contains("exceptions[0] (old).owner"), "{refused:?}");
    refused.refuses(2, "MEX-ALLOWLIST-INVALID");
}

/// A key pair of the real `ssh-keygen`.
fn key(folder: &Path, name: &str, kind: &[&str]) -> PathBuf {
    let key = folder.join(name);
    keygen(&[&["-q", "-N", "", "-C", "test", "-f", path(&key), "-t"], kind].concat());
    key
}

fn keygen(arguments: &[&str]) {
    let status = Command::new("ssh-keygen")
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap_or_else(|error| panic!("ssh-keygen (Debian: openssh-client) is needed: {error}"));
    assert!(status.success(), "ssh-keygen {arguments:?}");
}

fn public(key: &Path) -> String {
    fs::read_to_string(key.with_extension("pub")).unwrap().trim().to_owned()
}

/// Has `ssh-keygen` sign what `mex` writes; gives the signature's file.
fn signed(mex: &Mex, id: &str, approver: &str, key: &Path, namespace: &str) -> PathBuf {
    let folder = tempfile::tempdir_in(mex.folder.path()).unwrap().keep();
    let payload = folder.join("payload");
    mex.run(["exception", "sign", id, "--approver", approver, "--payload", path(&payload)])
        .expect(0);
    keygen(&["-q", "-Y", "sign", "-f", path(key), "-n", namespace, path(&payload)]);
    folder.join("payload.sig")
}

const NAMESPACE: &str = "mex-exception@v1";

#[test]
fn where_a_policy_demands_it_only_an_ssh_signature_of_an_allowed_signer_approves() {
    let (mex, outcome) = blocked();
    let folder = mex.folder.path();
    for rule in ["SC-2/vulnerability", "SC-2/secret"] {
        add(&mex, &problem(&outcome, rule), &["--id", &rule[5..]]).expect(0);
    }
    let policy = folder.join("policy.toml");
    let text = include_str!("../../../../policy/default.toml")
        .replace("approvals = \"named\"", "approvals = \"ssh_signature\"");
    assert!(text.contains("ssh_signature\""));
    fs::write(&policy, text).unwrap();
    let signers = folder.join("signers");
    let scan = |signers: Option<&Path>| {
        let mut arguments = vec!["--release", "--policy", path(&policy)];
        arguments.extend(signers.iter().flat_map(|file| ["--signers", path(file)]));
        blocking(&mex.scan(&arguments).json()).len()
    };
    assert_eq!(scan(None), 2, "a name alone does not approve");

    let keys = [
        ("ed25519", &["ed25519"][..]),
        ("p256", &["ecdsa", "-b", "256"]),
        ("p384", &["ecdsa", "-b", "384"]),
        ("rsa", &["rsa", "-b", "2048"]),
    ];
    let keys = keys.map(|(name, kind)| key(folder, name, kind));
    let lines: Vec<String> =
        keys.iter().map(|key| format!("ana@example.com {}", public(key))).collect();
    fs::write(&signers, lines.join("\n")).unwrap();
    let sign = |id: &str, approver: &str, signature: &Path| {
        mex.run([
            "exception",
            "sign",
            id,
            "--approver",
            approver,
            "--signature",
            path(signature),
            "--signers",
            path(&signers),
        ])
    };
    for key in &keys {
        let signature = signed(&mex, "secret", "ana@example.com", key, NAMESPACE);
        sign("secret", "ana@example.com", &signature).expect(0);
        assert_eq!(scan(Some(&signers)), 1, "{}", key.display());
        assert_eq!(scan(None), 2, "what the document says of itself verifies nothing");
    }
    let list = exception(&mex, &["list"]).json();
    assert!(list.to_string().contains("\"how\":\"ssh_signature\""), "{list:#}");

    // Each of these is a signature, and none approves this exception.
    let [first, ..] = &keys;
    let other = key(folder, "other", &["ed25519"]);
    let good = signed(&mex, "vulnerability", "ana@example.com", first, NAMESPACE);
    let wrong: [(&str, PathBuf); 4] = [
        ("ana@example.com", signed(&mex, "vulnerability", "ana@example.com", &other, NAMESPACE)),
        ("ana@example.com", signed(&mex, "vulnerability", "ana@example.com", first, "git")),
        ("ana@example.com", signed(&mex, "secret", "ana@example.com", first, NAMESPACE)),
        ("eve@example.com", good.clone()),
    ];
    for (approver, signature) in &wrong {
        sign("vulnerability", approver, signature).refuses(2, "MEX-SIGNATURE-INVALID");
    }
    let text = fs::read_to_string(&good).unwrap();
    for spoiled in [text.replacen("U1NIU0lH", "U1NIU0lI", 1), text[..text.len() / 2].to_owned()] {
        let file = folder.join("spoiled");
        fs::write(&file, spoiled).unwrap();
        sign("vulnerability", "ana@example.com", &file).refuses(2, "MEX-SIGNATURE-INVALID");
    }
    assert_eq!(scan(Some(&signers)), 1);
    assert_eq!(actions(&mex, "allowlist_refused").len(), wrong.len() + 2);
    sign("vulnerability", "ana@example.com", &good).expect(0);
    assert_eq!(scan(Some(&signers)), 0);

    // The same key, outside its time, its namespace, or not named any more.
    for line in [
        format!("ana@example.com valid-before=\"20200101Z\" {}", public(first)),
        format!("ana@example.com namespaces=\"git\" {}", public(first)),
        format!("*,!ana@example.com {}", public(first)),
        format!("ana@example.com cert-authority {}", public(first)),
    ] {
        fs::write(&signers, &line).unwrap();
        assert_eq!(scan(Some(&signers)), 2, "{line}");
    }
    let bad = exception(&mex, &["check", "--signers", path(&signers)]).expect(0).json();
    assert!(bad.to_string().contains("bad_signature"), "{bad:#}");
    fs::write(&signers, "nonsense").unwrap();
    mex.run(["scan", path(&mex.project()), "--signers", path(&signers)])
        .refuses(2, "MEX-SIGNERS-INVALID");
    // A renewal is another promise: the old signature does not hold for it.
    exception(&mex, &["renew", "secret", "--days", "200", "--yes"]).expect(0);
    fs::write(&signers, format!("* {}", public(first))).unwrap();
    assert_eq!(scan(Some(&signers)), 1);
}

#[test]
fn our_verification_agrees_with_ssh_keygens_own() {
    let (mex, outcome) = blocked();
    let folder = mex.folder.path();
    add(&mex, &problem(&outcome, "SC-2/secret"), &["--id", "leak"]).expect(0);
    let key = key(folder, "key", &["ed25519"]);
    let signature = signed(&mex, "leak", "ana@example.com", &key, NAMESPACE);
    let payload = fs::read(signature.with_extension("")).unwrap();
    let lines = [
        ("ana@example.com", true),
        ("*@example.com", true),
        ("a?a@example.com", true),
        ("bo@example.com,ana@*", true),
        ("*@example.com,!ana@example.com", false),
        ("bo@example.com", false),
        ("ana@example.com namespaces=\"mex-*\"", true),
        ("ana@example.com namespaces=\"git\"", false),
        ("ana@example.com valid-after=\"20200101Z\",valid-before=\"29990101Z\"", true),
        ("ana@example.com valid-after=\"29990101Z\"", false),
        ("ana@example.com valid-before=\"202001010000Z\"", false),
    ];
    for (number, (front, expected)) in lines.into_iter().enumerate() {
        let signers = folder.join(format!("signers-{number}"));
        fs::write(&signers, format!("{front} {}\n", public(&key))).unwrap();
        let theirs = Command::new("ssh-keygen")
            .args(["-Y", "verify", "-f", path(&signers), "-I", "ana@example.com", "-n", NAMESPACE])
            .args(["-s", path(&signature)])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .and_then(|mut child| {
                use std::io::Write as _;
                child.stdin.take().unwrap().write_all(&payload)?;
                child.wait()
            })
            .unwrap()
            .success();
        assert_eq!(theirs, expected, "ssh-keygen on {front}");
        let ours = mex.run([
            "exception",
            "sign",
            "leak",
            "--approver",
            "ana@example.com",
            "--signature",
            path(&signature),
            "--signers",
            path(&signers),
        ]);
        assert_eq!(ours.code == 0, expected, "{front}: {ours:?}");
    }
}
