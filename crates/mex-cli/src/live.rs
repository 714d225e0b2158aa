//! Live progress on stderr: one line a job with phase, elapsed time and what it reads.
//! Without a terminal, one plain line a phase. Never writes to stdout.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use mex_app::progress::Step;
use mex_app::runtime::result::Status;

use crate::out::{Out, cut, duration, plain};

/// The lines of one invocation.
pub struct Live {
    out: Out,
    bars: MultiProgress,
    lines: Mutex<BTreeMap<String, Line>>,
}

struct Line {
    bar: ProgressBar,
    since: Instant,
    phase: String,
}

impl Live {
    pub fn new(out: Out) -> Self {
        let target = if out.live() {
            ProgressDrawTarget::stderr_with_hz(10)
        } else {
            ProgressDrawTarget::hidden()
        };
        Self {
            out,
            bars: MultiProgress::with_draw_target(target),
            lines: Mutex::new(BTreeMap::new()),
        }
    }

    /// Shows one step. Safe to call from any thread.
    pub fn show(&self, step: Step) {
        if self.out.quiet {
            return;
        }
        // A panic in another thread's drawing must not take the scan down.
        let mut lines = self.lines.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match step {
            Step::Begun { line } => {
                lines.insert(line.clone(), self.line(&line));
            }
            Step::Phase { line, phase } => {
                let entry = lines.entry(line.clone()).or_insert_with(|| self.line(&line));
                if !self.out.live() && entry.phase != phase {
                    self.out.note(&format!("{line}: {}", plain(&phase)));
                }
                entry.bar.set_message(plain(&phase));
                entry.phase = phase;
            }
            Step::Reading { line, subject } => {
                if let Some(entry) = lines.get(&line) {
                    entry.bar.set_message(format!(
                        "{}  {}",
                        plain(&entry.phase),
                        cut(&plain(&subject), 60)
                    ));
                }
            }
            Step::Ended { line, status, summary } => {
                let entry = lines.remove(&line).unwrap_or_else(|| self.line(&line));
                entry.bar.finish_and_clear();
                let elapsed =
                    duration(u64::try_from(entry.since.elapsed().as_millis()).unwrap_or(u64::MAX));
                self.print(&format!(
                    "{} {line:<10} {elapsed:>9}  {}",
                    mark(status),
                    plain(&summary)
                ));
            }
            Step::Note { text } => self.print(&plain(&text)),
        }
    }

    fn print(&self, text: &str) {
        if self.out.live() {
            // A terminal that went away ends the display, not the scan.
            let _ = self.bars.println(text);
        } else {
            self.out.note(text);
        }
    }

    fn line(&self, name: &str) -> Line {
        let bar = self.bars.add(ProgressBar::new_spinner());
        if let Ok(style) =
            ProgressStyle::with_template("{spinner} {prefix:<10} {elapsed:>4}  {wide_msg}")
        {
            bar.set_style(style);
        }
        bar.set_prefix(name.to_owned());
        bar.enable_steady_tick(Duration::from_millis(120));
        Line { bar, since: Instant::now(), phase: String::new() }
    }
}

/// A word of fixed width: never a tick for what did not end well.
const fn mark(status: Status) -> &'static str {
    match status {
        Status::Succeeded => "done     ",
        Status::Failed => "FAILED   ",
        Status::Denied => "DENIED   ",
        Status::Cancelled => "cancelled",
        Status::TimedOut => "TIMED OUT",
    }
}
