//! What a running thing sends to a window: progress in batches, and its end. Owns how many steps become
//! few batches; the channel they go through and the clock are the host's.

use std::collections::HashMap;

use mex_runtime::id::RunId;
use schemars::JsonSchema;
use serde::Serialize;

use crate::error::AppError;
use crate::progress::Step;

/// What a channel of a running thing carries: batches, then exactly one end.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "news", rename_all = "snake_case")]
pub enum Progress {
    /// Steps in order, since `elapsed_ms` after the start.
    Batch {
        /// Milliseconds since the start.
        elapsed_ms: u64,
        /// What happened; of phase and reading of a line only the latest.
        steps: Vec<Step>,
    },
    /// It came to its end.
    Finished {
        /// Milliseconds since the start.
        elapsed_ms: u64,
        /// How.
        outcome: Finished,
    },
}

/// How a running thing came to its end.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "end", rename_all = "snake_case")]
pub enum Finished {
    /// A scan has a verdict; its view says the rest.
    Scan {
        /// The scan.
        run_id: RunId,
        /// `block`, `denied`, `incomplete` or `pass`.
        verdict: String,
    },
    /// It did what it was asked for; its screen says the rest.
    Done,
    /// It could not, or somebody stopped it (`MEX-CANCELLED`).
    Failed {
        /// Why.
        error: AppError,
    },
}

/// At most this many batches a second leave a [`Coalescer`].
pub const BATCHES_A_SECOND: u64 = 20;

/// Between two batches, in milliseconds.
pub const BATCH_MS: u64 = 1_000 / BATCHES_A_SECOND;

/// Makes few batches of many steps: of phase and reading of a line only the latest is kept, of
/// everything else nothing is lost, and what is kept stays in order. Has no clock and no thread.
#[derive(Debug, Default)]
pub struct Coalescer {
    /// Steps in order; what a later one replaced is a hole.
    pending: Vec<Option<Step>>,
    /// Where the latest phase and reading of a line stand in it.
    latest: HashMap<(String, Passing), usize>,
    /// When the last batch left.
    last: Option<u64>,
}

/// What the next one of its line replaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Passing {
    Phase,
    Reading,
}

impl Coalescer {
    /// One more step.
    pub fn push(&mut self, step: Step) {
        let at = self.pending.len();
        match &step {
            Step::Phase { line, .. } => self.replace(line, Passing::Phase, at),
            Step::Reading { line, .. } => self.replace(line, Passing::Reading, at),
            // What was said before a line began or ended is not said after it.
            Step::Begun { line } | Step::Ended { line, .. } => {
                for passing in [Passing::Phase, Passing::Reading] {
                    self.latest.remove(&(line.clone(), passing));
                }
            }
            Step::Note { .. } => {}
        }
        self.pending.push(Some(step));
        // A line that speaks ten thousand times between two batches leaves as many holes.
        if self.pending.len() > 4_096 && self.pending.len() > 2 * self.kept() {
            self.close_holes();
        }
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    /// The next batch, where something waits and the last one left long enough ago. `now_ms` counts
    /// from any moment, and does not go back.
    pub fn batch(&mut self, now_ms: u64) -> Option<Vec<Step>> {
        let due = self.last.is_none_or(|last| now_ms.saturating_sub(last) >= BATCH_MS);
        if self.pending.is_empty() || !due {
            return None;
        }
        self.last = Some(now_ms);
        Some(self.rest())
    }

    /// Everything that waits, at the end: now, whenever the last batch left.
    pub fn rest(&mut self) -> Vec<Step> {
        self.latest.clear();
        std::mem::take(&mut self.pending).into_iter().flatten().collect()
    }

    fn replace(&mut self, line: &str, passing: Passing, at: usize) {
        if let Some(before) = self.latest.insert((line.to_owned(), passing), at)
            && let Some(step) = self.pending.get_mut(before)
        {
            *step = None;
        }
    }

    fn kept(&self) -> usize {
        self.pending.iter().flatten().count()
    }

    fn close_holes(&mut self) {
        let mut moved: HashMap<usize, usize> = HashMap::new();
        let mut kept = Vec::with_capacity(self.kept());
        for (at, step) in std::mem::take(&mut self.pending).into_iter().enumerate() {
            if step.is_some() {
                moved.insert(at, kept.len());
                kept.push(step);
            }
        }
        self.pending = kept;
        self.latest.retain(|_, at| match moved.get(at) {
            Some(to) => {
                *at = *to;
                true
            }
            None => false,
        });
    }
}

#[cfg(test)]
mod tests {
    use mex_runtime::result::Status;

    use super::*;

    fn line(number: usize) -> String {
        format!("line-{}", number % 4)
    }

    /// The kinds of steps in a fixed, mixed order.
    fn step(at: usize) -> Step {
        match at % 50 {
            0 => Step::Begun { line: line(at / 50) },
            7 => Step::Note { text: format!("note {at}") },
            13 | 31 => Step::Phase { line: line(at), phase: format!("phase {at}") },
            49 => Step::Ended {
                line: line(at / 50),
                status: Status::Succeeded,
                summary: format!("end {at}"),
            },
            _ => Step::Reading { line: line(at), subject: format!("file {at}") },
        }
    }

    fn is_kept(step: &Step) -> bool {
        !matches!(step, Step::Phase { .. } | Step::Reading { .. })
    }

    /// What a window shows after some steps: of each line whether it runs, its phase and what it reads.
    fn shown(steps: &[Step]) -> Vec<(String, String, String)> {
        (0..4)
            .map(|number| {
                let mut one = (String::new(), String::new(), String::new());
                for step in steps {
                    match step {
                        Step::Begun { line: at } if *at == line(number) => {
                            one = ("runs".to_owned(), String::new(), String::new());
                        }
                        Step::Phase { line: at, phase } if *at == line(number) => {
                            one.1.clone_from(phase);
                        }
                        Step::Reading { line: at, subject } if *at == line(number) => {
                            one.2.clone_from(subject);
                        }
                        Step::Ended { line: at, summary, .. } if *at == line(number) => {
                            one.0.clone_from(summary);
                        }
                        _ => {}
                    }
                }
                one
            })
            .collect()
    }

    /// Ten thousand steps a second for three seconds: at most 20 batches a second, nothing of begin,
    /// end and note lost or out of order, and after every batch a window shows what is true.
    #[test]
    fn ten_thousand_steps_a_second_become_twenty_batches() {
        let mut coalescer = Coalescer::default();
        let (mut all, mut sent, mut batches) = (Vec::new(), Vec::new(), 0u64);
        for at in 0..30_000 {
            all.push(step(at));
            coalescer.push(step(at));
            if let Some(batch) = coalescer.batch(at as u64 / 10) {
                batches += 1;
                assert!(batch.len() < 200, "{}", batch.len());
                sent.extend(batch);
                assert_eq!(shown(&sent), shown(&all), "after {at}");
            }
        }
        sent.extend(coalescer.rest());
        assert!(batches <= 3 * BATCHES_A_SECOND, "{batches} batches");
        assert!(batches >= 3 * BATCHES_A_SECOND - 1, "{batches} batches");
        assert_eq!(shown(&sent), shown(&all));
        let kept = |steps: &[Step]| -> Vec<Step> {
            steps.iter().filter(|step| is_kept(step)).cloned().collect()
        };
        assert_eq!(kept(&sent), kept(&all));
        assert_eq!(coalescer.rest(), []);
        assert_eq!(coalescer.batch(u64::MAX), None, "nothing waits");
    }

    /// A line that reads without an end between two batches takes no more room than a screen of it.
    #[test]
    fn a_line_that_never_rests_takes_no_room() {
        let mut coalescer = Coalescer::default();
        for at in 0..1_000_000 {
            coalescer.push(Step::Reading { line: line(at), subject: at.to_string() });
            assert!(coalescer.pending.len() <= 4_097);
        }
        assert_eq!(coalescer.rest().len(), 4);
    }
}
