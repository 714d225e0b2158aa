//! What the host tells the window unasked: what to open, what was dropped, that somebody wants to
//! leave. Owns the queue until a page listens; a page that was loaded again listens anew.

use std::sync::{Mutex, PoisonError};

use mex_app::runtime::id::RunId;
use schemars::JsonSchema;
use serde::Serialize;

use crate::command::Outlet;
use crate::start::Wanted;

/// How much waits for a page; what is older goes.
const MOST_WAITING: usize = 32;

/// One thing the host tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "news", rename_all = "snake_case")]
pub enum HostNews {
    /// The program, or a second start of it, was given something to open.
    Open {
        /// What.
        wanted: Wanted,
    },
    /// Files or folders were dropped on the window.
    Dropped {
        /// Each with what it is.
        items: Vec<Dropped>,
    },
    /// Somebody closes the window while scans run: the page asks, then calls `quit`.
    QuitAsked {
        /// What would be cancelled.
        running: Vec<RunId>,
    },
}

/// One thing dropped on the window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Dropped {
    /// Its absolute path.
    pub path: String,
    /// What it is.
    pub kind: DroppedKind,
}

/// What was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DroppedKind {
    /// A folder: a project to scan.
    Folder,
    /// A file: a report to import.
    File,
}

/// The queue.
#[derive(Default)]
pub struct News {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    outlet: Option<Outlet<HostNews>>,
    waiting: Vec<HostNews>,
}

impl News {
    /// Tells it now, or as soon as a page listens. False where no page listens now.
    pub fn tell(&self, news: HostNews) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(outlet) = &state.outlet {
            if outlet.send(&news) {
                return true;
            }
            state.outlet = None;
        }
        // What is only asked now must not be asked again by a page that comes later.
        if !matches!(news, HostNews::QuitAsked { .. }) {
            if state.waiting.len() == MOST_WAITING {
                state.waiting.remove(0);
            }
            state.waiting.push(news);
        }
        false
    }

    /// From now on this page listens, and no other.
    pub fn listen(&self, outlet: Outlet<HostNews>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        for news in std::mem::take(&mut state.waiting) {
            let _ = outlet.send(&news);
        }
        state.outlet = Some(outlet);
    }

    /// The page is being loaded: it listens no more until it says so.
    pub fn nobody_listens(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).outlet = None;
    }
}
