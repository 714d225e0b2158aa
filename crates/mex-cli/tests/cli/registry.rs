//! `mex registry` from a draft to the registry in force: diff, review, impact, publish, rollback,
//! takeover, each through the built binary; what is hand-edited, replayed, killed half-way or of
//! somebody else leaves what was in force in force (contract REG-4 to REG-8, P30).

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::fault::{Deed, count, inject};
use crate::harness::{Answer, Mex, answer, copy};

const REGISTRY: &str =
    include_str!("../../../../capability_registry/assets/capability_registry.json");
const PROFILES: &str = include_str!("../../../../capability_registry/profiles.json");

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A file beside the data folder.
fn file(mex: &Mex, name: &str, text: &str) -> PathBuf {
    let path = mex.folder.path().join(name);
    fs::write(&path, text).unwrap();
    path
}

/// Our own registry, edited.
fn registry(edit: impl FnOnce(&mut Vec<Value>)) -> String {
    let mut value: Value = serde_json::from_str(REGISTRY).unwrap();
    edit(value["capabilities"].as_array_mut().unwrap());
    value.to_string()
}

fn entry(id: &str) -> Value {
    json!({
        "capability_id": id, "kind": "runtime", "display_name": format!("Use {id}"),
        "section_ref": "spec/README.md#programs", "required_capabilities": [],
        "default_governance_mode": "gov_standard", "risk_class": "high", "tags": [],
    })
}

/// A registry with one more right.
fn with(id: &str) -> String {
    registry(|all| all.push(entry(id)))
}

/// Our own profiles, edited.
fn profiles(edit: impl Fn(&str, &mut Vec<Value>)) -> String {
    let mut value: Value = serde_json::from_str(PROFILES).unwrap();
    for profile in value["profiles"].as_array_mut().unwrap() {
        let name = profile["profile_id"].as_str().unwrap().to_owned();
        edit(&name, profile["capabilities"].as_array_mut().unwrap());
    }
    value.to_string()
}

/// Compares and gives the document.
fn diff(mex: &Mex, arguments: &[&str]) -> Value {
    mex.run([&["registry", "diff", "--format", "json"], arguments].concat()).expect(0).json()
}

fn id(outcome: &Value, field: &str) -> String {
    outcome[field].as_str().unwrap().to_owned()
}

/// `--tick` for every added right of a diff.
fn ticks(outcome: &Value) -> Vec<String> {
    let rights = outcome["diff"]["added_rights"].as_array().unwrap();
    let each =
        |right: &Value| ["--tick".to_owned(), right["right_id"].as_str().unwrap().to_owned()];
    rights.iter().flat_map(each).collect()
}

fn approve(mex: &Mex, outcome: &Value, more: &[&str]) -> Answer {
    let ticks = ticks(outcome);
    let mut arguments = vec!["registry", "review", "--approve", "--format", "json"];
    arguments.push(outcome["diff_sha256"].as_str().unwrap());
    arguments.extend(ticks.iter().map(String::as_str));
    arguments.extend(more);
    mex.run(arguments)
}

/// From a registry file to the registry in force; gives what was published.
fn publish(mex: &Mex, registry: &str, profiles: Option<&str>) -> Value {
    let draft = file(mex, "draft.json", registry);
    let mut arguments = vec![path(&draft)];
    let own = profiles.map(|text| file(mex, "profiles.json", text));
    if let Some(own) = &own {
        arguments.extend(["--profiles", path(own)]);
    }
    let outcome = diff(mex, &arguments);
    approve(mex, &outcome, &[]).expect(0);
    mex.run(["registry", "publish", "--format", "json"]).expect(0).json()
}

fn in_force(mex: &Mex) -> (String, String) {
    let shown = mex.run(["registry", "show", "--format", "json"]).expect(0).json();
    (id(&shown, "capability_registry_version"), id(&shown, "source"))
}

fn fatal(mex: &Mex) -> String {
    mex.run(["problems", "list", "--severity", "fatal"]).expect(0).stdout
}

fn simulate(mex: &Mex, profile: &str, capability: &str) -> Answer {
    mex.run([
        "capability",
        "simulate",
        "--profile",
        profile,
        "--engine",
        "engine.guard.secret_scan",
        "--operation",
        "secret_scan",
        "--capability",
        capability,
        "--format",
        "json",
    ])
}

/// REG-4 to REG-8: from a file to the registry in force, and back, with everything on record.
#[test]
fn a_draft_is_compared_reviewed_published_shown_and_rolled_back() {
    let mex = Mex::bare();
    let draft = file(&mex, "draft.json", &with("proc.exec:trivy"));
    let wider = file(
        &mex,
        "profiles.json",
        &profiles(|name, grants| {
            if name == "Analyst" {
                grants.push(json!("fs.read"));
            }
        }),
    );
    let out = mex.folder.path().join("out");
    let arguments = [path(&draft), "--profiles", path(&wider), "--out", path(&out)];
    let text = mex.run([&["registry", "diff"], &arguments[..]].concat()).expect(0).stdout;
    for part in [
        "1.0.0 -> 1.1.0 (minor)",
        "`proc.exec:trivy` is added",
        "the whole of it, where `fs.read:inputs` stood  RIGHT WIDENED",
        "2 added right(s), each to be ticked",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let outcome = diff(&mex, &arguments);
    let written: Value = serde_json::from_str(
        &fs::read_to_string(out.join("capability_registry_diff.json")).unwrap(),
    )
    .unwrap();
    assert_eq!(written, outcome["diff"]);

    // Every right on its own.
    mex.run(["registry", "review", "--approve", "--tick", "capability:proc.exec:trivy"])
        .refuses(2, "MEX-REGISTRY-REVIEW");
    mex.run(["registry", "publish"]).refuses(2, "MEX-REGISTRY-PUBLISH");
    approve(&mex, &outcome, &["--comment", "wanted", "--out", path(&out)]).expect(0);
    let review: Value = serde_json::from_str(
        &fs::read_to_string(out.join("capability_registry_review.json")).unwrap(),
    )
    .unwrap();
    assert_eq!(review["diff_sha256"], outcome["diff_sha256"]);
    assert_eq!(review["ticked"].as_array().unwrap().len(), 2);
    assert_eq!(in_force(&mex), ("1.0.0".into(), "embedded".into()), "an approval is no publish");

    let published = mex.run(["registry", "publish", "--format", "json"]).expect(0).json();
    assert_eq!(published["capability_registry_version"], "1.1.0");
    assert_eq!(in_force(&mex), ("1.1.0".into(), "published".into()));
    let answered = simulate(&mex, "Analyst", "fs.read:inputs").expect(0).json();
    assert_eq!(answered["capability_registry_version"], "1.1.0", "REG-8");
    assert_eq!(answered["registry_source"], "published");
    assert_eq!(answered["matched_grant"], "fs.read:inputs");
    mex.run(["registry", "publish"]).refuses(2, "MEX-REGISTRY-STALE");

    // What was removed comes back as a new version, ticked again.
    let removed = publish(&mex, REGISTRY, Some(PROFILES));
    assert_eq!(removed["capability_registry_version"], "2.0.0", "something is gone: major");
    let back = ["registry", "rollback", "1.1.0", "--reason", "needed after all"];
    mex.run(back).refuses(2, "MEX-REGISTRY-REVIEW");
    let rights = ["--tick", "capability:proc.exec:trivy", "--tick", "profile:Analyst:fs.read"];
    let rolled = mex.run([&back[..], &rights[..], &["--format", "json"]].concat()).expect(0).json();
    assert_eq!(rolled["capability_registry_version"], "2.1.0");
    assert_eq!(rolled["how"], "rolled_back");

    // Older versions stay readable, and each is what was published.
    let all = mex.run(["registry", "versions", "--format", "json"]).expect(0).json();
    let versions: Vec<&str> = all["versions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|own| own["capability_registry_version"].as_str().unwrap())
        .collect();
    assert_eq!(versions, ["2.1.0", "2.0.0", "1.1.0"]);
    assert!(
        all["versions"].as_array().unwrap().iter().all(|own| own["state"]["state"] == "intact")
    );
    let shown = |version: &str| {
        let shown =
            mex.run(["registry", "show", "--version", version, "--format", "json"]).expect(0);
        shown.json()["entries"].as_array().unwrap().len()
    };
    assert_eq!((shown("1.0.0") + 1, shown("1.1.0")), (shown("2.1.0"), shown("2.1.0")));
    mex.run(["registry", "show", "--version", "7.0.0"]).refuses(2, "MEX-NOT-FOUND");

    // Each step is a governed job, each check and decision an event.
    let jobs = mex.run(["jobs", "list", "--format", "json"]).expect(0).json();
    let kinds: BTreeSet<&str> = jobs["jobs"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|job| job["profile_id"] == "capability_registry_build")
        .map(|job| job["title"].as_str().unwrap())
        .collect();
    assert_eq!(kinds.len(), 4, "{kinds:?}");
    for (kind, least) in [
        ("registry_review", 3),
        ("registry_publish", 3),
        ("capability_check", 10),
        ("human_action", 6),
    ] {
        let events = mex.run(["recorder", "query", "--type", kind, "--format", "json"]).expect(0);
        let events = events.json()["items"].as_array().unwrap().len();
        assert!(events >= least, "{kind}: {events}");
    }
    mex.run(["recorder", "verify"]).expect(0);
}

/// REG-7: what no event names, what an event names otherwise, and what was edited by hand is not in
/// force; the embedded registry rules and a fatal Problem says so.
#[test]
fn what_was_edited_by_hand_or_published_by_nobody_is_not_in_force() {
    let mex = Mex::bare();
    publish(&mex, &with("proc.exec:trivy"), None);
    let folder = mex.data().join("capability_registry");
    let asset = folder.join("assets/capability_registry.json");
    let good = fs::read_to_string(&asset).unwrap();
    assert_eq!(fatal(&mex).matches("not in force").count(), 0);

    let spoil = |target: &Path, text: &str, says: &str| {
        let before = fs::read(target).ok();
        fs::write(target, text).unwrap();
        assert_eq!(in_force(&mex), ("1.0.0".into(), "embedded".into()), "{says}");
        let events =
            mex.run(["recorder", "query", "--type", "system", "--format", "json"]).expect(0).stdout;
        assert!(events.contains(says), "{says}");
        match before {
            Some(bytes) => fs::write(target, bytes).unwrap(),
            None => fs::remove_file(target).unwrap(),
        }
        assert_eq!(in_force(&mex).1, "published", "{says}");
    };
    spoil(&asset, &good.replace("\"high\"", "\"low\""), "and the file is");
    spoil(&asset, &good[..good.len() / 2], "and the file is");
    spoil(&asset, "", "and the file is");
    spoil(&folder.join("profiles.json"), "{}", "names profiles");
    assert!(fatal(&mex).contains("not in force"));

    fs::remove_file(&asset).unwrap();
    assert_eq!(in_force(&mex).1, "embedded");
    // The bytes of an older version are no way back: its event is not the newest.
    fs::write(&asset, &good).unwrap();
    publish(&mex, &with("proc.exec:grype"), None);
    let newer = fs::read_to_string(&asset).unwrap();
    fs::write(&asset, &good).unwrap();
    assert_eq!(in_force(&mex).1, "embedded");
    fs::write(&asset, newer).unwrap();
    assert_eq!(in_force(&mex).1, "published");

    // Files without the record that published them.
    let other = Mex::bare();
    copy(&folder, &other.data().join("capability_registry"));
    assert_eq!(in_force(&other), ("1.0.0".into(), "embedded".into()));
    assert!(fatal(&other).contains("not in force"));
    other.run(["registry", "versions"]).expect(0);
}

/// REG-5, P30: a decision is of one diff, once. Replayed, edited or of another base it counts nothing.
#[test]
fn a_review_is_of_one_diff_and_dies_with_it() {
    let mex = Mex::bare();
    let one = file(&mex, "one.json", &with("proc.exec:one"));
    let two = file(&mex, "two.json", &with("proc.exec:two"));
    let (first, second) = (diff(&mex, &[path(&one)]), diff(&mex, &[path(&two)]));
    // The ticks of one diff are none of another.
    let mut arguments = vec!["registry", "review", "--approve"];
    arguments.push(second["diff_sha256"].as_str().unwrap());
    let ticks_of_one = ticks(&first);
    arguments.extend(ticks_of_one.iter().map(String::as_str));
    mex.run(arguments).refuses(2, "MEX-REGISTRY-REVIEW");

    let approved = approve(&mex, &first, &[]).expect(0).json();
    approve(&mex, &first, &[]).refuses_json("MEX-REGISTRY-REVIEW");
    approve(&mex, &second, &[]).expect(0);
    // The draft changes: the approval of what it was is of nothing that is there.
    mex.run(["registry", "publish", &id(&second, "diff_sha256")[..16]]).expect(0);
    let dead = mex.run(["registry", "publish", &id(&approved, "review_sha256")[..16]]);
    dead.refuses(2, "MEX-REGISTRY-STALE");
    approve(&mex, &first, &[]).refuses_json("MEX-REGISTRY-STALE");

    // A rejection needs a word, takes an approval back, and is final.
    let third = diff(&mex, &[path(&one)]);
    approve(&mex, &third, &[]).expect(0);
    let digest = id(&third, "diff_sha256");
    mex.run(["registry", "review", &digest, "--reject"]).refuses(2, "MEX-REGISTRY-REVIEW");
    mex.run(["registry", "review", &digest, "--reject", "--comment", "not this way"]).expect(0);
    mex.run(["registry", "publish", &digest]).refuses(2, "MEX-REGISTRY-PUBLISH");
    approve(&mex, &third, &[]).refuses_json("MEX-REGISTRY-REVIEW");
    let again = diff(&mex, &[path(&one)]);
    assert_eq!(again["review"]["state"], "rejected");

    // An edited review document is no review.
    let fourth_file = file(&mex, "four.json", &with("proc.exec:four"));
    let fourth = diff(&mex, &[path(&fourth_file)]);
    let review = id(&approve(&mex, &fourth, &[]).expect(0).json(), "review_sha256");
    let stored = mex.data().join("artifacts").join(&review[..2]).join(&review[2..]);
    let text = fs::read_to_string(&stored).unwrap();
    fs::write(&stored, text.replace("proc.exec:four", "proc.exec:five")).unwrap();
    mex.run(["registry", "publish"]).refuses(4, "MEX-STORE-CORRUPT");
    assert_eq!(in_force(&mex).0, "1.1.0", "nothing of it came into force");
    mex.run(["registry", "review", "--approve", "--reject"]).expect(2);
    mex.run(["registry", "review"]).expect(2);
    mex.run(["registry", "review", "ffff", "--approve"]).refuses(2, "MEX-NOT-FOUND");
}

impl Answer {
    /// The refusal of a command that was asked for JSON.
    #[track_caller]
    fn refuses_json(self, code: &str) {
        assert_eq!(self.code, 2, "{self:?}");
        let error = self.json();
        assert_eq!(error["code"], code, "{error}");
        assert!(!error["hint"].as_str().unwrap().is_empty());
    }
}

/// REG-5: of two reviewers at once one decides; of two publishers at once one publishes.
#[test]
fn of_two_at_once_one_decides_and_one_publishes() {
    let mex = Mex::bare();
    let draft = file(&mex, "draft.json", &with("proc.exec:trivy"));
    let outcome = diff(&mex, &[path(&draft)]);
    let race = |arguments: &[&str]| -> Vec<i32> {
        let started: Vec<_> = (0..4).map(|_| mex.command(arguments).spawn().unwrap()).collect();
        let mut codes: Vec<i32> = started.into_iter().map(|child| answer(child).code).collect();
        codes.sort_unstable();
        codes
    };
    let ticks = ticks(&outcome);
    let mut review = vec!["registry", "review", "--approve"];
    review.extend(ticks.iter().map(String::as_str));
    assert_eq!(race(&review), [0, 2, 2, 2]);
    assert_eq!(race(&["registry", "publish"]), [0, 2, 2, 2]);
    assert_eq!(in_force(&mex), ("1.1.0".into(), "published".into()));
    mex.run(["recorder", "verify"]).expect(0);
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

/// REG-5: where the policy asks for it, a second reviewer, under a signature that holds.
#[test]
fn a_policy_can_ask_for_a_second_reviewer_and_a_signature() {
    let mex = Mex::bare();
    let folder = mex.folder.path();
    let policy = include_str!("../../../../policy/default.toml");
    let second = file(&mex, "second.toml", &policy.replace("\"anyone\"", "\"second\""));
    let section = policy.find("[registry]").unwrap();
    let (head, tail) = policy.split_at(section);
    let tail = tail.replacen("approvals = \"named\"", "approvals = \"ssh_signature\"", 1);
    let signed = file(&mex, "signed.toml", &format!("{head}{tail}"));
    let draft = file(&mex, "draft.json", &with("proc.exec:trivy"));
    let outcome = diff(&mex, &[path(&draft)]);
    approve(&mex, &outcome, &["--policy", path(&second)]).refuses_json("MEX-REGISTRY-REVIEW");
    approve(&mex, &outcome, &["--policy", path(&signed)]).refuses_json("MEX-REGISTRY-REVIEW");
    mex.run(["registry", "rollback", "1.0.0", "--reason", "x", "--policy", path(&second)])
        .refuses(2, "MEX-REGISTRY-REVIEW");

    let key = folder.join("key");
    keygen(&["-q", "-N", "", "-C", "test", "-f", path(&key), "-t", "ed25519"]);
    let public = fs::read_to_string(key.with_extension("pub")).unwrap();
    let signers = file(&mex, "signers", &format!("reviewer@example.org {public}"));
    let payload = folder.join("payload");
    let name = ["--reviewer", "reviewer@example.org"];
    approve(&mex, &outcome, &[&name[..], &["--payload", path(&payload)]].concat()).expect(0);
    let sign = |namespace: &str| {
        let _ = fs::remove_file(folder.join("payload.sig"));
        keygen(&["-q", "-Y", "sign", "-f", path(&key), "-n", namespace, path(&payload)]);
    };
    let signature = folder.join("payload.sig");
    let with_signature =
        [&name[..], &["--signature", path(&signature), "--signers", path(&signers)]].concat();
    let under = |policy: &'static str| -> Vec<String> {
        let own = folder.join(policy).to_str().unwrap().to_owned();
        with_signature
            .iter()
            .map(|text| (*text).to_owned())
            .chain(["--policy".into(), own])
            .collect()
    };
    let approve_with = |more: Vec<String>| {
        approve(&mex, &outcome, &more.iter().map(String::as_str).collect::<Vec<_>>())
    };
    // A signature for something else, and one over another decision, approve nothing.
    sign("mex-exception@v1");
    approve_with(under("signed.toml")).refuses_json("MEX-SIGNATURE-INVALID");
    sign("mex-registry-review@v1");
    let more = ["--comment".to_owned(), "another word".to_owned()];
    approve_with([under("signed.toml"), more.to_vec()].concat())
        .refuses_json("MEX-SIGNATURE-INVALID");
    let both = file(
        &mex,
        "both.toml",
        &fs::read_to_string(&signed).unwrap().replace("\"anyone\"", "\"second\""),
    );
    approve_with(under("both.toml")).expect(0);

    // A publish judges the signature again, by the file it is given.
    let publish = ["registry", "publish", "--policy", path(&both)];
    mex.run(publish).refuses(2, "MEX-SIGNATURE-INVALID");
    let nobody = file(&mex, "nobody", &format!("somebody@example.org {public}"));
    mex.run([&publish[..], &["--signers", path(&nobody)]].concat())
        .refuses(2, "MEX-SIGNATURE-INVALID");
    assert_eq!(in_force(&mex).1, "embedded");
    mex.run([&publish[..], &["--signers", path(&signers)]].concat()).expect(0);
    assert_eq!(in_force(&mex).1, "published");
}

/// REG-6: another machine that knows the signer takes over exactly what was signed, and nothing else.
#[test]
fn another_machine_takes_over_what_a_known_signer_published() {
    let here = Mex::bare();
    publish(&here, &with("proc.exec:trivy"), None);
    let key = id(&here.run(["registry", "versions", "--format", "json"]).json(), "public_key");
    let out = here.folder.path().join("out");
    let draft = file(&here, "next.json", &with("proc.exec:grype"));
    let outcome = diff(&here, &[path(&draft)]);
    approve(&here, &outcome, &[]).expect(0);
    here.run(["registry", "publish", "--out", path(&out)]).expect(0);

    let there = Mex::bare();
    let given = out.join("capability_registry.json");
    let take = |file: &Path, signer: &str| {
        there.run(["registry", "takeover", path(file), "--signer", signer])
    };
    take(&given, &"0".repeat(64)).refuses(2, "MEX-REGISTRY-RECORD");
    take(&given, "nothing").refuses(2, "MEX-INPUT-UNREADABLE");
    for (name, from, to) in [
        ("capability_registry.json", "\"high\"", "\"low\""),
        ("capability_registry.profiles.json", "Analyst", "Analyst2"),
        ("capability_registry.publish.json", "\"reviewed\"", "\"rolled_back\""),
        ("capability_registry.publish.json", "{", "{\"more\": 1,"),
        ("capability_registry.publish.json", "rp-1.0", "rp-2.0"),
    ] {
        let spoilt = there.folder.path().join("spoilt");
        copy(&out, &spoilt);
        let text = fs::read_to_string(spoilt.join(name)).unwrap();
        assert!(text.contains(from));
        fs::write(spoilt.join(name), text.replacen(from, to, 1)).unwrap();
        take(&spoilt.join("capability_registry.json"), &key).refuses(2, "MEX-REGISTRY-RECORD");
    }
    assert_eq!(in_force(&there).1, "embedded");
    let taken = take(&given, &key).expect(0);
    assert!(taken.stdout.contains("`proc.exec:grype` is added"), "{taken:?}");
    assert_eq!(in_force(&there), ("2.0.0".into(), "published".into()));
    assert_eq!(in_force(&here), in_force(&there));
    take(&given, &key).refuses(2, "MEX-REGISTRY-PUBLISH");
    // What comes after it follows it.
    let next = publish(&there, &with("proc.exec:own"), None);
    assert_eq!(next["capability_registry_version"], "3.0.0");
}

/// REG-6: a publish that is killed, or meets a failing disk, at any change it makes leaves the old
/// registry or the new one in force, whole, and never a fatal Problem; the next publish goes on.
#[test]
fn a_publish_killed_at_any_change_leaves_the_old_or_the_new_registry_in_force() {
    let ready = || {
        let mex = Mex::bare();
        publish(&mex, &with("proc.exec:one"), None);
        let draft = file(
            &mex,
            "next.json",
            &registry(|all| {
                all.extend([entry("proc.exec:one"), entry("proc.exec:two")]);
            }),
        );
        approve(&mex, &diff(&mex, &[path(&draft)]), &[]).expect(0);
        mex
    };
    let template = ready();
    let fresh = || {
        let mex = Mex::bare();
        copy(&template.data(), &mex.data());
        mex
    };
    let command = |mex: &Mex| mex.command(["registry", "publish", "--format", "json"]);
    let counted = fresh();
    let all = count(command(&counted), &counted.data(), |mut command| {
        answer(command.spawn().unwrap()).expect(0);
    });
    assert!(all > 30, "only {all} changes were seen: the library does not stand in between");
    let (mut old, mut new) = (0, 0);
    for at in 1..=all {
        let deed = [Deed::Kill, Deed::Half, Deed::Error][at as usize % 3];
        let what = format!("{deed:?} at {at} of {all}");
        let mex = fresh();
        let mut command = command(&mex);
        inject(&mut command, &mex.data(), deed, at);
        let stopped = answer(command.spawn().unwrap());
        let (version, source) = in_force(&mex);
        assert_eq!(source, "published", "{what}: {stopped:?}");
        assert!(!fatal(&mex).contains("not in force"), "{what}");
        if stopped.code == 0 {
            assert_eq!(version, "1.2.0", "{what}: it said it was published");
        }
        match version.as_str() {
            "1.1.0" => {
                old += 1;
                let next = mex.run(["registry", "publish"]);
                assert_eq!(next.code, 0, "{what}: {next:?}");
                assert_eq!(in_force(&mex), ("1.2.0".into(), "published".into()), "{what}");
            }
            "1.2.0" => new += 1,
            other => panic!("{what}: {other} is in force"),
        }
        let left = mex.data().join("capability_registry");
        assert!(!left.join("publishing.json").exists(), "{what}");
        mex.run(["registry", "show", "--version", "1.1.0"]).expect(0);
    }
    assert!(old > 10 && new > 2, "{old} times the old one, {new} times the new one");
}

/// REG-7: a process that runs already is judged by what another one publishes meanwhile.
#[test]
fn a_publish_counts_for_a_process_that_is_running_already() {
    let mex = Mex::ready();
    mex.write("a.txt", "nothing");
    let project = mex.project();
    let planned = mex.run(["op", "plan", "secret", "--workspace", path(&project)]).expect(0).stdout;
    let mut child = mex
        .command(["op", "run", "-", "--workspace", path(&project)])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    // It has opened the data folder when its work folder is there, and waits for its input then.
    let works = mex.data().join("work");
    while !fs::read_dir(&works).is_ok_and(|entries| entries.count() > 0) {
        std::thread::sleep(Duration::from_millis(10));
    }
    std::thread::sleep(Duration::from_millis(500));
    let narrow = profiles(|name, grants| {
        if name == "supply_chain_scan" {
            grants.retain(|id| id != "proc.exec:gitleaks");
        }
    });
    let published = publish(&mex, REGISTRY, Some(&narrow));
    assert_eq!(published["capability_registry_version"], "2.0.0");
    child.stdin.take().unwrap().write_all(planned.as_bytes()).unwrap();
    let denied = answer(child).expect(3);
    assert!(denied.stdout.contains("MEX-CAP-NOT-GRANTED"), "{denied:?}");

    // What that changed of what was asked here, and what a way back would change.
    let back = diff(&mex, &["--version", "1.0.0"]);
    assert_eq!(
        back["diff"]["added_rights"][0]["right_id"],
        "profile:supply_chain_scan:proc.exec:gitleaks"
    );
    let impact = mex.run(["registry", "impact", "--format", "json"]).expect(0).json();
    assert_eq!(impact["operations_newly_denied"], 0, "{impact:#}");
    assert!(impact["operations_newly_allowed"].as_u64().unwrap() >= 1, "{impact:#}");
    let row = &impact["changes"][0];
    assert_eq!(row["change"], "newly_allowed");
    assert_eq!(row["capability_id"], "proc.exec:gitleaks");
    assert_eq!(row["engine_id"], "engine.guard.secret_scan");
    assert!(!row["op_ids"].as_array().unwrap().is_empty());
    let text = mex.run(["registry", "impact", "--days", "3"]).expect(0).stdout;
    assert!(text.contains("newly allowed"), "{text}");
}

/// Issue text "Done when": a scan is allowed or denied by what is published, and allowed again after a
/// rollback.
#[test]
fn a_scan_is_denied_or_allowed_by_what_is_published() {
    let mex = Mex::ready();
    mex.write("a.txt", "nothing");
    mex.scan(&["--jobs", "secret"]).expect(0);
    let narrow = profiles(|name, grants| {
        if name == "supply_chain_scan" {
            grants.retain(|id| id != "proc.exec:gitleaks");
        }
    });
    publish(&mex, REGISTRY, Some(&narrow));
    let denied = mex.scan(&["--jobs", "secret"]).expect(3).json();
    assert_eq!(denied["verdict"]["capability_registry_version"], "2.0.0", "REG-8");
    assert_eq!(denied["verdict"]["verdict"], "denied");
    let tick = "profile:supply_chain_scan:proc.exec:gitleaks";
    mex.run(["registry", "rollback", "1.0.0", "--reason", "scans need it", "--tick", tick])
        .expect(0);
    let allowed = mex.scan(&["--jobs", "secret"]).expect(0).json();
    assert_eq!(allowed["verdict"]["capability_registry_version"], "2.1.0");
}

/// Issue text "Done when": a specification is edited, built, reviewed and published; a scan is denied
/// and allowed accordingly; and it is rolled back.
#[test]
fn the_whole_round_from_an_edited_specification_to_a_rollback() {
    let mex = Mex::ready();
    mex.write("a.txt", "nothing");
    let known = || simulate(&mex, "Coder", "proc.exec:trivy").json()["known"].clone();
    assert_eq!(known(), false);
    let row = "| `proc.exec:syft` |";
    let more = "| `proc.exec:trivy` | Run trivy | integration | - | gov_standard | high | scan |\n";
    let text = include_str!("../../../../capability_registry/spec/README.md");
    let text = text.replacen(row, &format!("{more}{row}"), 1);
    assert!(text.contains("trivy"), "the specification has another shape now");
    let spec = mex.folder.path().join("registry/spec/README.md");
    fs::create_dir_all(spec.parent().unwrap()).unwrap();
    fs::write(&spec, text).unwrap();
    let narrow = file(
        &mex,
        "narrow.json",
        &profiles(|name, grants| {
            if name == "supply_chain_scan" {
                grants.retain(|id| id != "proc.exec:gitleaks");
            }
        }),
    );
    let built = mex
        .run([
            "registry",
            "build",
            "--spec",
            path(&spec),
            "--profiles",
            path(&narrow),
            "--format",
            "json",
        ])
        .expect(0)
        .json();
    let outcome = &built["diffed"];
    assert_eq!(outcome["diff"]["added_rights"][0]["right_id"], "capability:proc.exec:trivy");
    mex.scan(&["--jobs", "secret"]).expect(0);
    approve(&mex, outcome, &["--comment", "trivy comes in, gitleaks goes"]).expect(0);
    let published = mex.run(["registry", "publish", "--format", "json"]).expect(0).json();
    assert_eq!(published["capability_registry_version"], "2.0.0");
    assert_eq!(known(), true);
    let denied = mex.scan(&["--jobs", "secret"]).expect(3).json();
    assert_eq!(denied["verdict"]["capability_registry_version"], "2.0.0", "REG-8");
    assert_eq!(denied["verdict"]["verdict"], "denied");

    let tick = "profile:supply_chain_scan:proc.exec:gitleaks";
    mex.run(["registry", "rollback", "1.0.0", "--reason", "scans need it", "--tick", tick])
        .expect(0);
    assert_eq!(known(), false);
    let allowed = mex.scan(&["--jobs", "secret"]).expect(0).json();
    assert_eq!(allowed["verdict"]["capability_registry_version"], "3.0.0", "a right is gone again");
    mex.run(["recorder", "verify"]).expect(0);
}

/// Section 15: drafts, registries and profiles that are none are refused with the rule named; nothing is
/// written and what is in force stays in force.
#[test]
fn bad_drafts_and_profiles_are_refused_and_change_nothing() {
    let mex = Mex::bare();
    mex.run(["registry", "show"]).expect(0);
    let valid: Value = serde_json::from_str(REGISTRY).unwrap();
    let future = REGISTRY.replace("cr-1.0", "cr-9.0");
    let draft_of_the_future = json!({"schema_version": "rd-9.0"}).to_string();
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    let doubled = registry(|all| all.push(all[0].clone()));
    let cased = registry(|all| all.push(entry("Fs.read")));
    let homoglyph = registry(|all| all.push(entry("fs.re\u{430}d")));
    let invisible = registry(|all| all.push(entry("fs.re\u{200b}ad")));
    let alike = registry(|all| all.push(entry("proc.exec:git1eaks")));
    let uncovered = registry(|all| all.retain(|own| own["capability_id"] != "proc.exec:gitleaks"));
    let unknown_need = registry(|all| all[1]["required_capabilities"] = json!(["fs.fly"]));
    let twice = REGISTRY.replacen('{', "{\"schema_version\": \"cr-1.0\",", 1);
    let half = &REGISTRY[..REGISTRY.len() / 2];
    for (text, says) in [
        ("", "not readable"),
        ("{}", "`capabilities` must be a list"),
        ("[]", "is no JSON object"),
        (half, "not readable"),
        (&deep, "not readable"),
        (&twice, "duplicate key"),
        (&future, "must be `cr-1.0`"),
        (&draft_of_the_future, "rd-9.0"),
        (&doubled, "`capability_id` stands twice (REG-3/unique)"),
        (&cased, "is not a capability id"),
        (&homoglyph, "is not a capability id"),
        (&invisible, "is not a capability id"),
        (&uncovered, "`engine.guard.secret_scan` names it and it is not declared"),
        (&unknown_need, "it requires `fs.fly`, which is not declared"),
        (&alike, "it can be taken for"),
    ] {
        let draft = file(&mex, "draft.json", text);
        let refused = mex.run(["registry", "diff", path(&draft)]);
        assert!(refused.stderr.contains(says), "{says}: {refused:?}");
        refused.refuses(2, "MEX-REGISTRY-INVALID");
    }
    let binary = mex.folder.path().join("binary");
    fs::write(&binary, [0xff, 0xfe, 0, 1]).unwrap();
    mex.run(["registry", "diff", path(&binary)]).refuses(2, "MEX-INPUT-UNREADABLE");
    mex.run(["registry", "diff", "no-such-file"]).refuses(2, "MEX-INPUT-UNREADABLE");
    let huge = mex.folder.path().join("huge");
    fs::File::create(&huge).unwrap().set_len(100 * 1024 * 1024).unwrap();
    mex.run(["registry", "diff", path(&huge)]).refuses(2, "MEX-INPUT-TOO-BIG");

    let cycle = json!({"schema_version": "cp-1.0", "profiles": [
        {"profile_id": "one", "description": "x", "capabilities": ["two"]},
        {"profile_id": "two", "description": "x", "capabilities": ["one"]},
    ]})
    .to_string();
    let unknown = profiles(|_, grants| grants.push(json!("fs.fly")));
    for (text, says) in [(&*cycle, "a cycle (one -> two -> one)"), (&unknown, "grants `fs.fly`")] {
        let own = file(&mex, "profiles.json", text);
        let refused = mex.run(["registry", "diff", "--profiles", path(&own)]);
        assert!(refused.stderr.contains(says), "{says}: {refused:?}");
        refused.refuses(2, "MEX-REGISTRY-INVALID");
    }
    // Nothing changes: there is nothing to review.
    let same = file(&mex, "draft.json", &valid.to_string());
    let outcome = diff(&mex, &[path(&same)]);
    assert_eq!(outcome["diff"]["bump"], "none");
    approve(&mex, &outcome, &[]).refuses_json("MEX-REGISTRY-REVIEW");
    assert!(!mex.data().join("capability_registry").exists(), "nothing was written");
    assert_eq!(in_force(&mex), ("1.0.0".into(), "embedded".into()));
    mex.run(["registry", "impact", "--days", "0"]).expect(2);
    mex.run(["registry", "rollback", "1.0.0", "--reason", " "]).refuses(2, "MEX-REGISTRY-PUBLISH");
}

/// FR-7: what a purge says again of a publish, so that its event may go, changes nothing.
#[test]
fn what_a_purge_says_again_of_a_publish_changes_nothing() {
    let mex = Mex::bare();
    publish(&mex, &with("proc.exec:one"), None);
    let two = registry(|all| all.extend([entry("proc.exec:one"), entry("proc.exec:two")]));
    publish(&mex, &two, None);
    mex.run(["recorder", "purge", "--keep-days", "1"]).expect(0);
    let events = mex.run(["recorder", "query", "--type", "registry_publish", "--format", "json"]);
    assert!(events.expect(0).stdout.contains("\"kept\""));
    assert_eq!(in_force(&mex), ("1.2.0".into(), "published".into()));
    let all = mex.run(["registry", "versions", "--format", "json"]).expect(0).json();
    let first = &all["versions"][0];
    assert_eq!((&first["how"], &first["in_force"]), (&json!("reviewed"), &json!(true)), "{all:#}");
    assert_eq!(all["versions"].as_array().unwrap().len(), 2);
    mex.run(["registry", "show", "--version", "1.1.0"]).expect(0);
}
