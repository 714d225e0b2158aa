//! What comes in from outside through the screens: reports of other tools, and reviews that somebody
//! signed elsewhere. Needs `ssh-keygen`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use mex_app::desk::import::ImportReportRequest;
use mex_app::desk::registry::{
    PublishRegistryRequest, ReviewPayloadRequest, ReviewRegistryRequest, SignedReviewRequest,
};
use mex_app::publish::DiffRequest;
use mex_runtime::capability::review::ReviewDecision;
use mex_runtime::code::Code;
use serde_json::{Value, json};

use crate::Desk;

const REGISTRY: &str =
    include_str!("../../../../capability_registry/assets/capability_registry.json");
const POLICY: &str = include_str!("../../../../policy/default.toml");

fn file(desk: &Desk, name: &str, text: &str) -> PathBuf {
    let path = desk.folder.path().join(name);
    fs::write(&path, text).unwrap();
    path
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

#[expect(clippy::disallowed_methods, reason = "a reviewer's own program, in a test alone")]
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

/// A policy that asks for signed reviews.
fn signed_policy() -> String {
    let (head, tail) = POLICY.split_at(POLICY.find("[registry]").unwrap());
    format!("{head}{}", tail.replacen("approvals = \"named\"", "approvals = \"ssh_signature\"", 1))
}

/// A draft with one more right, compared; what approves it.
fn drafted(desk: &Desk) -> ReviewRegistryRequest {
    let mut registry: Value = serde_json::from_str(REGISTRY).unwrap();
    registry["capabilities"].as_array_mut().unwrap().push(json!({
        "capability_id": "proc.exec:trivy", "kind": "runtime", "display_name": "Run trivy",
        "section_ref": "spec/README.md#programs", "required_capabilities": [],
        "default_governance_mode": "gov_standard", "risk_class": "high", "tags": [],
    }));
    let draft = file(desk, "draft.json", &registry.to_string());
    let request = DiffRequest { draft: Some(draft), ..DiffRequest::default() };
    let outcome = desk.screens.app().diff_registry(&request).unwrap();
    ReviewRegistryRequest {
        diff_sha256: outcome.diff_sha256.to_string(),
        decision: ReviewDecision::Approve,
        comment: "read".to_owned(),
        ticked: outcome.diff.added_rights.iter().map(|right| right.right_id.clone()).collect(),
        policy: None,
        signed: None,
    }
}

/// REG-5, SC-4: the screen takes in a signature that was made elsewhere, of exactly what it showed; who
/// does not sign, or is not known, approves nothing, and a publish judges the signature again.
#[test]
fn a_signed_review_is_of_what_was_shown_and_by_who_is_known() {
    let desk = Desk::open();
    let policy = text(&file(&desk, "signed.toml", &signed_policy()));
    let review = ReviewRegistryRequest { policy: Some(policy.clone()), ..drafted(&desk) };
    let refused = |request: &ReviewRegistryRequest| {
        desk.screens.review_registry(request).expect_err("it approves nothing").code
    };
    assert_eq!(refused(&review), Code::RegistryReview, "the policy asks for a signature");

    let reviewer = "reviewer@example.org";
    let asked = |name: &str| ReviewPayloadRequest { review: review.clone(), reviewer: name.into() };
    let nobody = desk.screens.review_payload(&asked("  ")).expect_err("nobody signs");
    assert_eq!(nobody.code, Code::RegistryReview);
    let payload = desk.folder.path().join("payload");
    fs::write(&payload, desk.screens.review_payload(&asked(reviewer)).unwrap()).unwrap();
    let key = desk.folder.path().join("key");
    keygen(&["-q", "-N", "", "-C", "test", "-f", &text(&key), "-t", "ed25519"]);
    keygen(&[
        "-q",
        "-Y",
        "sign",
        "-f",
        &text(&key),
        "-n",
        "mex-registry-review@v1",
        &text(&payload),
    ]);
    let public = fs::read_to_string(key.with_extension("pub")).unwrap();
    let known = text(&file(&desk, "signers", &format!("{reviewer} {public}")));
    let others = text(&file(&desk, "others", &format!("somebody@example.org {public}")));
    let signed = |signers: &str, review: &ReviewRegistryRequest| ReviewRegistryRequest {
        signed: Some(SignedReviewRequest {
            reviewer: reviewer.to_owned(),
            signature: text(&payload.with_extension("sig")),
            signers: signers.to_owned(),
        }),
        ..review.clone()
    };
    let other_words = ReviewRegistryRequest { comment: "another".to_owned(), ..review.clone() };
    assert_eq!(refused(&signed(&known, &other_words)), Code::SignatureInvalid, "other words");
    assert_eq!(refused(&signed(&others, &review)), Code::SignatureInvalid, "an unknown signer");
    let missing = text(&desk.folder.path().join("no-such-file"));
    assert_eq!(refused(&signed(&missing, &review)), Code::InputUnreadable, "no signers");

    let outcome = desk.screens.review_registry(&signed(&known, &review)).unwrap();
    assert_eq!(outcome.review.reviewer_id, reviewer);
    let publish = |signers: Option<&String>| PublishRegistryRequest {
        review_id: outcome.review_sha256.to_string(),
        policy: Some(policy.clone()),
        signers: signers.cloned(),
    };
    let unjudged = desk.screens.publish_registry(&publish(None)).expect_err("nobody can tell");
    assert_eq!(unjudged.code, Code::SignatureInvalid);
    desk.screens.publish_registry(&publish(Some(&known))).unwrap();
    let versions = desk.screens.registry_versions().unwrap();
    assert_eq!(Some(versions.in_force), outcome.next_version);
}

/// A foreign report becomes evidence and Problems of source `plugin:`, the same twice; what is none is
/// refused by a code, and nothing comes in.
#[test]
fn a_report_that_was_dropped_becomes_evidence_and_problems() {
    let desk = Desk::open();
    let (project, _) = desk.project("shop");
    let result = |uri: &str| {
        json!({ "ruleId": "no-eval", "level": "error", "message": { "text": "eval" },
            "locations": [{ "physicalLocation": { "artifactLocation": { "uri": uri } } }] })
    };
    let sarif = json!({ "version": "2.1.0", "runs": [{
        "tool": { "driver": { "name": "eslint" } },
        "results": [result("src/a.js"), result("src/b.js")],
    }] });
    let path = file(&desk, "report.sarif", &sarif.to_string());
    let asked =
        |path: &Path| ImportReportRequest { path: text(path), project: Some(project.clone()) };
    let taken = desk.screens.import_report(&asked(&path)).unwrap();
    assert_eq!((taken.source.as_str(), taken.format.as_str()), ("plugin:eslint", "sarif"));
    assert_eq!((taken.said, taken.problems, taken.claims), (2, 2, 0));
    desk.screens.import_report(&asked(&path)).unwrap();
    let rows = desk.rows("source:\"plugin:eslint\"");
    assert_eq!(rows.len(), 2, "the same report again makes no other Problem");
    assert!(rows.iter().all(|row| row.problem.count == 2));

    let none = file(&desk, "holiday.png", "no JSON");
    let refusal = desk.screens.import_report(&asked(&none)).expect_err("a picture is no report");
    assert_eq!(refusal.code, Code::InputNotJson);
    let other = file(&desk, "other.json", "{\"a\": 1}");
    let refusal = desk.screens.import_report(&asked(&other)).expect_err("no format");
    assert_eq!(refusal.code, Code::ImportFormat);
    assert_eq!(desk.rows("").len(), 2);
}
