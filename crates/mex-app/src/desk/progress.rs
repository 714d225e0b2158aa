//! What a running thing sends to a window: progress in batches, and its end. Plain values; the channel
//! they go through is the host's.

use mex_runtime::id::RunId;
use mex_runtime::result::Status;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::AppError;
use crate::progress::Step;

/// One step of something that runs, as a window gets it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum ProgressStep {
    /// A line of its own appears: a job, the staging, a tool being provisioned.
    Begun {
        /// Its key, such as `secret` or `stage`.
        line: String,
    },
    /// The line is in another phase.
    Phase {
        /// The line.
        line: String,
        /// The phase, such as `running gitleaks`.
        phase: String,
    },
    /// What is read right now.
    Reading {
        /// The line.
        line: String,
        /// A path or package, as untrusted text.
        subject: String,
    },
    /// The line is done.
    Ended {
        /// The line.
        line: String,
        /// How it ended.
        status: Status,
        /// One sentence.
        summary: String,
    },
    /// Something to know that is no error.
    Note {
        /// One sentence.
        text: String,
    },
}

impl From<Step> for ProgressStep {
    fn from(step: Step) -> Self {
        match step {
            Step::Begun { line } => Self::Begun { line },
            Step::Phase { line, phase } => Self::Phase { line, phase },
            Step::Reading { line, subject } => Self::Reading { line, subject },
            Step::Ended { line, status, summary } => Self::Ended { line, status, summary },
            Step::Note { text } => Self::Note { text },
        }
    }
}

/// What a channel of a running thing carries: batches, then exactly one end.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "news", rename_all = "snake_case")]
pub enum Progress {
    /// Steps in order, since `elapsed_ms` after the start.
    Batch {
        /// Milliseconds since the start.
        elapsed_ms: u64,
        /// What happened; of phase and reading of a line only the latest.
        steps: Vec<ProgressStep>,
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
