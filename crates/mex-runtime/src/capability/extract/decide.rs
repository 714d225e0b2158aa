//! From what every place says to one entry per id, and findings for whatever a person must see.
//! Owns the merge: which declarations count, what a conflict is, what is a mention, what looks
//! alike, and what `mechanical_engines.json` adds. Nothing is chosen in silence.
//! Long because every finding is made where the decision is that it speaks of.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::super::draft::{
    Certainty, DerivedField, DraftEngine, DraftEntry, DraftFinding, EntryField, FindingKind, Form,
    Place,
};
use super::super::id::CapabilityId;
use super::super::registry::AXES;
use super::derive::{self, Around};
use super::lexeme;
use super::lookalike::looks;
use super::stated::Stated;
use super::{Candidate, Stance, Subject};
use crate::engine::EngineCatalog;
use crate::id::EngineId;

/// The most places kept of one entry or finding.
const MAX_PLACES: usize = 12;

/// The most findings of one kind: past it, what was left out is counted.
const MAX_OF_KIND: usize = 5_000;

/// What came of everything that was said.
pub(super) struct Decided {
    pub(super) entries: Vec<DraftEntry>,
    pub(super) engines: Vec<DraftEngine>,
    pub(super) findings: Vec<DraftFinding>,
}

/// The engines by name of the file, its text and its meaning.
type Engines<'a> = Option<(&'a str, &'a str, &'a EngineCatalog)>;

/// What was said, by the id it is about.
#[derive(Default)]
struct Gathered {
    declared: BTreeMap<CapabilityId, Vec<Candidate>>,
    engines: BTreeMap<String, Vec<Candidate>>,
    named: BTreeMap<String, Vec<Candidate>>,
    refused: BTreeMap<String, Vec<Candidate>>,
    odd: BTreeMap<String, Vec<Candidate>>,
}

pub(super) fn decide(
    said: Vec<Candidate>,
    mut findings: Vec<DraftFinding>,
    engines: Engines<'_>,
) -> Decided {
    let gathered = gather(said, engines);
    let origins = engines.map(|(name, text, catalog)| origins(name, text, catalog));
    let mut entries = Vec::new();
    let with_scopes: BTreeSet<&str> = gathered
        .declared
        .keys()
        .filter(|id| id.scope().is_some())
        .map(CapabilityId::base)
        .collect();
    for (id, places) in &gathered.declared {
        let carries = with_scopes.contains(id.as_str());
        let mut entry = entry(id, places, carries, &mut findings);
        if let Some(own) = origins.as_ref().and_then(|origins| origins.named.get(id.as_str())) {
            entry.places.extend(own.iter().cloned());
            entry.places.truncate(MAX_PLACES);
        }
        entries.push(entry);
    }
    let declared_engines = engines_of(&gathered, engines, origins.as_ref(), &mut findings);
    if let (Some((_, _, catalog)), Some(origins)) = (engines, &origins) {
        uncovered(&gathered, catalog, origins, &mut findings);
    }
    contradicted(&gathered, &mut findings);
    mentions(&gathered, &mut findings);
    alike(&gathered, engines, &mut findings);
    findings.sort();
    findings.dedup();
    Decided { entries, engines: declared_engines, findings: bounded(findings) }
}

/// The id a capability's text stands for.
fn capability(text: &str) -> Option<CapabilityId> {
    if let Ok(id) = text.parse() {
        return Some(id);
    }
    if !lexeme::is_upper(text) {
        return None;
    }
    let (base, scope) = match text.split_once(':') {
        Some((base, scope)) => (base, Some(scope)),
        None => (text, None),
    };
    let base = base.to_lowercase();
    let id = scope.map_or_else(|| base.clone(), |scope| format!("{base}:{scope}"));
    id.parse().ok()
}

fn gather(said: Vec<Candidate>, engines: Engines<'_>) -> Gathered {
    // What is declared beyond doubt makes a weak form of words about its scopes a declaration.
    let mut bases: BTreeSet<String> = BTreeSet::new();
    for one in &said {
        if let (Stance::Declares(..), Subject::Capability) = (&one.stance, one.subject)
            && let Some(id) = capability(&one.text)
        {
            bases.insert(id.base().to_owned());
        }
    }
    let known_engine = |text: &str| {
        engines.is_some_and(|(_, _, catalog)| {
            text.parse::<EngineId>().is_ok_and(|id| catalog.engine(&id).is_some())
        })
    };
    let mut gathered = Gathered::default();
    for mut one in said {
        let id = match one.subject {
            Subject::Capability => capability(&one.text).map(|id| id.to_string()),
            Subject::Engine => one.text.parse::<EngineId>().ok().map(|id| id.to_string()),
        };
        if let Stance::Weak(because) = &one.stance {
            let counts = match (one.subject, &id) {
                (Subject::Capability, Some(id)) => {
                    let base = id.split(':').next().unwrap_or_default();
                    bases.contains(base) || AXES.contains(&base)
                }
                (Subject::Engine, Some(id)) => known_engine(id),
                (_, None) => false,
            };
            one.stance = if counts {
                Stance::Declares(Certainty::Low, because.clone())
            } else {
                Stance::Mention("it stands where nothing speaks of rights".to_owned())
            };
        }
        match (&one.stance, id) {
            (Stance::Odd { exact: false }, _) if !one.about_rights && one.text.is_ascii() => {}
            (Stance::Odd { .. }, _) | (Stance::Declares(..), None) => {
                gathered.odd.entry(one.text.clone()).or_default().push(one);
            }
            (Stance::Declares(..), Some(id)) => match (one.subject, id.parse()) {
                (Subject::Capability, Ok(id)) => gathered.declared.entry(id).or_default().push(one),
                _ => gathered.engines.entry(id).or_default().push(one),
            },
            (Stance::Negated { .. }, id) => {
                let id = id.unwrap_or_else(|| one.text.clone());
                gathered.refused.entry(id).or_default().push(one);
            }
            (Stance::Mention(_) | Stance::Weak(_), id) => {
                let base = id.as_deref().and_then(|id| id.split(':').next()).unwrap_or_default();
                let concerns = one.about_rights
                    || one.subject == Subject::Engine
                    || AXES.contains(&base)
                    || bases.contains(base);
                if concerns {
                    let id = id.unwrap_or_else(|| one.text.clone());
                    gathered.named.entry(id).or_default().push(one);
                }
            }
        }
    }
    gathered
}

/// The value the first place gives, and a finding where another gives another.
fn first_of<T: Clone + PartialEq>(
    id: &CapabilityId,
    places: &[&Candidate],
    field: &str,
    of: impl Fn(&Stated) -> Option<T>,
    show: impl Fn(&T) -> String,
    findings: &mut Vec<DraftFinding>,
) -> Option<T> {
    let mut values = places.iter().filter_map(|one| Some((of(&one.stated)?, *one)));
    let (first, at) = values.next()?;
    let others: Vec<(T, &Candidate)> = values.filter(|(value, _)| *value != first).collect();
    if let Some((other, where_else)) = others.first() {
        let shown = |place: &Place| format!("`{}` line {}", place.file, place.first_line);
        findings.push(DraftFinding {
            kind: FindingKind::Conflict,
            id: id.to_string(),
            places: std::iter::once(&at.place)
                .chain(others.iter().map(|(_, one)| &one.place))
                .take(MAX_PLACES)
                .cloned()
                .collect(),
            message: format!(
                "`{field}` is `{}` in {} and `{}` in {}; the first stands until a person decides",
                show(&first),
                shown(&at.place),
                show(other),
                shown(&where_else.place)
            ),
        });
    }
    Some(first)
}

fn entry(
    id: &CapabilityId,
    said: &[Candidate],
    carries_scopes: bool,
    findings: &mut Vec<DraftFinding>,
) -> DraftEntry {
    let certainty = |one: &Candidate| match &one.stance {
        Stance::Declares(certainty, because) => (*certainty, because.clone()),
        _ => (Certainty::Low, String::new()),
    };
    // The surest place decides; of equally sure ones the first in the files.
    let mut places: Vec<&Candidate> = said.iter().collect();
    places.sort_by_key(|one| std::cmp::Reverse(certainty(one).0));
    let json = |value: &dyn erased::Shown| value.shown();
    let text = |value: &String| value.clone();
    let list = |value: &Vec<String>| value.join(", ");
    let mut sorted = |field: &str, of: &dyn Fn(&Stated) -> Option<Vec<String>>| {
        first_of(
            id,
            &places,
            field,
            |stated| {
                of(stated).map(|mut list| {
                    list.sort();
                    list
                })
            },
            list,
            findings,
        )
    };
    let required_set = sorted("required_capabilities", &|stated| stated.required.clone());
    let tag_set = sorted("tags", &|stated| stated.tags.clone());
    let stated = Stated {
        kind: first_of(id, &places, "kind", |stated| stated.kind, |value| json(value), findings),
        display_name: first_of(
            id,
            &places,
            "display_name",
            |stated| stated.display_name.clone(),
            text,
            findings,
        ),
        section_ref: first_of(
            id,
            &places,
            "section_ref",
            |stated| stated.section_ref.clone(),
            text,
            findings,
        ),
        governance: first_of(
            id,
            &places,
            "default_governance_mode",
            |stated| stated.governance,
            |value| json(value),
            findings,
        ),
        risk: first_of(
            id,
            &places,
            "risk_class",
            |stated| stated.risk,
            |value| json(value),
            findings,
        ),
        // As they stand, where anybody states them at all.
        required: required_set.and(places.iter().find_map(|one| one.stated.required.clone())),
        tags: tag_set.and(places.iter().find_map(|one| one.stated.tags.clone())),
        description: places.iter().find_map(|one| one.stated.description.clone()),
        bad: Vec::new(),
    };
    for one in said {
        for (field, value) in &one.stated.bad {
            findings.push(DraftFinding {
                kind: FindingKind::BadField,
                id: id.to_string(),
                places: vec![one.place.clone()],
                message: format!("`{}` is `{value}`, which is no value of it", field_word(*field)),
            });
        }
    }
    let deciding = places.first();
    let required = stated.required.as_ref().map(|texts| {
        let mut ids = Vec::new();
        for text in texts {
            match capability(text) {
                Some(id) if !ids.contains(&id) => ids.push(id),
                Some(_) => {}
                None => findings.push(DraftFinding {
                    kind: FindingKind::BadField,
                    id: id.to_string(),
                    places: deciding.map(|one| one.place.clone()).into_iter().collect(),
                    message: format!(
                        "`required_capabilities` names `{text}`, which has no form of an id"
                    ),
                }),
            }
        }
        ids
    });
    let around = Around {
        section_ref: deciding.map(|one| one.place.section_ref.clone()).unwrap_or_default(),
        carries_scopes,
        spelled: places
            .iter()
            .all(|one| one.text != id.as_str())
            .then(|| deciding.map(|one| one.text.clone()))
            .flatten(),
        required,
    };
    let (entry, derived): (_, Vec<DerivedField>) = derive::entry(id.clone(), &stated, around);
    let (sure, because) =
        deciding.map(|one| certainty(one)).unwrap_or((Certainty::Low, String::new()));
    DraftEntry {
        entry,
        places: places.iter().take(MAX_PLACES).map(|one| one.place.clone()).collect(),
        certainty: sure,
        because,
        derived,
    }
}

/// Words of values, as files write them.
mod erased {
    pub(super) trait Shown {
        fn shown(&self) -> String;
    }
    impl<T: serde::Serialize> Shown for T {
        fn shown(&self) -> String {
            match serde_json::to_value(self) {
                Ok(serde_json::Value::String(text)) => text,
                Ok(other) => other.to_string(),
                Err(_) => String::new(),
            }
        }
    }
}

fn field_word(field: EntryField) -> String {
    erased::Shown::shown(&field)
}

/// Where `mechanical_engines.json` names each engine and capability.
struct Origins {
    named: BTreeMap<String, Vec<Place>>,
    engines: BTreeMap<String, Place>,
}

fn origins(name: &str, text: &str, catalog: &EngineCatalog) -> Origins {
    let mut origins = Origins { named: BTreeMap::new(), engines: BTreeMap::new() };
    let usable: BTreeSet<&str> = catalog
        .engines()
        .flat_map(crate::engine::Engine::operations)
        .flat_map(|operation| operation.usable_capabilities())
        .map(CapabilityId::as_str)
        .collect();
    let mut engine = String::new();
    let mut seen: BTreeSet<(String, String)> = BTreeSet::new();
    for (line, content) in (1_u64..).zip(text.lines()) {
        let strings: Vec<&str> = content.split('"').skip(1).step_by(2).collect();
        let place = || Place {
            file: name.to_owned(),
            section_ref: name.to_owned(),
            first_line: line,
            last_line: line,
            quote: content.trim().chars().take(400).collect(),
            form: Form::Engines,
        };
        if let [.., "engine_id", id] = strings.as_slice() {
            engine = (*id).to_owned();
            origins.engines.entry(engine.clone()).or_insert_with(place);
            continue;
        }
        for id in strings.into_iter().filter(|id| usable.contains(id)) {
            if seen.insert((engine.clone(), id.to_owned())) {
                origins.named.entry(id.to_owned()).or_default().push(place());
            }
        }
    }
    origins
}

fn engines_of(
    gathered: &Gathered,
    engines: Engines<'_>,
    origins: Option<&Origins>,
    findings: &mut Vec<DraftFinding>,
) -> Vec<DraftEngine> {
    let mut all: BTreeMap<String, DraftEngine> = BTreeMap::new();
    for (id, said) in &gathered.engines {
        let mut needs: BTreeSet<String> = BTreeSet::new();
        for one in said {
            needs.extend(one.stated.required.iter().flatten().filter_map(|text| {
                capability(text).filter(|_| text.contains(['.', ':'])).map(|id| id.to_string())
            }));
        }
        let places = said.iter().take(MAX_PLACES).map(|one| one.place.clone()).collect();
        let engine = DraftEngine {
            engine_id: id.clone(),
            required_capabilities: needs.into_iter().collect(),
            places,
        };
        all.insert(id.clone(), engine);
    }
    let Some((name, _, catalog)) = engines else { return all.into_values().collect() };
    for engine in catalog.engines() {
        let operations = || engine.operations();
        let required: BTreeSet<&CapabilityId> =
            operations().flat_map(|operation| operation.required_capabilities()).collect();
        let usable: BTreeSet<&str> = operations()
            .flat_map(|operation| operation.usable_capabilities())
            .map(CapabilityId::as_str)
            .collect();
        let origin = origins.and_then(|origins| origins.engines.get(engine.id().as_str()));
        match all.get_mut(engine.id().as_str()) {
            None => {
                all.insert(
                    engine.id().to_string(),
                    DraftEngine {
                        engine_id: engine.id().to_string(),
                        required_capabilities: required.iter().map(ToString::to_string).collect(),
                        places: origin.cloned().into_iter().collect(),
                    },
                );
            }
            Some(own) => {
                for need in
                    own.required_capabilities.iter().filter(|need| !usable.contains(need.as_str()))
                {
                    findings.push(DraftFinding {
                        kind: FindingKind::Conflict,
                        id: engine.id().to_string(),
                        places: own.places.iter().chain(origin).cloned().collect(),
                        message: format!(
                            "the specification says that it needs `{need}`, and `{name}` does not"
                        ),
                    });
                }
                own.places.extend(origin.cloned());
                let known: BTreeSet<String> = own
                    .required_capabilities
                    .drain(..)
                    .chain(required.iter().map(ToString::to_string))
                    .collect();
                own.required_capabilities = known.into_iter().collect();
            }
        }
    }
    for (id, engine) in &all {
        if id.parse::<EngineId>().is_ok_and(|id| catalog.engine(&id).is_none()) {
            findings.push(DraftFinding {
                kind: FindingKind::Conflict,
                id: id.clone(),
                places: engine.places.clone(),
                message: format!(
                    "the specification declares the engine, and `{name}` has none of that id"
                ),
            });
        }
    }
    all.into_values().collect()
}

/// Whether the entries cover a capability, as a registry would know it.
fn covers(declared: &BTreeMap<CapabilityId, Vec<Candidate>>, id: &CapabilityId) -> bool {
    let base = || id.base().parse().is_ok_and(|base: CapabilityId| declared.contains_key(&base));
    declared.contains_key(id) || (id.scope().is_some() && !id.scope_must_be_registered() && base())
}

fn uncovered(
    gathered: &Gathered,
    catalog: &EngineCatalog,
    origins: &Origins,
    findings: &mut Vec<DraftFinding>,
) {
    let named: BTreeSet<&CapabilityId> = catalog
        .engines()
        .flat_map(crate::engine::Engine::operations)
        .flat_map(|operation| operation.usable_capabilities())
        .collect();
    for id in named.into_iter().filter(|id| !covers(&gathered.declared, id)) {
        findings.push(DraftFinding {
            kind: FindingKind::Uncovered,
            id: id.to_string(),
            places: origins.named.get(id.as_str()).cloned().unwrap_or_default(),
            message: format!("an engine needs `{id}` and no specification declares it"),
        });
    }
}

/// A declared id that another place says does not exist.
fn contradicted(gathered: &Gathered, findings: &mut Vec<DraftFinding>) {
    for (id, refused) in &gathered.refused {
        let Some(declared) =
            id.parse().ok().and_then(|id: CapabilityId| gathered.declared.get(&id))
        else {
            continue;
        };
        let abolished: Vec<&Candidate> = refused
            .iter()
            .filter(|one| matches!(one.stance, Stance::Negated { abolished: true, .. }))
            .collect();
        if abolished.is_empty() {
            continue;
        }
        findings.push(DraftFinding {
            kind: FindingKind::Conflict,
            id: id.clone(),
            places: declared
                .iter()
                .take(1)
                .chain(abolished)
                .take(MAX_PLACES)
                .map(|one| one.place.clone())
                .collect(),
            message: format!("`{id}` is declared in one place and refused in another"),
        });
    }
}

fn mentions(gathered: &Gathered, findings: &mut Vec<DraftFinding>) {
    let mut all: BTreeMap<&String, Vec<&Candidate>> = BTreeMap::new();
    for (id, said) in gathered.refused.iter().chain(&gathered.named) {
        let declared = gathered.engines.contains_key(id)
            || id.parse().is_ok_and(|id: CapabilityId| gathered.declared.contains_key(&id));
        if !declared {
            all.entry(id).or_default().extend(said);
        }
    }
    for said in all.into_values() {
        let Some(first) = said.first() else { continue };
        let why = match &first.stance {
            Stance::Mention(why) | Stance::Negated { why, .. } => why.as_str(),
            _ => "it stands in running text",
        };
        // As it is spelled there, whatever it would become.
        let id = &first.text;
        let times =
            if said.len() == 1 { String::new() } else { format!(", in {} places", said.len()) };
        findings.push(DraftFinding {
            kind: FindingKind::Mention,
            id: ascii(id),
            places: said.iter().take(3).map(|one| one.place.clone()).collect(),
            message: format!("{} is named and not declared{times}: {why}", shown(id)),
        });
    }
}

/// Ids that look alike, and texts in the place of an id that are none.
fn alike(gathered: &Gathered, engines: Engines<'_>, findings: &mut Vec<DraftFinding>) {
    let mut known: HashMap<String, Vec<(&str, Option<&Place>)>> = HashMap::new();
    for (id, said) in &gathered.declared {
        let place = said.first().map(|one| &one.place);
        known.entry(looks(id.as_str())).or_default().push((id.as_str(), place));
    }
    for (id, said) in &gathered.engines {
        let place = said.first().map(|one| &one.place);
        known.entry(looks(id)).or_default().push((id, place));
    }
    let catalog = engines.map(|(_, _, catalog)| catalog);
    for engine in catalog.into_iter().flat_map(EngineCatalog::engines) {
        let id = engine.id().as_str();
        let same = known.entry(looks(id)).or_default();
        if !same.iter().any(|(other, _)| *other == id) {
            same.push((id, None));
        }
    }
    let mut groups: Vec<&Vec<(&str, Option<&Place>)>> =
        known.values().filter(|group| group.len() > 1).collect();
    groups.sort();
    for group in groups {
        let ids: Vec<String> = group.iter().map(|(id, _)| format!("`{id}`")).collect();
        findings.push(DraftFinding {
            kind: FindingKind::LookAlike,
            id: group.first().map(|(id, _)| (*id).to_owned()).unwrap_or_default(),
            places: group.iter().filter_map(|(_, place)| place.cloned()).take(MAX_PLACES).collect(),
            message: format!("{} can be taken for one another", ids.join(" and ")),
        });
    }
    for (text, said) in &gathered.odd {
        let places: Vec<Place> = said.iter().take(3).map(|one| one.place.clone()).collect();
        let shown = shown(text);
        let (kind, message) = match known.get(&looks(text)).and_then(|same| same.first()) {
            Some((id, _)) => (
                FindingKind::LookAlike,
                format!("{shown} has no form of an id and can be taken for `{id}`"),
            ),
            None => (
                FindingKind::BadId,
                format!("{shown} stands where an id is declared and has no form of one"),
            ),
        };
        findings.push(DraftFinding { kind, id: ascii(text), places, message });
    }
}

/// A text whose every character can be seen.
fn shown(text: &str) -> String {
    format!("`{}`", ascii(text))
}

fn ascii(text: &str) -> String {
    text.chars()
        .take(120)
        .flat_map(|c| {
            if c.is_ascii_graphic() || c == ' ' { vec![c] } else { c.escape_unicode().collect() }
        })
        .collect()
}

fn bounded(findings: Vec<DraftFinding>) -> Vec<DraftFinding> {
    let mut counts: BTreeMap<FindingKind, usize> = BTreeMap::new();
    let mut kept = Vec::new();
    for finding in findings {
        let count = counts.entry(finding.kind).or_default();
        *count += 1;
        if *count <= MAX_OF_KIND {
            kept.push(finding);
        }
    }
    for (kind, count) in counts.into_iter().filter(|(_, count)| *count > MAX_OF_KIND) {
        kept.push(DraftFinding {
            kind,
            id: String::new(),
            places: Vec::new(),
            message: format!(
                "{count} findings of the kind `{}` were made and {MAX_OF_KIND} are listed",
                erased::Shown::shown(&kind)
            ),
        });
    }
    kept.sort();
    kept
}
