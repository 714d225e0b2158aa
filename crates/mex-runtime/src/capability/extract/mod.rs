//! From a specification in Markdown to a draft of a registry (contract REG-2), without a model.
//! Owns the order: read each file, gather what every place says, decide per id, derive the rest.
//! Pure; knows no document by heart. Never decides what is in force: a draft is a proposal.

mod decide;
mod derive;
mod fenced;
mod lexeme;
pub(crate) mod lookalike;
pub mod model;
mod outline;
mod prose;
mod stated;
mod table;
mod text;
mod walk;
mod words;

pub use derive::RULES;
pub use outline::{Heading, Outline, slug};
pub use text::{MAX_FILE_BYTES, SpecFile};

use super::draft::{
    Certainty, DraftInput, ExtractorIdentity, ExtractorName, InputRole, Place, PreviousRegistry,
    RegistryDraft, SCHEMA_VERSION,
};
use super::registry::{CapabilityRegistry, RegistryError};
use crate::code::Code;
use crate::digest::Digest;
use crate::engine::{EngineCatalog, EnginesError};
use stated::Stated;
use text::Source;

/// The version of the rules in this folder; raised whenever the same input may give another draft.
pub const RULES_VERSION: &str = "1.0.0";

/// The most files of one specification.
pub const MAX_FILES: usize = 1024;

/// The most bytes of all files together.
pub const MAX_BYTES: usize = 64 * 1024 * 1024;

/// What an extraction reads (contract REG-1).
#[derive(Debug, Clone, Copy)]
pub struct ExtractInput<'a> {
    /// The specification: one or more Markdown files, each name once.
    pub specification: &'a [SpecFile<'a>],
    /// `mechanical_engines.json` by name and text; null where there is none.
    pub engines: Option<(&'a str, &'a str)>,
    /// The previous registry by name and text; null where there is none.
    pub previous: Option<(&'a str, &'a str)>,
}

/// Makes a draft of what it reads (contract REG-2): the deterministic one needs nothing else; one
/// with a model beside it proposes more, and refuses what the text does not say.
pub trait Extractor {
    /// Reads the specification.
    ///
    /// # Errors
    /// For an input that cannot be read, and for what the extractor itself needs and does not get.
    fn extract(&self, input: &ExtractInput<'_>) -> Result<RegistryDraft, ExtractError>;
}

/// The default extractor: rules alone, the same draft for the same bytes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Deterministic;

/// Why there is no draft.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExtractError {
    /// No file was given.
    #[error("a specification needs at least one file")]
    NoFile,
    /// More files than anybody reads.
    #[error("a specification of {0} files is over the limit of 1024")]
    TooMany(usize),
    /// Two files of one name.
    #[error("the specification names `{0}` twice")]
    Twice(String),
    /// A file is empty.
    #[error("the specification `{name}` is empty")]
    Empty {
        /// Which.
        name: String,
    },
    /// A file is too big.
    #[error("the specification `{name}` is over the limit of {limit} bytes")]
    TooBig {
        /// Which.
        name: String,
        /// In bytes.
        limit: usize,
    },
    /// A file is no text.
    #[error("the specification `{name}` is no Markdown text: {why}")]
    NotText {
        /// Which.
        name: String,
        /// What it is.
        why: &'static str,
    },
    /// `mechanical_engines.json` is not valid.
    #[error("{0}")]
    Engines(EnginesError),
    /// The previous registry is not valid.
    #[error("the previous registry: {0}")]
    Previous(RegistryError),
    /// The model did not answer.
    #[error("{0}")]
    Model(model::ModelFault),
}

impl ExtractError {
    /// The code hosts switch on.
    pub const fn code(&self) -> Code {
        match self {
            Self::TooBig { .. } | Self::TooMany(_) => Code::InputTooBig,
            Self::NoFile | Self::Twice(_) => Code::Usage,
            Self::Empty { .. } | Self::NotText { .. } => Code::InputUnreadable,
            Self::Engines(_) => Code::EnginesInvalid,
            Self::Previous(_) => Code::RegistryInvalid,
            Self::Model(fault) => fault.code,
        }
    }
}

/// What an id is one of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Subject {
    Capability,
    Engine,
}

/// What a place makes of an id.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Stance {
    /// It declares it, so surely, because of this.
    Declares(Certainty, String),
    /// It would, if something else spoke of rights.
    Weak(String),
    /// It only names it, because of this.
    Mention(String),
    /// It refuses it; `abolished` where it says that there is no such id.
    Negated { why: String, abolished: bool },
    /// What stands there has no form of an id; `exact` where its place says that it must have one.
    Odd { exact: bool },
}

/// What one place says of one id.
#[derive(Debug, Clone)]
struct Candidate {
    /// As it stands.
    text: String,
    subject: Subject,
    stance: Stance,
    stated: Stated,
    place: Place,
    /// Whether headings and words around it speak of rights.
    about_rights: bool,
}

impl Extractor for Deterministic {
    fn extract(&self, input: &ExtractInput<'_>) -> Result<RegistryDraft, ExtractError> {
        let (sources, mut inputs) = sources(input.specification)?;
        let mut said = Vec::new();
        let mut findings = Vec::new();
        for source in &sources {
            let read = walk::read(source);
            said.extend(read.candidates);
            findings.extend(read.findings);
        }
        let mut catalog = None;
        if let Some((name, text)) = input.engines {
            inputs.push(described(InputRole::Engines, name, text.as_bytes()));
            let parsed = EngineCatalog::parse(text).map_err(ExtractError::Engines)?;
            catalog = Some((name, text, parsed));
        }
        let mut previous = None;
        if let Some((name, text)) = input.previous {
            inputs.push(described(InputRole::Previous, name, text.as_bytes()));
            let registry = CapabilityRegistry::parse(text).map_err(ExtractError::Previous)?;
            previous = Some(PreviousRegistry {
                capability_registry_version: registry.version().to_owned(),
                sha256: registry.digest(),
            });
        }
        let catalog = catalog.as_ref().map(|(name, text, catalog)| (*name, *text, catalog));
        let decided = decide::decide(said, findings, catalog);
        Ok(RegistryDraft {
            schema_version: SCHEMA_VERSION.to_owned(),
            extractor: ExtractorIdentity {
                name: ExtractorName::Deterministic,
                version: RULES_VERSION.to_owned(),
            },
            model_id: None,
            policy_decision_id: None,
            trace_id: None,
            prompt_hashes: Vec::new(),
            inputs,
            previous,
            entries: decided.entries,
            engines: decided.engines,
            findings: decided.findings,
        })
    }
}

fn described(role: InputRole, name: &str, bytes: &[u8]) -> DraftInput {
    DraftInput {
        role,
        name: name.to_owned(),
        sha256: Digest::of(bytes),
        size_bytes: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
    }
}

fn sources(files: &[SpecFile<'_>]) -> Result<(Vec<Source>, Vec<DraftInput>), ExtractError> {
    if files.is_empty() {
        return Err(ExtractError::NoFile);
    }
    if files.len() > MAX_FILES {
        return Err(ExtractError::TooMany(files.len()));
    }
    let mut names = std::collections::BTreeSet::new();
    let mut room = MAX_BYTES;
    let (mut sources, mut inputs) = (Vec::new(), Vec::new());
    for file in files {
        if !names.insert(file.name) {
            return Err(ExtractError::Twice(file.name.to_owned()));
        }
        room = room
            .checked_sub(file.bytes.len())
            .ok_or_else(|| ExtractError::TooBig { name: file.name.to_owned(), limit: MAX_BYTES })?;
        sources.push(Source::decode(file)?);
        inputs.push(described(InputRole::Specification, file.name, file.bytes));
    }
    Ok((sources, inputs))
}

/// The outline of each file of a specification, by its name: what a `section_ref` must name.
///
/// # Errors
/// As [`Extractor::extract`] for the files alone.
pub fn outlines(files: &[SpecFile<'_>]) -> Result<Vec<(String, Outline)>, ExtractError> {
    let (sources, _) = sources(files)?;
    Ok(sources.iter().map(|source| (source.name.clone(), walk::read(source).outline)).collect())
}
