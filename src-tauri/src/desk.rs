//! What the window works on: the product, opened once in the background, or the reason why it is not;
//! what runs; what the host has to tell. Never a use case; never the window itself.

use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use mex_app::app::App;
use mex_app::desk::Screens;
use mex_app::desk::session::RunningScan;
use mex_app::error::{AppError, AppResult};
use mex_app::place::Places;
use mex_app::runtime::code::Code;
use mex_app::runtime::digest::Digest;
use mex_app::runtime::id::RunId;

use crate::host::Chore;
use crate::named::Named;
use crate::news::News;
use crate::running::Runs;
use crate::surface::Surface;

/// How this program starts itself as the first process of a sandbox.
pub type Init = (PathBuf, Vec<String>);

/// How long leaving waits for what runs: a cancel is done within two seconds.
const LEAVING: Duration = Duration::from_secs(5);

/// The product behind the window.
pub struct Desk {
    places: Places,
    init: Init,
    state: Mutex<State>,
    changed: Condvar,
    news: News,
    scans: Arc<Runs<RunId, RunningScan>>,
    chores: Arc<Runs<Chore, ()>>,
    surface: OnceLock<Box<dyn Surface>>,
    dropped: Named,
    chosen: Named,
}

enum State {
    Closed,
    Opening,
    Open(Arc<Screens>),
    Failed(AppError),
}

impl Desk {
    /// A desk on these folders, nothing opened yet.
    pub fn new(places: Places, init: Init) -> Arc<Self> {
        Arc::new(Self {
            places,
            init,
            state: Mutex::new(State::Closed),
            changed: Condvar::new(),
            news: News::default(),
            scans: Arc::default(),
            chores: Arc::default(),
            surface: OnceLock::new(),
            dropped: Named::default(),
            chosen: Named::default(),
        })
    }

    /// A desk on the folders of this account, or on those that `MEX_DATA_DIR` and `MEX_TOOLS_DIR` name.
    ///
    /// # Errors
    /// When neither names a folder.
    pub fn of_this_account(init: Init) -> AppResult<Arc<Self>> {
        let named = |name: &str| {
            std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
        };
        Ok(Self::new(Places::resolve(named("MEX_DATA_DIR"), named("MEX_TOOLS_DIR"))?, init))
    }

    /// Where the folders are.
    pub const fn places(&self) -> &Places {
        &self.places
    }

    /// The name on the session's bus that only one window of this data folder has.
    pub fn bus_name(&self) -> String {
        let digest = Digest::of(self.places.data_dir.as_os_str().as_encoded_bytes()).to_string();
        let letters: String =
            digest.chars().filter(char::is_ascii_hexdigit).rev().take(16).collect();
        format!("dev.mex.desktop.d{letters}")
    }

    /// What the host has to tell.
    pub const fn news(&self) -> &News {
        &self.news
    }

    /// The files that were dropped on the window.
    pub const fn dropped(&self) -> &Named {
        &self.dropped
    }

    /// The documents that were chosen with the dialog of the system.
    pub const fn chosen(&self) -> &Named {
        &self.chosen
    }

    /// The scans of this process.
    pub const fn scans(&self) -> &Arc<Runs<RunId, RunningScan>> {
        &self.scans
    }

    /// What else runs: each kind at most once.
    pub const fn chores(&self) -> &Arc<Runs<Chore, ()>> {
        &self.chores
    }

    /// Gives the desk its window. Only the first counts.
    pub fn sit(&self, surface: Box<dyn Surface>) {
        let _ = self.surface.set(surface);
    }

    /// The window.
    ///
    /// # Errors
    /// When there is none yet.
    pub fn surface(&self) -> AppResult<&dyn Surface> {
        self.surface
            .get()
            .map(AsRef::as_ref)
            .ok_or_else(|| AppError::new(Code::Internal, "the window is not open yet"))
    }

    /// Begins to open the data folder, unless that is done or under way. Returns at once.
    pub fn open(self: &Arc<Self>) {
        let mut state = locked(&self.state);
        if matches!(*state, State::Opening | State::Open(_)) {
            return;
        }
        *state = State::Opening;
        drop(state);
        let desk = self.clone();
        let opening = move || {
            let opened = match App::open(desk.places.clone(), desk.init.clone()) {
                Ok(app) => State::Open(Arc::new(Screens::new(Arc::new(app)))),
                Err(error) => State::Failed(error),
            };
            desk.settle(opened);
        };
        if let Err(error) = thread::Builder::new().name("open".to_owned()).spawn(opening) {
            let message = format!("the data folder cannot be opened: {error}");
            self.settle(State::Failed(AppError::new(Code::Internal, message)));
        }
    }

    fn settle(&self, state: State) {
        *locked(&self.state) = state;
        self.changed.notify_all();
    }

    /// The product. Waits while the data folder is being opened.
    ///
    /// # Errors
    /// When the data folder cannot be used: locked, damaged, newer, on a full disk.
    pub fn screens(self: &Arc<Self>) -> AppResult<Arc<Screens>> {
        let mut state = locked(&self.state);
        loop {
            match &*state {
                State::Open(screens) => return Ok(screens.clone()),
                State::Failed(error) => return Err(error.clone()),
                State::Closed => {
                    drop(state);
                    self.open();
                    state = locked(&self.state);
                }
                State::Opening => {
                    state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }

    /// [`Desk::screens`], trying again where the data folder could not be opened before: what stood
    /// in the way may be gone.
    ///
    /// # Errors
    /// As [`Desk::screens`].
    pub fn screens_again(self: &Arc<Self>) -> AppResult<Arc<Screens>> {
        let failed = matches!(*locked(&self.state), State::Failed(_));
        if failed {
            self.open();
        }
        self.screens()
    }

    /// Ends everything that runs and lets go of the product. True where nothing runs any more.
    pub fn close(&self) -> bool {
        let scans = self.scans.stop_all(LEAVING);
        let chores = self.chores.stop_all(LEAVING);
        let left = AppError::new(Code::Cancelled, "the window is being closed");
        self.settle(State::Failed(left));
        scans && chores
    }
}

/// What a panicking thread left is still the state.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
