//! Extraction at its edges: conflicts, mentions, engines, encodings, sizes, nesting.

use std::fmt::Write as _;

use mex_runtime::capability::draft::{
    DraftEntry, DraftFinding, EntryField, FindingKind, RegistryDraft,
};
use mex_runtime::capability::extract::{
    Deterministic, ExtractError, ExtractInput, Extractor as _, RULES, SpecFile,
};
use mex_runtime::capability::{CapabilityKind, RiskClass};

fn extract(text: &[u8]) -> Result<RegistryDraft, ExtractError> {
    let files = [SpecFile { name: "a.md", bytes: text }];
    let input = ExtractInput { specification: &files, engines: None, previous: None };
    Deterministic.extract(&input)
}

fn draft(text: &str) -> RegistryDraft {
    extract(text.as_bytes()).unwrap()
}

fn ids(draft: &RegistryDraft) -> Vec<String> {
    draft.entries.iter().map(|one| one.entry.capability_id.to_string()).collect()
}

fn of_kind(draft: &RegistryDraft, kind: FindingKind) -> Vec<&DraftFinding> {
    draft.findings.iter().filter(|one| one.kind == kind).collect()
}

fn entry<'d>(draft: &'d RegistryDraft, id: &str) -> &'d DraftEntry {
    draft.entries.iter().find(|one| one.entry.capability_id.as_str() == id).unwrap()
}

/// REG-2: two places that say different things are a finding; the entry carries the first's word.
#[test]
fn reg_2_a_conflict_between_two_places_is_a_finding_and_no_silent_choice() {
    let text = "# Capabilities\n\n| capability_id | risk | kind |\n|---|---|---|\n| `doc.read` | low | engine |\n\n## Later\n\n| capability_id | risk | kind |\n|---|---|---|\n| `doc.read` | high | engine |\n";
    let draft = draft(text);
    assert_eq!(ids(&draft), ["doc.read"]);
    assert_eq!(entry(&draft, "doc.read").entry.risk_class, RiskClass::Low);
    let conflicts = of_kind(&draft, FindingKind::Conflict);
    assert_eq!(conflicts.len(), 1, "{conflicts:#?}");
    assert_eq!(conflicts[0].id, "doc.read");
    assert_eq!(conflicts[0].places.len(), 2);
    assert!(conflicts[0].message.contains("`risk_class` is `low`"), "{}", conflicts[0].message);
}

/// REG-2: an id one place declares and another abolishes is a conflict.
#[test]
fn reg_2_what_is_declared_and_refused_is_a_conflict() {
    let text = "# Capabilities\n\n- `doc.read`: read a document\n\n## Changes\n\nThe capability `doc.read` was removed.\n";
    let draft = draft(text);
    assert_eq!(ids(&draft), ["doc.read"]);
    assert_eq!(of_kind(&draft, FindingKind::Conflict).len(), 1, "{:#?}", draft.findings);
}

/// REG-2: prose, examples of the forbidden and negated sentences give mentions and no entries.
#[test]
fn reg_2_mentions_are_no_entries() {
    for text in [
        "# Capabilities\n\nSee `doc.read` for more.\n",
        "# Capabilities\n\nThere is no capability `doc.read`.\n",
        "# Capabilities\n\n`doc.read` is not a capability.\n",
        "# Capabilities\n\n`doc.read` is a capability that does not exist.\n\n## Forbidden\n\n- `doc.write`: write\n",
        "# Capabilities\n\nNever write this:\n\n```json\n{\"capability_id\": \"doc.read\"}\n```\n",
        "# Capabilities\n\n```json wrong\n{\"capability_id\": \"doc.read\"}\n```\n",
        "# Forbidden capabilities\n\n| capability_id | risk |\n|---|---|\n| `doc.read` | low |\n",
        "# Capabilities\n\n- ~~`doc.read`: read a document~~\n",
    ] {
        let draft = draft(text);
        let declared: Vec<String> = ids(&draft)
            .into_iter()
            .filter(|id| !text.contains("does not exist") || id != "doc.read")
            .collect();
        assert_eq!(declared, [""; 0], "{text}");
        assert!(!of_kind(&draft, FindingKind::Mention).is_empty(), "{text}");
    }
}

/// REG-2: each entry names its heading, its lines and what stands there.
#[test]
fn reg_2_each_entry_says_where_it_comes_from() {
    let draft = draft(
        "# Capabilities\n\n## Files\n\ntext\n\n## Files\n\n- `doc.read`: read\n  a document\n",
    );
    let one = entry(&draft, "doc.read");
    assert_eq!(one.entry.section_ref, "a.md#files-1");
    let place = &one.places[0];
    assert_eq!((place.first_line, place.last_line), (9, 10));
    assert_eq!(place.quote, "- `doc.read`: read\n  a document");
    assert!(one.derived.iter().any(|field| field.field == EntryField::RiskClass));
}

/// REG-2: ids that look alike are named, whether both have the form of an id or one has not.
#[test]
fn reg_3_look_alikes_are_findings() {
    let text = "# Capabilities\n\n| capability_id | risk |\n|---|---|\n| `doc.read` | low |\n| `Doc.Read` | low |\n| `doc.rеad` | low |\n| `doc.re\u{200B}ad` | low |\n| `proc.exec:Go` | low |\n| `proc.exec:go` | low |\n| `no id` | low |\n";
    let draft = draft(text);
    assert_eq!(ids(&draft), ["doc.read", "proc.exec:Go", "proc.exec:go"]);
    assert_eq!(of_kind(&draft, FindingKind::LookAlike).len(), 4, "{:#?}", draft.findings);
    assert_eq!(of_kind(&draft, FindingKind::BadId).len(), 1, "{:#?}", draft.findings);
    for one in &draft.findings {
        assert!(one.id.is_ascii() && one.message.is_ascii(), "{}", one.message);
    }
}

/// REG-2: a value nobody knows is a finding, and a rule gives the field.
#[test]
fn reg_2_an_unknown_value_is_a_finding_and_the_field_is_derived() {
    let draft = draft(
        "# C\n\n| capability_id | risk | kind |\n|---|---|---|\n| `doc.read` | scary | runtime |\n",
    );
    assert_eq!(of_kind(&draft, FindingKind::BadField).len(), 1);
    let one = entry(&draft, "doc.read");
    assert_eq!(one.entry.kind, CapabilityKind::Runtime);
    let rules: Vec<&str> = one.derived.iter().map(|field| field.rule.as_str()).collect();
    assert!(rules.contains(&"RISK-6"), "{rules:?}");
}

/// REG-2: half a block is a finding with its lines; a block that has nothing to do with us is none.
#[test]
fn reg_2_half_a_block_is_a_finding() {
    for block in [
        "```json\n{\"capabilities\": [{\"capability_id\": \"doc.read\"\n```\n",
        "```json\n{\"capability_id\": \"a.b\", \"capability_id\": \"a.c\"}\n```\n",
        "```yaml\ncapabilities:\n  - capability_id: [a\n```\n",
        "```yaml\ncapabilities: &x [*x]\n```\n",
        "```toml\n[[capabilities]\nid = \"a.b\"\n```\n",
        "```json\n{\"capabilities\": [{\"capability_id\": \"doc.read\"",
    ] {
        let draft = draft(&format!("# C\n\n{block}"));
        assert_eq!(ids(&draft), [""; 0], "{block}");
        let found = of_kind(&draft, FindingKind::Unreadable);
        assert_eq!(found.len(), 1, "{block} {:#?}", draft.findings);
        assert_eq!(found[0].places[0].first_line, 3);
    }
    assert_eq!(draft("# C\n\n```json\n{\"a\": [1, ...]}\n```\n").findings, []);
}

/// REG-2: broken encodings survive with a finding; what is no text is refused.
#[test]
fn reg_2_broken_encodings_survive_and_binaries_do_not() {
    let mut bytes = b"# Capabilities\n\n- `doc.read`: read ".to_vec();
    bytes.extend_from_slice(b"\xC3\x28\xFF a document of ours\n- `doc.write`: write\n");
    let draft = extract(&bytes).unwrap();
    assert_eq!(ids(&draft), ["doc.read", "doc.write"]);
    assert_eq!(of_kind(&draft, FindingKind::Encoding).len(), 1);
    assert!(matches!(extract(b""), Err(ExtractError::Empty { .. })));
    assert!(matches!(extract(&[0_u8; 64]), Err(ExtractError::NotText { .. })));
    let none = ExtractInput { specification: &[], engines: None, previous: None };
    assert_eq!(Deterministic.extract(&none), Err(ExtractError::NoFile));
    let file = SpecFile { name: "a.md", bytes: b"# A\n" };
    let twice = ExtractInput { specification: &[file, file], engines: None, previous: None };
    assert_eq!(Deterministic.extract(&twice), Err(ExtractError::Twice("a.md".to_owned())));
    let files = [file];
    let future =
        r#"{"schema_version":"cr-9.0","capability_registry_version":"9.0.0","capabilities":[]}"#;
    let input = ExtractInput {
        specification: &files,
        engines: None,
        previous: Some(("previous.json", future)),
    };
    assert!(matches!(Deterministic.extract(&input), Err(ExtractError::Previous(_))));
    let input =
        ExtractInput { specification: &files, engines: Some(("e.json", "{")), previous: None };
    assert!(matches!(Deterministic.extract(&input), Err(ExtractError::Engines(_))));
}

/// REG-2: a list of two hundred levels is read to its bound, and the bound is a finding.
#[test]
fn reg_2_deep_nesting_is_bounded_and_says_so() {
    let mut text = "# Capabilities\n\n".to_owned();
    for level in 0..200 {
        let _ = writeln!(text, "{}- `doc.level_{level}`: one level", "  ".repeat(level));
    }
    text.push_str("\n# More capabilities\n\n- `doc.after`: still read\n");
    let draft = draft(&text);
    assert!(ids(&draft).contains(&"doc.level_5".to_owned()));
    assert!(ids(&draft).contains(&"doc.after".to_owned()));
    assert!(!ids(&draft).contains(&"doc.level_150".to_owned()));
    assert_eq!(of_kind(&draft, FindingKind::Bound).len(), 1);
    let quotes = format!("{} `doc.read`\n", ">".repeat(5_000));
    extract(quotes.as_bytes()).unwrap();
}

/// REG-2: the same heading ten thousand times has ten thousand anchors.
#[test]
fn reg_2_the_same_heading_many_times_keeps_its_anchors_apart() {
    let mut text = String::new();
    for at in 0..10_000 {
        let _ = writeln!(text, "## Capabilities\n\n- `doc.n{at}`: one\n");
    }
    let draft = draft(&text);
    assert_eq!(draft.entries.len(), 10_000);
    assert_eq!(entry(&draft, "doc.n9999").entry.section_ref, "a.md#capabilities-9999");
}

/// REG-2: ten megabytes of every form are read whole, and twice the text is not four times the
/// work: counted in what is found, not in time.
#[test]
fn reg_2_ten_megabytes_are_read_whole() {
    let mut text = "# Capabilities\n\n".to_owned();
    let mut count = 0;
    while text.len() < 10 * 1024 * 1024 {
        let _ = write!(
            text,
            "## Part {count}\n\nText that says nothing of interest, at some length, over `a_name` and more.\nIt goes on.\n\n- `list.n{count}`: one\n\n| capability_id | risk |\n|---|---|\n| `table.n{count}` | low |\n\n```json\n{{\"capability_id\": \"block.n{count}\"}}\n```\n\nThe capability `prose.n{count}` allows it.\n\n"
        );
        count += 1;
    }
    let draft = draft(&text);
    assert_eq!(draft.entries.len(), count * 4);
}

/// REG-1: several files are one specification; sections are named by file.
#[test]
fn reg_1_several_files_are_one_specification() {
    let files = [
        SpecFile { name: "spec/a.md", bytes: b"# Rights\n\n- `doc.read`: read\n" },
        SpecFile { name: "spec/b.md", bytes: b"# Rights\n\n- `doc.write`: write\n" },
    ];
    let input = ExtractInput { specification: &files, engines: None, previous: None };
    let draft = Deterministic.extract(&input).unwrap();
    assert_eq!(entry(&draft, "doc.read").entry.section_ref, "spec/a.md#rights");
    assert_eq!(entry(&draft, "doc.write").entry.section_ref, "spec/b.md#rights");
    assert_eq!(draft.inputs.len(), 2);
    let again = Deterministic.extract(&input).unwrap();
    assert_eq!(again.to_bytes().unwrap(), draft.to_bytes().unwrap());
}

/// REG-2: the rule table in the documentation is the one that is used.
#[test]
fn reg_2_every_rule_is_documented() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/registry-extraction.md");
    let text = std::fs::read_to_string(path).unwrap();
    for rule in RULES {
        assert!(text.contains(&format!("`{rule}`")), "`{rule}` is not documented");
    }
    for rule in mex_runtime::capability::validate::Rule::ALL {
        assert!(text.contains(rule.as_str()), "`{}` is not documented", rule.as_str());
    }
}
