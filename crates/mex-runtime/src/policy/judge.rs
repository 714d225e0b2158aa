//! From results to reasons, from reasons to the verdict (contract SC-2, SC-3).
//! Owns which rule applies to what; never lifts anything itself, that is the [`Ledger`]'s.
//! Long because the rules of the verdict are one list, read from top to bottom.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::matching::{ExceptionRef, Ledger};
use super::problems;
use super::verdict::{
    Absence, Counts, DatabaseAge, Decision, Effect, JudgedOperation, Reason, Rule, SCHEMA_VERSION,
    ScanMode, Verdict, VerdictInput,
};
use crate::artifact::{DatabaseIdentity, SandboxLevel};
use crate::coverage::{CoverageEntry, CoverageState};
use crate::digest::Digest;
use crate::finding::Finding;
use crate::id::JobName;
use crate::result::Status;

/// How far a database's date may lie ahead of our clock before one of the two is wrong (promise P38).
const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_hours(24);

/// Decides. The same input, in any order, gives the same verdict.
///
/// # Errors
/// Never for values of these types; the signature is the canonicaliser's.
pub fn judge(input: &VerdictInput<'_>) -> Result<Verdict, serde_json::Error> {
    let mut bench = Bench {
        input,
        ledger: Ledger::open(input.allowlists, input.policy.approvals, input.now),
        reasons: Vec::new(),
        counts: Counts::default(),
        databases: BTreeSet::new(),
    };
    bench.findings();
    for operation in input.operations {
        bench.operation(operation);
    }
    bench.jobs();
    bench.close()
}

struct Bench<'a> {
    input: &'a VerdictInput<'a>,
    ledger: Ledger<'a>,
    reasons: Vec<Reason>,
    counts: Counts,
    databases: BTreeSet<DatabaseAge>,
}

/// Whether an exception may accept a gap of this sort.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Acceptance {
    /// It is something that was not looked at, and somebody may answer for that.
    Possible,
    /// The result itself cannot be trusted; nobody can accept that.
    Never,
}

impl<'a> Bench<'a> {
    fn findings(&mut self) {
        let blocking = self.input.policy.blocking_severities();
        let origins = problems::Origins::of(self.input.operations);
        for finding in problems::merged(self.input.operations) {
            match &finding {
                Finding::Component(_) => {
                    self.counts.components += 1;
                    continue;
                }
                Finding::License(license) if !license.is_unknown() => continue,
                Finding::License(_) | Finding::Vulnerability(_) | Finding::Secret(_) => {}
            }
            let subject = problems::subject(&finding);
            let lifted_by = self.ledger.lift_finding(&finding, &subject);
            let (rule, severity, blocks) = match &finding {
                Finding::Vulnerability(vulnerability) => {
                    let severity = vulnerability.severity;
                    *self.counts.vulnerabilities.entry(severity).or_default() += 1;
                    (Rule::Vulnerability, Some(severity), blocking.contains(&severity))
                }
                Finding::Secret(_) => {
                    self.counts.secrets += 1;
                    (Rule::Secret, None, true)
                }
                Finding::License(_) => {
                    self.counts.unknown_licenses += 1;
                    (Rule::UnknownLicense, None, true)
                }
                Finding::Component(_) => continue,
            };
            let effect = match self.input.mode {
                ScanMode::Release if blocks => Effect::Blocks,
                ScanMode::Release | ScanMode::Normal => Effect::Warns,
            };
            self.reasons.push(Reason {
                effect,
                rule,
                job: origins.job(&finding),
                subject,
                severity,
                sentence: problems::sentence(&finding),
                next_step: problems::next_step(&finding),
                fingerprint: problems::finding_fingerprint(&finding).ok(),
                lifted_by,
            });
        }
    }

    fn operation(&mut self, operation: &'a JudgedOperation) {
        let job = &operation.job;
        self.denials(operation);
        self.databases(operation);
        if matches!(operation.status, Status::Failed | Status::Cancelled | Status::TimedOut) {
            let how = match operation.status {
                Status::Cancelled => "was cancelled",
                Status::TimedOut => "ran out of time",
                _ => "failed",
            };
            let first = operation.errors.first();
            let why = first.map(|error| format!(": {}", error.message)).unwrap_or_default();
            let hint = first.map(|error| error.hint.clone()).filter(|hint| !hint.is_empty());
            let acceptance = if operation.status == Status::Cancelled {
                Acceptance::Never
            } else {
                Acceptance::Possible
            };
            self.gap(
                Rule::FailedOperation,
                Some(job),
                &format!("operation:{}", operation.operation),
                format!("`{}` {how}{why}", operation.operation),
                hint.unwrap_or_else(|| "scan again; `mex jobs show` has the details".to_owned()),
                acceptance,
            );
        }
        for entry in operation.coverage.gaps() {
            self.ledger_gap(entry);
        }
        for count in operation.coverage.counts.iter().filter(|count| !count.balances()) {
            let dropped: u64 = count.dropped.iter().map(|drop| drop.count).sum();
            self.gap(
                Rule::LostCount,
                Some(job),
                &format!("{}:{}", count.tool, count.subject),
                format!(
                    "`{}` said {} things of `{}`, {} stand in findings and {dropped} in listed drops",
                    count.tool, count.said, count.subject, count.kept
                ),
                "this is a fault of the product: report it with the ledger".to_owned(),
                Acceptance::Never,
            );
        }
        if operation.status == Status::Succeeded && operation.coverage.entries.is_empty() {
            self.gap(
                Rule::EmptyLedger,
                Some(job),
                &format!("operation:{}", operation.operation),
                format!("`{}` succeeded and names nothing that it looked at", operation.operation),
                "this is a fault of the product: report it with the operation's id".to_owned(),
                Acceptance::Never,
            );
        }
        if operation.sandbox == Some(SandboxLevel::Unsandboxed) {
            self.release_gap(
                Rule::Unsandboxed,
                job,
                "sandbox",
                format!("the tools of `{}` ran without a sandbox", operation.operation),
                "install bubblewrap and allow unprivileged user namespaces",
            );
        }
    }

    fn denials(&mut self, operation: &JudgedOperation) {
        let mut deny = |subject: String, sentence: String, next_step: &str| {
            self.reasons.push(Reason {
                effect: Effect::Denies,
                rule: Rule::Denied,
                job: Some(operation.job.clone()),
                subject,
                severity: None,
                sentence,
                next_step: next_step.to_owned(),
                fingerprint: None,
                lifted_by: None,
            });
        };
        for denial in &operation.denials {
            deny(
                denial.gate.clone(),
                format!("{} denied `{}`: {}", denial.gate, operation.operation, denial.reason),
                denial.code.hint(),
            );
        }
        if operation.status == Status::Denied && operation.denials.is_empty() {
            let error = operation.errors.first();
            let why = error.map_or("no reason was given", |error| error.message.as_str());
            deny(
                format!("operation:{}", operation.operation),
                format!("`{}` was denied: {why}", operation.operation),
                error.map_or("`mex gates show` has the outcomes", |error| error.code.hint()),
            );
        }
    }

    fn databases(&mut self, operation: &JudgedOperation) {
        let job = &operation.job;
        let looked_at =
            operation.coverage.entries.iter().any(|entry| entry.state == CoverageState::Scanned);
        if job.as_str() == "vuln" && looked_at && operation.databases.is_empty() {
            self.gap(
                Rule::UnusableDatabase,
                Some(job),
                "database",
                format!(
                    "`{}` looked at lockfiles and names no advisory database",
                    operation.operation
                ),
                "run `mex db sync` or `mex db import`".to_owned(),
                Acceptance::Never,
            );
        }
        for database in &operation.databases {
            let subject = format!("database:{}/{}", database.ecosystem, database.form);
            let age = self.age(database);
            self.databases.insert(age.clone());
            if database.record_count == 0 {
                self.gap(
                    Rule::UnusableDatabase,
                    Some(job),
                    &subject,
                    format!("the {} advisory database holds no record", database.ecosystem),
                    "use another snapshot; an empty one would look clean".to_owned(),
                    Acceptance::Never,
                );
            }
            if is_ahead(database, self.input.now) {
                self.gap(
                    Rule::FutureDatabase,
                    Some(job),
                    &subject,
                    format!(
                        "the {} advisory database speaks for {}, a day that has not come",
                        database.ecosystem, database.date
                    ),
                    "set this machine's clock right, or use another snapshot".to_owned(),
                    Acceptance::Never,
                );
            }
            if age.stale {
                self.release_gap(
                    Rule::StaleDatabase,
                    job,
                    &subject,
                    format!(
                        "the {} advisory database ({}) is {} days old, the policy allows {}",
                        database.ecosystem,
                        database.form,
                        age.age_days,
                        self.input.policy.database_max_age_days
                    ),
                    "run `mex db sync`, or `mex db import` with a newer snapshot",
                );
            }
        }
    }

    fn jobs(&mut self) {
        let input = self.input;
        if input.operations.is_empty() {
            self.gap(
                Rule::NothingRan,
                None,
                "scan",
                "no operation ran".to_owned(),
                "ask for at least one job that can be had".to_owned(),
                Acceptance::Never,
            );
        }
        let ran: BTreeSet<&JobName> =
            input.operations.iter().map(|operation| &operation.job).collect();
        let mut absent: BTreeSet<(&JobName, Option<&str>)> = BTreeSet::new();
        for job in input.absent_jobs {
            absent.insert((
                &job.job,
                match &job.why {
                    Absence::LeftOut => None,
                    Absence::NotAvailable(why) => Some(why),
                },
            ));
        }
        for job in &input.policy.gate.jobs {
            if !ran.contains(job) && !absent.iter().any(|(known, _)| *known == job) {
                absent.insert((job, None));
            }
        }
        for (job, why) in absent {
            match why {
                Some(why) => self.gap(
                    Rule::JobNotAvailable,
                    Some(job),
                    "job",
                    format!("job `{job}` did not run: {why}"),
                    "leave it out of `--jobs`, or make it available".to_owned(),
                    Acceptance::Possible,
                ),
                None if input.mode == ScanMode::Release => self.gap(
                    Rule::JobLeftOut,
                    Some(job),
                    "job",
                    format!("job `{job}` was left out, and a release needs it"),
                    format!("add `{job}` to `--jobs`"),
                    Acceptance::Possible,
                ),
                None => {}
            }
        }
    }

    fn ledger_gap(&mut self, entry: &CoverageEntry) {
        let tool = entry.tool.as_ref().map(|tool| format!(" by `{tool}`")).unwrap_or_default();
        let (state, for_want, next_step) = match entry.state {
            CoverageState::Scanned | CoverageState::Skipped => return,
            CoverageState::NotScanned => {
                let step = "follow the reason, or have the gap accepted by an exception";
                ("was not scanned", "", step)
            }
            CoverageState::Failed => {
                ("could not be scanned", "", "mend what the reason names, then scan again")
            }
            CoverageState::ToolMissing => {
                ("was not scanned", " for want of the tool", "run `mex tools install`")
            }
            CoverageState::DatabaseUnusable => (
                "was not judged",
                " for want of an advisory database",
                "run `mex db sync` or `mex db import`",
            ),
        };
        let why =
            if entry.reason.is_empty() { String::new() } else { format!(": {}", entry.reason) };
        self.gap(
            Rule::Gap,
            Some(&entry.job),
            &entry.subject,
            format!("`{}` {state}{tool}{for_want}{why}", entry.subject),
            next_step.to_owned(),
            Acceptance::Possible,
        );
    }

    /// A gap in release mode; a warning in any other.
    fn release_gap(
        &mut self,
        rule: Rule,
        job: &JobName,
        subject: &str,
        sentence: String,
        next_step: &str,
    ) {
        self.gap(rule, Some(job), subject, sentence, next_step.to_owned(), Acceptance::Possible);
        if self.input.mode == ScanMode::Normal
            && let Some(reason) = self.reasons.last_mut()
        {
            reason.effect = Effect::Warns;
        }
    }

    fn gap(
        &mut self,
        rule: Rule,
        job: Option<&JobName>,
        subject: &str,
        sentence: String,
        next_step: String,
        acceptance: Acceptance,
    ) {
        let lifted_by: Option<ExceptionRef> = match (acceptance, job) {
            (Acceptance::Possible, Some(job)) => self.ledger.lift_gap(job, subject),
            _ => None,
        };
        self.reasons.push(Reason {
            effect: Effect::LeavesIncomplete,
            rule,
            job: job.cloned(),
            subject: subject.to_owned(),
            severity: None,
            sentence,
            next_step,
            fingerprint: None,
            lifted_by,
        });
        if let Some(reason) = self.reasons.last_mut() {
            reason.fingerprint = problems::gap_fingerprint(reason).ok();
        }
    }

    fn age(&self, database: &DatabaseIdentity) -> DatabaseAge {
        let age = self.input.now.duration_since(database.date).max(SignedDuration::ZERO);
        let limit =
            SignedDuration::from_hours(24 * i64::from(self.input.policy.database_max_age_days));
        DatabaseAge {
            database: database.clone(),
            age_days: u64::try_from(age.as_hours() / 24).unwrap_or(0),
            stale: age > limit,
        }
    }

    fn close(self) -> Result<Verdict, serde_json::Error> {
        let Self { input, ledger, mut reasons, mut counts, databases } = self;
        let rank =
            |reason: &Reason| (reason.effect, reason.lifted_by.is_some(), Reverse(reason.severity));
        reasons.sort_by(|a, b| rank(a).cmp(&rank(b)).then_with(|| a.cmp(b)));
        reasons.dedup();
        let is_gap = |reason: &&Reason| reason.effect == Effect::LeavesIncomplete;
        counts.gaps = reasons.iter().filter(is_gap).count() as u64;
        counts.lifted = reasons.iter().filter(|reason| reason.lifted_by.is_some()).count() as u64;
        let verdict = Decision::of(&reasons);
        let mut allowlists: Vec<_> =
            input.allowlists.iter().filter_map(|allowlist| allowlist.handle.clone()).collect();
        allowlists.sort();
        Ok(Verdict {
            schema_version: SCHEMA_VERSION.to_owned(),
            verdict,
            mode: input.mode,
            judged_at: input.now,
            policy: input.policy.name.clone(),
            policy_sha256: Digest::of_canonical(input.policy)?,
            reasons,
            exceptions: ledger.close(),
            allowlists,
            counts,
            databases: databases.into_iter().collect(),
            sandbox: input.operations.iter().filter_map(|operation| operation.sandbox).min(),
            capability_registry_version: input.capability_registry_version.to_owned(),
        })
    }
}

fn is_ahead(database: &DatabaseIdentity, now: Timestamp) -> bool {
    database.date.duration_since(now) > CLOCK_TOLERANCE
}
