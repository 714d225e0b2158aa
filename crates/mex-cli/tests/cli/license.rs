//! Licences of packages and of the project's own files, with the real tools.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use crate::harness::{Mex, assert_balanced, cargo_lock};

const JOB: [&str; 2] = ["--jobs", "license"];

/// The licence of one unit, by its package URL or path.
fn of<'a>(outcome: &'a Value, unit: &str) -> &'a Value {
    outcome["findings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|finding| {
            finding["unit"]["component"]["purl"] == unit || finding["unit"]["path"] == unit
        })
        .unwrap_or_else(|| panic!("nothing is said of `{unit}`: {outcome}"))
}

/// Reasons of one rule, as `(subject, sentence, lifted)`.
fn reasons<'a>(outcome: &'a Value, rule: &str) -> Vec<(&'a str, &'a str, bool)> {
    outcome["verdict"]["reasons"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|reason| reason["rule"] == rule)
        .map(|reason| {
            let word = |field: &str| reason[field].as_str().unwrap();
            (word("subject"), word("sentence"), !reason["lifted_by"].is_null())
        })
        .collect()
}

/// A project whose own licence is known, with a package-lock of one package.
fn npm(mex: &Mex, license: &str) {
    mex.write(
        "package.json",
        r#"{"name":"w","version":"1.0.0","license":"MIT","dependencies":{"a":"1.0.0"}}"#,
    )
    .write(
        "package-lock.json",
        json!({"name": "w", "version": "1.0.0", "lockfileVersion": 3, "packages": {
            "": {"name": "w", "version": "1.0.0", "license": "MIT", "dependencies": {"a": "1.0.0"}},
            "node_modules/a": {"version": "1.0.0", "license": license},
        }})
        .to_string(),
    );
}

/// Contract SC-2, SC-4: UNKNOWN blocks a release, an exception bound to the content lifts it, and
/// other words are another licence.
#[test]
fn an_unknown_licence_blocks_a_release_until_an_exception_names_its_content() {
    let mex = Mex::ready();
    npm(&mex, "SEE LICENSE IN EULA");
    let release = ["--release", "--jobs", "license"];
    let outcome = mex.scan(&release).expect(1).json();
    assert_eq!(outcome["verdict"]["verdict"], "block");
    let unknown = of(&outcome, "pkg:npm/a@1.0.0");
    assert_eq!(unknown["declared"][0]["text"], "SEE LICENSE IN EULA");
    assert!(unknown["concluded"].is_null());
    let blocking = reasons(&outcome, "SC-2/license");
    assert_eq!(blocking.len(), 1, "{blocking:?}");
    assert!(blocking[0].1.contains("pkg:npm/a@1.0.0"), "{blocking:?}");
    let project = mex.project();
    let text =
        mex.run(["scan", project.to_str().unwrap(), "--release", "--jobs", "license"]).expect(1);
    assert!(
        text.stdout.contains("SC-2/license") && text.stdout.contains("Unknown licences"),
        "{text:?}"
    );

    let allowlist = json!({
        "schema_version": "al-1.0",
        "document_id": "d7b7f7d0-6d1c-4a57-8c5e-3f9a1d0c2b11",
        "fingerprint_key":
            {"algorithm": "argon2id", "salt": "0".repeat(32), "m_kib": 19456, "t": 2, "p": 1},
        "exceptions": [{
            "id": "eula-of-a",
            "matches": {
                "type": "license",
                "unit": "pkg:npm/a@1.0.0",
                "content_sha256": unknown["content_sha256"],
            },
            "reason": "the text was read",
            "owner": "legal",
            "approver": {"name": "legal", "how": "typed"},
            "created": "2026-01-01T00:00:00Z",
            "expires": "2999-01-01T00:00:00Z",
        }],
    });
    let file = mex.folder.path().join("allowlist.json");
    fs::write(&file, allowlist.to_string()).unwrap();
    let with = [&release[..], &["--allowlist", file.to_str().unwrap()]].concat();
    let lifted = mex.scan(&with).json();
    assert_ne!(lifted["verdict"]["verdict"], "block", "{lifted}");
    assert_eq!(reasons(&lifted, "SC-2/license").iter().filter(|one| one.2).count(), 1);

    npm(&mex, "SEE LICENSE IN OTHER");
    mex.scan(&with).expect(1);
}

/// Contract SC-3: who says nothing of a package says so once, with how many there are.
#[test]
fn packages_of_which_nobody_knows_are_one_gap_a_lockfile() {
    let mex = Mex::ready();
    let crates: Vec<String> = (0..50).map(|n| format!("nowhere-{n}")).collect();
    let named: Vec<(&str, &str)> = crates.iter().map(|name| (name.as_str(), "1.0.0")).collect();
    mex.write("Cargo.lock", cargo_lock(&named))
        .write("yarn.lock", "# yarn lockfile v1\n\n\na@^1:\n  version \"1.0.0\"\n");
    let outcome = mex.scan(&JOB).expect(4).json();
    let gaps = reasons(&outcome, "SC-3/gap");
    let of = |subject: &str, words: &str| {
        gaps.iter().filter(|gap| gap.0 == subject && gap.1.contains(words)).count()
    };
    assert_eq!(of("Cargo.lock", "cargo fetch --locked"), 1, "{gaps:?}");
    assert_eq!(of("yarn.lock", "names no licences"), 1, "{gaps:?}");
    let entry = outcome["coverage"]["entries"]
        .as_array()
        .unwrap()
        .iter()
        .find(|entry| entry["subject"] == "Cargo.lock" && entry["items"] == 50)
        .unwrap_or_else(|| panic!("{outcome}"));
    assert_eq!(entry["state"], "not_scanned");
}

/// Contract SC-10: cargo reads the project's manifest and runs none of its programs.
#[test]
fn a_hostile_project_runs_nothing_while_cargo_describes_it() {
    let mex = Mex::ready();
    let marker = mex.folder.path().join("ran");
    let program = format!("#!/bin/sh\necho ran >> {}\nexit 1\n", marker.display());
    let evil = mex.project().join("evil");
    mex.write("evil", program);
    fs::set_permissions(&evil, fs::Permissions::from_mode(0o755)).unwrap();
    let evil = evil.to_str().unwrap();
    mex.write(
        "Cargo.toml",
        "[package]\nname = \"own\"\nversion = \"0.1.0\"\nedition = \"2021\"\nlicense = \"MIT\"\nbuild = \"build.rs\"\n",
    )
    .write("Cargo.lock", "version = 4\n\n[[package]]\nname = \"own\"\nversion = \"0.1.0\"\n")
    .write("src/lib.rs", "//! Own.\n")
    .write("build.rs", "fn main() { std::fs::write(\"built\", \"\").unwrap(); }\n")
    .write(
        ".cargo/config.toml",
        format!(
            "[build]\nrustc = \"{evil}\"\nrustc-wrapper = \"{evil}\"\nrustc-workspace-wrapper = \"{evil}\"\n[env]\nRUSTC = {{ value = \"{evil}\", force = true }}\n[alias]\nmetadata = \"run\"\n"
        ),
    )
    .write("rust-toolchain.toml", format!("[toolchain]\npath = \"{}\"\n", mex.project().display()))
    .write("deny.toml", "[graph]\nexclude = [\"own\"]\n");
    let outcome = mex.scan(&JOB).json();
    let read = outcome["coverage"]["entries"]
        .as_array()
        .unwrap()
        .iter()
        .find(|entry| entry["subject"] == "Cargo.lock" && entry["tool"] == "cargo-deny");
    let read = read.unwrap_or_else(|| panic!("cargo-deny must run: {outcome}"));
    assert_eq!(
        (read["state"].as_str(), read["items"].as_u64()),
        (Some("scanned"), Some(1)),
        "{read}"
    );
    assert!(!marker.exists() && !mex.project().join("built").exists());
    let tools: Vec<&str> = outcome["jobs"][0]["tools"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|tool| tool["name"].as_str())
        .collect();
    for tool in ["cargo", "cargo-deny", "rustc"] {
        assert!(tools.contains(&tool), "{tools:?}");
    }
}

/// Contract SC-2: a text that nobody could identify is UNKNOWN by itself, whatever is declared.
#[test]
fn a_text_nobody_knows_blocks_a_release_and_a_known_one_is_the_projects() {
    let mex = Mex::ready();
    npm(&mex, "MIT");
    mex.write("LICENSE", "SPDX-License-Identifier: ISC\n").write(
        "LICENSE-OF-THE-HOUSE",
        "Licence: whoever brings cake may read this, and nobody else may anything.\n",
    );
    let outcome = mex.scan(&["--release", "--jobs", "license"]).expect(1).json();
    let text = of(&outcome, "LICENSE-OF-THE-HOUSE");
    assert!(text["concluded"].is_null());
    assert_eq!(text["texts"].as_array().unwrap().len(), 1);
    let blocking: Vec<&str> = reasons(&outcome, "SC-2/license").iter().map(|one| one.1).collect();
    assert_eq!(blocking.len(), 1, "{blocking:?}");
    let project = outcome["findings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|finding| finding["unit"]["of"] == "project")
        .unwrap();
    assert_eq!(project["concluded"], "MIT");
    assert!(project["declared"].to_string().contains("package.json"));
    assert!(project["detected"].to_string().contains("\"spdx\":\"ISC\""), "{project}");
    assert_balanced(&outcome);
}

/// Contract SC-2, SC-3: whoever is bound to what a lockfile pins speaks; everybody else is a gap that
/// names its first.
#[test]
fn packages_of_other_ecosystems_speak_where_they_are_bound_to_the_lockfile() {
    let mex = Mex::ready();
    mex.write(
        "php/composer.lock",
        json!({"packages": [
            {"name": "a/said", "version": "v1.0", "license": ["MIT", "Apache-2.0"]},
            {"name": "a/silent", "version": "2.0"},
        ], "packages-dev": []})
        .to_string(),
    )
    .write(
        "py/poetry.lock",
        "[[package]]\nname='flask'\nversion='1.0'\n[[package]]\nname='other'\nversion='2.0'\n[metadata]\nlock-version='2.0'\n",
    )
    .write(
        "py/site/flask-1.0.dist-info/METADATA",
        "Metadata-Version: 2.4\nName: Flask\nVersion: 1.0\nLicense-Expression: BSD-3-Clause\n",
    )
    .write(
        "py/site/other-9.0.dist-info/METADATA",
        "Metadata-Version: 2.4\nName: other\nVersion: 9.0\nLicense-Expression: MIT\n",
    )
    .write(
        "web/pnpm-lock.yaml",
        "lockfileVersion: '9.0'\npackages:\n\n  c@2.0.0:\n    x: y\n  d@1.0.0:\n    x: y\n",
    )
    .write("web/node_modules/c/package.json", r#"{"name":"c","version":"2.0.0","license":"ISC"}"#)
    .write("rb/Gemfile.lock", "GEM\n  specs:\n    rails (7.0)\n    rake (13.0)\n")
    .write(
        "go/go.mod",
        "module m\ngo 1.22\nrequire (\n\te.example/a v1.0.0\n\te.example/b v1.0.0\n\te.example/c v1.0.0\n)\n",
    )
    .write("go/vendor/modules.txt", "# e.example/a v1.0.0\n# e.example/b v1.0.0\n")
    .write("go/vendor/e.example/a/LICENSE", "SPDX-License-Identifier: Zlib\n")
    .write("go/vendor/e.example/b/LICENSE", "Whoever brings cake may do as they like.\n");
    let outcome = mex.scan(&JOB).expect(4).json();
    for (purl, concluded) in [
        ("pkg:composer/a/said@v1.0", json!("Apache-2.0 OR MIT")),
        ("pkg:pypi/flask@1.0", json!("BSD-3-Clause")),
        ("pkg:npm/c@2.0.0", json!("ISC")),
        ("pkg:golang/e.example/a@v1.0.0", json!("Zlib")),
        ("pkg:golang/e.example/b@v1.0.0", Value::Null),
    ] {
        let found = of(&outcome, purl);
        assert_eq!(found["concluded"], concluded, "{found}");
    }
    let project = outcome["findings"].to_string();
    let project = project.matches("go/vendor").count();
    assert_eq!(project, 0, "a vendored module's text is no file of the project's own");
    let gaps = reasons(&outcome, "SC-3/gap");
    for (subject, first) in [
        ("php/composer.lock", "`a/silent 2.0`: "),
        ("py/poetry.lock", "`other 2.0`: "),
        ("web/pnpm-lock.yaml", "`d 1.0.0`: "),
        ("rb/Gemfile.lock", "`rails 7.0` and 1 more: "),
        ("go/go.mod", "`e.example/c 1.0.0`: "),
    ] {
        let found = gaps.iter().filter(|gap| gap.0 == subject && gap.1.contains(first)).count();
        assert_eq!(found, 1, "{subject} {first}: {gaps:?}");
    }
    assert_balanced(&outcome);
}

/// Contract SC-3, section 15: a lockfile of any version, of none, torn by a merge, cyclic or with names
/// that look alike ends in findings and gaps that name it, and never in silence.
#[test]
fn lockfiles_of_every_version_and_of_none_and_odd_expressions_end_well() {
    let mex = Mex::ready();
    let package = |name: &str, more: &str| {
        format!(
            "\n[[package]]\nname = \"{name}\"\nversion = \"1.0.0\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\n{more}"
        )
    };
    let sum = "0".repeat(64);
    let apart = format!(
        "\n[metadata]\n\"checksum gone 1.0.0 (registry+https://github.com/rust-lang/crates.io-index)\" = \"{sum}\"\n"
    );
    let summed = format!("checksum = \"{sum}\"\n");
    for (folder, text) in [
        ("v1", format!("{}{apart}", package("gone", ""))),
        ("v2", package("gone", &summed)),
        ("v3", format!("version = 3\n{}", package("gone", &summed))),
        ("v4", format!("version = 4\n{}", package("gone", &summed))),
        ("v99", format!("version = 99\n{}", package("gone", &summed))),
        (
            "cyclic",
            format!(
                "version = 4\n{}{}",
                package("gone", &format!("{summed}dependencies = [\"back\"]\n")),
                package("back", &format!("{summed}dependencies = [\"gone\"]\n"))
            ),
        ),
        // The second one has a Cyrillic letter, the third a space no eye sees.
        (
            "alike",
            format!(
                "version = 4\n{}{}{}",
                package("serde", &summed),
                package("s\u{435}rde", &summed),
                package("serde\u{200b}", &summed)
            ),
        ),
        ("nameless", "version = 4\n[[package]]\nversion = \"1.0.0\"\n".to_owned()),
        ("torn", format!("version = 4\n<<<<<<< a\n{}=======\n>>>>>>> b\n", package("gone", ""))),
        ("empty", String::new()),
        ("none", "x = 1\n".to_owned()),
    ] {
        mex.write(&format!("{folder}/Cargo.lock"), text);
    }
    let odd: Vec<String> = [
        "MIT OR",
        "AND",
        "((((((((",
        "MIT Apache-2.0",
        "MIT/",
        "SEE LICENSE IN \u{202e}x",
        "\u{0}",
        "\u{1f600}",
        "NONE",
        "UNLICENSED",
        "LicenseRef-unknown",
    ]
    .into_iter()
    .map(str::to_owned)
    .chain(["(".repeat(20_000), "MIT OR ".repeat(20_000), "x".repeat(1 << 20)])
    .collect();
    for version in [1, 2, 3] {
        let entries: serde_json::Map<String, Value> = odd
            .iter()
            .enumerate()
            .map(|(at, text)| {
                let key =
                    if version == 1 { format!("o{at}") } else { format!("node_modules/o{at}") };
                (key, json!({"version": format!("{version}.0.0"), "license": text}))
            })
            .collect();
        let list = if version == 1 { "dependencies" } else { "packages" };
        mex.write(
            &format!("npm{version}/package-lock.json"),
            json!({"name": "w", "lockfileVersion": version, list: entries}).to_string(),
        );
    }
    let outcome = mex.scan(&JOB).expect(4).json();
    let entries = outcome["coverage"]["entries"].as_array().unwrap();
    let gaps = |subject: &str| -> Vec<(u64, String)> {
        entries
            .iter()
            .filter(|entry| entry["subject"] == subject && entry["tool"].is_null())
            .filter(|entry| ["not_scanned", "failed"].contains(&entry["state"].as_str().unwrap()))
            .map(|entry| {
                (entry["items"].as_u64().unwrap(), entry["reason"].as_str().unwrap().to_owned())
            })
            .collect()
    };
    for (folder, items, words) in [
        ("v1", 1, "`gone 1.0.0`: no source is here"),
        ("v2", 1, "`gone 1.0.0`: no source is here"),
        ("v3", 1, "`gone 1.0.0`: no source is here"),
        ("v4", 1, "`gone 1.0.0`: no source is here"),
        ("v99", 1, "`gone 1.0.0`: no source is here"),
        ("cyclic", 2, "`back 1.0.0` and 1 more: no source is here"),
        ("alike", 2, "its name or version is none a registry has"),
        ("nameless", 1, "has no name or version"),
        ("torn", 1, "unfinished merge"),
        ("empty", 1, "is empty"),
        ("none", 1, "has no `version`"),
    ] {
        let found = gaps(&format!("{folder}/Cargo.lock"));
        let right = found.iter().any(|(count, reason)| *count == items && reason.contains(words));
        assert!(right, "{folder}: {found:?}");
    }
    for version in [1, 2, 3] {
        for at in 0..odd.len() {
            let found = of(&outcome, &format!("pkg:npm/o{at}@{version}.0.0"));
            assert!(found["concluded"].is_null(), "{found}");
        }
    }
}

/// Section 15: 50,000 packages in each of two lockfiles, all with a licence or a gap.
#[test]
fn fifty_thousand_packages_each_have_a_licence_or_are_counted_in_a_gap() {
    let mex = Mex::ready();
    let mut cargo = cargo_lock(&[]);
    let mut npm = serde_json::Map::new();
    let sum = "0".repeat(64);
    for at in 0..50_000 {
        // A ring: every one depends on the next.
        cargo.push_str(&format!(
            "\n[[package]]\nname = \"p{at}\"\nversion = \"1.0.0\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = \"{sum}\"\ndependencies = [\"p{}\"]\n",
            (at + 1) % 50_000
        ));
        let license = if at % 100 == 0 { "SEE LICENSE" } else { "MIT" };
        npm.insert(format!("node_modules/p{at}"), json!({"version": "1.0.0", "license": license}));
    }
    let npm = json!({"name": "w", "lockfileVersion": 3, "packages": npm});
    mex.write("Cargo.lock", cargo).write("web/package-lock.json", npm.to_string());
    let outcome = mex.scan(&JOB).expect(4).json();
    let entry = |subject: &str, state: &str| -> u64 {
        let entries = outcome["coverage"]["entries"].as_array().unwrap().iter();
        entries
            .filter(|entry| entry["subject"] == subject && entry["tool"].is_null())
            .filter(|entry| entry["state"] == state)
            .map(|entry| entry["items"].as_u64().unwrap())
            .sum()
    };
    assert_eq!(entry("Cargo.lock", "not_scanned"), 50_000);
    assert_eq!(entry("web/package-lock.json", "scanned"), 50_000);
    assert_eq!(entry("files:lockfiles", "skipped"), 1);
    let findings = outcome["findings"].as_array().unwrap();
    let packages = findings.iter().filter(|one| one["unit"]["of"] == "component");
    let unknown = packages.clone().filter(|one| one["concluded"].is_null()).count();
    assert_eq!((packages.count(), unknown), (50_000, 500));
}

/// Contract SC-2: a policy can have every file read; what the word search would have left then is read too.
#[test]
fn a_policy_can_have_every_file_read() {
    let mex = Mex::ready();
    mex.write("a.txt", "nothing that speaks of it\n").write("LICENSE", "MIT License\n");
    let policy = mex.folder.path().join("policy.toml");
    let default = include_str!("../../../../policy/default.toml");
    let full = default.replace("license_files = \"words\"", "license_files = \"full\"");
    assert_ne!(full, default);
    fs::write(&policy, full).unwrap();
    let left_out = |outcome: &Value| {
        let entries = outcome["coverage"]["entries"].as_array().unwrap().iter();
        entries
            .filter(|entry| entry["job"] == "license" && entry["state"] == "skipped")
            .map(|entry| entry["reason"].as_str().unwrap().to_owned())
            .any(|reason| reason.contains("word"))
    };
    let words = mex.scan(&JOB).json();
    assert!(left_out(&words), "{}", words["coverage"]);
    let every = mex.scan(&[JOB.as_slice(), &["--policy", policy.to_str().unwrap()]].concat());
    let every = every.json();
    assert!(!left_out(&every), "{}", every["coverage"]);
    assert_eq!(every["jobs"][0]["reused"], json!([]), "it is another question");
}
