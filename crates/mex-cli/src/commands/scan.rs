//! `mex scan`, `mex diff`, `mex op`.

use std::collections::BTreeSet;
use std::path::Path;

use mex_app::error::{AppError, AppResult};
use mex_app::export::{OutputFile, OutputFolder, Scanned, Standard};
use mex_app::plan::{CycloneDx, History, JOBS};
use mex_app::reuse::Freshness;
use mex_app::runtime::code::Code;
use mex_app::runtime::gate::MAX_REQUEST_BYTES;
use mex_app::runtime::id::{JobName, ProfileId};
use mex_app::runtime::policy::verdict::ScanMode;
use mex_app::scan::{ScanOutcome, ScanRequest};
use mex_app::{input, op};

use crate::args::{CycloneDxArg, DiffArgs, OpCommand, ScanArgs};
use crate::commands::{Session, written};
use crate::out::plain;
use crate::text;

pub fn scan(session: &Session, args: ScanArgs) -> AppResult<u8> {
    let request = request(&args)?;
    // Found out before the scan, not after it.
    let sarif = args.sarif.as_deref().map(OutputFile::at).transpose()?;
    let folder = args.out.as_deref().map(OutputFolder::at).transpose()?;
    let outcome =
        session.with_progress(|steps| session.app.scan(&request, &session.cancel, steps))?;
    let exported = export(session, &outcome, sarif.as_ref(), folder.as_ref());
    written(session.out.data(&outcome, |out| text::scan::outcome(out, &outcome)))?;
    let verdict = outcome.verdict.verdict.exit_code();
    match exported {
        Ok(()) => Ok(verdict),
        Err(error) => {
            // The verdict stands, whatever became of its copies; stdout holds it already.
            session.out.error_beside(&error);
            Ok(if verdict == 0 { error.exit_code() } else { verdict })
        }
    }
}

fn export(
    session: &Session,
    outcome: &ScanOutcome,
    sarif: Option<&OutputFile>,
    folder: Option<&OutputFolder>,
) -> AppResult<()> {
    if let Some(file) = sarif
        && let Some(bytes) = session.app.standard(&Scanned::from(outcome), Standard::Sarif)?
    {
        file.write(&bytes)?;
    }
    if let Some(folder) = folder {
        session.app.export_scan(outcome, folder)?;
        let shown = plain(&folder.path().display().to_string());
        session.out.note(&format!("reports, evidence and exports are in {shown}"));
    }
    Ok(())
}

pub fn diff(session: &Session, args: &DiffArgs) -> AppResult<u8> {
    let delta = session.app.diff(&args.before, &args.after)?;
    written(session.out.data(&delta, |out| text::delta::diff(out, &delta)))?;
    Ok(0)
}

fn request(args: &ScanArgs) -> AppResult<ScanRequest> {
    let jobs = args.jobs.iter().map(|name| job(name)).collect::<AppResult<BTreeSet<JobName>>>()?;
    let profile: ProfileId =
        args.profile.parse().map_err(|error: mex_app::runtime::id::BadId| {
            AppError::new(Code::Usage, format!("`--profile`: {error}"))
        })?;
    Ok(ScanRequest {
        path: args.path.clone(),
        jobs,
        mode: if args.release { ScanMode::Release } else { ScanMode::Normal },
        profile,
        policy: args.policy.clone(),
        allowlist: args.allowlist.clone(),
        signers: args.signers.clone(),
        history: if args.history { History::Search } else { History::Ignore },
        cyclonedx: match args.cyclonedx {
            CycloneDxArg::V1_6 => CycloneDx::V1_6,
            CycloneDxArg::V1_7 => CycloneDx::V1_7,
        },
        freshness: if args.fresh { Freshness::Fresh } else { Freshness::Reuse },
    })
}

fn job(name: &str) -> AppResult<JobName> {
    name.parse().map_err(|_| {
        AppError::new(Code::Usage, format!("`--jobs`: there is no job `{name}`"))
            .hint(format!("the jobs are {}", JOBS.join(", ")))
    })
}

pub fn operation(session: &Session, command: OpCommand) -> AppResult<u8> {
    match command {
        OpCommand::Run { file, workspace } => {
            let request = read_request(&file)?;
            let result = session.with_progress(|steps| {
                session.app.run_operation(&request, &workspace, &session.cancel, steps)
            })?;
            written(session.out.data(&result, |out| text::operation::result(out, &result)))?;
            Ok(op::exit_code(result.status))
        }
        OpCommand::Plan { job: name, workspace } => {
            let planned = session.with_progress(|steps| {
                session.app.plan_operation(&name, &workspace, &session.cancel, steps)
            })?;
            let page = serde_json::to_string_pretty(&planned)
                .map_err(|error| AppError::new(Code::Internal, error.to_string()))?;
            written(session.out.stdout(format!("{page}\n").as_bytes()))?;
            Ok(0)
        }
    }
}

fn read_request(file: &Path) -> AppResult<String> {
    if file.as_os_str() == "-" {
        input::stdin(MAX_REQUEST_BYTES, "operation")
    } else {
        input::text(file, MAX_REQUEST_BYTES, "operation")
    }
}
