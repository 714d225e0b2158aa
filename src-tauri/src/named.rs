//! The files that a person named in this process, by dropping or choosing them. Owns the list that a page's
//! question is held against; never opens one.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// How many are known; the oldest goes.
const MOST: usize = 64;

/// Paths somebody named, the newest last.
#[derive(Default)]
pub struct Named(Mutex<VecDeque<String>>);

impl Named {
    /// Somebody named this file.
    pub fn keep(&self, path: &str) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|one| one != path);
        if known.len() == MOST {
            known.pop_front();
        }
        known.push_back(path.to_owned());
    }

    /// Whether somebody did.
    pub fn holds(&self, path: &str) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().any(|one| one == path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_named_is_known_and_not_for_ever() {
        let named = Named::default();
        assert!(!named.holds("/a"));
        named.keep("/a");
        assert!(named.holds("/a") && !named.holds("/a/b") && !named.holds(""));
        for at in 0..MOST {
            named.keep(&format!("/file-{at}"));
        }
        assert!(!named.holds("/a") && named.holds("/file-0"));
    }
}
