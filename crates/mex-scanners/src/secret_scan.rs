//! The adapter of `engine.guard.secret_scan`: gitleaks over the staged tree, or over the history.
//! Owns the order of runs and the ledger of files; a raw secret lives here only between the tool's
//! answer and its fingerprint (contract FR-9). Never judges what it finds.
//! Long because the tree and the history share every step from question to finding.

pub mod blind_spots;
mod kept;
mod names;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use mex_runtime::adapter::{Adapter, AdapterOutcome, Produced, RunContext};
use mex_runtime::artifact::{SandboxLevel, media_type};
use mex_runtime::code::Code;
use mex_runtime::coverage::{Coverage, CoverageEntry, CoverageState};
use mex_runtime::digest::Digest;
use mex_runtime::gate::Admitted;
use mex_runtime::id::{EngineId, JobName, OperationName, ToolName, WorkspaceId};
use mex_runtime::operation::{EntityRef, Input};
use mex_runtime::policy::allowlist::FingerprintKey;
use mex_runtime::port::Progress;
use mex_runtime::result::TypedError;
use semver::Version;
use serde_json::{Value, json};

use crate::answer::{error, status};
use crate::errand::{self, Ask, Errand, answer, read_only, unprepared};
use crate::fingerprint::Fingerprints;
use crate::gitleaks::argv::{self, Scope};
use crate::gitleaks::normalise::{Place, Reading, read, settle};
use crate::gitleaks::{NAME, safe_log};
use crate::ground;
use crate::process::{Finished, Keep, Mount};
use crate::redact::{Redactor, wipe};
use crate::sandbox::Sandbox;
use crate::secret_name::{Standing, judge};
use crate::stage::{HistoryView, Manifest, StageLedger};
use crate::tool::PinnedTool;
use crate::toolchain::Toolchain;
use kept::Choice;
pub use kept::KeptFiles;
use names::Names;

/// A project's history as the sandbox may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// The bare repository of ours and the objects it borrows, read-only.
    pub mounts: Vec<Mount>,
    /// Where the repository is inside.
    pub repository: String,
    /// The git program and what it needs.
    pub executables: Vec<PathBuf>,
    /// Why older commits are missing, where they are: then the history is a gap.
    pub partial: Option<String>,
}

impl History {
    /// The refs by their bytes, the objects by their stats, git by its own.
    fn ground(&self, now: Timestamp) -> Option<Value> {
        let mut parts = vec![json!(self.partial)];
        for mount in &self.mounts {
            parts.push(json!(mount.inside));
            parts.push(if mount.inside == self.repository {
                ground::bytes(&mount.host)?
            } else {
                ground::objects(&mount.host, now)?
            });
        }
        for program in &self.executables {
            parts.push(ground::file(program, now)?);
        }
        Some(Value::Array(parts))
    }
}

/// Finds secrets.
pub struct SecretScan {
    toolchain: Arc<Toolchain>,
    sandbox: Arc<Sandbox>,
    fingerprints: Fingerprints,
    history: Option<History>,
    kept: Option<KeptFiles>,
}

impl SecretScan {
    /// `own` is the data folder's key, `documents` those of the allowlists in force.
    pub fn new(
        toolchain: Arc<Toolchain>,
        sandbox: Arc<Sandbox>,
        own: FingerprintKey,
        documents: Vec<FingerprintKey>,
    ) -> Self {
        let fingerprints = Fingerprints::new(own, documents);
        Self { toolchain, sandbox, fingerprints, history: None, kept: None }
    }

    /// With the files known to be clean, so that those are not read again.
    #[must_use]
    pub fn with_kept(mut self, kept: KeptFiles) -> Self {
        self.kept = Some(kept);
        self
    }

    /// With the history that `scope = history` reads.
    #[must_use]
    pub fn with_history(mut self, history: History) -> Self {
        self.history = Some(history);
        self
    }
}

impl Adapter for SecretScan {
    fn engine_id(&self) -> EngineId {
        EngineId::known("engine.guard.secret_scan")
    }

    fn operation(&self) -> OperationName {
        OperationName::known("secret_scan")
    }

    fn version(&self) -> Version {
        Version::new(1, 0, 0)
    }

    /// The rules, every key that fingerprints are made with, and for a history its refs and objects.
    fn ground(&self, admitted: &Admitted, context: &RunContext<'_>) -> Option<Digest> {
        let scope = scope_of(admitted);
        let history = match (scope, &self.history) {
            (Scope::Tree, _) => json!("tree"),
            (Scope::History, None) => json!("none"),
            (Scope::History, Some(history)) => history.ground(context.clock.now())?,
        };
        ground::digest(&json!({
            "common": ground::common(context)?,
            "config": config_digest(scope),
            "fingerprints": self.fingerprints.ground(),
            "history": history,
        }))
    }

    fn run(&self, admitted: &Admitted, context: &RunContext<'_>) -> AdapterOutcome {
        let scope = scope_of(admitted);
        let mut run = Run {
            errand: Errand {
                toolchain: &self.toolchain,
                sandbox: &self.sandbox,
                admitted,
                context,
            },
            outcome: errand::unfinished(config_digest(scope), self.sandbox.level),
            level: None,
            kept: 0,
        };
        let subject = match scope {
            Scope::Tree => "files",
            Scope::History => "history",
        };
        if let Err(fault) = run.scan(self, scope) {
            let missing = matches!(fault.code, Code::IntegrityToolMissing);
            let state = if missing { CoverageState::ToolMissing } else { CoverageState::Failed };
            run.note(subject, state, &fault.message, 1);
            run.outcome.errors.push(fault);
        }
        run.outcome.status = status(&run.outcome.errors);
        run.outcome.sandbox = run.level.unwrap_or(self.sandbox.level);
        run.outcome.coverage.canonicalise();
        run.outcome
    }
}

fn scope_of(admitted: &Admitted) -> Scope {
    match admitted.operation().params.get("scope").and_then(serde_json::Value::as_str) {
        Some("history") => Scope::History,
        _ => Scope::Tree,
    }
}

fn config_digest(scope: Scope) -> Digest {
    let config = json!({ "args": argv::args(scope, "/project"), "rules": Digest::of(argv::RULES.as_bytes()) });
    Digest::of(config.to_string().as_bytes())
}

struct Run<'a> {
    errand: Errand<'a>,
    outcome: AdapterOutcome,
    level: Option<SandboxLevel>,
    /// How many files were not read again. Never part of a report: a report does not depend on it.
    kept: usize,
}

/// What is known of a workspace's files, and where to keep what is learned.
struct Memory<'k> {
    kept: &'k KeptFiles,
    workspace: WorkspaceId,
    ground: Digest,
    choice: Choice,
}

impl Memory<'_> {
    fn keep(self, reading: &Reading, masked: &BTreeSet<String>) {
        // What cannot be kept is scanned again next time; nothing is lost by it.
        if let Some(clean) = self.choice.clean(reading, "/project/", masked) {
            let _ = self.kept.write(&self.workspace, self.ground, clean);
        }
    }
}

/// One run's answer and where its files really are.
struct Part {
    reading: Reading,
    prefix: &'static str,
    names: BTreeMap<String, String>,
    lines_before: u64,
    subject: &'static str,
}

impl Run<'_> {
    fn scan(&mut self, adapter: &SecretScan, scope: Scope) -> Result<(), TypedError> {
        let ledger = self.ledger();
        let names = self.names(scope, &ledger);
        match self.parts(adapter, scope, &ledger) {
            Ok(parts) => self.settle(parts, names, adapter, ledger),
            Err(fault) => {
                // What stands in names is known without the tool, and its fault must not hide it.
                if !names.found.secrets.is_empty() {
                    self.settle(Vec::new(), names, adapter, ledger)?;
                }
                Err(fault)
            }
        }
    }

    fn parts(
        &mut self,
        adapter: &SecretScan,
        scope: Scope,
        ledger: &StageLedger,
    ) -> Result<Vec<Part>, TypedError> {
        let tool = self.errand.tool(NAME)?;
        self.outcome.tools.push(tool.identity.clone());
        let config = self
            .errand
            .config_folder(argv::CONFIG_FILE, argv::RULES)
            .map_err(|fault| unprepared("gitleaks' configuration", &fault))?;
        match scope {
            Scope::Tree => self.tree(&tool, config.path(), ledger, adapter.kept.as_ref()),
            Scope::History => self.history(&tool, config.path(), adapter.history.as_ref()),
        }
    }

    fn ledger(&self) -> StageLedger {
        let root = self.errand.context.stage.map(|stage| stage.root.as_path());
        root.and_then(|root| StageLedger::beside(root).ok()).unwrap_or_default()
    }

    fn tree(
        &mut self,
        tool: &PinnedTool,
        config: &Path,
        ledger: &StageLedger,
        kept: Option<&KeptFiles>,
    ) -> Result<Vec<Part>, TypedError> {
        let stage = self.errand.context.stage.ok_or_else(|| {
            error(Code::Internal, "a secret scan was started without a staged tree".to_owned())
        })?;
        let root = stage.root.as_path();
        let survey =
            blind_spots::survey(root).map_err(|fault| unprepared("the list of files", &fault))?;
        let memory = kept.and_then(|kept| self.memory(tool, ledger, kept));
        let choice = memory.as_ref().map(|memory| &memory.choice);
        let (finished, reading) = self.unknown_files(tool, config, root, choice)?;
        let withheld = ledger
            .withheld
            .iter()
            .map(|file| (file.staged.clone(), file.original.clone()))
            .collect();
        if reading.errors.is_empty() {
            self.note("files", CoverageState::Scanned, "", survey.files);
        }
        let mut masked: BTreeSet<String> = survey.disguised.iter().cloned().collect();
        let mut binaries: BTreeMap<String, u64> = BTreeMap::new();
        for (path, mime) in &reading.binaries {
            let inside = path.strip_prefix("/project/").unwrap_or(path);
            let is_text =
                blind_spots::head(&root.join(inside)).is_ok_and(|head| blind_spots::is_text(&head));
            if is_text {
                masked.insert(inside.to_owned());
            } else {
                *binaries.entry(mime.clone()).or_default() += 1;
            }
        }
        for (mime, count) in binaries {
            let reason = format!(
                "binary files of type {}, which gitleaks does not read",
                crate::answer::line(&mime)
            );
            self.note(
                &format!("files:{}", crate::answer::line(&mime)),
                CoverageState::Skipped,
                &reason,
                count,
            );
        }
        if let Some(memory) = memory {
            memory.keep(&reading, &masked);
        }
        if !survey.opaque.is_empty() {
            let reason = "compressed or binary files that gitleaks cannot open";
            self.note("files:opaque", CoverageState::Skipped, reason, survey.opaque.len() as u64);
        }
        let damaged = reading
            .not_opened
            .iter()
            .filter(|path| !masked.contains(path.strip_prefix("/project/").unwrap_or(path)))
            .count();
        if damaged > 0 {
            let reason = "archives that gitleaks could not open: unpack or repair them";
            self.note("files:damaged-archives", CoverageState::NotScanned, reason, damaged as u64);
        }
        let mut parts = vec![Part {
            reading,
            prefix: "/project/",
            names: withheld,
            lines_before: 0,
            subject: "files",
        }];
        if !masked.is_empty() {
            match self.unmasked(tool, config, root, &masked, ledger, finished.as_ref()) {
                Ok(part) => parts.extend(part),
                // The second pass failing must not lose what the first one found.
                Err(fault) => {
                    self.note(
                        "files:unmasked",
                        CoverageState::Failed,
                        &fault.message,
                        masked.len() as u64,
                    );
                    self.outcome.errors.push(fault);
                }
            }
        }
        Ok(parts)
    }

    /// What is known of the files of the tree; none where they cannot be told apart.
    fn memory<'k>(
        &self,
        tool: &PinnedTool,
        ledger: &StageLedger,
        kept: &'k KeptFiles,
    ) -> Option<Memory<'k>> {
        let context = self.errand.context;
        let inputs = &self.errand.admitted.operation().inputs;
        let workspace = inputs.iter().find_map(|input| match input {
            Input::Entity(EntityRef::Workspace { wsid }) => Some(wsid.clone()),
            _ => None,
        })?;
        let manifest = context.store.read(&context.stage?.manifest.sha256).ok()?;
        let manifest: Manifest = serde_json::from_slice(&manifest).ok()?;
        let ground = ground::digest(&json!({
            "tool": tool.identity,
            "config": config_digest(Scope::Tree),
            "program": ground::program()?,
        }))?;
        let choice = Choice::make(&manifest, ledger, &kept.read(&workspace, &ground));
        Some(Memory { kept, workspace, ground, choice })
    }

    /// Runs the tool over the files of which nothing is known; over the whole tree where these are
    /// most of it.
    fn unknown_files(
        &mut self,
        tool: &PinnedTool,
        config: &Path,
        root: &Path,
        choice: Option<&Choice>,
    ) -> Result<(Option<Finished>, Reading), TypedError> {
        let Some(choice) = choice.filter(|choice| choice.known.len() > choice.open.len()) else {
            let (finished, reading) =
                self.gitleaks(tool, config, root, "/project", Scope::Tree, None)?;
            return Ok((Some(finished), reading));
        };
        let (finished, mut reading) = if choice.open.is_empty() {
            (None, Reading::of_nothing())
        } else {
            let unprepared = |fault| unprepared("the folder of changed files", &fault);
            let folder = self.errand.open_folder(0o755).map_err(unprepared)?;
            kept::select(root, &choice.open, folder.path()).map_err(unprepared)?;
            let (finished, reading) =
                self.gitleaks(tool, config, folder.path(), "/project", Scope::Tree, None)?;
            (Some(finished), reading)
        };
        self.kept = choice.known.len();
        for (path, binary) in &choice.known {
            if let Some(mime) = binary {
                reading.binaries.insert(format!("/project/{path}"), mime.clone());
            }
        }
        Ok((finished, reading))
    }

    /// Scans once more what hid behind a name or a first byte (see [`blind_spots`]).
    fn unmasked(
        &mut self,
        tool: &PinnedTool,
        config: &Path,
        root: &Path,
        masked: &BTreeSet<String>,
        ledger: &StageLedger,
        before: Option<&Finished>,
    ) -> Result<Option<Part>, TypedError> {
        let folder = self
            .errand
            .open_folder(0o755)
            .map_err(|fault| unprepared("the second pass", &fault))?;
        let (names, too_big) = blind_spots::unmask(root, masked, folder.path())
            .map_err(|fault| unprepared("the second pass", &fault))?;
        if !too_big.is_empty() {
            self.note(
                "files:too-big",
                CoverageState::NotScanned,
                "texts with an archive's name that are too big to scan",
                too_big.len() as u64,
            );
        }
        if names.is_empty() {
            return Ok(None);
        }
        let names: BTreeMap<String, String> = names
            .into_iter()
            .map(|(name, staged)| (name, ledger.original_path(&staged).to_owned()))
            .collect();
        let (_, reading) =
            self.gitleaks(tool, config, folder.path(), "/unmasked", Scope::Tree, before)?;
        if reading.errors.is_empty() {
            self.note("files:unmasked", CoverageState::Scanned, "", names.len() as u64);
        }
        Ok(Some(Part {
            reading,
            prefix: "/unmasked/",
            names,
            lines_before: 1,
            subject: "files:unmasked",
        }))
    }

    fn history(
        &mut self,
        tool: &PinnedTool,
        config: &Path,
        history: Option<&History>,
    ) -> Result<Vec<Part>, TypedError> {
        let Some(history) = history else {
            let reason =
                "it was asked for and the project has no history of its own that can be read";
            self.note("history", CoverageState::NotScanned, reason, 0);
            return Ok(Vec::new());
        };
        let mut mounts = history.mounts.clone();
        mounts.push(read_only(config, argv::CONFIG_FOLDER));
        let ask = Ask {
            args: argv::args(Scope::History, &history.repository),
            env: [argv::env(), HistoryView::git_environment(&history.repository)].concat(),
            cwd: argv::CONFIG_FOLDER,
            mounts,
            extra_executables: history.executables.clone(),
            budget: *self.errand.admitted.budget(),
            redact: &safe_log,
            keep_stdout: Keep::No,
        };
        let mut finished = self.errand.run(tool, ask)?;
        self.level = Some(errand::weaker(self.level, finished.sandbox));
        let reading = read(&answer(&finished));
        wipe(&mut finished.stdout.bytes);
        if reading.errors.is_empty() {
            match &history.partial {
                None => self.note("history", CoverageState::Scanned, "", 1),
                Some(why) => self.note("history", CoverageState::NotScanned, why, 1),
            }
            self.note("history:merges", CoverageState::Skipped, "what a merge commit adds on its own is not in `git log`; the tree holds what of it remains", 0);
            self.note(
                "history:binary",
                CoverageState::Skipped,
                "binary files of old commits, which gitleaks does not read",
                0,
            );
        }
        Ok(vec![Part {
            reading,
            prefix: "",
            names: BTreeMap::new(),
            lines_before: 0,
            subject: "history",
        }])
    }

    fn gitleaks(
        &mut self,
        tool: &PinnedTool,
        config: &Path,
        host: &Path,
        inside: &str,
        scope: Scope,
        before: Option<&Finished>,
    ) -> Result<(Finished, Reading), TypedError> {
        (self.errand.context.progress)(Progress::Phase("running gitleaks".to_owned()));
        let budget = self.errand.admitted.budget();
        let ask = Ask {
            args: argv::args(scope, inside),
            env: argv::env(),
            cwd: argv::CONFIG_FOLDER,
            mounts: vec![read_only(host, inside), read_only(config, argv::CONFIG_FOLDER)],
            extra_executables: Vec::new(),
            budget: before.map_or(*budget, |before| errand::rest(budget, before)),
            redact: &safe_log,
            keep_stdout: Keep::No,
        };
        let mut finished = self.errand.run(tool, ask)?;
        self.level = Some(errand::weaker(self.level, finished.sandbox));
        (self.errand.context.progress)(Progress::Phase("reading output".to_owned()));
        let reading = read(&answer(&finished));
        wipe(&mut finished.stdout.bytes);
        Ok((finished, reading))
    }

    /// Fingerprints, redacts and lets the secrets go.
    fn settle(
        &mut self,
        parts: Vec<Part>,
        names: Names,
        adapter: &SecretScan,
        ledger: StageLedger,
    ) -> Result<(), TypedError> {
        let in_names = names.found.secrets.iter().map(|name| name.secret().to_vec());
        let secrets: BTreeSet<Vec<u8>> =
            parts.iter().flat_map(|part| part.reading.secrets()).chain(in_names).collect();
        let redactor = Redactor::new(secrets.iter().map(Vec::as_slice));
        let prints = adapter
            .fingerprints
            .of(&secrets)
            .map_err(|fault| error(Code::AllowlistInvalid, fault.to_string()))?;
        let mut evidence = serde_json::Map::new();
        if self.kept > 0 {
            evidence.insert("kept".to_owned(), json!(self.kept));
        }
        for part in &parts {
            let original =
                |path: &str| part.names.get(path).cloned().unwrap_or_else(|| path.to_owned());
            // Names inside archives, and those of old commits, were never in the stage.
            let paths = part.reading.paths(part.prefix, &original);
            let shown = judge(
                names
                    .holders
                    .iter()
                    .map(|(path, _)| path.as_slice())
                    .chain(paths.iter().map(String::as_bytes))
                    .map(|path| (path, Standing::Mentioned, None)),
            );
            let place = Place {
                prefix: part.prefix,
                original: &original,
                shown: &|path| shown.text(path),
                lines_before: part.lines_before,
                subject: part.subject,
            };
            let settled = settle(&part.reading, &place, &prints, &redactor)?;
            self.outcome.findings.extend(settled.findings);
            self.outcome.coverage.counts.push(settled.count);
            evidence.insert(part.subject.to_owned(), settled.evidence);
            for fault in &part.reading.errors {
                self.note(part.subject, CoverageState::Failed, &fault.message, 1);
                self.outcome.errors.push(fault.clone());
            }
            for complaint in &part.reading.complaints {
                let reason = format!("gitleaks complained: {}", redactor.text(complaint));
                self.note(part.subject, CoverageState::Failed, &reason, 1);
            }
        }
        let settled = names::settle(&names, &prints)?;
        self.outcome.findings.extend(settled.findings);
        self.outcome.coverage.counts.push(settled.count);
        evidence.insert(names.subject.to_owned(), settled.evidence);
        for (mut secret, _) in prints {
            wipe(&mut secret);
        }
        secrets.into_iter().for_each(|mut secret| wipe(&mut secret));
        self.outcome.coverage.entries.extend(ledger.coverage(&JobName::known("secret")));
        self.outcome.coverage.self_statements.extend(ledger.self_statements);
        redact_ledger(&mut self.outcome.coverage, &redactor);
        let bytes = serde_json::Value::Object(evidence).to_string().into_bytes();
        let original_bytes = bytes.len() as u64;
        self.outcome.evidence.push(Produced {
            role: "evidence".to_owned(),
            media_type: media_type::TOOL_JSON.to_owned(),
            bytes,
            original_bytes,
        });
        Ok(())
    }

    fn note(&mut self, subject: &str, state: CoverageState, reason: &str, items: u64) {
        self.outcome.coverage.entries.push(CoverageEntry {
            job: JobName::known("secret"),
            subject: subject.to_owned(),
            tool: Some(ToolName::known(NAME)),
            state,
            reason: reason.to_owned(),
            items,
        });
    }
}

/// File names can be secrets too (promise P25).
fn redact_ledger(coverage: &mut Coverage, redactor: &Redactor) {
    for entry in &mut coverage.entries {
        entry.subject = redactor.text(&entry.subject);
        entry.reason = redactor.text(&entry.reason);
    }
    for statement in &mut coverage.self_statements {
        statement.path = redactor.text(&statement.path);
        statement.effect = redactor.text(&statement.effect);
        for ask in &mut statement.asks {
            *ask = redactor.text(ask);
        }
    }
}
