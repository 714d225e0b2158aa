//! `mex tools`, `mex db`, `mex conformance`.

use mex_app::error::AppResult;
use mex_app::tools::Rebuild;

use crate::args::{DbCommand, ToolsCommand};
use crate::commands::{Session, written};
use crate::text;

pub fn run(session: &Session, command: ToolsCommand) -> AppResult<u8> {
    let (app, out) = (&session.app, session.out);
    match command {
        ToolsCommand::List => {
            let tools = app.tools()?;
            written(out.data(&tools, |out| text::tools::list(out, &tools)))?;
            Ok(0)
        }
        ToolsCommand::Install { names, force } => {
            let rebuild = if force { Rebuild::Always } else { Rebuild::WhereMissing };
            let installed = session.with_progress(|steps| {
                app.install_tools(&names, rebuild, &session.cancel, steps)
            })?;
            let passed = installed.conformance.iter().all(|outcome| outcome.passed);
            written(out.data(&installed, |out| text::tools::installed(out, &installed)))?;
            Ok(if passed { 0 } else { 4 })
        }
        ToolsCommand::Verify => {
            let tools = app.verify_tools()?;
            let whole = tools.iter().all(|tool| tool.intact());
            written(out.data(&tools, |out| text::tools::list(out, &tools)))?;
            Ok(if whole { 0 } else { 4 })
        }
    }
}

pub fn database(session: &Session, command: DbCommand) -> AppResult<u8> {
    let (app, out) = (&session.app, session.out);
    match command {
        DbCommand::List => {
            let databases = app.databases_view()?;
            written(out.data(&databases, |out| text::tools::databases(out, &databases)))?;
            Ok(0)
        }
        DbCommand::Import { file, ecosystem } => {
            let imported = vec![app.import_database(&file, ecosystem.as_deref())?];
            written(out.data(&imported, |out| text::tools::databases(out, &imported)))?;
            Ok(0)
        }
        DbCommand::Sync { ecosystems, from } => {
            let synced = session.with_progress(|steps| {
                app.sync_databases(&ecosystems, from.as_deref(), &session.cancel, steps)
            })?;
            written(out.data(&synced, |out| text::tools::synced(out, &synced)))?;
            Ok(if synced.failures.is_empty() { 0 } else { 4 })
        }
    }
}

pub fn conformance(session: &Session, engine: Option<&str>) -> AppResult<u8> {
    let outcomes =
        session.with_progress(|steps| session.app.conformance(engine, &session.cancel, steps))?;
    let passed = outcomes.iter().all(|outcome| outcome.passed);
    written(session.out.data(&outcomes, |out| text::tools::conformance(out, &outcomes)))?;
    Ok(if passed { 0 } else { 4 })
}
