//! `mex artifact`.

use mex_app::error::AppResult;

use crate::args::ArtifactCommand;
use crate::commands::{Session, written};
use crate::text;

pub fn run(session: &Session, command: ArtifactCommand) -> AppResult<u8> {
    let (app, out) = (&session.app, session.out);
    match command {
        ArtifactCommand::Show { sha256 } => {
            let view = app.artifact(&sha256)?;
            written(out.data(&view, |out| text::artifact::one(out, &view)))?;
            Ok(if view.state == "intact" { 0 } else { 4 })
        }
        ArtifactCommand::Verify { sha256 } => {
            let check = app.verify_artifacts(sha256.as_deref())?;
            written(out.data(&check, |out| text::artifact::checked(out, &check)))?;
            Ok(if check.damaged.is_empty() { 0 } else { 4 })
        }
        ArtifactCommand::Export { sha256, out: Some(path) } => {
            let exported = app.export_artifact(&sha256, &path)?;
            out.note(&format!("{exported} written to {}", path.display()));
            Ok(0)
        }
        ArtifactCommand::Export { sha256, out: None } => {
            written(out.stdout(&app.artifact_bytes(&sha256)?))?;
            Ok(0)
        }
    }
}
