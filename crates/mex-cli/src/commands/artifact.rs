//! `mex artifact`, `mex import`.

use mex_app::error::{AppError, AppResult};
use mex_app::export::{OutputFile, Standard};
use mex_app::import::ImportRequest;
use mex_app::runtime::code::Code;

use crate::args::{ArtifactCommand, ImportArgs, StandardArg};
use crate::commands::{Session, written};
use crate::out::plain;
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
        ArtifactCommand::Export { id, standard, out: path } => {
            let file = path.as_deref().map(OutputFile::at).transpose()?;
            let bytes = match standard {
                Some(standard) => in_standard(session, &id, standard.into())?,
                None => app.artifact_bytes(&id)?,
            };
            match (file, path) {
                (Some(file), Some(path)) => {
                    file.write(&bytes)?;
                    out.note(&format!("{id} written to {}", plain(&path.display().to_string())));
                }
                _ => written(out.stdout(&bytes))?,
            }
            Ok(0)
        }
    }
}

fn in_standard(session: &Session, id: &str, standard: Standard) -> AppResult<Vec<u8>> {
    let scanned = session.app.scanned(id)?;
    session.app.standard(&scanned, standard)?.ok_or_else(|| {
        let message = format!("the scan `{id}` cannot be written so: {}", standard.absence());
        AppError::new(Code::NotFound, message).hint("name another scan or another format")
    })
}

impl From<StandardArg> for Standard {
    fn from(standard: StandardArg) -> Self {
        match standard {
            StandardArg::Sarif => Self::Sarif,
            StandardArg::Openvex => Self::OpenVex,
            StandardArg::Cyclonedx => Self::CycloneDx,
            StandardArg::Spdx => Self::Spdx,
            StandardArg::Junit => Self::Junit,
        }
    }
}

pub fn import(session: &Session, args: ImportArgs) -> AppResult<u8> {
    let ImportArgs { file, project } = args;
    let outcome = session.app.import_report(&ImportRequest { file, project })?;
    written(session.out.data(&outcome, |out| text::import::outcome(out, &outcome)))?;
    Ok(0)
}
