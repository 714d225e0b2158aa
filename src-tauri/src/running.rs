//! What runs in this process: each on a thread of its own, with a cancel, and with progress that a
//! window can come back to. Owns how often a window hears and that nothing is left running; never
//! what runs.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use mex_app::desk::progress::{BATCH_MS, Coalescer, Finished, Progress};
use mex_app::error::{AppError, AppResult};
use mex_app::progress::Step;
use mex_app::runtime::code::Code;
use mex_app::runtime::port::Cancel;

use crate::command::Outlet;

/// Between two batches: at most twenty a second, however fast steps come.
pub const BETWEEN_BATCHES: Duration = Duration::from_millis(BATCH_MS);

/// How many notes a page is told that comes back.
const NOTES_KEPT: usize = 200;

/// How many ended runs a page can still come back to.
const ENDED_KEPT: usize = 16;

/// Every run of one kind, by its id.
pub struct Runs<K, V> {
    all: Mutex<BTreeMap<K, Arc<Run<V>>>>,
}

/// One run.
pub struct Run<V> {
    /// What it is, as screens show it.
    pub about: V,
    cancel: Cancel,
    begun: Instant,
    board: Mutex<Board>,
    changed: Condvar,
}

/// What a run showed so far, and what nobody was told yet.
#[derive(Default)]
struct Board {
    lines: Vec<Line>,
    notes: Vec<String>,
    waiting: Coalescer,
    listener: Option<Outlet<Progress>>,
    finished: Option<(u64, Finished)>,
    /// The listener was told the end.
    told: bool,
}

struct Line {
    name: String,
    phase: Option<String>,
    reading: Option<String>,
    ended: Option<Step>,
}

impl<K: Ord + Clone, V> Default for Runs<K, V> {
    fn default() -> Self {
        Self { all: Mutex::default() }
    }
}

impl<K: Ord + Clone + Send + 'static, V: Clone + Send + Sync + 'static> Runs<K, V> {
    /// Starts work on a thread of its own and returns at once. `end` hears how it ended before the
    /// window does.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(
        self: &Arc<Self>,
        id: K,
        about: V,
        listener: Outlet<Progress>,
        work: impl FnOnce(&Cancel, &(dyn Fn(Step) + Send + Sync)) -> AppResult<Finished>
        + Send
        + 'static,
        end: impl FnOnce(&Finished) + Send + 'static,
    ) -> AppResult<()> {
        let run = Arc::new(Run {
            about,
            cancel: Cancel::default(),
            begun: Instant::now(),
            board: Mutex::new(Board { listener: Some(listener), ..Board::default() }),
            changed: Condvar::new(),
        });
        {
            let mut all = locked(&self.all);
            forget_old(&mut all);
            all.insert(id.clone(), run.clone());
        }
        let telling = run.clone();
        let threads = spawn("progress", move || telling.tell_until_it_ends()).and_then(|()| {
            let run = run.clone();
            spawn("run", move || {
                let steps = |step: Step| run.step(step);
                let worked = catch_unwind(AssertUnwindSafe(|| work(&run.cancel, &steps)));
                let finished = match worked {
                    Ok(Ok(finished)) => finished,
                    Ok(Err(error)) => Finished::Failed { error },
                    Err(_) => Finished::Failed {
                        error: AppError::new(Code::Internal, "it came to an unexpected end"),
                    },
                };
                // A notification that panics is no reason to run forever.
                let _ = catch_unwind(AssertUnwindSafe(|| end(&finished)));
                run.finish(finished);
            })
        });
        threads.inspect_err(|error| {
            if let Some(run) = locked(&self.all).remove(&id) {
                run.finish(Finished::Failed { error: error.clone() });
            }
        })
    }

    /// What runs now.
    pub fn running(&self) -> Vec<(K, V)> {
        let all = locked(&self.all);
        let living = all.iter().filter(|(_, run)| !run.has_ended());
        living.map(|(id, run)| (id.clone(), run.about.clone())).collect()
    }

    /// A page listens from now on, and no other: it gets everything so far in one batch, then what
    /// comes. False where nothing of this id ran in this process.
    pub fn attach(&self, id: &K, listener: Outlet<Progress>) -> bool {
        let run = locked(&self.all).get(id).cloned();
        run.is_some_and(|run| {
            run.attach(listener);
            true
        })
    }

    /// Asks one to stop. False where it does not run.
    pub fn cancel(&self, id: &K) -> bool {
        let run = locked(&self.all).get(id).cloned();
        run.is_some_and(|run| {
            run.cancel.cancel();
            !run.has_ended()
        })
    }

    /// Asks all to stop and waits until they have, at most so long. True where nothing runs any more.
    pub fn stop_all(&self, within: Duration) -> bool {
        let until = Instant::now() + within;
        let all: Vec<Arc<Run<V>>> = locked(&self.all).values().cloned().collect();
        for run in &all {
            run.cancel.cancel();
        }
        all.iter().all(|run| run.wait(until))
    }
}

impl<V> Run<V> {
    fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn has_ended(&self) -> bool {
        locked(&self.board).finished.is_some()
    }

    fn step(&self, step: Step) {
        locked(&self.board).add(step);
        self.changed.notify_all();
    }

    fn finish(&self, finished: Finished) {
        locked(&self.board).finished = Some((self.elapsed_ms(), finished));
        self.changed.notify_all();
    }

    fn attach(&self, listener: Outlet<Progress>) {
        let mut board = locked(&self.board);
        board.waiting = Coalescer::default();
        let steps = board.so_far();
        let _ = listener.send(&Progress::Batch { elapsed_ms: self.elapsed_ms(), steps });
        if let Some((elapsed_ms, outcome)) = board.finished.clone() {
            let _ = listener.send(&Progress::Finished { elapsed_ms, outcome });
            board.told = true;
        }
        board.listener = Some(listener);
        self.changed.notify_all();
    }

    fn wait(&self, until: Instant) -> bool {
        let mut board = locked(&self.board);
        while board.finished.is_none() {
            let Some(left) = until.checked_duration_since(Instant::now()) else { return false };
            let waited = self.changed.wait_timeout(board, left);
            board = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    /// The one place that sends what comes: never more often than [`BETWEEN_BATCHES`].
    fn tell_until_it_ends(&self) {
        loop {
            let mut board = locked(&self.board);
            while board.waiting.is_empty() && board.finished.is_none() {
                board = self.changed.wait(board).unwrap_or_else(PoisonError::into_inner);
            }
            let steps = match board.finished {
                Some(_) => board.waiting.rest(),
                None => board.waiting.batch(self.elapsed_ms()).unwrap_or_default(),
            };
            if !steps.is_empty() {
                board.send(&Progress::Batch { elapsed_ms: self.elapsed_ms(), steps });
            }
            if let Some((elapsed_ms, outcome)) = board.finished.clone() {
                if !board.told {
                    board.told = true;
                    board.send(&Progress::Finished { elapsed_ms, outcome });
                }
                return;
            }
            drop(board);
            thread::sleep(BETWEEN_BATCHES);
        }
    }
}

impl Board {
    /// Takes in a step, for who comes back and for who listens.
    fn add(&mut self, step: Step) {
        match &step {
            Step::Begun { line } => {
                self.lines.retain(|known| known.name != *line);
                self.lines.push(Line::new(line));
            }
            Step::Phase { line, phase } => {
                let line = self.line(line);
                line.phase = Some(phase.clone());
                line.reading = None;
            }
            Step::Reading { line, subject } => {
                self.line(line).reading = Some(subject.clone());
            }
            Step::Ended { line, .. } => self.line(line).ended = Some(step.clone()),
            Step::Note { text } => {
                if self.notes.len() == NOTES_KEPT {
                    self.notes.remove(0);
                }
                self.notes.push(text.clone());
            }
        }
        self.waiting.push(step);
    }

    fn line(&mut self, name: &str) -> &mut Line {
        let place = self.lines.iter().position(|line| line.name == name).unwrap_or_else(|| {
            self.lines.push(Line::new(name));
            self.lines.len() - 1
        });
        &mut self.lines[place]
    }

    /// Everything shown so far, as steps that show it again.
    fn so_far(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        for line in &self.lines {
            let name = || line.name.clone();
            steps.push(Step::Begun { line: name() });
            if let Some(phase) = line.phase.clone() {
                steps.push(Step::Phase { line: name(), phase });
            }
            if let Some(subject) = line.reading.clone() {
                steps.push(Step::Reading { line: name(), subject });
            }
            steps.extend(line.ended.clone());
        }
        steps.extend(self.notes.iter().map(|text| Step::Note { text: text.clone() }));
        steps
    }

    fn send(&mut self, news: &Progress) {
        if self.listener.as_ref().is_some_and(|listener| !listener.send(news)) {
            self.listener = None;
        }
    }
}

impl Line {
    fn new(name: &str) -> Self {
        Self { name: name.to_owned(), phase: None, reading: None, ended: None }
    }
}

fn forget_old<K: Ord + Clone, V>(all: &mut BTreeMap<K, Arc<Run<V>>>) {
    let mut ended: Vec<(Instant, K)> = all
        .iter()
        .filter(|(_, run)| run.has_ended())
        .map(|(id, run)| (run.begun, id.clone()))
        .collect();
    ended.sort_by_key(|(begun, _)| *begun);
    let surplus = (ended.len() + 1).saturating_sub(ENDED_KEPT);
    for (_, id) in ended.into_iter().take(surplus) {
        all.remove(&id);
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> AppResult<()> {
    thread::Builder::new().name(name.to_owned()).spawn(work).map(drop).map_err(|error| {
        AppError::new(Code::Internal, format!("the system gives no thread: {error}"))
    })
}

/// What a panicking thread left is still the state.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
