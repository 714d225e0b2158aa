//! The reviewer's loop in the real window, by mouse, on drafts that the command line compares (P30):
//! what is approved is what was shown with every right ticked, and what changed meanwhile is dead.

use std::fs;

use serde_json::{Value, json};

use crate::driver::Session;
use crate::operator::opened;
use crate::stand::Stand;

const REGISTRY: &str = include_str!("../../../capability_registry/assets/capability_registry.json");

/// Compares our own registry with one more right against what is in force.
fn draft(stand: &Stand, id: &str) -> Value {
    let mut registry: Value = serde_json::from_str(REGISTRY).unwrap();
    registry["capabilities"].as_array_mut().unwrap().push(json!({
        "capability_id": id, "kind": "runtime", "display_name": format!("Use {id}"),
        "section_ref": "spec/README.md#programs", "required_capabilities": [],
        "default_governance_mode": "gov_standard", "risk_class": "high", "tags": [],
    }));
    let file = stand.folder.path().join("draft.json");
    fs::write(&file, registry.to_string()).unwrap();
    stand.mex_json(&["registry", "diff", file.to_str().unwrap()])
}

fn usable(window: &Session, words: &str) -> bool {
    window.find(&format!("//footer//button[contains(., '{words}')]")).is_enabled()
}

#[test]
fn p30_a_draft_is_ticked_approved_and_published_by_mouse_and_dies_when_it_changes() {
    let stand = Stand::bare();
    let first = draft(&stand, "proc.exec:trivy");
    let window = stand.open(&[]);
    opened(&window);
    window.go("#/registry/draft");
    window.says("proc.exec:trivy");
    window.says("not ticked yet");
    assert!(!usable(&window, "Approve"), "approved with a right that nobody ticked");

    // Another draft: what is on the screen can no longer be decided about.
    let second = draft(&stand, "proc.exec:grype");
    assert_ne!(first["diff_sha256"], second["diff_sha256"]);
    window.says("This is no longer the draft");
    assert!(!usable(&window, "Approve") && !usable(&window, "Reject"), "{}", window.text());
    window.press("Read the draft anew");
    window.says("proc.exec:grype");
    assert!(!window.text().contains("proc.exec:trivy"), "{}", window.text());

    let rights = second["diff"]["added_rights"].as_array().unwrap().len();
    assert!(rights > 0);
    for right in 0..rights {
        assert!(!usable(&window, "Approve"), "{right} of {rights} ticked");
        window.click(&format!("(//main//li//input[@type='checkbox'])[{}]", right + 1));
    }
    window.says("Every added right is ticked");
    window.press("Approve");
    window.says(second["diff_sha256"].as_str().unwrap());
    window.click("//dialog//footer//button[normalize-space(.)='Approve']");
    window.press("Publish");
    window.click("//dialog//footer//button[normalize-space(.)='Publish']");
    let version = second["diff"]["next"]["capability_registry_version"].as_str().unwrap();
    window.says(&format!("Registry {version} is in force"));

    let shown = stand.mex_json(&["registry", "show"]);
    assert_eq!(
        (&shown["capability_registry_version"], &shown["source"]),
        (&json!(version), &json!("published"))
    );
    let versions = window.call("registry_versions", json!({})).unwrap();
    assert_eq!(versions["versions"][0]["diff_sha256"], second["diff_sha256"], "{versions}");
    assert_eq!(opened(&window)["registry_version"], version);
    window.end();
}
