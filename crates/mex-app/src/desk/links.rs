//! Deep links: `mex://problem/ID` and its like, from text to a thing that exists. Resolves only what
//! is recorded; never opens, runs or changes anything.

use mex_recorder::query::IdKind;
use mex_runtime::code::Code;
use mex_runtime::id::{EventId, JobId, OpId, RunId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Screens;
use crate::error::{AppError, AppResult};

/// The longest link, in characters.
const MOST_CHARS: usize = 300;

/// A link as it came in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkQuestion {
    /// `mex://KIND/ID`, the id whole or its unique start.
    pub uri: String,
}

/// What a link leads to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LinkTarget {
    /// What sort of thing.
    pub kind: LinkKind,
    /// Its whole id.
    pub id: String,
    /// The same link, whole.
    pub uri: String,
}

/// What a link can lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LinkKind {
    /// A Problem.
    Problem,
    /// A job.
    Job,
    /// An event.
    Event,
    /// An artifact.
    Artifact,
    /// A version of the capability registry; empty id for the one in force.
    Registry,
    /// A scan.
    Scan,
    /// An attempt to run one operation.
    Operation,
}

impl LinkKind {
    const ALL: [Self; 7] = [
        Self::Problem,
        Self::Job,
        Self::Event,
        Self::Artifact,
        Self::Registry,
        Self::Scan,
        Self::Operation,
    ];

    /// The word in a link.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Problem => "problem",
            Self::Job => "job",
            Self::Event => "event",
            Self::Artifact => "artifact",
            Self::Registry => "registry",
            Self::Scan => "scan",
            Self::Operation => "operation",
        }
    }
}

impl Screens {
    /// What a link leads to.
    ///
    /// # Errors
    /// `MEX-LINK-INVALID` for what is no link of ours, `MEX-NOT-FOUND` and `MEX-AMBIGUOUS-ID` for an id
    /// that names nothing or several things.
    pub fn resolve_link(&self, asked: &LinkQuestion) -> AppResult<LinkTarget> {
        let (kind, id) = read(&asked.uri)?;
        let app = &self.app;
        let id = match kind {
            LinkKind::Problem => app.problem_id(&id)?.to_string(),
            LinkKind::Job => app.resolve::<JobId>(IdKind::Job, &id)?.to_string(),
            LinkKind::Event => app.resolve::<EventId>(IdKind::Event, &id)?.to_string(),
            LinkKind::Scan => app.resolve::<RunId>(IdKind::Scan, &id)?.to_string(),
            LinkKind::Operation => app.resolve::<OpId>(IdKind::Operation, &id)?.to_string(),
            LinkKind::Artifact => app.artifact(&id)?.sha256.to_string(),
            // The one in force is always there.
            LinkKind::Registry if id.is_empty() => id,
            LinkKind::Registry => app.registry_version(&id)?.capability_registry_version,
        };
        let uri = format!("mex://{}/{id}", kind.word());
        Ok(LinkTarget { kind, id, uri })
    }
}

/// Kind and id of a link, as text.
fn read(uri: &str) -> AppResult<(LinkKind, String)> {
    let refused = |why: &str| {
        let shown: String = crate::plain(uri).chars().take(80).collect();
        Err(AppError::new(Code::LinkInvalid, format!("`{shown}` {why}")))
    };
    if uri.chars().count() > MOST_CHARS {
        return refused("is longer than any link of ours");
    }
    let uri = uri.trim();
    let Some(rest) =
        uri.get(..6).filter(|start| start.eq_ignore_ascii_case("mex://")).map(|_| &uri[6..])
    else {
        return refused("does not begin with `mex://`");
    };
    let (kind, id) = rest.split_once('/').unwrap_or((rest, ""));
    let Some(kind) =
        LinkKind::ALL.into_iter().find(|known| known.word().eq_ignore_ascii_case(kind))
    else {
        return refused("names nothing that a link can lead to");
    };
    let id = id.trim_end_matches('/');
    let plain = id.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'.'));
    match (plain, id.is_empty() && kind != LinkKind::Registry) {
        (true, false) => Ok((kind, id.to_ascii_lowercase())),
        (true, true) => refused("names no id"),
        (false, _) => refused("holds something that is in no id"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_read_and_anything_else_is_refused() {
        for (uri, kind, id) in [
            ("mex://problem/abCD", LinkKind::Problem, "abcd"),
            ("MEX://Job/0194-a/", LinkKind::Job, "0194-a"),
            ("mex://registry", LinkKind::Registry, ""),
            ("mex://registry/1.2.3", LinkKind::Registry, "1.2.3"),
        ] {
            assert_eq!(read(uri).unwrap(), (kind, id.to_owned()), "{uri}");
        }
        let long = format!("mex://problem/{}", "a".repeat(400));
        for uri in [
            "",
            "mex:",
            "mex://",
            "mex://problem",
            "mex://problem/",
            "mex://file/etc",
            "http://problem/a",
            "mex://problem/../a",
            "mex://problem/a b",
            "mex://problem/a?b",
            "mex://problem/é",
            "mex://problem/\u{202e}",
            "ééé://",
            &long,
        ] {
            assert_eq!(read(uri).unwrap_err().code, Code::LinkInvalid, "{uri}");
        }
    }
}
