//! What one run of a vulnerability tool means, in the one form that all of them are read into.
//! Owns the shape alone; how an answer is read stands in each tool's `normalise`.

use mex_runtime::coverage::{CoverageEntry, ToolCount};
use mex_runtime::finding::Finding;
use mex_runtime::result::TypedError;

/// What one run means.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Normalised {
    /// One a record or advisory and component; what several tools say is merged later (contract SC-7).
    pub findings: Vec<Finding>,
    /// One a lockfile: count in = count out + drops (promise P4).
    pub counts: Vec<ToolCount>,
    /// What became of each lockfile asked for.
    pub entries: Vec<CoverageEntry>,
    /// Why the answer cannot be trusted, or a part of it; findings stand all the same.
    pub errors: Vec<TypedError>,
}
