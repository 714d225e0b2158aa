//! The OSS register is what is there, whole, licensed and pinned, and agrees with cargo-deny
//! (contract SC-13). Never reads a network.

#![expect(clippy::unwrap_used, reason = "a panic in a test is the failure report")]
#![expect(clippy::disallowed_methods, reason = "this test starts the real cargo-deny itself")]

#[path = "../examples/generate/register.rs"]
mod register;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use register::{Entry, Mode, PATH, Register, Reviewed, locked, whole, workflow};
use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn register() -> Register {
    Register::of(&root()).unwrap()
}

#[test]
fn sc_13_the_register_is_up_to_date() {
    let found = std::fs::read_to_string(root().join(PATH)).unwrap_or_default();
    assert!(found == register().text().unwrap(), "`{PATH}` is stale: run `./dev gen`");
}

#[test]
fn sc_13_nothing_that_ships_or_runs_is_missing() {
    let register = register();
    let of = |kind: &str| -> BTreeMap<(String, String), &Entry> {
        let all = register.components.iter().filter(|entry| entry.kind == kind);
        all.map(|entry| ((entry.name.clone(), entry.version.clone()), entry)).collect()
    };
    let crates = of("crate");
    for ((name, version), checksum) in locked(&root()).unwrap() {
        // Ours have no checksum.
        let Some(checksum) = checksum else { continue };
        match crates.get(&(name.clone(), version.clone())) {
            Some(entry) => assert_eq!(entry.pin, format!("sha256:{checksum}")),
            None => assert!(register.not_built.contains(&format!("{name} {version}")), "{name}"),
        }
    }
    let packages = of("npm");
    let text = std::fs::read_to_string(root().join("ui/package-lock.json")).unwrap();
    let lockfile: Value = serde_json::from_str(&text).unwrap();
    let named = lockfile["packages"].as_object().unwrap();
    assert!(named.len() > 1);
    for (place, package) in named.iter().filter(|(place, _)| !place.is_empty()) {
        let name = place.rsplit("node_modules/").next().unwrap().to_owned();
        let version = package["version"].as_str().unwrap().to_owned();
        let entry = packages.get(&(name, version)).unwrap_or_else(|| panic!("{place}"));
        assert_eq!(Some(entry.pin.as_str()), package["integrity"].as_str(), "{place}");
    }
    let mode = |name: &str| crates.iter().find(|(key, _)| key.0 == name).unwrap().1.integration;
    assert_eq!(mode("serde"), Mode::Linked);
    assert_eq!(mode("serde_derive"), Mode::Build);
    assert_eq!(mode("proptest"), Mode::Test);
    let names = |kind: &str| of(kind).into_keys().map(|key| key.0).collect::<BTreeSet<_>>();
    for tool in ["cargo-audit", "cargo-deny", "gitleaks", "npm", "osv-scanner", "scancode", "syft"]
    {
        assert!(names("tool").contains(tool), "{tool}");
    }
    assert!(names("data").contains("rustsec-advisory-db"));
    assert!(names("python").contains("scancode-toolkit-mini"));
    assert!(names("action").contains("actions/checkout"));
    assert_eq!(names("wheel").len(), 2);
}

#[test]
fn sc_13_a_component_without_licence_or_pin_is_refused_by_its_name() {
    let reviewed = Reviewed::read(&root()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join(".github/workflows")).unwrap();
    std::fs::write(folder.path().join("dev"), "").unwrap();
    let refused = |uses: &str| {
        let file = folder.path().join(".github/workflows/a.yml");
        std::fs::write(file, format!("steps:\n  - uses: {uses}\n")).unwrap();
        workflow(folder.path(), &reviewed).and_then(whole).map_err(|error| error.to_string())
    };
    let commit = "0".repeat(40);
    assert_eq!(refused(&format!("actions/cache@{commit} # v9")).unwrap().len(), 1);
    assert!(refused(&format!("someone/else@{commit}")).unwrap_err().contains("someone/else"));
    assert!(refused("actions/cache@v4").unwrap_err().contains("has no pin"));
    let mut entry = register().components.remove(0);
    for licence in ["", "proprietary", "MIT AND"] {
        licence.clone_into(&mut entry.licence);
        assert!(whole(vec![entry.clone()]).unwrap_err().to_string().contains(&entry.name));
    }
}

/// What `deny.toml` allows is what may be linked, build or test here.
#[test]
fn sc_13_every_crate_is_under_a_licence_that_is_allowed() {
    let deny: toml::Table =
        std::fs::read_to_string(root().join("deny.toml")).unwrap().parse().unwrap();
    let licenses = deny["licenses"].as_table().unwrap();
    let listed = |of: &toml::Table| -> BTreeSet<String> {
        let ids = of["allow"].as_array().unwrap().iter();
        ids.map(|id| id.as_str().unwrap().to_owned()).collect()
    };
    let allowed = listed(licenses);
    // One crate at one version each: an upgrade is looked at again.
    let exceptions: BTreeMap<&str, BTreeSet<String>> = licenses["exceptions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["crate"].as_str().unwrap(), listed(one.as_table().unwrap())))
        .collect();
    assert!(exceptions.keys().all(|name| name.contains('@')), "{exceptions:?}");
    for entry in register().components.iter().filter(|entry| entry.kind == "crate") {
        let expression = spdx::Expression::parse(&entry.licence).unwrap();
        let own = exceptions.get(format!("{}@{}", entry.name, entry.version).as_str());
        let holds = expression.evaluate(|part| {
            let part = part.to_string();
            allowed.contains(&part) || own.is_some_and(|own| own.contains(&part))
        });
        assert!(holds, "{} {}: `{}`", entry.name, entry.version, entry.licence);
    }
}

/// Both read the same crates, and cargo-deny reads no licence in one that the register does not name.
#[test]
fn sc_13_cargo_deny_and_the_register_agree() {
    let tools = std::env::var_os("MEX_TEST_TOOLS_DIR").map(PathBuf::from).unwrap_or_else(|| {
        panic!("MEX_TEST_TOOLS_DIR must name the scanners: run the tests with `./dev test`")
    });
    let output = Command::new(tools.join("cargo-deny"))
        .args(["--offline", "--locked", "list", "--format", "json", "--layout", "crate"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let listed: BTreeMap<String, Value> = serde_json::from_slice(&output.stdout).unwrap();
    let theirs: BTreeMap<String, BTreeSet<String>> = listed
        .iter()
        .filter(|(name, _)| name.contains("registry+"))
        .map(|(name, said)| {
            let name: Vec<&str> = name.split(' ').take(2).collect();
            let ids = said["licenses"].as_array().unwrap().iter().filter_map(Value::as_str);
            // The exception of an id is written behind it.
            let ids = ids.map(|id| id.split(' ').next().unwrap_or(id).to_owned());
            (name.join(" "), ids.collect())
        })
        .collect();
    let register = register();
    let ours: BTreeMap<String, BTreeSet<String>> = register
        .components
        .iter()
        .filter(|entry| entry.kind == "crate")
        .map(|entry| {
            let expression = spdx::Expression::parse(&entry.licence).unwrap();
            let ids = expression.requirements().filter_map(|part| part.req.license.id());
            (
                format!("{} {}", entry.name, entry.version),
                ids.map(|id| id.name.to_owned()).collect(),
            )
        })
        .collect();
    // Its list leaves out what only tests need.
    for entry in register.components.iter().filter(|entry| entry.kind == "crate") {
        let name = format!("{} {}", entry.name, entry.version);
        assert!(entry.integration == Mode::Test || theirs.contains_key(&name), "{name}");
    }
    assert!(theirs.len() > 200, "{} crates", theirs.len());
    for (name, ids) in &theirs {
        assert_eq!(Some(ids), ours.get(name), "{name}");
    }
}
