//! The commands that need the window or this process: scans that run, chores with progress, native
//! dialogs, addresses outside, leaving. Each is one call of a use case and what the host adds to it.
//! Long because each is a few lines, and they share the dialogs and the rule of what a person named.

use std::path::Path;
use std::sync::Arc;

use mex_app::db::DatabaseView;
use mex_app::desk::ById;
use mex_app::desk::import::{ImportReportRequest, ImportedReport};
use mex_app::desk::progress::{Finished, Progress};
use mex_app::desk::registry::{
    PublishRegistryRequest, ReviewPayloadRequest, ReviewRegistryRequest,
};
use mex_app::desk::scans::{StartScanRequest, StartedScan};
use mex_app::desk::session::{OpenState, RunningScan};
use mex_app::desk::tools::{InstallRequest, RebuildChoice, SyncRequest};
use mex_app::error::{AppError, AppResult};
use mex_app::export::OutputFile;
use mex_app::publish::{PublishOutcome, ReviewOutcome};
use mex_app::runtime::capability::review::NAMESPACE;
use mex_app::runtime::code::Code;
use mex_app::runtime::id::RunId;
use mex_app::tools::Rebuild;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::command::{Outlet, usage};
use crate::desk::Desk;
use crate::news::HostNews;
use crate::outside::{self, Advisory, OutsidePage};
use crate::surface::FileFilter;

/// What is done for the tools and databases while somebody watches.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Chore {
    /// Tools are installed and the conformance suite runs.
    InstallTools,
    /// Advisory databases are fetched.
    SyncDatabases,
}

/// One chore.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChoreQuestion {
    /// Which.
    pub chore: Chore,
}

/// Whether there was something to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Stopping {
    /// It ran, and was asked to stop: its end comes over its channel.
    pub stopping: bool,
}

/// What somebody chose in a dialog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Chosen {
    /// The path; null where nobody chose one.
    pub path: Option<String>,
}

/// What a file is chosen for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileQuestion {
    /// What for.
    pub purpose: FilePurpose,
}

/// What a file is chosen for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FilePurpose {
    /// A policy.
    Policy,
    /// An allowlist.
    Allowlist,
    /// A signature that `ssh-keygen -Y sign` wrote.
    Signature,
    /// Whose SSH signatures approve.
    Signers,
}

/// A report of another tool that is to be taken in.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ImportFileRequest {
    /// A file that was dropped on the window; null asks with the dialog of the system.
    pub dropped: Option<String>,
    /// The project it is about, by its path.
    pub project: Option<String>,
}

/// Where what is to be signed was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ReviewToSign {
    /// The file; null where nobody chose a place.
    pub path: Option<String>,
    /// What signs it, for a terminal; empty where there is no file.
    pub command: String,
}

/// An advisory database from a file that somebody chooses.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ImportDatabaseRequest {
    /// The ecosystem as OSV spells it; null where the file says it.
    pub ecosystem: Option<String>,
}

/// What a window shows first. A data folder that could not be opened before is tried again.
pub fn open_state(desk: &Arc<Desk>) -> AppResult<OpenState> {
    let screens = desk.screens_again()?;
    screens.open_state(running_scans(desk)?)
}

/// From now on the page hears what the host has to tell.
pub fn listen(desk: &Arc<Desk>, outlet: Outlet<HostNews>) -> AppResult<()> {
    desk.news().listen(outlet);
    Ok(())
}

/// Begins a scan and runs it on a thread of its own.
pub fn start_scan(
    desk: &Arc<Desk>,
    asked: StartScanRequest,
    outlet: Outlet<Progress>,
) -> AppResult<StartedScan> {
    let screens = desk.screens()?;
    let request = asked.request()?;
    let about = screens.about_to_scan(&asked);
    let (run_id, name) = (about.run_id, about.name.clone());
    let (app, telling) = (screens.app().clone(), desk.clone());
    desk.scans().start(
        run_id,
        about,
        outlet,
        move |cancel, steps| {
            let outcome = app.scan_as(run_id, &request, cancel, steps)?;
            Ok(Finished::Scan { run_id, verdict: outcome.verdict.verdict.word().to_owned() })
        },
        move |finished| tell_who_looks_away(&telling, &name, finished),
    )?;
    Ok(StartedScan { run_id })
}

/// One notification for a finished scan, where nobody looks at the window.
fn tell_who_looks_away(desk: &Desk, name: &str, finished: &Finished) {
    let Ok(surface) = desk.surface() else { return };
    let text = match finished {
        Finished::Scan { verdict, .. } => format!("the verdict is {verdict}"),
        Finished::Failed { error } if error.code == Code::Cancelled => return,
        Finished::Failed { error } => format!("the scan has no verdict: {}", error.message),
        Finished::Done => return,
    };
    if !surface.is_looked_at() {
        surface.notify(&format!("mex: {name}"), &text);
    }
}

/// The scans that run in this process.
pub fn running_scans(desk: &Arc<Desk>) -> AppResult<Vec<RunningScan>> {
    Ok(desk.scans().running().into_iter().map(|(_, scan)| scan).collect())
}

/// A page that was loaded again comes back to a scan.
pub fn attach_scan(
    desk: &Arc<Desk>,
    asked: ById,
    outlet: Outlet<Progress>,
) -> AppResult<StartedScan> {
    let run_id = run(&asked)?;
    if desk.scans().attach(&run_id, outlet) {
        return Ok(StartedScan { run_id });
    }
    let message = format!("the scan `{run_id}` does not run in this window");
    Err(AppError::new(Code::NotFound, message).hint("open it in the list of scans"))
}

fn run(asked: &ById) -> AppResult<RunId> {
    asked.id.parse().map_err(|_| AppError::new(Code::NotFound, "this is no whole id of a scan"))
}

/// Asks a scan to stop.
pub fn cancel_scan(desk: &Arc<Desk>, asked: ById) -> AppResult<Stopping> {
    Ok(Stopping { stopping: desk.scans().cancel(&run(&asked)?) })
}

/// Installs tools while the window watches.
pub fn install_tools(
    desk: &Arc<Desk>,
    asked: InstallRequest,
    outlet: Outlet<Progress>,
) -> AppResult<()> {
    let app = desk.screens()?.app().clone();
    let rebuild = match asked.rebuild {
        RebuildChoice::WhereMissing => Rebuild::WhereMissing,
        RebuildChoice::Always => Rebuild::Always,
    };
    begin(desk, Chore::InstallTools, outlet, move |cancel, steps| {
        app.install_tools(&asked.names, rebuild, cancel, steps).map(drop)
    })
}

/// Fetches advisory databases while the window watches.
pub fn sync_databases(
    desk: &Arc<Desk>,
    asked: SyncRequest,
    outlet: Outlet<Progress>,
) -> AppResult<()> {
    let app = desk.screens()?.app().clone();
    begin(desk, Chore::SyncDatabases, outlet, move |cancel, steps| {
        app.sync_databases(&asked.ecosystems, None, cancel, steps).map(drop)
    })
}

fn begin(
    desk: &Arc<Desk>,
    chore: Chore,
    outlet: Outlet<Progress>,
    work: impl FnOnce(
        &mex_app::runtime::port::Cancel,
        &(dyn Fn(mex_app::progress::Step) + Send + Sync),
    ) -> AppResult<()>
    + Send
    + 'static,
) -> AppResult<()> {
    if desk.chores().running().iter().any(|(running, ())| *running == chore) {
        return Err(usage("this runs already").hint("watch it, or cancel it first"));
    }
    let work = move |cancel: &_, steps: &(dyn Fn(_) + Send + Sync)| {
        work(cancel, steps).map(|()| Finished::Done)
    };
    desk.chores().start(chore, (), outlet, work, |_| {})
}

/// The chores that run in this process.
pub fn running_chores(desk: &Arc<Desk>) -> AppResult<Vec<Chore>> {
    Ok(desk.chores().running().into_iter().map(|(chore, ())| chore).collect())
}

/// A page that was loaded again comes back to a chore.
pub fn attach_chore(
    desk: &Arc<Desk>,
    asked: ChoreQuestion,
    outlet: Outlet<Progress>,
) -> AppResult<()> {
    if desk.chores().attach(&asked.chore, outlet) {
        return Ok(());
    }
    Err(AppError::new(Code::NotFound, "this does not run in this window"))
}

/// Asks a chore to stop.
pub fn cancel_chore(desk: &Arc<Desk>, asked: ChoreQuestion) -> AppResult<Stopping> {
    Ok(Stopping { stopping: desk.chores().cancel(&asked.chore) })
}

/// A project folder, by the dialog of the system.
pub fn choose_folder(desk: &Arc<Desk>) -> AppResult<Chosen> {
    chosen(desk.surface()?.choose_folder("Choose a project to scan"))
}

/// A file, by the dialog of the system.
pub fn choose_file(desk: &Arc<Desk>, asked: FileQuestion) -> AppResult<Chosen> {
    let (title, name, extensions): (_, _, &'static [&'static str]) = match asked.purpose {
        FilePurpose::Policy => ("Choose a policy", "Policy", &["toml"]),
        FilePurpose::Allowlist => ("Choose an allowlist", "Allowlist", &["json"]),
        FilePurpose::Signature => ("Choose the signature", "SSH signature", &["sig"]),
        FilePurpose::Signers => ("Choose the allowed signers", "Allowed signers", &[]),
    };
    let answer = chosen(desk.surface()?.choose_file(title, FileFilter { name, extensions }))?;
    if let Some(path) = &answer.path {
        desk.chosen().keep(path);
    }
    Ok(answer)
}

fn chosen(path: Option<std::path::PathBuf>) -> AppResult<Chosen> {
    let Some(path) = path else { return Ok(Chosen { path: None }) };
    // A path that is not Unicode would be another one on its way back.
    let path = path.into_os_string().into_string().map_err(|path| {
        let message = format!("`{}` cannot be named here", path.display());
        AppError::new(Code::InputUnreadable, message).hint("use the command `mex` for this path")
    })?;
    Ok(Chosen { path: Some(path) })
}

/// Takes in an advisory database from a file that somebody chooses; null where nobody did.
pub fn import_database(
    desk: &Arc<Desk>,
    asked: ImportDatabaseRequest,
) -> AppResult<Option<DatabaseView>> {
    let app = desk.screens()?.app().clone();
    let filter = FileFilter { name: "Advisory database", extensions: &["zip", "gz", "json"] };
    let Some(file) = desk.surface()?.choose_file("Choose an advisory database", filter) else {
        return Ok(None);
    };
    app.import_database(&file, asked.ecosystem.as_deref()).map(Some)
}

/// Takes in a report of another tool: one that was dropped, or one that somebody chooses. Null where
/// nobody did.
pub fn import_report(
    desk: &Arc<Desk>,
    asked: ImportFileRequest,
) -> AppResult<Option<ImportedReport>> {
    let screens = desk.screens()?;
    let path = match asked.dropped {
        Some(dropped) if desk.dropped().holds(&dropped) => Some(dropped),
        Some(_) => return Err(usage("no such file was dropped on this window")),
        None => {
            let filter = FileFilter { name: "Report", extensions: &["json", "sarif"] };
            chosen(desk.surface()?.choose_file("Choose a report to take in", filter))?.path
        }
    };
    let Some(path) = path else { return Ok(None) };
    screens.import_report(&ImportReportRequest { path, project: asked.project }).map(Some)
}

/// Refuses a document that nobody chose with the dialog of the system: a page names no file of its own.
fn by_a_person(desk: &Desk, documents: &[Option<&String>]) -> AppResult<()> {
    for document in documents.iter().flatten() {
        if !desk.chosen().holds(document) {
            return Err(usage("nobody chose this file in this window")
                .hint("choose it again: what was chosen is forgotten when the window closes"));
        }
    }
    Ok(())
}

fn documents(review: &ReviewRegistryRequest) -> [Option<&String>; 3] {
    let signed = review.signed.as_ref();
    [review.policy.as_ref(), signed.map(|one| &one.signature), signed.map(|one| &one.signers)]
}

/// Takes in a decision on the diff that was shown, under documents that somebody chose.
pub fn review_registry(desk: &Arc<Desk>, asked: ReviewRegistryRequest) -> AppResult<ReviewOutcome> {
    by_a_person(desk, &documents(&asked))?;
    desk.screens()?.review_registry(&asked)
}

/// Publishes what was approved, under documents that somebody chose.
pub fn publish_registry(
    desk: &Arc<Desk>,
    asked: PublishRegistryRequest,
) -> AppResult<PublishOutcome> {
    by_a_person(desk, &[asked.policy.as_ref(), asked.signers.as_ref()])?;
    desk.screens()?.publish_registry(&asked)
}

/// Writes what a reviewer signs to a place that somebody chooses. The key is used elsewhere.
pub fn save_review_payload(
    desk: &Arc<Desk>,
    asked: ReviewPayloadRequest,
) -> AppResult<ReviewToSign> {
    by_a_person(desk, &documents(&asked.review))?;
    let bytes = desk.screens()?.review_payload(&asked)?;
    let place = desk.surface()?.choose_place("Save what is to be signed", "review-to-sign");
    let Chosen { path } = chosen(place)?;
    let Some(path) = path else { return Ok(ReviewToSign { path: None, command: String::new() }) };
    OutputFile::at(Path::new(&path))?.write(&bytes)?;
    let command = format!("ssh-keygen -Y sign -n {NAMESPACE} -f KEY {}", quoted(&path));
    Ok(ReviewToSign { path: Some(path), command })
}

/// A path as a shell reads it.
fn quoted(path: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+".contains(c);
    if path.chars().all(plain) {
        path.to_owned()
    } else {
        format!("'{}'", path.replace('\'', "'\\''"))
    }
}

/// Writes an artifact to a place that somebody chooses.
pub fn save_artifact(desk: &Arc<Desk>, asked: ById) -> AppResult<Chosen> {
    let app = desk.screens()?.app().clone();
    let bytes = app.artifact_bytes(&asked.id)?;
    let name: String = asked.id.chars().filter(char::is_ascii_hexdigit).take(12).collect();
    let Some(place) = desk.surface()?.choose_place("Save the artifact", &name) else {
        return Ok(Chosen { path: None });
    };
    OutputFile::at(&place)?.write(&bytes)?;
    chosen(Some(place))
}

/// Where an advisory is described, for a page that asks before it opens it.
pub fn advisory_page(_: &Arc<Desk>, asked: Advisory) -> AppResult<OutsidePage> {
    outside::page(&asked)
}

/// Opens the description of an advisory in the browser.
pub fn open_advisory_page(desk: &Arc<Desk>, asked: Advisory) -> AppResult<()> {
    desk.surface()?.browse(&outside::page(&asked)?.address)
}

/// Ends every scan and chore, then the program.
pub fn quit(desk: &Arc<Desk>) -> AppResult<()> {
    desk.close();
    desk.surface()?.leave();
    Ok(())
}
