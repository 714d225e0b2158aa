//! Whole scans with the real tools on small projects.

use std::fs;

use serde_json::Value;

use crate::harness::{Mex, canary, cargo_lock};

/// Everything found but the inventory, which is what a project consists of (see `sbom`).
fn findings(outcome: &Value) -> Vec<&Value> {
    let all = outcome["findings"].as_array().unwrap();
    all.iter().filter(|finding| finding["type"] != "component").collect()
}

fn reasons<'a>(outcome: &'a Value, effect: &str) -> Vec<&'a str> {
    outcome["verdict"]["reasons"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|reason| reason["effect"] == effect && reason["lifted_by"].is_null())
        .filter_map(|reason| reason["rule"].as_str())
        .collect()
}

/// A crate version with one known vulnerability in the embedded snapshot, which nobody scored.
const VULNERABLE: (&str, &str) = ("crossbeam-epoch", "0.9.18");

#[test]
fn a_clean_project_passes_and_says_how_it_is_known() {
    let mex = Mex::ready();
    mex.write("Cargo.toml", "[package]\nname = \"a\"\nversion = \"0.1.0\"\n")
        .write("Cargo.lock", cargo_lock(&[]));
    let outcome = mex.scan(&[]).expect(0).json();
    assert_eq!(outcome["verdict"]["verdict"], "pass");
    let tools: Vec<&str> = outcome["jobs"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|job| job["tools"].as_array().unwrap())
        .filter_map(|tool| tool["name"].as_str())
        .collect();
    for tool in ["gitleaks", "osv-scanner", "cargo-audit", "syft"] {
        assert!(tools.contains(&tool), "{tools:?}");
    }
}

#[test]
fn one_vulnerability_from_two_tools_is_one_problem_and_blocks_only_a_release() {
    let mex = Mex::ready();
    mex.write("Cargo.lock", cargo_lock(&[VULNERABLE]));
    let normal = mex.scan(&[]).expect(0).json();
    let found = findings(&normal);
    assert_eq!(found.len(), 1, "{found:#?}");
    let tools: Vec<&str> = found[0]["attributions"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|said| said["tool"].as_str())
        .collect();
    assert!(tools.contains(&"cargo-audit") && tools.contains(&"osv-scanner"), "{tools:?}");
    for job in normal["coverage"]["counts"].as_array().unwrap() {
        let dropped: u64 = job["dropped"]
            .as_array()
            .unwrap()
            .iter()
            .map(|drop| drop["count"].as_u64().unwrap())
            .sum();
        assert_eq!(job["said"].as_u64().unwrap(), job["kept"].as_u64().unwrap() + dropped, "{job}");
    }
    let problems = mex.run(["problems", "list", "--text", VULNERABLE.0, "--format", "json"]).json();
    assert_eq!(problems["items"].as_array().unwrap().len(), 1);
    let fingerprint = problems["items"][0]["fingerprint"].as_str().unwrap().to_owned();

    let release = mex.scan(&["--release"]);
    let blocked = release.json();
    assert_eq!((release.code, blocked["verdict"]["verdict"].as_str()), (1, Some("block")));
    let shown =
        mex.run(["problems", "show", &fingerprint[..16], "--format", "json"]).expect(0).json();
    assert_eq!(shown["problem"]["severity"], "fatal");
    assert_eq!(shown["problem"]["count"], 2);
}

#[test]
fn a_secret_blocks_a_release_and_never_leaves_the_product() {
    let mex = Mex::ready();
    let secret = canary();
    mex.write("Cargo.lock", cargo_lock(&[]))
        .write("src/config.py", format!("token = \"{secret}\"\n"));
    let out = mex.folder.path().join("out");
    let answer = mex.scan(&["--release", "--out", out.to_str().unwrap()]).expect(1);
    let outcome = answer.json();
    assert!(
        findings(&outcome)
            .iter()
            .any(|finding| finding["type"] == "secret" && finding["path"] == "src/config.py")
    );
    let project = mex.project();
    let text = mex.run(["scan", project.to_str().unwrap(), "--release"]).expect(1);
    assert!(text.stdout.contains("BLOCK"), "{text:?}");
    for stream in [&answer.stdout, &answer.stderr, &text.stdout, &text.stderr] {
        assert!(!stream.contains(&secret));
    }
    let mut searched = 0;
    for root in [mex.data(), out] {
        searched += no_file_holds(&root, secret.as_bytes());
    }
    assert!(searched > 10, "only {searched} files were searched");
}

/// Searches every byte under a folder; gives how many files it read.
fn no_file_holds(root: &std::path::Path, needle: &[u8]) -> u64 {
    let mut count = 0;
    for entry in fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            count += no_file_holds(&path, needle);
        } else {
            let bytes = fs::read(&path).unwrap();
            assert!(!bytes.windows(needle.len()).any(|part| part == needle), "{}", path.display());
            count += 1;
        }
    }
    count
}

/// A project that names no package has no vulnerable one: that is a result, with its evidence.
#[test]
fn a_project_without_lockfiles_is_scanned_and_passes() {
    let mex = Mex::ready();
    mex.write("notes.txt", "nothing to see\n");
    let outcome = mex.scan(&[]).expect(0).json();
    assert_eq!(outcome["verdict"]["verdict"], "pass");
}

#[test]
fn in_release_the_stale_database_and_the_jobs_that_did_not_run_are_the_only_gaps_of_a_clean_project()
 {
    let mex = Mex::ready();
    mex.write("Cargo.toml", "[package]\nname = \"a\"\nversion = \"0.1.0\"\n")
        .write("Cargo.lock", cargo_lock(&[]));
    let outcome = mex.scan(&["--release"]).expect(4).json();
    assert_eq!(outcome["verdict"]["verdict"], "incomplete");
    let mut rules = reasons(&outcome, "leaves_incomplete");
    rules.sort_unstable();
    rules.dedup();
    assert_eq!(rules, ["SC-3/job-left-out", "SC-3/stale-database"]);
}

#[test]
fn an_ecosystem_without_a_database_is_a_gap_and_hides_no_other_finding() {
    let mex = Mex::ready().with_databases_of_its_own();
    mex.write("Cargo.lock", cargo_lock(&[VULNERABLE])).write(
        "web/package-lock.json",
        r#"{"name":"w","version":"1.0.0","lockfileVersion":3,"packages":{"":{"name":"w","version":"1.0.0","dependencies":{"lodash":"4.17.0"}},"node_modules/lodash":{"version":"4.17.0","resolved":"https://example.invalid/lodash.tgz"}}}"#,
    ).write("web/package.json", r#"{"name":"w","version":"1.0.0","dependencies":{"lodash":"4.17.0"}}"#);
    let outcome = mex.scan(&[]).expect(4).json();
    assert_eq!(findings(&outcome).len(), 1);
    assert!(reasons(&outcome, "leaves_incomplete").contains(&"SC-3/gap"));
}

#[test]
fn the_scanned_project_does_not_speak_for_itself() {
    let mex = Mex::ready();
    let secret = canary();
    mex.write("Cargo.lock", cargo_lock(&[VULNERABLE]))
        .write("src/a.py", format!("token = \"{secret}\"\n"));
    let without = mex.scan(&[]).expect(0).json();
    let trap = mex.folder.path().join("ran");
    let script = format!("#!/bin/sh\ntouch {}\nexec \"$@\"\n", trap.display());
    mex.write(".gitleaksignore", "src/a.py:github-pat:1\n")
        .write(".gitleaks.toml", "[allowlist]\npaths = ['''.*''']\n")
        .write(
            "osv-scanner.toml",
            "[[PackageOverrides]]\necosystem = \"crates.io\"\nignore = true\n",
        )
        .write(".cargo/audit.toml", "[advisories]\nignore = [\"RUSTSEC-2026-0204\"]\n")
        .write(".syft.yaml", "exclude: ['**']\n")
        .write("deny.toml", "[advisories]\nignore = [\"RUSTSEC-2026-0204\"]\n")
        .write(".npmrc", "registry=http://127.0.0.1:9/\n")
        .write(".cargo/config.toml", "[build]\nrustc-wrapper = \"./wrap.sh\"\n")
        .write("rust-toolchain.toml", "[toolchain]\npath = \"./toolchain\"\n")
        .write("wrap.sh", &script)
        .write("toolchain/bin/cargo", &script)
        .write("src/b.py", format!("token = \"{secret}\" # gitleaks:allow\n"));
    let with = mex.scan(&[]).expect(0).json();
    let ids = |outcome: &Value| {
        let mut ids: Vec<String> = findings(outcome)
            .iter()
            .filter(|finding| finding["path"] != "src/b.py")
            .map(|finding| format!("{} {}", finding["id"], finding["fingerprint"]))
            .collect();
        ids.sort();
        ids
    };
    assert_eq!(ids(&without), ids(&with));
    assert!(
        findings(&with).iter().any(|finding| finding["path"] == "src/b.py"),
        "an inline comment hid a secret"
    );
    assert!(!trap.exists(), "a program of the project ran");
    let named: Vec<&str> = with["coverage"]["self_statements"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|statement| statement["path"].as_str())
        .collect();
    for file in [
        ".gitleaksignore",
        ".gitleaks.toml",
        "osv-scanner.toml",
        ".cargo/audit.toml",
        ".syft.yaml",
        "deny.toml",
        ".npmrc",
        ".cargo/config.toml",
        "rust-toolchain.toml",
        "src/b.py",
    ] {
        assert!(named.contains(&file), "{file} is not among {named:?}");
    }
}

fn git(mex: &Mex, arguments: &[&str]) {
    let status = std::process::Command::new("git")
        .args(["-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "commit.gpgSign=false"])
        .args(arguments)
        .current_dir(mex.project())
        .stdout(std::process::Stdio::null())
        .status()
        .unwrap();
    assert!(status.success(), "git {arguments:?}");
}

#[test]
fn a_secret_that_was_removed_is_found_in_the_history_where_it_is_asked_for() {
    let mex = Mex::ready();
    let secret = canary();
    mex.write("Cargo.lock", cargo_lock(&[])).write("a.py", format!("token = \"{secret}\"\n"));
    mex.write(".gitattributes", "* -diff binary\n");
    git(&mex, &["init", "-q"]);
    git(&mex, &["add", "."]);
    git(&mex, &["commit", "-qm", "one"]);
    mex.write("a.py", "token = None\n");
    git(&mex, &["commit", "-qam", "two"]);
    let tree = mex.scan(&[]).expect(0).json();
    assert!(findings(&tree).is_empty(), "{tree}");
    assert!(tree["staged"]["commit"].is_string(), "the tree is clean");
    let history = mex.scan(&["--history"]).expect(0);
    let outcome = history.json();
    assert_eq!(findings(&outcome).len(), 1, "{outcome}");
    assert!(findings(&outcome)[0]["commit"].is_string());
    assert!(!history.stdout.contains(&secret));
}

/// Letters and digits that are fresh in each run.
fn random(alphabet: &str, length: usize) -> String {
    let letters: Vec<char> = alphabet.chars().collect();
    let mut text = String::new();
    while text.len() < length {
        for byte in uuid::Uuid::new_v4().as_bytes() {
            text.push(letters[usize::from(*byte) % letters.len()]);
        }
    }
    text.chars().take(length).collect()
}

/// Secrets of twenty forms that rules know, composed so that none stands here.
fn canaries(count: usize) -> Vec<String> {
    const ALNUM: &str = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    const LOWER: &str = "abcdefghijklmnopqrstuvwxyz0123456789";
    const HEX: &str = "0123456789abcdef";
    let forms: [(&[&str], &str, usize); 20] = [
        (&["gh", "p_"], ALNUM, 36),
        (&["gh", "o_"], ALNUM, 36),
        (&["gh", "u_"], ALNUM, 36),
        (&["gh", "r_"], ALNUM, 36),
        (&["gl", "pat-"], ALNUM, 20),
        (&["np", "m_"], LOWER, 36),
        (&["dop", "_v1_"], HEX, 64),
        (&["doo", "_v1_"], HEX, 64),
        (&["dor", "_v1_"], HEX, 64),
        (&["shp", "at_"], HEX, 32),
        (&["shp", "ca_"], HEX, 32),
        (&["shp", "ss_"], HEX, 32),
        (&["rubygems", "_"], HEX, 48),
        (&["pul", "-"], HEX, 40),
        (&["lin", "_api_"], ALNUM, 40),
        (&["dp", ".pt."], ALNUM, 43),
        (&["PMAK", "-"], HEX, 24),
        (&["sk", "_live_"], ALNUM, 24),
        (&["pscale", "_tkn_"], ALNUM, 32),
        (&["SG", "."], ALNUM, 66),
    ];
    (0..count)
        .map(|number| {
            let (prefix, alphabet, length) = forms[number % forms.len()];
            let mut secret = prefix.concat() + &random(alphabet, length);
            if prefix[0] == "PMAK" {
                secret = format!("{secret}-{}", random(HEX, 34));
            }
            secret
        })
        .collect()
}

fn base64(bytes: &[u8]) -> String {
    const TABLE: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte))
            << (8 * (3 - chunk.len()));
        for place in 0..=chunk.len() {
            text.push(char::from(TABLE[(word >> (18 - 6 * place)) as usize & 63]));
        }
    }
    text
}

fn all_bytes(root: &std::path::Path, into: &mut Vec<u8>) {
    for entry in fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all_bytes(&path, into);
        } else {
            into.extend(fs::read(&path).unwrap());
            into.push(b'\n');
        }
    }
}

/// The findings of secrets in names.
fn in_names(outcome: &Value) -> Vec<&Value> {
    findings(outcome)
        .into_iter()
        .filter(|finding| finding["attributions"][0]["tool"] == "mex")
        .collect()
}

/// Whether a secret stands in what was kept, plain, as Base64, hexadecimal or reversed. One pass over
/// the bytes for all of them: one pass each took a minute.
fn holds_one_of(kept: &[u8], secrets: &[String]) -> bool {
    let mut shapes: std::collections::HashMap<&[u8], Vec<&[u8]>> = Default::default();
    let all: Vec<String> = secrets
        .iter()
        .flat_map(|secret| {
            let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
            let base64 = base64(secret.as_bytes()).trim_end_matches('=').to_owned();
            [secret.clone(), base64, hex, secret.chars().rev().collect()]
        })
        .collect();
    let mut starts = vec![false; 1 << 16];
    let start = |bytes: &[u8]| usize::from(bytes[0]) << 8 | usize::from(bytes[1]);
    for shape in &all {
        shapes.entry(&shape.as_bytes()[..8]).or_default().push(shape.as_bytes());
        starts[start(shape.as_bytes())] = true;
    }
    kept.windows(8).enumerate().any(|(at, head)| {
        starts[start(head)]
            && shapes
                .get(head)
                .is_some_and(|shapes| shapes.iter().any(|shape| kept[at..].starts_with(shape)))
    })
}

#[test]
fn the_search_for_kept_secrets_sees_every_shape() {
    let secrets = canaries(20);
    for secret in &secrets {
        let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
        let reversed: String = secret.chars().rev().collect();
        for shape in [secret.clone(), base64(secret.as_bytes()), hex, reversed] {
            let kept = format!("a line\n{shape}\n");
            assert!(holds_one_of(kept.as_bytes(), &secrets));
        }
    }
    assert!(!holds_one_of(b"nothing of the kind", &secrets));
}

/// P25: in files, Base64, commit messages and authors; in names of files, folders, old files,
/// branches and tags.
#[test]
fn p25_five_hundred_secrets_leave_no_trace_in_any_shape() {
    let mex = Mex::ready();
    let secrets = canaries(500);
    mex.write("Cargo.lock", cargo_lock(&[]));
    for (number, secret) in secrets.iter().enumerate() {
        let encoded = base64(format!("token = {secret} ").as_bytes());
        mex.write(
            &format!("src/{}/f{number}.py", number % 20),
            format!("key = \"{secret}\"\nb = \"{encoded}\"\n"),
        );
    }
    // Five of each form, each in another kind of name.
    let named = canaries(100);
    let (old, present) = named.split_at(40);
    for (number, secret) in named.iter().enumerate() {
        match number / 20 {
            0 => mex.write(&format!("old/{secret}.cfg"), "gone = 1\n"),
            1 => mex.write(&format!("old/{secret}/deep/a.txt"), "gone = 2\n"),
            2 => mex.write(&format!("new/{secret}.txt"), "here = 1\n"),
            3 => mex.write(&format!("new/copy-{secret}/Cargo.toml"), "[workspace]\n"),
            _ => mex.write(&format!("new/{}.txt", base64(secret.as_bytes())), "here = 2\n"),
        };
    }
    git(&mex, &["init", "-q"]);
    git(&mex, &["add", "."]);
    let author = format!("author {} <t@localhost>", secrets[0]);
    git(
        &mex,
        &[
            "commit",
            "-qm",
            &format!("about {} and {}", secrets[1], secrets[2]),
            "--author",
            &author,
        ],
    );
    git(&mex, &["rm", "-rq", "old"]);
    git(&mex, &["commit", "-qm", "less"]);
    let refs = canaries(4);
    git(&mex, &["branch", &format!("work/{}", refs[0])]);
    git(&mex, &["branch", &refs[1]]);
    git(&mex, &["pack-refs", "--all"]);
    git(&mex, &["tag", &format!("v1-{}", refs[2])]);
    git(&mex, &["tag", "-am", "a tag", &refs[3]]);
    let out = mex.folder.path().join("out");
    let answer = mex.scan(&["--release", "--history", "--out", out.to_str().unwrap()]).expect(1);
    let outcome = answer.json();
    let distinct = |findings: Vec<&Value>| -> std::collections::BTreeSet<String> {
        findings
            .iter()
            .filter_map(|finding| finding["fingerprint"].as_str().map(str::to_owned))
            .collect()
    };
    let found = distinct(findings(&outcome));
    assert!(found.len() >= 500, "only {} of 604 secrets were found", found.len());
    let told = |in_tree: bool| {
        let of_scope = |finding: &&Value| finding["commit"].is_null() == in_tree;
        distinct(in_names(&outcome).into_iter().filter(of_scope).collect()).len()
    };
    assert_eq!(told(true), present.len(), "names of the tree");
    assert_eq!(told(false), old.len() + present.len() + refs.len(), "names of the history");
    let mut kept = Vec::new();
    for root in [mex.data(), out] {
        all_bytes(&root, &mut kept);
    }
    kept.extend(answer.stdout.bytes().chain(answer.stderr.bytes()));
    kept.extend(mex.run(["problems", "list", "--limit", "1000"]).stdout.bytes());
    kept.extend(
        mex.run(["recorder", "query", "--limit", "1000", "--format", "json"]).stdout.bytes(),
    );
    assert!(
        !holds_one_of(&kept, &[secrets, named, refs].concat()),
        "a secret is kept in one of its shapes"
    );
}

/// FR-9: what is below such a name is scanned as ever, and the name is shown without its secret.
#[test]
fn fr_9_a_secret_in_a_name_is_found_and_never_shown_and_hides_nothing_below_it() {
    let mex = Mex::ready();
    let (folder, inside) = (canary(), canary());
    mex.write("Cargo.lock", cargo_lock(&[]))
        .write(&format!("{folder}/Cargo.lock"), cargo_lock(&[VULNERABLE]))
        .write(&format!("{folder}/app.browser.js"), format!("token = \"{inside}\"\n"));
    let out = mex.folder.path().join("out");
    let answer = mex.scan(&["--release", "--out", out.to_str().unwrap()]).expect(1);
    let outcome = answer.json();
    let shown = "[REDACTED:secret:github-pat](1)";
    let named = in_names(&outcome);
    assert_eq!(named.len(), 1, "{named:?}");
    assert_eq!((&named[0]["path"], &named[0]["start_line"]), (&shown.into(), &0.into()));
    let lockfiles: Vec<&Value> = findings(&outcome)
        .into_iter()
        .filter(|finding| finding["type"] == "vulnerability")
        .map(|finding| &finding["lockfiles"][0])
        .collect();
    assert_eq!(lockfiles, [&Value::from(format!("{shown}/Cargo.lock"))]);
    let below = Value::from(format!("{shown}/app.browser.js"));
    assert!(findings(&outcome).iter().any(|finding| finding["path"] == below));
    let project = mex.project().join(&folder);
    fs::create_dir_all(&project).unwrap();
    let text = mex.run(["scan", project.to_str().unwrap()]);
    let refused = mex.run(["scan", project.join("not there").to_str().unwrap()]).expect(2);
    let text_of_all =
        mex.run(["scan", mex.project().to_str().unwrap(), "--jobs", "secret,vuln"]).expect(0);
    assert!(text_of_all.stdout.contains(&format!("{shown} (the name)")), "{text_of_all:?}");
    let mut kept = Vec::new();
    for root in [mex.data(), out] {
        all_bytes(&root, &mut kept);
    }
    for answer in [&answer, &text, &refused, &text_of_all] {
        kept.extend(answer.stdout.bytes().chain(answer.stderr.bytes()));
    }
    assert!(!holds_one_of(&kept, &[folder, inside]), "a secret is kept in one of its shapes");
}

#[test]
fn a_history_that_is_asked_for_and_is_not_there_is_a_gap() {
    let mex = Mex::ready();
    mex.write("Cargo.lock", cargo_lock(&[]));
    let outcome = mex.scan(&["--history"]).expect(4).json();
    assert_eq!(reasons(&outcome, "leaves_incomplete"), ["SC-3/gap"]);
}

#[test]
fn the_same_project_gives_the_same_findings_under_any_clock_zone_and_locale() {
    let mex = Mex::ready();
    mex.write("Cargo.lock", cargo_lock(&[VULNERABLE, ("smallvec", "0.6.0")]));
    let mut seen = Vec::new();
    for (zone, locale) in
        [("UTC", "C"), ("Asia/Tokyo", "tr_TR.UTF-8"), ("America/St_Johns", "C.UTF-8")]
    {
        let project = mex.project();
        let project = project.to_str().unwrap();
        let mut command =
            mex.command(["scan", project, "--format", "json", "--jobs", "secret,vuln"]);
        command.env("TZ", zone).env("LC_ALL", locale);
        let answer = crate::harness::answer(command.spawn().unwrap()).expect(0);
        seen.push(answer.json()["findings"].to_string());
    }
    assert!(seen.iter().all(|findings| *findings == seen[0]));
}
