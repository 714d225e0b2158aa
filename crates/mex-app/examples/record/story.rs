//! What happens before anything is recorded: scans, a denial, triage, consents, exceptions and a draft
//! of the registry, each through the use case that a person would ask. Never writes a recording.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Instant;

use mex_app::desk::Screens;
use mex_app::desk::problems::ProblemsQuestion;
use mex_app::desk::scans::StartScanRequest;
use mex_app::draft::{BuildRequest, ExtractRequest};
use mex_app::progress::Step;
use mex_runtime::id::RunId;
use mex_runtime::port::Cancel;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Who does what with which projects.
pub struct Story<'a> {
    /// What a person would click.
    pub screens: &'a Screens,
    /// Where the projects are put.
    pub root: &'a Path,
    /// The public project, earlier and later.
    pub moments: &'a [PathBuf; 2],
}

/// The last scan, with everything that was told while it ran.
pub struct Happened {
    /// The scan.
    pub run_id: RunId,
    /// Its verdict.
    pub verdict: String,
    /// The project, as it was scanned.
    pub project: PathBuf,
    /// Each step with the milliseconds since the start.
    pub steps: Vec<(u64, Step)>,
}

/// A question as a page would send it.
pub fn asked<Q: DeserializeOwned>(question: Value) -> Outcome<Q> {
    Ok(serde_json::from_value(question)?)
}

impl Story<'_> {
    /// Everything, in the order of a working day.
    pub fn happen(&self) -> Outcome<Happened> {
        let screens = self.screens;
        let (gone, ledger) = (self.root.join("prototype"), self.root.join("ledger"));
        crate::project::prototype(&gone)?;
        self.scan(&gone, "normal", None)?;
        fs::remove_dir_all(&gone)?;
        crate::project::ledger(&ledger)?;
        self.scan(&ledger, "normal", None)?;
        self.scan(&ledger, "normal", Some("Analyst"))?;
        let project = self.root.join("nodegoat");
        crate::project::copy(&self.moments[0], &project)?;
        let earlier = self.scan(&project, "release", None)?.run_id;
        crate::project::reports(&self.root.join("reports"))?;
        self.consents()?;
        self.triage()?;
        self.exceptions(earlier)?;
        self.draft()?;
        screens.export_head()?;
        crate::project::copy(&self.moments[1], &project)?;
        crate::project::wishes(&project)?;
        self.scan(&project, "release", None)
    }

    fn scan(&self, project: &Path, mode: &str, profile: Option<&str>) -> Outcome<Happened> {
        let request: StartScanRequest = asked(json!({ "path": project, "mode": mode }))?;
        let mut request = request.request()?;
        if let Some(profile) = profile {
            request.profile = profile.parse()?;
        }
        let steps = Mutex::new(Vec::new());
        let begun = Instant::now();
        let outcome = self.screens.app().scan(&request, &Cancel::default(), &|step| {
            let at = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
            if let Ok(mut steps) = steps.lock() {
                steps.push((at, step));
            }
        })?;
        Ok(Happened {
            run_id: outcome.run_id,
            verdict: outcome.verdict.verdict.word().to_owned(),
            project: project.to_owned(),
            steps: steps.into_inner().map_err(|_| "a step panicked")?,
        })
    }

    fn consents(&self) -> Outcome<()> {
        let refused = self.screens.grant_consent(&asked(json!({
            "capability": "net.http", "profile": "Coder", "hours": 2, "reason": "a look at one advisory",
        }))?)?;
        self.screens.revoke_consent(&asked(json!({
            "id": refused.consent_id, "reason": "the advisory was read elsewhere",
        }))?)?;
        self.screens.grant_consent(&asked(json!({
            "capability": "net.http", "hours": 24, "reason": "advisory databases for the release",
        }))?)?;
        Ok(())
    }

    /// The fingerprints of open Problems under a query line.
    fn found(&self, line: &str) -> Outcome<Vec<String>> {
        let question: ProblemsQuestion = asked(json!({ "query": line, "limit": 500 }))?;
        let rows = self.screens.problems(&question)?.items;
        Ok(rows.iter().map(|row| row.problem.fingerprint.to_string()).collect())
    }

    fn triage(&self) -> Outcome<()> {
        // The mildest of each, which stand last.
        for (line, to, many, reason) in [
            ("job:vuln is:open", "acknowledged", 3, "goes with the next update"),
            ("job:secret", "acknowledged", 1, "the key is for tests and opens nothing"),
            ("job:vuln is:open", "muted", 2, "only used by the tests"),
        ] {
            let ids: Vec<String> = self.found(line)?.into_iter().rev().take(many).collect();
            if ids.is_empty() {
                return Err(format!("no Problem is `{line}`").into());
            }
            self.screens.triage(&asked(json!({ "ids": ids, "to": to, "reason": reason }))?)?;
        }
        Ok(())
    }

    fn exceptions(&self, run: RunId) -> Outcome<()> {
        #[expect(clippy::disallowed_methods, reason = "an example has the real time")]
        let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(5);
        let ends = [
            json!({ "until": "days", "days": 30 }),
            json!({ "until": "days", "days": 5 }),
            json!({ "until": "named", "moment": soon.to_string() }),
            json!({ "until": "days", "days": 90 }),
        ];
        let reasons = [
            "the affected call is not reachable: templates are our own",
            "runs on the build machine alone",
            "until the release of last week",
            "read by nobody but the tests",
        ];
        let ids = self.found("job:vuln severity:fatal")?;
        for ((id, until), reason) in ids.iter().zip(ends).zip(reasons) {
            let draft = self.screens.draft_exception(&asked(json!({
                "subject": { "of": "problem", "id": id, "run": run },
                "acceptance": { "reason": reason, "owner": "operator", "until": until },
            }))?)?;
            self.screens.save_draft(&asked(json!({ "draft_id": draft.draft_id }))?)?;
        }
        Ok(())
    }

    /// A draft of the registry, extracted from our own specification with some changes.
    fn draft(&self) -> Outcome<()> {
        let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../capability_registry");
        let mut spec = fs::read_to_string(home.join("spec/README.md"))?;
        let mut profiles = fs::read_to_string(home.join("profiles.json"))?;
        let change = |text: &mut String, from: &str, to: &str| -> Outcome<()> {
            if text.matches(from).count() != 1 {
                return Err(format!("`{from}` does not stand there once").into());
            }
            *text = text.replace(from, to);
            Ok(())
        };
        let syft = "| `proc.exec:syft` | Run the pinned syft | integration | - | gov_standard | medium | scan |\n";
        let trivy = syft.replace("syft", "trivy");
        change(&mut spec, syft, &format!("{syft}{trivy}"))?;
        let http = "| `net.http` | Talk HTTP to the network | runtime | - | gov_strict | high | axis, consent |\n";
        let host = "| `net.http:advisories.example` | Fetch advisories from one host | runtime | - | gov_strict | high | consent |\n";
        change(&mut spec, http, &format!("{http}{host}"))?;
        change(
            &mut spec,
            "Read files | runtime | - | gov_standard | medium |",
            "Read files | runtime | - | gov_strict | high |",
        )?;
        change(
            &mut spec,
            "Summarise a document | engine | `fs.read:inputs` |",
            "Summarise documents | engine | `fs.read:inputs`, `fs.write:artifacts` |",
        )?;
        change(
            &mut spec,
            "| `terminal.exec` | Run a command in a terminal | surface | `proc.exec` | gov_strict | critical | terminal |\n",
            "",
        )?;
        change(&mut spec, "|---|---|---|---|---|---|---|\n\nThe command is", "\nThe command is")?;
        change(
            &mut profiles,
            "        \"secrets.use\",\n        \"terminal.exec\"\n",
            "        \"secrets.use\"\n",
        )?;
        change(
            &mut profiles,
            "        \"doc.summarize\",\n        \"fs.read:inputs\"\n",
            "        \"doc.summarize\",\n        \"fs.read\",\n        \"fs.write:artifacts\",\n        \"proc.exec:gitleaks\"\n",
        )?;
        change(
            &mut profiles,
            "        \"proc.exec:syft\"\n",
            "        \"proc.exec:syft\",\n        \"proc.exec:trivy\"\n",
        )?;
        let folder = self.root.join("spec");
        fs::create_dir_all(&folder)?;
        let (spec_file, profiles_file) = (folder.join("README.md"), folder.join("profiles.json"));
        fs::write(&spec_file, spec)?;
        fs::write(&profiles_file, profiles)?;
        let request = BuildRequest {
            extract: ExtractRequest { spec: vec![spec_file], ..ExtractRequest::default() },
            profiles: Some(profiles_file),
        };
        let built = self.screens.app().build_registry(&request, &Cancel::default())?;
        match built.diffed {
            Some(_) => Ok(()),
            None => Err(format!("the draft is not valid: {:?}", built.validated).into()),
        }
    }
}
