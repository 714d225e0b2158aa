//! `mex scan`, `mex op`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use mex_app::error::{AppError, AppResult};
use mex_app::plan::{History, JOBS};
use mex_app::runtime::code::Code;
use mex_app::runtime::gate::MAX_REQUEST_BYTES;
use mex_app::runtime::id::{JobName, ProfileId};
use mex_app::runtime::policy::verdict::ScanMode;
use mex_app::scan::{ScanOutcome, ScanRequest};
use mex_app::{input, op};
use serde::Serialize;

use crate::args::{OpCommand, ScanArgs};
use crate::commands::{Session, unwritable, written};
use crate::out::plain;
use crate::text;

pub fn scan(session: &Session, args: ScanArgs) -> AppResult<u8> {
    let request = request(&args)?;
    if let Some(folder) = &args.out {
        // Found out before the scan, not after it.
        fs::create_dir_all(folder).map_err(|error| unwritable(folder, &error))?;
    }
    let outcome =
        session.with_progress(|steps| session.app.scan(&request, &session.cancel, steps))?;
    if let Some(folder) = &args.out {
        export(session, folder, &outcome)?;
    }
    written(session.out.data(&outcome, |out| text::scan::outcome(out, &outcome)))?;
    Ok(outcome.verdict.verdict.exit_code())
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
    })
}

fn job(name: &str) -> AppResult<JobName> {
    name.parse().map_err(|_| {
        AppError::new(Code::Usage, format!("`--jobs`: there is no job `{name}`"))
            .hint(format!("the jobs are {}", JOBS.join(", ")))
    })
}

/// Writes the verdict, the ledger and every output and evidence of the scan.
fn export(session: &Session, folder: &Path, outcome: &ScanOutcome) -> AppResult<()> {
    write_json(&folder.join("verdict.json"), &outcome.verdict)?;
    write_json(&folder.join("coverage.json"), &outcome.coverage)?;
    write_json(&folder.join("scan.json"), outcome)?;
    for run in &outcome.jobs {
        for handle in &run.artifacts {
            let extension = if handle.media_type.contains("json") { "json" } else { "txt" };
            let short: String = handle.sha256.to_string().chars().take(12).collect();
            let role: String = handle
                .role
                .chars()
                .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
                .collect();
            let path = folder.join(format!("{}-{role}-{short}.{extension}", run.job));
            session.app.export_artifact(&handle.sha256.to_string(), &path)?;
        }
    }
    session
        .out
        .note(&format!("reports and evidence are in {}", plain(&folder.display().to_string())));
    Ok(())
}

fn write_json<T: Serialize>(path: &Path, document: &T) -> AppResult<()> {
    let mut bytes = serde_json::to_vec_pretty(document)
        .map_err(|error| AppError::new(Code::Internal, error.to_string()))?;
    bytes.push(b'\n');
    fs::write(path, bytes).map_err(|error| unwritable(path, &error))
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
            let job = job(&name)?;
            let planned = session.with_progress(|steps| {
                session.app.plan_operation(&job, &workspace, &session.cancel, steps)
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
