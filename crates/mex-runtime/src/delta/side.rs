//! One scan as it was recorded: everything a comparison reads. Plain data that a host gathers;
//! never a file or a query.

use std::collections::{BTreeMap, BTreeSet};

use crate::artifact::{DatabaseIdentity, ToolIdentity};
use crate::coverage::Coverage;
use crate::delta::RunMark;
use crate::digest::Digest;
use crate::finding::Finding;
use crate::id::JobName;
use crate::policy::file::Policy;
use crate::policy::verdict::Verdict;
use crate::result::Status;

/// One scan.
#[derive(Debug, Clone, PartialEq)]
pub struct Side {
    /// Which.
    pub mark: RunMark,
    /// Its verdict.
    pub verdict: Verdict,
    /// Its findings, merged over all tools.
    pub findings: Vec<Finding>,
    /// Its whole ledger.
    pub coverage: Coverage,
    /// Its attempts.
    pub operations: Vec<Ran>,
    /// The staged files by path; null where the manifest is not known.
    pub files: Option<BTreeMap<String, Digest>>,
    /// The commit, where the tree was clean.
    pub commit: Option<String>,
    /// The policy that judged it; null where it can no longer be read.
    pub policy: Option<Policy>,
    /// The records that speak of the findings, by the digest of the database that holds them. A
    /// database that is not here cannot be read any more.
    pub records: BTreeMap<Digest, Vec<AdvisoryRecord>>,
}

/// One attempt.
#[derive(Debug, Clone, PartialEq)]
pub struct Ran {
    /// Its job.
    pub job: JobName,
    /// How it ended.
    pub status: Status,
    /// Whether it left a report.
    pub reported: bool,
    /// The tools that ran.
    pub tools: Vec<ToolIdentity>,
    /// The databases read.
    pub databases: Vec<DatabaseIdentity>,
    /// The version of our adapter; null where no provenance was left.
    pub adapter_version: Option<String>,
}

/// One record of an advisory database, as far as a comparison needs it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AdvisoryRecord {
    /// Its id in its database.
    pub id: String,
    /// Every id it goes by, the first included.
    pub names: BTreeSet<String>,
    /// Whether it no longer holds.
    pub withdrawn: bool,
    /// What it says, as a digest.
    pub content: Digest,
}

impl Side {
    /// The attempts of a job.
    pub(super) fn ran(&self, job: &str) -> impl Iterator<Item = &Ran> {
        self.operations.iter().filter(move |ran| ran.job.as_str() == job)
    }

    /// A tool as a job used it.
    pub(super) fn tool(&self, job: &str, name: &str) -> Option<&ToolIdentity> {
        self.ran(job).flat_map(|ran| &ran.tools).find(|tool| tool.name.as_str() == name)
    }

    /// The digest of a staged file; for something inside an archive, of the archive.
    pub(super) fn file(&self, path: &str) -> Option<Digest> {
        let files = self.files.as_ref()?;
        let archive = path.split_once('!').map_or(path, |(archive, _)| archive);
        files.get(path).or_else(|| files.get(archive)).copied()
    }

    /// Whether a file, or a folder of this name, was staged; `None` where nobody knows.
    pub(super) fn has(&self, path: &str) -> Option<bool> {
        let files = self.files.as_ref()?;
        let folder = format!("{path}/");
        let below = files.range(folder.clone()..).next();
        Some(
            self.file(path).is_some() || below.is_some_and(|(known, _)| known.starts_with(&folder)),
        )
    }
}
