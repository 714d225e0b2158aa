//! The one table of commands: handlers, access list and bindings are made of it.
//! Each entry is one call of a use case; never a rule of its own.

use mex_app::db::DatabaseView;
use mex_app::desk::ById;
use mex_app::desk::consents::{GrantConsentRequest, RevokeConsentRequest};
use mex_app::desk::import::ImportedReport;
use mex_app::desk::progress::Progress;
use mex_app::desk::recorder::{EventsQuestion, JobsQuestion, Tail, TailQuestion, VerifyQuestion};
use mex_app::desk::reports::{components, coverage, licenses, secrets, vulnerabilities};
use mex_app::desk::scans::{DeltaQuestion, ScanView, ScansQuestion, StartScanRequest, StartedScan};
use mex_app::desk::session::{OpenState, RunningScan};
use mex_app::desk::tools::{InstallRequest, SyncRequest, ToolRow};
use mex_app::desk::{
    Rows, artifacts, editor, exceptions, gates, links, preferences, problem, problems, projects,
    registry, reports, triage,
};
use mex_app::history::JobView;
use mex_app::publish::{PublishOutcome, RegistryDraftView, ReviewOutcome};
use mex_app::record::{
    ConsentEntry, JobEntry, OperationEntry, ScanEntry, StoredDiagnostic, StoredEvent,
};
use mex_app::registry::RegistryView;
use mex_app::runtime::delta::Delta;

use crate::command::Command;
use crate::host::{self, Chore, ChoreQuestion, Chosen, FileQuestion, Stopping};
use crate::news::HostNews;
use crate::outside::{Advisory, OutsidePage};

/// Commands that are a method of [`mex_app::desk::Screens`] under the same name.
macro_rules! screens {
    ($($about:literal $name:ident ($($question:ty)?) -> $answer:ty;)*) => {
        vec![$(screen!($about $name ($($question)?) -> $answer)),*]
    };
}

macro_rules! screen {
    ($about:literal $name:ident () -> $answer:ty) => {
        Command::tell::<$answer>(stringify!($name), $about, |desk| desk.screens()?.$name())
    };
    ($about:literal $name:ident ($question:ty) -> $answer:ty) => {
        Command::ask::<$question, $answer>(stringify!($name), $about, |desk, asked| {
            desk.screens()?.$name(&asked)
        })
    };
}

/// Every command the window may call, sorted by name.
pub fn table() -> Vec<Command> {
    let mut table = of_screens();
    table.extend(of_host());
    table.sort_by_key(|command| command.name);
    table
}

fn of_screens() -> Vec<Command> {
    screens! {
        "What a person set up for the window, and how they left it."
        preferences() -> preferences::PreferencesState;
        "Changes what is named; the rest stays."
        save_preferences(preferences::PreferencesPatch) -> preferences::PreferencesState;
        "Projects that were scanned, the newest first."
        recent_projects() -> Vec<projects::RecentProject>;
        "Takes a project off that list."
        forget_project(projects::FolderQuestion) -> Vec<projects::RecentProject>;
        "Whether a folder can be scanned."
        inspect_folder(projects::FolderQuestion) -> projects::FolderView;
        "One page of Problems that match a query line."
        problems(problems::ProblemsQuestion) -> Rows<problems::ProblemRow>;
        "How many Problems match a query line, and how many there are."
        problem_counts(problems::ProblemCountsQuestion) -> problems::ProblemCounts;
        "Which values of a field have results under a query line."
        problem_facets(problems::ProblemFacetsQuestion) -> problems::ProblemFacets;
        "One Problem with its evidence."
        problem(ById) -> problem::ProblemDetail;
        "More instances of one Problem."
        instances(problem::InstancesQuestion) -> Rows<StoredDiagnostic>;
        "The Problems before and after one, under a query line."
        neighbours(problems::NeighboursQuestion) -> problems::Neighbours;
        "Sets the status of Problems for one reason."
        triage(triage::TriageRequest) -> triage::Triaged;
        "Takes a triage back, within ten seconds."
        undo_triage(triage::UndoTriageRequest) -> triage::TriageUndone;
        "Problems as text, Markdown, JSON or links."
        problem_text(triage::ProblemTextQuestion) -> triage::ProblemText;
        "Opens the file of a Problem in the editor that is set up."
        open_in_editor(ById) -> editor::OpenedInEditor;
        "What a link leads to."
        resolve_link(links::LinkQuestion) -> links::LinkTarget;
        "Which reports a scan left."
        reports(reports::ReportsQuestion) -> reports::ReportList;
        "One page of vulnerabilities."
        vulnerabilities(vulnerabilities::VulnerabilitiesQuestion) -> Rows<vulnerabilities::VulnerabilityRow>;
        "One page of components."
        components(components::ComponentsQuestion) -> Rows<components::ComponentRow>;
        "What a component depends on; the top of the tree where none is named."
        dependency_tree(components::TreeQuestion) -> Rows<components::TreeNode>;
        "How many packages are under each licence, unknown ones first."
        license_groups(licenses::LicenseGroupsQuestion) -> Rows<licenses::LicenseGroup>;
        "One page of packages with their licences."
        licenses(licenses::LicensesQuestion) -> Rows<licenses::LicenseRow>;
        "One page of secrets; never a secret."
        secrets(secrets::SecretsQuestion) -> Rows<secrets::SecretRow>;
        "One page of the coverage ledger, with counts."
        coverage(coverage::CoverageQuestion) -> coverage::CoveragePage;
        "Lets go of a scan's parsed reports."
        close_report(reports::ReportsQuestion) -> ();
        "One page of artifacts."
        artifacts(artifacts::ArtifactsQuestion) -> Rows<artifacts::ArtifactRow>;
        "One page of scans, newest first."
        scans(ScansQuestion) -> Rows<ScanEntry>;
        "One scan with its verdict, jobs and attempts."
        scan(ById) -> ScanView;
        "What changed from one scan to another, and why."
        delta(DeltaQuestion) -> Delta;
        "The six gates of one attempt, before and after."
        gates(ById) -> gates::GateTable;
        "The attempts of a scan or a job, oldest first."
        operations(gates::OperationsQuestion) -> Vec<OperationEntry>;
        "One page of events."
        events(EventsQuestion) -> Rows<StoredEvent>;
        "One event."
        event(ById) -> StoredEvent;
        "What came after a place in the chain."
        tail(TailQuestion) -> Tail;
        "One page of jobs, newest first."
        jobs(JobsQuestion) -> Rows<JobEntry>;
        "One job, or the jobs of one scan."
        job(ById) -> JobView;
        "Checks the chain of events, against an exported head where one is given."
        verify_recorder(VerifyQuestion) -> mex_app::record::VerifyReport;
        "A signed head of the chain, to be kept elsewhere."
        export_head() -> mex_app::record::Head;
        "Every version of the registry that was published."
        registry_versions() -> mex_app::publish::RegistryVersions;
        "Puts an earlier version of the registry in force again."
        rollback_registry(registry::RollbackRegistryRequest) -> mex_app::publish::PublishOutcome;
        "One artifact with its beginning as text."
        artifact(ById) -> artifacts::ArtifactDetail;
        "Reads and hashes one artifact."
        verify_artifact(ById) -> mex_app::artifact::ArtifactCheck;
        "The pinned tools and what stands of each."
        tools() -> Vec<ToolRow>;
        "The advisory databases with their ages."
        databases() -> Vec<DatabaseView>;
        "Every consent with its state."
        consents() -> Vec<ConsentEntry>;
        "Grants a consent for a time."
        grant_consent(GrantConsentRequest) -> ConsentEntry;
        "Takes a consent back."
        revoke_consent(RevokeConsentRequest) -> ConsentEntry;
        "The exceptions in force and those that have run out."
        exceptions(exceptions::ExceptionsQuestion) -> mex_app::exception::ExceptionList;
        "Exceptions a model proposed for a scan."
        proposals(ById) -> Vec<mex_app::exception::Proposal>;
        "Drafts exceptions and says what they would hide; nothing is accepted yet."
        draft_exception(exceptions::DraftExceptionRequest) -> exceptions::DraftView;
        "Drafts the renewal of an exception."
        draft_renewal(exceptions::DraftRenewalRequest) -> exceptions::DraftView;
        "Drafts exceptions for everything a scan found."
        draft_baseline(exceptions::DraftBaselineRequest) -> exceptions::DraftView;
        "Accepts exactly the draft that was shown."
        save_draft(exceptions::DraftChoice) -> mex_app::exception::Changed;
        "Drops a draft; that it was declined is recorded."
        decline_draft(exceptions::DraftChoice) -> ();
        "Takes an exception back."
        revoke_exception(exceptions::RevokeExceptionRequest) -> mex_app::exception::Changed;
    }
}

fn of_host() -> Vec<Command> {
    vec![
        Command::tell::<OpenState>(
            "open_state",
            "What a window shows first; tries again to open a data folder that could not be opened.",
            host::open_state,
        ),
        Command::hear::<HostNews>(
            "listen",
            "What the host tells unasked: something to open, something dropped, somebody wants to leave.",
            host::listen,
        ),
        Command::tell::<RegistryView>(
            "registry_view",
            "The capability registry in force.",
            |desk| desk.screens()?.app().registry_view(None),
        ),
        Command::tell::<Option<RegistryDraftView>>(
            "registry_draft",
            "A draft of the registry with its validation, diff and impact; null where there is none.",
            |desk| desk.screens()?.registry_draft(&registry::RegistryDraftQuestion::default()),
        ),
        Command::ask::<registry::RegistryQuestion, RegistryView>(
            "registry_version",
            "One version of the capability registry.",
            |desk, asked| desk.screens()?.registry_view(&asked),
        ),
        Command::follow::<StartScanRequest, StartedScan, Progress>(
            "start_scan",
            "Begins a scan; progress and its end come over the channel.",
            host::start_scan,
        ),
        Command::follow::<ById, StartedScan, Progress>(
            "attach_scan",
            "Comes back to a scan of this process: everything so far in one batch, then what comes.",
            host::attach_scan,
        ),
        Command::ask::<ById, Stopping>(
            "cancel_scan",
            "Asks a scan to stop; its end comes over its channel.",
            host::cancel_scan,
        ),
        Command::tell::<Vec<RunningScan>>(
            "running_scans",
            "The scans that run in this process.",
            host::running_scans,
        ),
        Command::follow::<InstallRequest, (), Progress>(
            "install_tools",
            "Installs tools; needs a live consent for `net.http`.",
            host::install_tools,
        ),
        Command::follow::<SyncRequest, (), Progress>(
            "sync_databases",
            "Fetches advisory databases; needs a live consent for `net.http`.",
            host::sync_databases,
        ),
        Command::tell::<Vec<Chore>>(
            "running_chores",
            "Installations and fetches that run in this process.",
            host::running_chores,
        ),
        Command::follow::<ChoreQuestion, (), Progress>(
            "attach_chore",
            "Comes back to an installation or a fetch.",
            host::attach_chore,
        ),
        Command::ask::<ChoreQuestion, Stopping>(
            "cancel_chore",
            "Asks an installation or a fetch to stop.",
            host::cancel_chore,
        ),
        Command::tell::<Chosen>(
            "choose_folder",
            "Asks for a project folder with the dialog of the system.",
            host::choose_folder,
        ),
        Command::ask::<FileQuestion, Chosen>(
            "choose_file",
            "Asks for a file with the dialog of the system.",
            host::choose_file,
        ),
        Command::ask::<host::ImportDatabaseRequest, Option<DatabaseView>>(
            "import_database",
            "Takes in an advisory database from a file chosen with the dialog of the system.",
            host::import_database,
        ),
        Command::ask::<host::ImportFileRequest, Option<ImportedReport>>(
            "import_report",
            "Takes in a report of another tool: one that was dropped, or chosen with the dialog of the system.",
            host::import_report,
        ),
        Command::ask::<registry::ReviewRegistryRequest, ReviewOutcome>(
            "review_registry",
            "Approves or rejects exactly the diff that was shown.",
            host::review_registry,
        ),
        Command::ask::<registry::PublishRegistryRequest, PublishOutcome>(
            "publish_registry",
            "Publishes what a review approved.",
            host::publish_registry,
        ),
        Command::ask::<registry::ReviewPayloadRequest, host::ReviewToSign>(
            "save_review_payload",
            "Writes what a reviewer signs to a place chosen with the dialog of the system.",
            host::save_review_payload,
        ),
        Command::ask::<ById, Chosen>(
            "save_artifact",
            "Writes an artifact to a place chosen with the dialog of the system.",
            host::save_artifact,
        ),
        Command::ask::<Advisory, OutsidePage>(
            "advisory_page",
            "Where an advisory is described, to be shown before it is opened.",
            host::advisory_page,
        ),
        Command::ask::<Advisory, ()>(
            "open_advisory_page",
            "Opens the description of an advisory in the browser.",
            host::open_advisory_page,
        ),
        Command::tell::<()>(
            "quit",
            "Cancels what runs, waits for its end, and leaves.",
            host::quit,
        ),
    ]
}
