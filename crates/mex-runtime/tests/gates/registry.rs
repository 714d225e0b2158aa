//! From a draft to an approval (contract REG-4, REG-5, promises P30 and P31): what a diff lists, and
//! what a review may stand on. The reference model is plain set difference.

use std::collections::BTreeSet;

use mex_runtime::capability::diff::{
    DiffError, DiffSide, EngineNeeds, Mark, RegistryDiff, RightKind, VersionBump,
};
use mex_runtime::capability::impact::{RecordedCheck, Rules};
use mex_runtime::capability::review::{
    Review, ReviewDecision, ReviewFault, ReviewGround, ReviewerMeans,
};
use mex_runtime::capability::{CapabilityRegistry, Profiles};
use mex_runtime::code::Code;
use mex_runtime::digest::Digest;
use mex_runtime::event::{CapabilityCheck, DecisionOutcome};
use mex_runtime::policy::file::{ApprovalRule, RegistryRule, ReviewerRule};
use mex_runtime::policy::signature::AllowedSigners;
use serde_json::{Value, json};

use crate::support::{NOW, PROFILES, REGISTRY};

/// One side, generated or edited, as files.
#[derive(Debug, Clone, PartialEq)]
struct Side {
    registry: Value,
    profiles: Value,
    engines: EngineNeeds,
}

impl Side {
    fn ours() -> Self {
        let file = |text: &str| serde_json::from_str(text).unwrap();
        let needs = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
        Self {
            registry: file(REGISTRY),
            profiles: file(PROFILES),
            engines: [("engine.one".to_owned(), needs(&["fs.read:inputs"]))].into(),
        }
    }

    /// The entry of an id, to be edited.
    fn entry(&mut self, id: &str) -> &mut Value {
        let all = self.registry["capabilities"].as_array_mut().unwrap();
        all.iter_mut().find(|entry| entry["capability_id"] == id).unwrap()
    }

    fn grants(&mut self, profile: &str) -> &mut Vec<Value> {
        let all = self.profiles["profiles"].as_array_mut().unwrap();
        let own = all.iter_mut().find(|own| own["profile_id"] == profile).unwrap();
        own["capabilities"].as_array_mut().unwrap()
    }
}

fn diff(base: &Side, next: &Side) -> RegistryDiff {
    let read = |side: &Side| {
        let registry = CapabilityRegistry::parse(&side.registry.to_string()).unwrap();
        let profiles = Profiles::parse(&side.profiles.to_string(), &registry).unwrap();
        (registry, profiles)
    };
    let ((one, one_profiles), (two, two_profiles)) = (read(base), read(next));
    let highest = semver::Version::parse(one.version()).unwrap();
    RegistryDiff::between(
        &DiffSide {
            registry: &one,
            profiles: &one_profiles,
            profiles_sha256: Digest::of(base.profiles.to_string().as_bytes()),
            engines: Some(&base.engines),
        },
        &DiffSide {
            registry: &two,
            profiles: &two_profiles,
            profiles_sha256: Digest::of(next.profiles.to_string().as_bytes()),
            engines: Some(&next.engines),
        },
        Digest::of(next.registry.to_string().as_bytes()),
        &highest,
    )
    .unwrap()
}

/// What an edit of our own registry comes to.
fn edited(edit: impl FnOnce(&mut Side)) -> RegistryDiff {
    let mut next = Side::ours();
    edit(&mut next);
    diff(&Side::ours(), &next)
}

fn entry(id: &str, name: &str) -> Value {
    json!({
        "capability_id": id, "kind": "runtime", "display_name": name,
        "section_ref": "spec/README.md#files", "required_capabilities": [],
        "default_governance_mode": "gov_standard", "risk_class": "medium", "tags": [],
    })
}

fn add(side: &mut Side, entry: Value) {
    side.registry["capabilities"].as_array_mut().unwrap().push(entry);
}

fn remove(side: &mut Side, id: &str) {
    side.registry["capabilities"]
        .as_array_mut()
        .unwrap()
        .retain(|entry| entry["capability_id"] != id);
}

fn said(diff: &RegistryDiff, text: &str) -> bool {
    diff.sentences.iter().any(|sentence| sentence.text.contains(text))
}

fn marked(diff: &RegistryDiff, mark: Mark) -> bool {
    diff.sentences.iter().any(|sentence| sentence.marks.contains(&mark))
}

/// REG-4: each change is said in plain words, marked where it deserves a look, and moves the version.
#[test]
fn reg_4_every_kind_of_change_is_said_marked_and_moves_the_version() {
    let nothing = edited(|_| {});
    assert_eq!((nothing.bump, nothing.sentences.len()), (VersionBump::None, 0));
    assert_eq!(nothing.next.capability_registry_version, "1.0.0");
    let reordered = edited(|next| {
        next.registry["capabilities"].as_array_mut().unwrap().reverse();
        next.grants("supply_chain_scan").reverse();
    });
    assert!(reordered.is_empty() && reordered.sentences.is_empty(), "order says nothing");

    let words = edited(|next| next.entry("fs.write")["display_name"] = json!("Put files"));
    assert_eq!((words.bump, words.added_rights.len()), (VersionBump::Patch, 0));
    assert_eq!(words.next.capability_registry_version, "1.0.1");
    assert!(said(&words, "`fs.write` is called \"Put files\" instead of"), "{words:#?}");

    let raised = edited(|next| next.entry("fs.write")["risk_class"] = json!("critical"));
    assert_eq!(raised.next.capability_registry_version, "1.1.0");
    assert!(marked(&raised, Mark::RiskRaised) && raised.changed[0].marks == [Mark::RiskRaised]);
    let lowered = edited(|next| next.entry("fs.write")["risk_class"] = json!("low"));
    assert_eq!(lowered.bump, VersionBump::Patch);
    assert!(marked(&lowered, Mark::RiskLowered));
    let watched = edited(|next| {
        next.entry("net.http")["default_governance_mode"] = json!("gov_light");
    });
    assert!(marked(&watched, Mark::WatchedLess), "{watched:#?}");

    let gained = edited(|next| {
        next.entry("doc.summarize")["required_capabilities"] =
            json!(["fs.read:inputs", "net.http"]);
    });
    assert!(said(&gained, "`doc.summarize` gains `net.http`"), "{gained:#?}");
    assert_eq!(gained.bump, VersionBump::Minor);
    assert_eq!(gained.added_rights[0].right_id, "entry:doc.summarize:net.http");

    let axis = edited(|next| next.entry("doc.summarize")["tags"] = json!(["axis", "document"]));
    assert_eq!(axis.added_rights[0].kind, RightKind::Scopes);
    assert!(marked(&axis, Mark::RightWidened), "{axis:#?}");

    let gone = edited(|next| {
        remove(next, "terminal.exec");
        next.grants("Coder").retain(|id| id != "terminal.exec");
    });
    assert_eq!(gone.next.capability_registry_version, "2.0.0");
    assert!(said(&gone, "`terminal.exec` is removed"), "{gone:#?}");
}

/// REG-4: an axis grant where a scope stood is a widening, in profiles, engines and entries.
#[test]
fn reg_4_an_axis_where_a_scope_stood_is_a_widening() {
    let profile = edited(|next| {
        let grants = next.grants("Analyst");
        grants.retain(|id| id != "fs.read:inputs");
        grants.push(json!("fs.read"));
    });
    let right = &profile.added_rights[0];
    assert_eq!(right.right_id, "profile:Analyst:fs.read");
    assert_eq!(right.widens, ["fs.read:inputs"]);
    assert_eq!(profile.profiles[0].marks, [Mark::RightWidened]);
    assert!(said(&profile, "the whole of it, where `fs.read:inputs` stood"), "{profile:#?}");

    let narrowed = edited(|next| {
        let grants = next.grants("Coder");
        grants.retain(|id| id != "fs.read");
        grants.push(json!("fs.read:inputs"));
    });
    assert_eq!(narrowed.profiles[0].marks, [Mark::RightNarrowed]);
    assert_eq!(narrowed.bump, VersionBump::Major, "a grant is gone");

    let engine = edited(|next| {
        next.engines.insert("engine.one".to_owned(), ["fs.read".to_owned()].into());
        next.engines.insert("engine.two".to_owned(), ["net.http".to_owned()].into());
    });
    assert_eq!(engine.engines[0].marks, [Mark::RightWidened]);
    assert!(said(&engine, "the engine `engine.two` gains `net.http`"), "{engine:#?}");

    let entry = edited(|next| {
        next.entry("doc.summarize")["required_capabilities"] = json!(["fs.read"]);
    });
    assert_eq!(entry.changed[0].marks, [Mark::RightWidened]);
}

/// REG-4: a rename is seen as one, and hides nothing: the new id is added all the same.
#[test]
fn reg_4_a_rename_is_seen_and_hides_nothing() {
    let renamed = edited(|next| {
        next.entry("terminal.exec")["capability_id"] = json!("terminal.run");
        let grants = next.grants("Coder");
        grants.retain(|id| id != "terminal.exec");
        grants.push(json!("terminal.run"));
    });
    assert_eq!(renamed.renamed.len(), 1);
    assert!(said(&renamed, "`terminal.run` looks like `terminal.exec` under another name"));
    assert_eq!(renamed.added[0].capability_id.as_str(), "terminal.run");
    let rights: Vec<&str> = renamed.added_rights.iter().map(|own| &*own.right_id).collect();
    let expected =
        ["capability:terminal.run", "entry:terminal.run:proc.exec", "profile:Coder:terminal.run"];
    assert_eq!(rights, expected);

    // A rename under which the risk is called less says so; two that could be meant are none.
    let milder = edited(|next| {
        let own = next.entry("terminal.exec");
        own["capability_id"] = json!("terminal.run");
        own["risk_class"] = json!("low");
        next.grants("Coder").retain(|id| id != "terminal.exec");
    });
    assert_eq!(milder.renamed[0].fields[0].field, "risk_class");
    assert_eq!(milder.renamed[0].marks, [Mark::RiskLowered]);
    assert!(marked(&milder, Mark::RiskLowered));
    let two = edited(|next| {
        let name = next.entry("terminal.exec")["display_name"].clone();
        remove(next, "terminal.exec");
        next.grants("Coder").retain(|id| id != "terminal.exec");
        for id in ["terminal.a", "terminal.b"] {
            add(next, entry(id, name.as_str().unwrap()));
        }
    });
    assert!(two.renamed.is_empty(), "{two:#?}");
}

/// Numbers in a fixed order, so that a failure is found again by its seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % 1_000_003).unwrap() % sides
    }

    fn of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.roll(all.len())]
    }
}

const AXES: [&str; 6] = ["fs.read", "fs.write", "proc.exec", "net.http", "device", "secrets.use"];
const OTHERS: [&str; 14] = [
    "fs.read:inputs",
    "fs.read:home",
    "fs.write:artifacts",
    "proc.exec:one",
    "proc.exec:two",
    "net.http:example.org",
    "secrets.use:key",
    "device.camera",
    "doc.a",
    "doc.b",
    "doc.c",
    "engine.x",
    "engine.y",
    "model.z",
];

/// A valid registry with profiles and engines, of few words, so that pairs collide often.
fn generated(dice: &mut Dice) -> Side {
    let mut ids: Vec<&str> = AXES.to_vec();
    ids.extend(OTHERS.iter().filter(|_| dice.roll(2) == 0));
    let entries: Vec<Value> = ids
        .iter()
        .map(|id| {
            let mut tags = vec![];
            if AXES.contains(id) || (!id.contains(':') && dice.roll(4) == 0) {
                tags.push("axis");
            }
            if dice.roll(3) == 0 {
                tags.push("scan");
            }
            let needs: BTreeSet<&str> = (0..dice.roll(3)).map(|_| dice.of(&ids)).collect();
            json!({
                "capability_id": id,
                "kind": dice.of(&["runtime", "engine"]),
                "display_name": dice.of(&["One", "Two", "Three", "Four", "Five"]),
                "section_ref": dice.of(&["spec/a.md#x", "spec/a.md#y"]),
                "required_capabilities": needs,
                "default_governance_mode": dice.of(&["gov_strict", "gov_standard", "gov_light"]),
                "risk_class": dice.of(&["low", "medium", "high", "critical"]),
                "tags": tags,
            })
        })
        .collect();
    let mut profiles = Vec::new();
    for name in ["Analyst", "Coder", "Guest"] {
        if dice.roll(4) != 0 {
            let grants: BTreeSet<&str> = (0..dice.roll(6)).map(|_| dice.of(&ids)).collect();
            let description = dice.of(&["a", "b"]);
            profiles.push(
                json!({"profile_id": name, "description": description, "capabilities": grants}),
            );
        }
    }
    let mut engines = EngineNeeds::new();
    for name in ["engine.p", "engine.q"] {
        if dice.roll(3) != 0 {
            let needs = (0..dice.roll(4)).map(|_| dice.of(&ids).to_owned()).collect();
            engines.insert(name.to_owned(), needs);
        }
    }
    Side {
        registry: json!({
            "schema_version": "cr-1.0", "capability_registry_version": "1.4.2",
            "capabilities": entries,
        }),
        profiles: json!({"schema_version": "cp-1.0", "profiles": profiles}),
        engines,
    }
}

/// Everything a side allows, as plain pairs: the model knows nothing of renames, axes or words.
fn facts(side: &Side) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    let list = |value: &Value| -> Vec<String> {
        value.as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect()
    };
    for entry in side.registry["capabilities"].as_array().unwrap() {
        let id = entry["capability_id"].as_str().unwrap();
        all.insert(format!("capability:{id}"));
        all.extend(
            list(&entry["required_capabilities"]).iter().map(|own| format!("entry:{id}:{own}")),
        );
        if list(&entry["tags"]).iter().any(|tag| tag == "axis") {
            all.insert(format!("scopes:{id}"));
        }
    }
    for profile in side.profiles["profiles"].as_array().unwrap() {
        let id = profile["profile_id"].as_str().unwrap();
        all.extend(list(&profile["capabilities"]).iter().map(|own| format!("profile:{id}:{own}")));
    }
    for (id, needs) in &side.engines {
        all.extend(needs.iter().map(|own| format!("engine:{id}:{own}")));
    }
    all
}

/// P31: over 5,000 generated pairs the rights to tick are exactly the plain set difference, each said
/// in words, and the same pair gives the same bytes.
#[test]
fn p31_over_5000_pairs_no_added_right_is_hidden() {
    let mut dice = Dice(0x6d65_7846);
    let (mut added, mut renamed, mut widened) = (0, 0, 0);
    for pair in 0..5_000 {
        let (base, next) = (generated(&mut dice), generated(&mut dice));
        let diff = diff(&base, &next);
        let (before, after) = (facts(&base), facts(&next));
        // A new id is ticked once, whether it may carry scopes or not.
        let expected: BTreeSet<String> = after
            .difference(&before)
            .filter(|fact| {
                let new = fact.strip_prefix("scopes:").map(|id| format!("capability:{id}"));
                new.is_none_or(|new| before.contains(&new))
            })
            .cloned()
            .collect();
        let found: BTreeSet<String> =
            diff.added_rights.iter().map(|right| right.right_id.clone()).collect();
        assert_eq!(found, expected, "pair {pair}");
        assert_eq!(found.len(), diff.added_rights.len(), "pair {pair}: one tick for each");

        let ids = |side: &BTreeSet<String>| -> BTreeSet<String> {
            side.iter()
                .filter_map(|fact| fact.strip_prefix("capability:"))
                .map(str::to_owned)
                .collect()
        };
        let listed = |entries: &[mex_runtime::capability::CapabilityEntry]| -> BTreeSet<String> {
            entries.iter().map(|entry| entry.capability_id.to_string()).collect()
        };
        let (old, new) = (ids(&before), ids(&after));
        assert_eq!(listed(&diff.added), new.difference(&old).cloned().collect(), "pair {pair}");
        assert_eq!(listed(&diff.removed), old.difference(&new).cloned().collect(), "pair {pair}");
        for right in &diff.added_rights {
            let words = diff.sentences.iter().any(|sentence| {
                sentence.subject == right.subject
                    && sentence.text.contains(&format!("`{}`", right.capability_id))
            });
            assert!(words, "pair {pair}: nobody says {}", right.right_id);
        }
        let text = serde_json::to_string(&diff).unwrap();
        assert_eq!(RegistryDiff::parse(&text).unwrap(), diff, "pair {pair}");
        if pair % 50 == 0 {
            let again = self::diff(&base, &next);
            assert_eq!(again.digest().unwrap(), diff.digest().unwrap(), "pair {pair}");
        }
        added += diff.added.len();
        renamed += diff.renamed.len();
        widened += diff.added_rights.iter().filter(|right| !right.widens.is_empty()).count();
    }
    assert!(added > 5_000 && renamed > 500 && widened > 500, "{added} {renamed} {widened}");
}

/// REG-4, section 15: what is no diff of ours is refused.
#[test]
fn reg_4_a_diff_of_another_version_or_with_more_in_it_is_refused() {
    let text = serde_json::to_string(&edited(|_| {})).unwrap();
    let future = text.replace("rf-1.0", "rf-9.0");
    assert_eq!(RegistryDiff::parse(&future), Err(DiffError::Version("rf-9.0".to_owned())));
    for broken in ["", "{}", "[]", &text[..text.len() - 1], &text.replacen('{', "{\"x\":1,", 1)] {
        assert!(
            matches!(RegistryDiff::parse(broken), Err(DiffError::Unreadable(_))),
            "{broken:.40}"
        );
    }
}

fn two_rights() -> RegistryDiff {
    edited(|next| {
        add(next, entry("doc.write", "Write a document"));
        next.grants("Analyst").push(json!("doc.write"));
    })
}

fn review(diff: &RegistryDiff) -> Review {
    Review {
        schema_version: "rw-1.0".to_owned(),
        reviewer_id: "ana".to_owned(),
        how: ReviewerMeans::KnownUser,
        decision: ReviewDecision::Approve,
        comment: String::new(),
        diff_sha256: diff.digest().unwrap(),
        ticked: diff.added_rights.iter().map(|right| right.right_id.clone()).collect(),
        signature: None,
    }
}

fn judged(
    diff: &RegistryDiff,
    rule: RegistryRule,
    edit: impl FnOnce(&mut Review),
) -> Result<(), ReviewFault> {
    let mut review = review(diff);
    edit(&mut review);
    let ground = ReviewGround {
        diff,
        drafted_by: Some("bo"),
        rule,
        signers: None,
        now: NOW.parse().unwrap(),
    };
    review.judge(&ground)
}

/// REG-5, P30: an approval is of what was shown, with every right ticked on its own.
#[test]
fn reg_5_an_approval_is_of_this_diff_with_every_right_ticked() {
    let diff = two_rights();
    let free = RegistryRule::default();
    assert_eq!(diff.added_rights.len(), 2);
    assert_eq!(judged(&diff, free, |_| {}), Ok(()));
    let missing = judged(&diff, free, |own| own.ticked.truncate(1)).unwrap_err();
    assert_eq!(missing, ReviewFault::Unticked(vec!["profile:Analyst:doc.write".to_owned()]));
    let unknown = judged(&diff, free, |own| own.ticked.push("capability:fs.fly".to_owned()));
    assert_eq!(unknown, Err(ReviewFault::UnknownTicks(vec!["capability:fs.fly".to_owned()])));
    let all = judged(&diff, free, |own| own.ticked = vec!["*".to_owned()]);
    assert!(matches!(all, Err(ReviewFault::UnknownTicks(_))), "nothing ticks everything");

    let other = edited(|next| add(next, entry("doc.write", "Write another document")));
    let stale = judged(&diff, free, |own| own.diff_sha256 = other.digest().unwrap()).unwrap_err();
    assert_eq!(stale.code(), Code::RegistryStale);
    assert_eq!(judged(&edited(|_| {}), free, |_| {}), Err(ReviewFault::Nothing));
}

/// REG-5: a rejection needs a comment, and no ticks.
#[test]
fn reg_5_a_rejection_needs_a_comment() {
    let diff = two_rights();
    let reject = |comment: &str| {
        judged(&diff, RegistryRule::default(), |own| {
            own.decision = ReviewDecision::Reject;
            own.comment = comment.to_owned();
            own.ticked.clear();
        })
    };
    assert_eq!(reject("  \n"), Err(ReviewFault::NoComment));
    assert_eq!(reject("not needed"), Ok(()));
    assert_eq!(reject("a\u{1b}[31m"), Err(ReviewFault::BadComment));
    assert_eq!(reject(&"a".repeat(4001)), Err(ReviewFault::BadComment));
}

/// REG-5: where the policy asks for a second reviewer nobody approves their own draft, under no name.
#[test]
fn reg_5_nobody_approves_their_own_draft_where_a_second_reviewer_is_asked_for() {
    let diff = two_rights();
    let second = RegistryRule { reviewer: ReviewerRule::Second, approvals: ApprovalRule::Named };
    assert_eq!(judged(&diff, second, |_| {}), Ok(()));
    for name in ["bo", "Bo", " bo ", "bo@example.org"] {
        let own = judged(&diff, second, |own| own.reviewer_id = name.to_owned());
        assert_eq!(own, Err(ReviewFault::OwnDraft(name.to_owned())));
    }
    let rejected = judged(&diff, second, |own| {
        own.reviewer_id = "bo".to_owned();
        own.decision = ReviewDecision::Reject;
        own.comment = "I was wrong".to_owned();
    });
    assert_eq!(rejected, Ok(()), "whoever made it may take it back");
    let ground = ReviewGround {
        diff: &diff,
        drafted_by: None,
        rule: second,
        signers: None,
        now: NOW.parse().unwrap(),
    };
    assert_eq!(review(&diff).judge(&ground), Err(ReviewFault::NobodysDraft));
}

/// REG-5: a signed review is one whose signature holds; a claim of one is none.
#[test]
fn reg_5_a_signature_that_is_asked_for_has_to_hold() {
    let diff = two_rights();
    let signed =
        RegistryRule { reviewer: ReviewerRule::Anyone, approvals: ApprovalRule::SshSignature };
    assert_eq!(judged(&diff, signed, |_| {}), Err(ReviewFault::Unsigned));
    let claims =
        judged(&diff, RegistryRule::default(), |own| own.how = ReviewerMeans::SshSignature);
    assert_eq!(claims, Err(ReviewFault::Unsigned));
    let unjudged = judged(&diff, signed, |own| own.signature = Some("x".to_owned()));
    assert_eq!(unjudged, Err(ReviewFault::NoSigners));
    let mut wire = Vec::new();
    for part in [&b"ssh-ed25519"[..], &[7; 32]] {
        wire.extend(u32::try_from(part.len()).unwrap().to_be_bytes());
        wire.extend(part);
    }
    use base64::Engine as _;
    let key = base64::engine::general_purpose::STANDARD.encode(wire);
    let signers = AllowedSigners::parse(&format!("ana ssh-ed25519 {key}")).unwrap();
    let mut own = review(&diff);
    own.signature = Some("nonsense".to_owned());
    let ground = ReviewGround {
        diff: &diff,
        drafted_by: Some("bo"),
        rule: signed,
        signers: Some(&signers),
        now: NOW.parse().unwrap(),
    };
    assert_eq!(own.judge(&ground).unwrap_err().code(), Code::SignatureInvalid);
}

/// REG-5, section 15: a review that was edited, or is of another version, is refused or is another's.
#[test]
fn reg_5_an_edited_review_does_not_read_back_as_what_was_decided() {
    let own = review(&two_rights());
    let text = String::from_utf8(own.to_bytes().unwrap()).unwrap();
    assert_eq!(Review::parse(&text).unwrap(), own);
    let future = text.replace("rw-1.0", "rw-2.0");
    assert_eq!(Review::parse(&future), Err(ReviewFault::Version("rw-2.0".to_owned())));
    for broken in [
        "".to_owned(),
        "{}".to_owned(),
        text.replacen('{', "{\"also\":1,", 1),
        text.replacen("\"approve\"", "\"approve_all\"", 1),
    ] {
        assert!(matches!(Review::parse(&broken), Err(ReviewFault::Unreadable(_))), "{broken}");
    }
    let signed = Review { signature: Some("x".to_owned()), ..own.clone() };
    assert_eq!(signed.signed_bytes().unwrap(), own.signed_bytes().unwrap());
    let other = Review { comment: "and more".to_owned(), ..own.clone() };
    assert_ne!(other.signed_bytes().unwrap(), own.signed_bytes().unwrap());
}

/// The impact preview: recorded checks judged again, with the consent of their moment.
#[test]
fn reg_5_recorded_checks_are_judged_again_over_the_facts_of_their_moment() {
    let registry = CapabilityRegistry::parse(REGISTRY).unwrap();
    let profiles = Profiles::parse(PROFILES, &registry).unwrap();
    let mut next = Side::ours();
    next.grants("supply_chain_scan").retain(|id| id != "proc.exec:gitleaks");
    next.grants("Analyst").push(json!("terminal.exec"));
    let (draft, draft_profiles) = {
        let registry = CapabilityRegistry::parse(&next.registry.to_string()).unwrap();
        let profiles = Profiles::parse(&next.profiles.to_string(), &registry).unwrap();
        (registry, profiles)
    };
    let outcomes = |capability: &str, profile: &str, code: Option<Code>| {
        let check = CapabilityCheck {
            capability_id: capability.to_owned(),
            decision_outcome: DecisionOutcome::Deny,
            profile_id: profile.to_owned(),
            matched_grant: None,
            consent_id: None,
            capability_registry_version: "1.0.0".to_owned(),
            reason: "as recorded".to_owned(),
            code,
            op_id: None,
            simulated: false,
        };
        let recorded =
            RecordedCheck { check: &check, at: NOW.parse().unwrap(), usable: None, consents: &[] };
        let now = recorded.under(Rules { registry: &registry, profiles: &profiles });
        let then = recorded.under(Rules { registry: &draft, profiles: &draft_profiles });
        (now.outcome, then.outcome)
    };
    let (allow, deny) = (DecisionOutcome::Allow, DecisionOutcome::Deny);
    assert_eq!(outcomes("proc.exec:gitleaks", "supply_chain_scan", None), (allow, deny));
    assert_eq!(outcomes("terminal.exec", "Analyst", None), (deny, allow));
    assert_eq!(outcomes("fs.read:inputs", "Analyst", None), (allow, allow));
    assert_eq!(outcomes("net.http", "Coder", None), (deny, deny), "nobody had consented");
    assert_eq!(outcomes("no id", "Analyst", None), (deny, deny));
    assert_eq!(outcomes("fs.read:inputs", "not a profile", None), (deny, deny));
    assert_eq!(outcomes("fs.read:inputs", "Analyst", Some(Code::CapNotNeeded)), (deny, deny));
}
