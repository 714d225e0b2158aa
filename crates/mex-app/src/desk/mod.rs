//! What the screens of a window ask, one file a screen: questions and answers as plain types, every
//! list in pages that continue from a key. Owns what a window needs between two questions (parsed
//! reports, drafts, what can be undone), bounded each. Never a window, never a rule of its own.

pub mod artifacts;
pub mod consents;
pub mod editor;
pub mod exceptions;
mod facets;
mod finder;
pub mod gates;
pub mod import;
pub mod links;
pub mod preferences;
pub mod problem;
pub mod problems;
pub mod progress;
pub mod projects;
pub mod query;
pub mod recorder;
pub mod registry;
pub mod reports;
pub mod scans;
pub mod session;
mod since;
mod steps;
pub mod tools;
pub mod triage;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mex_runtime::code::Code;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::error::{AppError, AppResult};

/// The most rows one page holds, whatever a question asks for.
pub const MOST_ROWS: u32 = 500;

/// Rows of a page where a question names none.
pub const USUAL_ROWS: u32 = 100;

/// The product as the screens of one window see it. Cheap to share behind an `Arc`; every method
/// blocks its caller until the disk has answered.
pub struct Screens {
    app: Arc<App>,
    drafts: Mutex<exceptions::Drafts>,
    undos: Mutex<triage::Undos>,
    newest: Mutex<Option<Arc<finder::Newest>>>,
    shelf: Mutex<reports::shelf::Shelf>,
    last_delta: Mutex<since::LastDelta>,
    /// Held while the preferences file is read and written.
    preferences: Mutex<()>,
}

/// One thing by its id, or by the unique start of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ById {
    /// The id.
    pub id: String,
}

/// Where a list goes on. Opaque: it is given back as it came, with the same question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Cursor(String);

/// Some rows of a list, in order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "{T}Rows")]
pub struct Rows<T> {
    /// At most the question's limit, never more than [`MOST_ROWS`].
    pub items: Vec<T>,
    /// Where to go on; null at the end.
    pub next: Option<Cursor>,
}

impl Screens {
    /// The screens over an opened product.
    pub fn new(app: Arc<App>) -> Self {
        Self {
            app,
            drafts: Mutex::default(),
            undos: Mutex::default(),
            newest: Mutex::default(),
            shelf: Mutex::default(),
            last_delta: Mutex::default(),
            preferences: Mutex::default(),
        }
    }

    /// The product itself.
    pub const fn app(&self) -> &Arc<App> {
        &self.app
    }
}

impl Cursor {
    /// A cursor that carries a key.
    pub(crate) fn of<K: Serialize>(key: &K) -> AppResult<Self> {
        serde_json::to_string(key)
            .map(Self)
            .map_err(|error| AppError::new(Code::Internal, error.to_string()))
    }

    /// The key it carries.
    ///
    /// # Errors
    /// For a text that this product did not make for this list.
    pub(crate) fn key<K: for<'de> Deserialize<'de>>(&self) -> AppResult<K> {
        serde_json::from_str(&self.0).map_err(|_| {
            AppError::new(Code::Usage, "`after` is no place in this list")
                .hint("ask for the first page again")
        })
    }
}

/// A page of the recorder, whose key becomes a cursor.
pub(crate) fn rows<T, K: Serialize>(page: mex_recorder::query::Page<T, K>) -> AppResult<Rows<T>> {
    let next = page.next.as_ref().map(Cursor::of).transpose()?;
    Ok(Rows { items: page.items, next })
}

/// The key of a cursor, where there is one.
pub(crate) fn key_of<K: for<'de> Deserialize<'de>>(after: Option<&Cursor>) -> AppResult<Option<K>> {
    after.map(Cursor::key).transpose()
}

/// How many rows a question gets: what it asks for, at least one and at most [`MOST_ROWS`].
pub(crate) const fn bounded(limit: Option<u32>) -> u32 {
    match limit {
        None | Some(0) => USUAL_ROWS,
        Some(limit) if limit > MOST_ROWS => MOST_ROWS,
        Some(limit) => limit,
    }
}

/// What a panicking thread left is still the state.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
