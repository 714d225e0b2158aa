//! Tables whose header names a capability or an engine id.
//! Owns which column is the id and what the others state; a table without such a column is prose.

use super::lexeme::{IdForm, Tokens, form_of};
use super::stated::{FieldName, Stated, field_name, plain};
use super::words::{Context, Topic};
use super::{Stance, Subject};
use crate::capability::CapabilityId;
use crate::capability::draft::{Certainty, EntryField};

/// One cell.
#[derive(Debug, Clone, Default)]
pub(super) struct Cell {
    pub(super) tokens: Tokens,
}

/// One id of a row.
#[derive(Debug)]
pub(super) struct RowId {
    pub(super) text: String,
    pub(super) subject: Subject,
    pub(super) stance: Stance,
    pub(super) stated: Stated,
}

/// What the columns of a table mean.
#[derive(Debug)]
pub(super) struct Columns {
    id: usize,
    subject: Subject,
    /// The header is the field's own name and no common word.
    exact: bool,
    fields: Vec<(usize, FieldName)>,
    status: Option<usize>,
}

/// How sure a header is the name of an id.
fn id_header(text: &str) -> Option<(Subject, bool)> {
    let name = plain(text).to_lowercase().replace(['_', '-'], " ");
    Some(match name.as_str() {
        "capability id" | "capabilityid" => (Subject::Capability, true),
        "capability" | "capabilities" | "right" | "rights" | "permission" | "permissions"
        | "privilege" | "axis" | "scope" | "capability axis" | "permission id" | "right id" => {
            (Subject::Capability, false)
        }
        "engine id" | "engineid" => (Subject::Engine, true),
        "engine" | "engines" => (Subject::Engine, false),
        _ => return None,
    })
}

impl Columns {
    /// Reads a header.
    pub(super) fn of(header: &[Cell], context: Context) -> Option<Self> {
        let named: Vec<Option<(Subject, bool)>> =
            header.iter().map(|cell| id_header(&cell.tokens.plain)).collect();
        let exact = |subject| named.iter().position(|named| *named == Some((subject, true)));
        let counts = |cell: &Cell| {
            matches!(
                plain(&cell.tokens.plain).to_lowercase().as_str(),
                "" | "#" | "no" | "no." | "nr" | "nr."
            )
        };
        let leading = header.iter().position(|cell| !counts(cell))?;
        let mut fields: Vec<(usize, FieldName)> = header
            .iter()
            .enumerate()
            .filter_map(|(at, cell)| Some((at, field_name(&cell.tokens.plain)?)))
            .collect();
        let registry_fields = fields
            .iter()
            .filter(|(_, name)| {
                matches!(name, FieldName::Entry(field) if *field != EntryField::DisplayName)
            })
            .count();
        // Under a bare `id`, only fields of a registry or a place about rights make it a capability's.
        let bare_id = matches!(
            plain(&header.get(leading)?.tokens.plain).to_lowercase().as_str(),
            "id" | "ids" | "identifier"
        ) && (registry_fields >= 2 || context.topic == Some(Topic::Rights));
        let (id, subject, exact) =
            if let Some(at) = exact(Subject::Engine).filter(|at| *at == leading) {
                (at, Subject::Engine, true)
            } else if let Some(at) = exact(Subject::Capability) {
                (at, Subject::Capability, true)
            } else if let Some((subject, exact)) = named.get(leading).copied().flatten() {
                (leading, subject, exact)
            } else if bare_id {
                (leading, Subject::Capability, false)
            } else {
                return None;
            };
        if subject == Subject::Engine {
            // What an engine's row says of capabilities is what it needs.
            for (at, named) in named.iter().enumerate() {
                if matches!(named, Some((Subject::Capability, _))) {
                    fields.push((at, FieldName::Entry(EntryField::RequiredCapabilities)));
                }
            }
        }
        fields.retain(|(at, _)| *at != id);
        let status = header.iter().position(|cell| {
            matches!(
                plain(&cell.tokens.plain).to_lowercase().as_str(),
                "status" | "state" | "lifecycle"
            )
        });
        Some(Self { id, subject, exact, fields, status })
    }

    /// Reads a row; `last` is the id of the row above, which an empty id cell continues.
    pub(super) fn row(&self, row: &[Cell], last: &[String], context: Context) -> Vec<RowId> {
        let Some(cell) = row.get(self.id) else { return Vec::new() };
        let mut stated = Stated::default();
        for (at, name) in &self.fields {
            if let Some(value) = row.get(*at) {
                stated.set(*name, value.tokens.plain.trim());
            }
        }
        let struck = cell.tokens.ids.iter().any(|id| id.struck);
        let gone = self.status.and_then(|at| row.get(at)).is_some_and(|cell| {
            cell.tokens.plain.split_whitespace().any(|word| {
                super::words::abolishes(word.trim_matches(['.', ',', '*']).to_lowercase().as_str())
            })
        });
        let said = |text: String| {
            let stance = if struck || gone {
                let why = "its row says that it is gone or forbidden".to_owned();
                Stance::Negated { why, abolished: true }
            } else if context.against {
                let why = "what stands around its table refuses it".to_owned();
                Stance::Negated { why, abolished: false }
            } else if context.example {
                Stance::Mention("it stands in an example".to_owned())
            } else if self.exact || fits(&text) {
                let because = "a table whose header names the id holds it".to_owned();
                Stance::Declares(Certainty::High, because)
            } else {
                Stance::Odd { exact: false }
            };
            RowId { text, subject: self.subject, stance, stated: stated.clone() }
        };
        let words = cell.tokens.plain.trim();
        if words.is_empty() && self.subject == Subject::Engine {
            return last.iter().cloned().map(said).collect();
        }
        let mut texts: Vec<String> = cell.tokens.ids.iter().map(|id| id.text.clone()).collect();
        if texts.is_empty() {
            // Without code style: each comma-separated part that is one word.
            texts = words
                .split([',', ';'])
                .map(plain)
                .filter(|text| !text.is_empty() && !text.contains(' '))
                .collect();
            if !self.exact {
                texts.retain(|text| fits(text) || form_of(text).is_some());
            }
            if texts.is_empty() && self.exact && !words.is_empty() {
                texts.push(plain(words));
            }
        }
        texts.into_iter().map(said).collect()
    }
}

/// Whether a text under a loose header is an id beyond doubt.
fn fits(text: &str) -> bool {
    match form_of(text) {
        Some(IdForm::Capability | IdForm::Engine | IdForm::Upper) => true,
        Some(IdForm::Pattern | IdForm::Odd) => false,
        None => text.contains(['.', ':']) && text.parse::<CapabilityId>().is_ok(),
    }
}
