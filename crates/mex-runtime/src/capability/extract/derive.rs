//! The rule table for what no text states (documented in `docs/registry-extraction.md`).
//! Owns the rules; each field it gives is marked with the rule's name. In doubt the graver answer:
//! a derived risk is never lower than what the id itself says.

use super::super::draft::{DerivedField, EntryField};
use super::super::id::CapabilityId;
use super::super::registry::{AXES, CapabilityEntry, CapabilityKind, GovernanceMode, RiskClass};
use super::stated::{Stated, is_nothing, plain};

/// The names of the rules, in the order of the documentation.
pub const RULES: &[&str] = &[
    "ID-1",
    "KIND-1",
    "KIND-2",
    "KIND-3",
    "KIND-4",
    "KIND-5",
    "KIND-6",
    "KIND-7",
    "NAME-1",
    "NAME-2",
    "NEEDS-1",
    "RISK-1",
    "RISK-2",
    "RISK-3",
    "RISK-4",
    "RISK-5",
    "RISK-6",
    "RISK-7",
    "GOV-1",
    "SECTION-1",
    "TAGS-1",
    "TAGS-2",
    "TAGS-3",
];

/// What a rule needs to know beside the text.
#[derive(Debug, Clone)]
pub(super) struct Around {
    /// The heading of the deciding place.
    pub(super) section_ref: String,
    /// Whether some scope of the id is declared too.
    pub(super) carries_scopes: bool,
    /// How the text spells the id, where that is not the id.
    pub(super) spelled: Option<String>,
    /// The capabilities the text names as required and that have the form of one.
    pub(super) required: Option<Vec<CapabilityId>>,
}

/// Makes the entry of what is stated, and says which fields a rule gave.
pub(super) fn entry(
    id: CapabilityId,
    stated: &Stated,
    around: Around,
) -> (CapabilityEntry, Vec<DerivedField>) {
    let mut derived = Vec::new();
    let mut give = |field, rule: &str, because: String| {
        derived.push(DerivedField { field, rule: rule.to_owned(), because });
    };
    if let Some(spelled) = around.spelled {
        let because = format!("the text spells it `{spelled}`, and ids are in lower case");
        give(EntryField::CapabilityId, "ID-1", because);
    }
    let kind = stated.kind.unwrap_or_else(|| {
        let (kind, rule, because) = kind_of(&id);
        give(EntryField::Kind, rule, because.to_owned());
        kind
    });
    let display_name = stated.display_name.clone().unwrap_or_else(|| {
        match stated.description.as_deref().and_then(short) {
            Some(name) => {
                give(
                    EntryField::DisplayName,
                    "NAME-1",
                    "the first words of what is said of it".to_owned(),
                );
                name
            }
            None => {
                give(EntryField::DisplayName, "NAME-2", "the words of the id".to_owned());
                spell(&id)
            }
        }
    });
    let section_ref = stated.section_ref.clone().unwrap_or_else(|| {
        give(EntryField::SectionRef, "SECTION-1", "the heading it is declared under".to_owned());
        around.section_ref
    });
    let required_capabilities = around.required.unwrap_or_else(|| {
        give(EntryField::RequiredCapabilities, "NEEDS-1", "the text names none".to_owned());
        Vec::new()
    });
    let risk_class = stated.risk.unwrap_or_else(|| {
        let (risk, rule, because) = risk_of(&id);
        give(EntryField::RiskClass, rule, because.to_owned());
        risk
    });
    let default_governance_mode = stated.governance.unwrap_or_else(|| {
        let because = format!("what a risk of {} asks for", word(risk_class));
        give(EntryField::DefaultGovernanceMode, "GOV-1", because);
        match risk_class {
            RiskClass::Critical | RiskClass::High => GovernanceMode::GovStrict,
            RiskClass::Medium => GovernanceMode::GovStandard,
            RiskClass::Low => GovernanceMode::GovLight,
        }
    });
    let tags = stated.tags.clone().unwrap_or_else(|| {
        let mut tags = Vec::new();
        let bare = id.scope().is_none();
        if bare && (AXES.contains(&id.as_str()) || around.carries_scopes) {
            tags.push("axis".to_owned());
            give(
                EntryField::Tags,
                "TAGS-1",
                "it is an axis, or a scope of it is declared".to_owned(),
            );
        }
        if id.needs_consent() {
            tags.push("consent".to_owned());
            give(
                EntryField::Tags,
                "TAGS-2",
                "nobody uses it without a live consent (GATE-3)".to_owned(),
            );
        }
        if tags.is_empty() {
            give(EntryField::Tags, "TAGS-3", "the text names none".to_owned());
        }
        tags
    });
    derived.sort();
    let entry = CapabilityEntry {
        capability_id: id,
        kind,
        display_name,
        section_ref,
        required_capabilities,
        default_governance_mode,
        risk_class,
        tags,
    };
    (entry, derived)
}

const fn word(risk: RiskClass) -> &'static str {
    match risk {
        RiskClass::Low => "low",
        RiskClass::Medium => "medium",
        RiskClass::High => "high",
        RiskClass::Critical => "critical",
    }
}

fn kind_of(id: &CapabilityId) -> (CapabilityKind, &'static str, &'static str) {
    let first = id.base().split('.').next().unwrap_or_default();
    match first {
        "proc" if id.scope().is_some() => {
            (CapabilityKind::Integration, "KIND-1", "a scope of `proc` is an outside program")
        }
        "fs" | "proc" | "net" | "device" | "secrets" => (
            CapabilityKind::Runtime,
            "KIND-2",
            "files, programs, network, devices and secrets are the runtime's",
        ),
        "model" | "llm" | "inference" | "embedding" => {
            (CapabilityKind::Model, "KIND-3", "its first word is one of models")
        }
        "workflow" | "pipeline" | "job" | "flow" => {
            (CapabilityKind::Workflow, "KIND-4", "its first word is one of workflows")
        }
        "ui" | "view" | "screen" | "terminal" | "canvas" | "sheet" | "monaco" | "surface"
        | "window" | "notification" => {
            (CapabilityKind::Surface, "KIND-5", "its first word is something people see")
        }
        "connector" | "integration" | "plugin" | "mcp" | "api" => {
            (CapabilityKind::Integration, "KIND-6", "its first word is one of outside systems")
        }
        _ => (CapabilityKind::Engine, "KIND-7", "nothing else is said, so it is an engine's work"),
    }
}

fn risk_of(id: &CapabilityId) -> (RiskClass, &'static str, &'static str) {
    let words: Vec<&str> = id.base().split(['.', '_']).collect();
    let has = |list: &[&str]| words.iter().any(|word| list.contains(word));
    if has(&["secrets", "secret", "credential", "credentials", "key", "keys"])
        || has(&["exec", "execute", "run", "spawn", "eval", "shell", "admin", "root", "sudo"])
            && id.scope().is_none()
    {
        return (RiskClass::Critical, "RISK-1", "secrets, or running any program");
    }
    if has(&["exec", "execute", "run", "spawn", "eval", "shell", "admin"]) {
        return (RiskClass::High, "RISK-2", "it runs one program");
    }
    if has(&[
        "net",
        "http",
        "device",
        "network",
        "connect",
        "send",
        "upload",
        "camera",
        "microphone",
    ]) {
        return (RiskClass::High, "RISK-3", "the network or a device");
    }
    if has(&[
        "write", "create", "update", "delete", "remove", "modify", "edit", "publish", "sign",
        "install", "grant", "approve", "deploy", "import", "export", "purge", "manage",
    ]) {
        return (RiskClass::High, "RISK-4", "it changes something");
    }
    if has(&["read", "list", "view", "get", "scan", "search", "query", "show"]) {
        return if id.scope().is_some() {
            (RiskClass::Low, "RISK-5", "it reads one named thing")
        } else {
            (RiskClass::Medium, "RISK-6", "it reads")
        };
    }
    (RiskClass::High, "RISK-7", "nothing tells what its misuse can do")
}

/// The first clause of a description as a name; null where it would be none.
fn short(description: &str) -> Option<String> {
    let text = plain(description);
    let mut text = text.trim_start_matches(|c: char| !c.is_alphanumeric());
    for lead in [
        "is ",
        "are ",
        "means ",
        "the ",
        "a ",
        "right to ",
        "capability to ",
        "permission to ",
        "privilege to ",
        "right ",
        "capability that ",
        "to ",
    ] {
        if text.get(..lead.len()).is_some_and(|head| head.eq_ignore_ascii_case(lead)) {
            text = &text[lead.len()..];
        }
    }
    let end = text
        .char_indices()
        .find(|(at, c)| {
            matches!(c, ',' | ';' | ':' | '(' | '—' | '\n')
                || (*c == '.' && text[at + 1..].chars().next().is_none_or(char::is_whitespace))
        })
        .map_or(text.len(), |(at, _)| at);
    let clause = text[..end].trim();
    let count = clause.chars().count();
    if is_nothing(clause) || !(3..=72).contains(&count) {
        return None;
    }
    let mut chars = clause.chars();
    let first = chars.next()?;
    Some(first.to_uppercase().chain(chars).collect())
}

fn spell(id: &CapabilityId) -> String {
    let words = id.base().replace(['.', '_'], " ");
    let mut chars = words.chars();
    let base: String =
        chars.next().map(|c| c.to_uppercase().chain(chars).collect()).unwrap_or_default();
    match id.scope() {
        Some(scope) => format!("{base}: {scope}"),
        None => base,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(id: &str, stated: &Stated) -> (CapabilityEntry, Vec<String>) {
        let around = Around {
            section_ref: "a.md#x".to_owned(),
            carries_scopes: false,
            spelled: None,
            required: None,
        };
        let (entry, derived) = entry(id.parse().unwrap(), stated, around);
        (entry, derived.into_iter().map(|field| field.rule).collect())
    }

    #[test]
    fn reg_2_every_field_no_text_gives_comes_from_a_named_rule() {
        for (id, kind, risk, rules) in [
            (
                "fs.read",
                CapabilityKind::Runtime,
                RiskClass::Medium,
                "KIND-2 NAME-2 SECTION-1 NEEDS-1 GOV-1 RISK-6 TAGS-1",
            ),
            (
                "fs.read:a",
                CapabilityKind::Runtime,
                RiskClass::Low,
                "KIND-2 NAME-2 SECTION-1 NEEDS-1 GOV-1 RISK-5 TAGS-3",
            ),
            (
                "fs.write",
                CapabilityKind::Runtime,
                RiskClass::High,
                "KIND-2 NAME-2 SECTION-1 NEEDS-1 GOV-1 RISK-4 TAGS-1",
            ),
            (
                "proc.exec",
                CapabilityKind::Runtime,
                RiskClass::Critical,
                "KIND-2 NAME-2 SECTION-1 NEEDS-1 GOV-1 RISK-1 TAGS-1",
            ),
            (
                "proc.exec:syft",
                CapabilityKind::Integration,
                RiskClass::High,
                "KIND-1 NAME-2 SECTION-1 NEEDS-1 GOV-1 RISK-2 TAGS-3",
            ),
            (
                "net.http",
                CapabilityKind::Runtime,
                RiskClass::High,
                "KIND-2 NAME-2 SECTION-1 NEEDS-1 GOV-1 RISK-3 TAGS-1 TAGS-2",
            ),
            (
                "secrets.use",
                CapabilityKind::Runtime,
                RiskClass::Critical,
                "KIND-2 NAME-2 SECTION-1 NEEDS-1 GOV-1 RISK-1 TAGS-1 TAGS-2",
            ),
            (
                "model.chat",
                CapabilityKind::Model,
                RiskClass::High,
                "KIND-3 NAME-2 SECTION-1 NEEDS-1 GOV-1 RISK-7 TAGS-3",
            ),
            (
                "workflow.start",
                CapabilityKind::Workflow,
                RiskClass::High,
                "KIND-4 NAME-2 SECTION-1 NEEDS-1 GOV-1 RISK-7 TAGS-3",
            ),
            (
                "terminal.exec",
                CapabilityKind::Surface,
                RiskClass::Critical,
                "KIND-5 NAME-2 SECTION-1 NEEDS-1 GOV-1 RISK-1 TAGS-3",
            ),
            (
                "connector.mail",
                CapabilityKind::Integration,
                RiskClass::High,
                "KIND-6 NAME-2 SECTION-1 NEEDS-1 GOV-1 RISK-7 TAGS-3",
            ),
            (
                "doc.summarize",
                CapabilityKind::Engine,
                RiskClass::High,
                "KIND-7 NAME-2 SECTION-1 NEEDS-1 GOV-1 RISK-7 TAGS-3",
            ),
        ] {
            let (entry, given) = given(id, &Stated::default());
            assert_eq!((entry.kind, entry.risk_class), (kind, risk), "{id}");
            assert_eq!(given.join(" "), rules, "{id}");
            assert!(given.iter().all(|rule| RULES.contains(&rule.as_str())), "{id}");
        }
    }

    #[test]
    fn reg_2_what_the_text_states_is_never_derived() {
        let stated = Stated {
            kind: Some(CapabilityKind::Model),
            display_name: Some("A name".to_owned()),
            section_ref: Some("b.md#y".to_owned()),
            governance: Some(GovernanceMode::GovLight),
            risk: Some(RiskClass::Low),
            tags: Some(Vec::new()),
            ..Stated::default()
        };
        let (entry, rules) = given("secrets.use", &stated);
        assert_eq!(rules, ["NEEDS-1"]);
        assert_eq!(entry.risk_class, RiskClass::Low);
        assert_eq!(entry.section_ref, "b.md#y");
    }

    #[test]
    fn reg_2_a_description_gives_a_name_where_it_is_short() {
        for (text, name) in [
            ("is the right to read files.", Some("Read files")),
            (" the right to write them, and more", Some("Write them")),
            ("reads the staged tree (and nothing else)", Some("Reads the staged tree")),
            ("—", None),
            ("", None),
        ] {
            assert_eq!(short(text).as_deref(), name, "{text:?}");
        }
        assert_eq!(short(&"word ".repeat(40)), None);
    }
}
