//! The command line as types (contract section 12). Owns names, defaults and help texts;
//! never does anything.
//! Long because the whole command line is one declaration, read best in one place.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// May this release go out, and how do you know?
///
/// Runs the scanners a team already trusts as governed operations: each passes six gates before
/// anything executes, runs in a sandbox inside a budget, and is written into a tamper-evident
/// Flight Recorder.
#[derive(Debug, Parser)]
#[command(name = "mex", version, max_term_width = 100, after_help = EXIT_CODES)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 pass; 1 block; 2 usage or bad input; 3 denied by a gate; \
4 incomplete or failed";

/// What every command takes.
#[derive(Debug, Args)]
pub struct Global {
    /// Recorder, artifacts and approved documents
    #[arg(long, global = true, env = "MEX_DATA_DIR", value_name = "DIR", hide_env_values = true)]
    pub data_dir: Option<PathBuf>,
    /// Provisioned tools and advisory snapshots, shared by all data folders
    #[arg(long, global = true, env = "MEX_TOOLS_DIR", value_name = "DIR", hide_env_values = true)]
    pub tools_dir: Option<PathBuf>,
    /// How the result is written to stdout
    #[arg(long, global = true, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// No progress and no notes on stderr; errors still show
    #[arg(long, short, global = true)]
    pub quiet: bool,
}

/// How a result is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Text,
    /// One JSON document (one a line for `recorder tail`)
    Json,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Scan a project and give one verdict
    Scan(ScanArgs),
    /// Run one governed operation
    #[command(subcommand)]
    Op(OpCommand),
    /// Check that every engine behaves as it must; without a pass it is not callable
    Conformance(ConformanceArgs),
    /// What ran
    #[command(subcommand)]
    Jobs(JobsCommand),
    /// What changed from one scan of a project to another, and why
    Diff(DiffArgs),
    /// Each gate's outcome of one operation
    #[command(subcommand)]
    Gates(GatesCommand),
    /// Problems: diagnostics grouped by what they are about
    #[command(subcommand)]
    Problems(ProblemsCommand),
    /// Exceptions: what somebody accepts, why, and until when
    #[command(subcommand)]
    Exception(ExceptionCommand),
    /// The Flight Recorder
    #[command(subcommand)]
    Recorder(RecorderCommand),
    /// Stored bytes and where they come from
    #[command(subcommand)]
    Artifact(ArtifactCommand),
    /// Take in a report of another tool: SARIF, CycloneDX or OpenVEX. It lifts nothing
    Import(ImportArgs),
    /// Pinned scanners
    #[command(subcommand)]
    Tools(ToolsCommand),
    /// Advisory databases
    #[command(subcommand)]
    Db(DbCommand),
    /// Capabilities
    #[command(subcommand)]
    Capability(CapabilityCommand),
    /// Consents for capabilities that need one
    #[command(subcommand)]
    Consent(ConsentCommand),
    /// The capability registry
    #[command(subcommand)]
    Registry(RegistryCommand),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
}

#[derive(Debug, Args)]
pub struct ScanArgs {
    /// The project folder
    pub path: PathBuf,
    /// Only these jobs: secret, vuln, sbom (all that are built by default)
    #[arg(long, value_delimiter = ',', value_name = "JOB")]
    pub jobs: Vec<String>,
    /// Judge as a release: what blocks, blocks; what was left out is a gap
    #[arg(long)]
    pub release: bool,
    /// Run every tool again, even where nothing changed
    #[arg(long)]
    pub fresh: bool,
    /// The capability profile to run under
    #[arg(long, value_name = "PROFILE", default_value = "supply_chain_scan")]
    pub profile: String,
    /// A policy file (TOML) in place of the approved or default one
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// An allowlist in place of the approved one; never one inside the project
    #[arg(long, value_name = "FILE")]
    pub allowlist: Option<PathBuf>,
    /// Whose SSH signatures approve exceptions: an allowed-signers file outside the project
    #[arg(long, value_name = "FILE")]
    pub signers: Option<PathBuf>,
    /// Search the git history for secrets too
    #[arg(long)]
    pub history: bool,
    /// The version of CycloneDX the inventory is written in
    #[arg(long, value_enum, value_name = "VERSION", default_value_t = CycloneDxArg::V1_6)]
    pub cyclonedx: CycloneDxArg,
    /// Write the findings and gaps as SARIF 2.1.0 into this file
    #[arg(long, value_name = "FILE")]
    pub sarif: Option<PathBuf>,
    /// Write verdict, coverage ledger, reports, evidence, SARIF, OpenVEX, CycloneDX, SPDX and JUnit
    /// into this folder
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub enum OpCommand {
    /// One PlannedOperation in, one EngineResult out
    Run {
        /// The request, or `-` for stdin
        file: PathBuf,
        /// The project folder the operation reads
        #[arg(long, default_value = ".")]
        workspace: PathBuf,
    },
    /// Print an operation, to read, change and run
    Plan {
        /// A job (secret, vuln, sbom, license), or dependency_fetch or npm_audit_live, which need a consent
        job: String,
        /// The project folder the operation reads
        #[arg(long, default_value = ".")]
        workspace: PathBuf,
    },
}

#[derive(Debug, Args)]
pub struct ConformanceArgs {
    /// Only this engine
    #[arg(long, value_name = "ID")]
    pub engine: Option<String>,
}

#[derive(Debug, Args)]
pub struct PageArgs {
    /// At most so many
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub limit: u32,
}

#[derive(Debug, Subcommand)]
pub enum JobsCommand {
    /// The newest jobs and scans
    List(PageArgs),
    /// One job with its operations, or one scan with its jobs
    Show {
        /// A job or scan id, or the start of one
        id: String,
    },
}

#[derive(Debug, Args)]
pub struct DiffArgs {
    /// The scan to compare with: its id, or the start of one
    #[arg(value_name = "RUN")]
    pub before: String,
    /// The scan to compare
    #[arg(value_name = "RUN")]
    pub after: String,
}

#[derive(Debug, Subcommand)]
pub enum GatesCommand {
    /// Six rows before the run, and those after it
    Show {
        /// An operation id, or the start of one
        op_id: String,
    },
}

#[derive(Debug, Args)]
pub struct ProblemFilterArgs {
    /// Only with an instance of this scan
    #[arg(long, value_name = "SCAN")]
    pub run: Option<String>,
    /// Only with this status
    #[arg(long, value_enum)]
    pub status: Option<StatusArg>,
    /// Only of this severity or graver
    #[arg(long, value_enum)]
    pub severity: Option<SeverityArg>,
    /// Only with this code or rule
    #[arg(long)]
    pub code: Option<String>,
    /// Only where title or code holds this text
    #[arg(long)]
    pub text: Option<String>,
    #[command(flatten)]
    pub page: PageArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum StatusArg {
    Open,
    Acknowledged,
    Muted,
    Resolved,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum SeverityArg {
    Fatal,
    Error,
    Warning,
    Info,
    Hint,
}

#[derive(Debug, Args)]
pub struct TriageArgs {
    /// Problem fingerprints, or their beginnings
    #[arg(required = true)]
    pub ids: Vec<String>,
    /// Why; kept with your name
    #[arg(long)]
    pub reason: String,
}

#[derive(Debug, Subcommand)]
pub enum ProblemsCommand {
    /// Problems, gravest first
    List(ProblemFilterArgs),
    /// One Problem with its instances and evidence
    Show {
        /// A fingerprint or diagnostic id, or the start of one
        id: String,
    },
    /// Somebody knows
    Ack(TriageArgs),
    /// Hide from the default list; the verdict still counts it
    Mute(TriageArgs),
    /// Say that it is gone; it re-opens when it comes back
    Resolve(TriageArgs),
    /// Back to open
    Reopen(TriageArgs),
}

/// Which document of exceptions.
#[derive(Debug, Args)]
pub struct TargetArgs {
    /// Only of this project (default: every project of the data folder)
    #[arg(long, value_name = "PATH", conflicts_with = "file")]
    pub project: Option<PathBuf>,
    /// Of a document in a file, in place of the data folder's
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
}

/// Until when an exception holds.
#[derive(Debug, Args)]
pub struct UntilArgs {
    /// For so many days
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..=366))]
    pub days: u32,
    /// Until the first moment of this date, UTC, or until an RFC 3339 moment
    #[arg(long, value_name = "DATE", conflicts_with = "days")]
    pub expires: Option<String>,
    /// Who approves (default: who is logged in; any other name is marked as typed)
    #[arg(long, value_name = "NAME")]
    pub approver: Option<String>,
}

/// What every saving of exceptions takes.
#[derive(Debug, Args)]
pub struct SaveArgs {
    /// Do not ask: for scripts. What it hides is still shown
    #[arg(long, short)]
    pub yes: bool,
    /// Write the document here too, for CI and colleagues
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct SubjectArgs {
    /// The Problem: a fingerprint or diagnostic id, or the start of one
    #[arg(long, value_name = "ID", required_unless_present = "proposal")]
    pub problem: Option<String>,
    /// What the project itself asks for, by its number in `list --proposed`
    #[arg(long, value_name = "N", conflicts_with = "problem", requires = "run")]
    pub proposal: Option<usize>,
    /// As this scan saw it (default: the newest that did)
    #[arg(long, value_name = "SCAN")]
    pub run: Option<String>,
}

#[derive(Debug, Args)]
pub struct AddArgs {
    #[command(flatten)]
    pub subject: SubjectArgs,
    /// Why; kept with the names
    #[arg(long)]
    pub reason: String,
    /// Who answers for it
    #[arg(long)]
    pub owner: String,
    #[command(flatten)]
    pub until: UntilArgs,
    /// Its id (default: made from what it accepts)
    #[arg(long)]
    pub id: Option<String>,
    /// Into a document in a file, in place of the project's own
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    #[command(flatten)]
    pub save: SaveArgs,
}

#[derive(Debug, Args)]
pub struct BaselineArgs {
    /// The scan whose findings are accepted
    #[arg(long, value_name = "SCAN")]
    pub run: String,
    /// Why; the same for all
    #[arg(long)]
    pub reason: String,
    /// Who answers for them
    #[arg(long)]
    pub owner: String,
    #[command(flatten)]
    pub until: UntilArgs,
    /// Accept its gaps too
    #[arg(long)]
    pub gaps: bool,
    /// Into a document in a file, in place of the project's own
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    #[command(flatten)]
    pub save: SaveArgs,
}

#[derive(Debug, Subcommand)]
pub enum ExceptionCommand {
    /// Accept one Problem for a time: a vulnerability, secret, unknown licence or gap
    Add(AddArgs),
    /// Exceptions with their expiry and what became of them
    List {
        #[command(flatten)]
        target: TargetArgs,
        /// What the project of a scan asks for by its own ignore files, to be accepted with `add --proposal`
        #[arg(long, requires = "run")]
        proposed: bool,
        /// The scan whose proposals are listed
        #[arg(long, value_name = "SCAN", requires = "proposed")]
        run: Option<String>,
        /// Write the document here, for CI and colleagues
        #[arg(long, value_name = "FILE", conflicts_with = "proposed")]
        out: Option<PathBuf>,
    },
    /// Let an exception hold for longer; who renews it approves it
    Renew {
        /// Its id
        id: String,
        #[command(flatten)]
        target: TargetArgs,
        #[command(flatten)]
        until: UntilArgs,
        /// A new reason (default: the old one)
        #[arg(long)]
        reason: Option<String>,
        #[command(flatten)]
        save: SaveArgs,
    },
    /// Take an exception out: it lifts nothing from now on
    Revoke {
        /// Its id
        id: String,
        #[command(flatten)]
        target: TargetArgs,
        /// Why
        #[arg(long)]
        reason: String,
        /// Write the document here too
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// What exceptions would hide, now and in the last 30 days; saves nothing
    Impact {
        /// One Problem, as `add` would accept it
        #[arg(long, value_name = "ID")]
        problem: Option<String>,
        /// As this scan saw it
        #[arg(long, value_name = "SCAN", requires = "problem")]
        run: Option<String>,
        #[command(flatten)]
        target: TargetArgs,
    },
    /// Validate a document and tell what expires, expired, is unused or accepts too much
    Check {
        /// A document (default: those approved in the data folder)
        #[arg(conflicts_with = "project")]
        file: Option<PathBuf>,
        /// Only of this project
        #[arg(long, value_name = "PATH")]
        project: Option<PathBuf>,
        /// Judge SSH signatures by this allowed-signers file
        #[arg(long, value_name = "FILE")]
        signers: Option<PathBuf>,
    },
    /// Accept everything a scan found, so that only what is new blocks
    Baseline(BaselineArgs),
    /// Approve by SSH signature: write what is to be signed, then take the signature in
    Sign {
        /// The exception's id
        id: String,
        #[command(flatten)]
        target: TargetArgs,
        /// Who approves, as the allowed-signers file names them
        #[arg(long, value_name = "NAME")]
        approver: String,
        /// Write the bytes to sign here
        #[arg(long, value_name = "FILE", required_unless_present = "signature")]
        payload: Option<PathBuf>,
        /// What `ssh-keygen -Y sign` made of them
        #[arg(long, value_name = "FILE", requires = "signers", conflicts_with = "payload")]
        signature: Option<PathBuf>,
        /// The allowed-signers file
        #[arg(long, value_name = "FILE")]
        signers: Option<PathBuf>,
        /// Write the document here too
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
pub struct EventFilterArgs {
    /// Only this event type, such as `system` or `terminal_command`
    #[arg(long = "type")]
    pub event_type: Option<String>,
    /// Only of this job
    #[arg(long)]
    pub job: Option<String>,
    /// Only of this scan
    #[arg(long)]
    pub run: Option<String>,
    /// Only of this operation
    #[arg(long)]
    pub op: Option<String>,
    /// Only after this sequence number
    #[arg(long)]
    pub after: Option<u64>,
    #[command(flatten)]
    pub page: PageArgs,
}

#[derive(Debug, Subcommand)]
pub enum RecorderCommand {
    /// Events, newest first
    Query(EventFilterArgs),
    /// Follow new events until interrupted
    Tail,
    /// Check the whole chain, and that it still holds an exported head
    Verify {
        /// A head that `mex recorder head` exported
        #[arg(long, value_name = "HEAD")]
        against: Option<PathBuf>,
    },
    /// Export a signed head: keep it where this machine cannot change it
    Head {
        /// Write it here instead of stdout
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Remove events older than the retention; the chain stays verifiable
    Purge {
        /// Keep so many days this once, in place of the setting
        #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=36_500))]
        keep_days: Option<u32>,
    },
}

#[derive(Debug, Subcommand)]
pub enum ArtifactCommand {
    /// What an artifact is and where it comes from
    Show {
        /// A SHA-256, or the start of one
        sha256: String,
    },
    /// Check the bytes of one artifact, or of all
    Verify {
        /// A SHA-256, or the start of one; all where none is named
        sha256: Option<String>,
    },
    /// Write an artifact's bytes, or a recorded scan in a format others read, to a file or stdout
    Export {
        /// A SHA-256, or the start of one; with `--standard` a scan's id
        id: String,
        /// Write the scan with this id in this format
        #[arg(long, value_enum, value_name = "FORMAT")]
        standard: Option<StandardArg>,
        /// Where to; stdout where none is named
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}

/// A version of CycloneDX.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum CycloneDxArg {
    #[value(name = "1.6")]
    V1_6,
    #[value(name = "1.7")]
    V1_7,
}

/// A format others read.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum StandardArg {
    /// SARIF 2.1.0
    Sarif,
    /// OpenVEX 0.2
    Openvex,
    /// CycloneDX with vulnerabilities
    Cyclonedx,
    /// SPDX 2.3
    Spdx,
    /// JUnit XML
    Junit,
}

#[derive(Debug, Args)]
pub struct ImportArgs {
    /// SARIF 2.1.0, CycloneDX 1.4 to 1.7 (JSON) or OpenVEX 0.2
    pub file: PathBuf,
    /// The project the report is about
    #[arg(long, value_name = "PATH")]
    pub project: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub enum ToolsCommand {
    /// What is pinned and what is there
    List,
    /// Provision what is missing, then run the conformance suite
    Install {
        /// Only these tools
        names: Vec<String>,
        /// Build again even where it is there
        #[arg(long)]
        force: bool,
    },
    /// Hash every tool and compare with its pin
    Verify,
}

#[derive(Debug, Subcommand)]
pub enum DbCommand {
    /// The snapshots at hand and their age
    List,
    /// Take in a snapshot from a file
    Import {
        /// An OSV export (zip) or a RustSec advisory-db archive (tar.gz)
        file: PathBuf,
        /// The ecosystem as OSV spells it; read from the records where none is named
        #[arg(long)]
        ecosystem: Option<String>,
    },
    /// Fetch snapshots from their sources; needs a live consent for `net.http`
    Sync {
        /// Only these ecosystems
        #[arg(long, value_delimiter = ',')]
        ecosystems: Vec<String>,
        /// Another source than the default one, for a single ecosystem
        #[arg(long, value_name = "URL")]
        from: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub enum CapabilityCommand {
    /// Would it be allowed, and why; recorded
    Simulate {
        /// The profile
        #[arg(long)]
        profile: String,
        /// The engine
        #[arg(long)]
        engine: String,
        /// The operation
        #[arg(long)]
        operation: String,
        /// The capability
        #[arg(long)]
        capability: String,
    },
}

#[derive(Debug, Subcommand)]
pub enum ConsentCommand {
    /// Consent to a capability for a time
    Grant {
        /// The capability, such as `net.http`
        capability: String,
        /// Only under this profile
        #[arg(long)]
        profile: Option<String>,
        /// For so many hours
        #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=8760))]
        hours: u32,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Take a consent back, at once
    Revoke {
        /// A consent id, or the start of one
        id: String,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Consents with their state
    List,
}

#[derive(Debug, Subcommand)]
pub enum RegistryCommand {
    /// The registry in force, a version that was published here, or a file
    Show {
        /// A version that was published here
        #[arg(long, value_name = "VERSION", conflicts_with = "file")]
        version: Option<String>,
        /// Validate and show a file in place of the one in force
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// A draft from a specification in Markdown, by rules alone or with a model beside them
    Extract(RegistryExtractArgs),
    /// Everything that is wrong with a draft or a registry file, at once
    Validate {
        /// A draft (`capability_registry_draft.json`) or a registry file
        #[arg(value_name = "DRAFT")]
        draft: PathBuf,
        /// The specification it was made of; sections are not judged without one
        #[arg(long, value_name = "FILE", num_args = 1..)]
        spec: Vec<PathBuf>,
        /// The engines, in place of the compiled-in ones
        #[arg(long, value_name = "FILE")]
        engines: Option<PathBuf>,
        /// The profiles that go with it; those in force where none are named
        #[arg(long, value_name = "FILE")]
        profiles: Option<PathBuf>,
        /// Write `capability_registry_validation.json` into this folder too
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// Extract, validate and compare in one go
    Build {
        #[command(flatten)]
        extract: RegistryExtractArgs,
        /// The profiles that go with it; those in force where none are named
        #[arg(long, value_name = "FILE")]
        profiles: Option<PathBuf>,
    },
    /// What a draft changes in the registry in force, in plain words; a review binds to it
    Diff {
        /// A draft (`capability_registry_draft.json`) or a registry file; the registry in force where
        /// only profiles change
        #[arg(value_name = "DRAFT")]
        draft: Option<PathBuf>,
        /// An older version, in place of a draft
        #[arg(long, value_name = "VERSION", conflicts_with = "draft")]
        version: Option<String>,
        /// The profiles that go with it; those in force where none are named
        #[arg(long, value_name = "FILE")]
        profiles: Option<PathBuf>,
        /// Write `capability_registry_diff.json` into this folder too
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// What a compared draft would have allowed or denied, newly, of what was asked here
    Impact {
        /// The diff's digest, or the start of it; the newest where none is named
        #[arg(value_name = "DIFF")]
        diff: Option<String>,
        /// So many days back
        #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=3650))]
        days: u16,
    },
    /// Approve or reject a diff; every added right is ticked on its own
    Review(RegistryReviewArgs),
    /// Put in force what was approved
    Publish {
        /// The review or its diff: the digest, or the start of it; the newest where none is named
        #[arg(value_name = "REVIEW")]
        review: Option<String>,
        #[command(flatten)]
        rules: RegistryRuleArgs,
        /// The allowed-signers file, where the review is signed
        #[arg(long, value_name = "FILE")]
        signers: Option<PathBuf>,
        /// Copy the registry, its profiles and its signed record into this folder: what another
        /// machine takes over
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// Publish an older version again, as a new one
    Rollback {
        /// Which version
        version: String,
        /// Why
        #[arg(long)]
        reason: String,
        /// A right that comes back, as `mex registry diff --version` names it; once for each
        #[arg(long = "tick", value_name = "RIGHT")]
        ticked: Vec<String>,
        #[command(flatten)]
        rules: RegistryRuleArgs,
        /// Copy what was published into this folder
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// Every version that was published here, and the key that signs its records
    Versions,
    /// Put in force what somebody else published and signed
    Takeover {
        /// The registry file; `NAME.profiles.json` and `NAME.publish.json` lie beside it
        file: PathBuf,
        /// The signer's public key (64 hex characters), or a file that holds it
        #[arg(long, value_name = "KEY")]
        signer: String,
    },
}

/// What a draft is made of.
#[derive(Debug, Args)]
pub struct RegistryExtractArgs {
    /// The Markdown files of the specification
    #[arg(long, value_name = "FILE", num_args = 1.., required = true)]
    pub spec: Vec<PathBuf>,
    /// The previous registry; the one in force where none is named
    #[arg(long, value_name = "FILE")]
    pub previous: Option<PathBuf>,
    /// The engines, in place of the compiled-in ones
    #[arg(long, value_name = "FILE")]
    pub engines: Option<PathBuf>,
    /// Ask this model too: it proposes, and what it does not quote is refused
    #[arg(long, value_name = "NAME", requires = "model_url")]
    pub model: Option<String>,
    /// The OpenAI-compatible endpoint that has it; its key is read from `MEX_MODEL_KEY`
    #[arg(long, value_name = "URL", requires = "model")]
    pub model_url: Option<String>,
    /// Store and show what the model would be told, and send nothing
    #[arg(long, requires = "model")]
    pub show_request: bool,
    /// Write the documents into this folder too
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

/// Under which policy a registry is reviewed and published.
#[derive(Debug, Args)]
pub struct RegistryRuleArgs {
    /// A policy file: its `[registry]` says whether a second reviewer or a signature is asked for
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("decision").required(true).args(["approve", "reject"]))]
pub struct RegistryReviewArgs {
    /// The diff's digest, or the start of it; the newest where none is named
    #[arg(value_name = "DIFF")]
    pub diff: Option<String>,
    /// It may be published
    #[arg(long)]
    pub approve: bool,
    /// It may not; final for this diff, and takes an approval back
    #[arg(long)]
    pub reject: bool,
    /// Why; a rejection needs it
    #[arg(long, default_value = "")]
    pub comment: String,
    /// An added right, as the diff names it; once for each
    #[arg(long = "tick", value_name = "RIGHT")]
    pub ticked: Vec<String>,
    #[command(flatten)]
    pub rules: RegistryRuleArgs,
    /// Who signs, as the allowed-signers file names them
    #[arg(long, value_name = "NAME")]
    pub reviewer: Option<String>,
    /// Write the bytes to sign here, and decide nothing
    #[arg(long, value_name = "FILE", requires = "reviewer", conflicts_with = "signature")]
    pub payload: Option<PathBuf>,
    /// What `ssh-keygen -Y sign -n mex-registry-review@v1` made of them
    #[arg(long, value_name = "FILE", requires_all = ["reviewer", "signers"])]
    pub signature: Option<PathBuf>,
    /// The allowed-signers file
    #[arg(long, value_name = "FILE")]
    pub signers: Option<PathBuf>,
    /// Write `capability_registry_review.json` into this folder too
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}
