//! Pages of what is held in memory: in an order, with words to look for, from a place on. A place is
//! that of the last row in the whole order, so that a page costs what it shows.

use serde::{Deserialize, Serialize};

use crate::desk::{Cursor, Rows, bounded, key_of};
use crate::error::AppResult;

/// Where a page goes on: behind the so-manyth of the whole order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Behind(u64);

/// A page of things that are in order already.
pub(super) fn page<T, R>(
    all: &[T],
    after: Option<&Cursor>,
    limit: Option<u32>,
    wanted: impl Fn(&T) -> bool,
    shown: impl Fn(&T) -> R,
) -> AppResult<Rows<R>> {
    let behind: Option<Behind> = key_of(after)?;
    let first = behind.map_or(0, |Behind(at)| usize::try_from(at).unwrap_or(usize::MAX));
    let first = first.saturating_add(usize::from(behind.is_some()));
    let limit = bounded(limit) as usize;
    let mut found = all.iter().enumerate().skip(first).filter(|(_, one)| wanted(one));
    let mut items = Vec::new();
    let mut last = 0;
    for (at, one) in found.by_ref().take(limit) {
        items.push(shown(one));
        last = at;
    }
    let next = found.next().map(|_| Cursor::of(&Behind(last as u64))).transpose()?;
    Ok(Rows { items, next })
}

/// Words that a row must hold, each in any case.
pub(super) struct Words(Vec<String>);

impl Words {
    pub(super) fn of(query: &str) -> Self {
        Self(query.split_whitespace().map(str::to_lowercase).collect())
    }

    /// Whether every word stands in one of the texts.
    pub(super) fn stand_in<'a>(&self, texts: impl Fn() -> Vec<&'a str>) -> bool {
        if self.0.is_empty() {
            return true;
        }
        let texts: Vec<String> = texts().into_iter().map(str::to_lowercase).collect();
        self.0.iter().all(|word| texts.iter().any(|text| text.contains(word)))
    }
}
