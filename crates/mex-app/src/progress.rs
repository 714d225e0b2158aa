//! What a host can show while something runs. Plain values; never a terminal, never a window.

use mex_runtime::result::Status;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One step of something that runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "step", rename_all = "snake_case")]
#[schemars(rename = "ProgressStep")]
pub enum Step {
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

/// Where steps go; must return at once and may be called from several threads.
pub type StepSink<'a> = &'a (dyn Fn(Step) + Send + Sync);
