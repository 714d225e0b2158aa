//! The job `sbom` with the real tool: what is listed, what is left in the store, what is a gap.

use std::process::{Command, Stdio};

use serde_json::Value;

use crate::harness::{Answer, Mex, answer, assert_balanced, cargo_lock, copy};

const NPM: &str = r#"{"name":"w","version":"1.0.0","lockfileVersion":3,"packages":{"":{"name":"w","version":"1.0.0","dependencies":{"lodash":"4.17.21"}},"node_modules/lodash":{"version":"4.17.21","resolved":"https://example.invalid/lodash.tgz"},"node_modules/mocha":{"version":"10.0.0","dev":true,"resolved":"https://example.invalid/mocha.tgz"}}}"#;

fn project(mex: &Mex) {
    mex.write("Cargo.toml", "[package]\nname = \"a\"\nversion = \"0.1.0\"\n")
        .write("Cargo.lock", cargo_lock(&[("smallvec", "1.13.2"), ("itoa", "1.0.11")]))
        .write("web/package.json", r#"{"name":"w","version":"1.0.0"}"#)
        .write("web/package-lock.json", NPM)
        .write("py/Pipfile.lock", r#"{"default":{},"develop":{"pytest":{"version":"==7.0.0"}}}"#);
}

fn components(outcome: &Value) -> Vec<(String, String)> {
    let all = outcome["findings"].as_array().unwrap();
    all.iter()
        .filter(|finding| finding["type"] == "component")
        .map(|one| {
            let by: Vec<_> =
                one["known_by"].as_array().unwrap().iter().map(|by| by.as_str().unwrap()).collect();
            (one["component"]["purl"].as_str().unwrap().to_owned(), by.join("+"))
        })
        .collect()
}

/// The bytes of the one artifact of a role.
fn artifact(mex: &Mex, outcome: &Value, role: &str) -> String {
    let all = outcome["jobs"][0]["artifacts"].as_array().unwrap();
    let one: Vec<_> = all.iter().filter(|artifact| artifact["role"] == role).collect();
    assert_eq!(one.len(), 1, "{role}: {all:?}");
    let digest = one[0]["sha256"].as_str().unwrap();
    mex.run(["artifact", "export", digest]).expect(0).stdout
}

fn sbom(mex: &Mex, code: i32) -> Answer {
    mex.scan(&["--jobs", "sbom"]).expect(code)
}

#[test]
fn components_are_listed_with_who_knows_them_in_both_documents() {
    let mex = Mex::ready();
    project(&mex);
    // The tool lists nothing of a Pipfile.lock that holds development packages alone: a gap.
    let outcome = sbom(&mex, 4).json();
    let both = "lockfile+syft".to_owned();
    let expected = [
        ("pkg:cargo/itoa@1.0.11", &both),
        ("pkg:cargo/smallvec@1.13.2", &both),
        ("pkg:npm/lodash@4.17.21", &both),
        ("pkg:npm/mocha@10.0.0", &both),
        ("pkg:npm/w@1.0.0", &"syft".to_owned()),
        ("pkg:pypi/pytest@7.0.0", &"lockfile".to_owned()),
    ]
    .map(|(purl, by)| (purl.to_owned(), by.clone()));
    assert_eq!(components(&outcome), expected);
    assert_eq!(outcome["verdict"]["counts"]["components"], 6);
    let gaps: Vec<_> = outcome["coverage"]["entries"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| !["scanned", "skipped"].contains(&entry["state"].as_str().unwrap()))
        .map(|entry| entry["subject"].as_str().unwrap())
        .collect();
    assert_eq!(gaps, ["py/Pipfile.lock"]);
    assert_balanced(&outcome);
    let cyclonedx: Value = serde_json::from_str(&artifact(&mex, &outcome, "cyclonedx")).unwrap();
    assert_eq!(cyclonedx["specVersion"], "1.6");
    let listed = cyclonedx["components"].as_array().unwrap();
    let spdx: Value = serde_json::from_str(&artifact(&mex, &outcome, "spdx")).unwrap();
    assert_eq!(spdx["spdxVersion"], "SPDX-2.3");
    let packages = spdx["packages"].as_array().unwrap();
    for (purl, _) in components(&outcome) {
        assert!(listed.iter().any(|one| one["purl"] == purl.as_str()), "{purl}");
        assert!(packages.iter().any(|one| one.to_string().contains(&purl)), "{purl}");
    }
    let project = mex.project();
    let text = mex.run(["scan", project.to_str().unwrap(), "--jobs", "sbom"]).expect(4);
    assert!(text.stdout.contains("6 components"), "{}", text.stdout);
    assert!(text.stdout.contains("1 known to lockfile alone"), "{}", text.stdout);
}

/// Contract SC-10.
#[test]
fn a_configuration_in_the_project_hides_no_component() {
    let mex = Mex::ready();
    mex.write("Cargo.lock", cargo_lock(&[("itoa", "1.0.11")]));
    let without = sbom(&mex, 0).json();
    for name in [".syft.yaml", ".syft/config.yaml", "web/.syft.yaml"] {
        mex.write(name, "exclude: ['**']\nselect-catalogers: ['-rust']\n");
    }
    let with = sbom(&mex, 0).json();
    assert_eq!(components(&without), [("pkg:cargo/itoa@1.0.11".into(), "lockfile+syft".into())]);
    assert_eq!(components(&without), components(&with));
    for role in ["cyclonedx", "spdx"] {
        assert_eq!(artifact(&mex, &without, role), artifact(&mex, &with, role), "{role}");
    }
    let statements = with["coverage"]["self_statements"].as_array().unwrap();
    assert_eq!(statements.iter().filter(|one| one["tool"] == "syft").count(), 3, "{statements:?}");
}

/// Promise P5: the same project is the same bytes, wherever and whenever.
#[test]
fn the_same_project_gives_the_same_documents_under_any_zone_locale_umask_and_folder() {
    let mex = Mex::ready();
    project(&mex);
    let elsewhere = mex.folder.path().join("elsewhere");
    copy(&mex.project(), &elsewhere);
    let mut seen: Vec<[String; 3]> = Vec::new();
    for (zone, locale, umask, path) in [
        ("UTC", "C", "022", mex.project()),
        ("Asia/Tokyo", "tr_TR.UTF-8", "077", mex.project()),
        ("America/St_Johns", "C.UTF-8", "000", elsewhere),
    ] {
        let plain =
            mex.command(["scan", path.to_str().unwrap(), "--jobs", "sbom", "--format", "json"]);
        let mut command = Command::new("sh");
        command.arg("-c").arg(format!("umask {umask}; exec \"$0\" \"$@\""));
        command.arg(plain.get_program()).args(plain.get_args());
        command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.env("TZ", zone).env("LC_ALL", locale);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let outcome = answer(command.spawn().unwrap()).expect(4).json();
        let [cyclonedx, spdx] = ["cyclonedx", "spdx"].map(|role| artifact(&mex, &outcome, role));
        seen.push([outcome["findings"].to_string(), cyclonedx, spdx]);
    }
    for other in &seen[1..] {
        for (one, another) in seen[0].iter().zip(other) {
            assert_eq!(one, another);
        }
    }
}

#[test]
fn the_newer_cyclonedx_comes_where_it_is_asked_for_and_no_other_does() {
    let mex = Mex::ready();
    mex.write("Cargo.lock", cargo_lock(&[("itoa", "1.0.11")]));
    let project = mex.project();
    let project = project.to_str().unwrap();
    let asked = |version: &str| {
        let mut plan = mex.run(["op", "plan", "sbom", "--workspace", project]).expect(0).json();
        plan["params"]["cyclonedx_version"] = version.into();
        mex.run_with_stdin(
            ["op", "run", "-", "--workspace", project, "--format", "json"],
            plan.to_string().as_bytes(),
        )
    };
    let result = asked("1.7").expect(0).json();
    let outputs = result["outputs"].as_array().unwrap();
    let one = outputs.iter().find(|output| output["role"] == "cyclonedx").unwrap();
    let digest = one["sha256"].as_str().unwrap();
    let document = mex.run(["artifact", "export", digest]).expect(0).json();
    assert_eq!(document["specVersion"], "1.7");
    asked("1.5").expect(3);
}
