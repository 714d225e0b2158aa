//! Where an earlier result may come from (contract SC-12): this data folder alone, by its chained
//! events, under keys sealed with a secret of its own. Never decides whether a result is whole.

use std::fs;
use std::path::Path;

use mex_runtime::code::Code;
use mex_runtime::digest::Digest;
use mex_runtime::event::{EventBody, SystemEvent};
use mex_runtime::execute::{DoubtfulResult, EarlierResult, EarlierResults, Otherwise};
use mex_runtime::result::Status;
use mex_scanners::seal::Seal;

use crate::app::App;
use crate::error::{AppError, AppResult};
use crate::whole;

/// Whether earlier results may stand for a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Freshness {
    /// Where everything it depends on is the same.
    #[default]
    Reuse,
    /// Never: every tool runs again (`--fresh`).
    Fresh,
}

/// The earlier results of a data folder.
pub(crate) struct EarlierRuns<'a> {
    pub(crate) app: &'a App,
    pub(crate) seal: &'a Seal,
    pub(crate) freshness: Freshness,
    pub(crate) otherwise: Otherwise,
}

impl EarlierResults for EarlierRuns<'_> {
    fn seal(&self, ground: &[u8]) -> Digest {
        self.seal.of(ground)
    }

    fn otherwise(&self) -> Otherwise {
        self.otherwise
    }

    fn find(&self, key: &Digest) -> Result<Option<EarlierResult>, DoubtfulResult> {
        if self.freshness == Freshness::Fresh {
            return Ok(None);
        }
        let found = self.app.recorder.ended_under(key);
        let found = found.map_err(|fault| DoubtfulResult { why: fault.to_string() })?;
        Ok(found.and_then(|stored| match stored.event.body {
            EventBody::System(SystemEvent::OperationEnded {
                op_id,
                status: Status::Succeeded,
                outputs,
                evidence,
                result_ref: Some(result),
                reused_from: None,
                ..
            }) => Some(EarlierResult { op_id, result, outputs, evidence }),
            _ => None,
        }))
    }
}

/// The data folder's own secret; made with fresh randomness the first time.
///
/// # Errors
/// When it cannot be read, written, or is no key.
pub(crate) fn seal(data_dir: &Path) -> AppResult<Seal> {
    let path = data_dir.join("keys").join("reuse.key");
    let unusable = |error: std::io::Error| {
        let message = format!("the key `{}` cannot be used: {error}", path.display());
        AppError::new(Code::DataDir, message).hint("remove it: everything runs again once")
    };
    if !path.exists() {
        make(&path).map_err(unusable)?;
    }
    let bytes = fs::read(&path).map_err(unusable)?;
    let key = bytes.try_into().map_err(|_| {
        unusable(std::io::Error::new(std::io::ErrorKind::InvalidData, "it does not hold 32 bytes"))
    })?;
    Ok(Seal::new(key))
}

fn make(path: &Path) -> std::io::Result<()> {
    let mut key = [0_u8; 32];
    getrandom::fill(&mut key).map_err(|error| std::io::Error::other(error.to_string()))?;
    whole::create_once(path, &key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_data_folder_keeps_its_secret_and_another_has_another() {
        use std::os::unix::fs::PermissionsExt as _;
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let first = seal(one.path()).unwrap().of(b"x");
        assert_eq!(first, seal(one.path()).unwrap().of(b"x"));
        assert_ne!(first, seal(two.path()).unwrap().of(b"x"));
        let path = one.path().join("keys/reuse.key");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::write(&path, "short").unwrap();
        assert_eq!(seal(one.path()).unwrap_err().code, Code::DataDir);
    }
}
