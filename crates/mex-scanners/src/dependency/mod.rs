//! The adapter of `dependency_fetch`: brings the archives that lockfiles name by checksum and that are
//! not here, so that the licence job can read them (contract section 8, SC-2). An operation of its own with
//! `net.http` and a live consent, never part of a scan. D0: what was asked and what came is evidence.
//! Never follows a registry the project names, never runs anything, never unpacks anything.

pub mod archives;
pub mod download;
pub mod orders;

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use mex_runtime::adapter::{Adapter, AdapterOutcome, Produced, RunContext};
use mex_runtime::artifact::{SandboxLevel, media_type};
use mex_runtime::code::Code;
use mex_runtime::coverage::{Coverage, CoverageEntry, CoverageState};
use mex_runtime::determinism::Determinism;
use mex_runtime::digest::Digest;
use mex_runtime::gate::Admitted;
use mex_runtime::id::{EngineId, OperationName};
use mex_runtime::port::Progress;
use mex_runtime::result::TypedError;
use semver::Version;
use serde_json::{Map, Value, json};

use crate::answer::{error, line, status};
use crate::errand::unprepared;
use crate::license_scan::crates::{self, Shelves};
use crate::license_scan::git::Checkouts;
use crate::license_scan::look_around;
use crate::license_scan::rust::RustHere;
use crate::lockfile::{Lockfile, discover, entry};
use archives::Archives;
use download::{Bounds, Came, Fetched};
use orders::{Needs, Orders, Registries};

/// Fetches the sources that lockfiles name.
pub struct DependencyFetch {
    archives: Archives,
    rust: RustHere,
    version: Version,
}

/// What one fetch leaves.
#[derive(Default)]
struct Left {
    entries: Vec<CoverageEntry>,
    errors: Vec<TypedError>,
    told: Vec<Value>,
}

impl Left {
    fn note(&mut self, path: &str, state: CoverageState, reason: &str, items: u64) {
        let entry = entry(path, None, state, reason, items);
        self.entries.push(CoverageEntry { job: orders::job(), ..entry });
    }

    /// What is asked for and cannot be had: in the ledger, and an error of the operation.
    fn refuse(&mut self, path: &str, state: CoverageState, code: Code, reason: &str, items: u64) {
        self.note(path, state, reason, items);
        self.errors.push(error(code, format!("`{path}`: {reason}")));
    }
}

impl DependencyFetch {
    /// With the archives of a tools folder and the crates that are here. `version` is the engine's.
    pub const fn new(archives: Archives, rust: RustHere, version: Version) -> Self {
        Self { archives, rust, version }
    }

    fn fetch(&self, admitted: &Admitted, context: &RunContext<'_>, left: &mut Left) {
        let params = &admitted.operation().params;
        let registries = registries(params);
        if let Err(why) = registries.check() {
            left.errors.push(error(Code::SchemaParams, line(&why)));
            return;
        }
        let Some(stage) = context.stage else {
            let why = "a fetch was started without a staged tree".to_owned();
            left.errors.push(error(Code::Internal, why));
            return;
        };
        let found = discover(&stage.root).and_then(|found| Ok((found, look_around(&stage.root)?)));
        let (found, tree) = match found {
            Ok(found) => found,
            Err(fault) => {
                left.errors.push(unprepared("the list of lockfiles", &fault));
                return;
            }
        };
        (context.progress)(Progress::Phase("looking for what is not here".to_owned()));
        let vendored = crates::vendored(&stage.root, &tree.vendored);
        let locks = chosen(found.lockfiles, found.entries, params.get("lockfiles"), left);
        let home = self.rust.cargo_home.as_ref();
        let named: Vec<_> = locks
            .iter()
            .filter(|lock| lock.kind.parser == "Cargo.lock")
            .filter_map(|lock| orders::crates_of(&stage.root, lock))
            .flatten()
            .collect();
        let shelves = Shelves {
            home,
            fetched: &self.archives,
            root: &stage.root,
            vendored: &vendored,
            git: &Checkouts::read(home, named.iter(), context.cancel),
        };
        let mut all = Orders::default();
        let mut needs = Vec::new();
        for lock in locks {
            (context.progress)(Progress::Reading(lock.path.clone()));
            needs.push(if lock.kind.parser == "Cargo.lock" {
                all.cargo(&lock, &shelves, &registries, context.cancel)
            } else {
                all.npm(&lock, &stage.root, &self.archives, &registries)
            });
        }
        self.archives.sweep(SystemTime::from(context.clock.now()));
        let count = all.orders.len();
        let budget = admitted.budget();
        let bounds = Bounds::new(Duration::from_millis(budget.wall_time_ms), budget.output_bytes);
        let told = |done: usize| {
            (context.progress)(Progress::Phase(format!("{done} of {count} archives are done")));
        };
        let asked = all.orders.clone();
        let fetched = download::fetch(all.orders, &self.archives, bounds, context.cancel, &told);
        for (order, came) in asked.iter().zip(&fetched.came) {
            let (word, bytes, why) = match came {
                Came::Kept(bytes) => ("fetched", Some(*bytes), None),
                Came::Failed(code, why) => ("failed", None, Some(format!("{code}: {why}"))),
                Came::Left => ("not tried", None, None),
            };
            left.told.push(json!({
                "of": order.purl,
                "url": order.url,
                "checksum": order.sum.to_string(),
                "came": word,
                "bytes": bytes,
                "why": why,
            }));
        }
        for one in &needs {
            of_one(one, &fetched, left);
        }
        if let Some((code, why)) = fetched.ended {
            left.errors.push(error(code, why));
        }
    }
}

fn registries(params: &Map<String, Value>) -> Registries {
    let text =
        |name: &str, own: &str| params.get(name).and_then(Value::as_str).unwrap_or(own).to_owned();
    Registries {
        crates: text("crates_registry", orders::CRATES),
        npm: text("npm_registry", orders::NPM),
    }
}

/// The lockfiles to fetch for: those named, or every one that names archives by checksum.
fn chosen(
    lockfiles: Vec<Lockfile>,
    entries: Vec<CoverageEntry>,
    asked: Option<&Value>,
    left: &mut Left,
) -> Vec<Lockfile> {
    const NONE_FETCHED: &str =
        "only what a `Cargo.lock` or a package-lock names by checksum is fetched";
    let wanted: Option<Vec<&str>> =
        asked.and_then(Value::as_array).map(|list| list.iter().filter_map(Value::as_str).collect());
    let named = |path: &str| wanted.as_ref().is_none_or(|list| list.contains(&path));
    for path in wanted.iter().flatten() {
        let known = lockfiles.iter().any(|lock| lock.path == *path)
            || entries.iter().any(|entry| entry.subject == *path);
        if !known {
            let reason = "`params.lockfiles` names it, and the project has no such lockfile";
            left.refuse(path, CoverageState::Failed, Code::SchemaParams, reason, 1);
        }
    }
    for entry in entries {
        if entry.state == CoverageState::Failed && named(&entry.subject) {
            left.refuse(
                &entry.subject,
                entry.state,
                Code::DependencyFetch,
                &entry.reason,
                entry.items,
            );
        } else {
            left.entries.push(CoverageEntry { job: orders::job(), ..entry });
        }
    }
    let mut taken = Vec::new();
    for lock in lockfiles {
        if !named(&lock.path) {
            let reason = "`params.lockfiles` does not name it";
            left.note(&lock.path, CoverageState::NotScanned, reason, 1);
        } else if ["Cargo.lock", "package-lock.json"].contains(&lock.kind.parser) {
            taken.push(lock);
        } else if wanted.is_some() {
            let (state, code) = (CoverageState::NotScanned, Code::DependencyFetch);
            left.refuse(&lock.path, state, code, NONE_FETCHED, 1);
        } else {
            left.note(&lock.path, CoverageState::NotScanned, NONE_FETCHED, 1);
        }
    }
    taken
}

/// The ledger of one lockfile after all.
fn of_one(needs: &Needs, fetched: &Fetched, left: &mut Left) {
    let came = |at: &usize| fetched.came.get(*at).unwrap_or(&Came::Left);
    let kept = needs.orders.iter().filter(|at| matches!(came(at), Came::Kept(_))).count() as u64;
    left.note(&needs.path, CoverageState::Scanned, "", needs.here + kept);
    // What failed has one reason each; one line a code, with the first of them.
    let mut failed: BTreeMap<Code, (u64, String)> = BTreeMap::new();
    let mut untried = 0;
    for at in &needs.orders {
        match came(at) {
            Came::Kept(_) => {}
            Came::Failed(code, why) => {
                failed.entry(*code).or_insert_with(|| (0, why.clone())).0 += 1;
            }
            Came::Left => untried += 1,
        }
    }
    let and_more = |count: u64| match count {
        0 | 1 => String::new(),
        more => format!(" (and {} more)", more - 1),
    };
    for (code, (count, why)) in failed {
        let reason = format!("{why}{}", and_more(count));
        left.refuse(&needs.path, CoverageState::Failed, code, &reason, count);
    }
    if untried > 0 {
        let reason = "the fetch ended before it was asked for";
        left.note(&needs.path, CoverageState::NotScanned, reason, untried);
    }
    for (why, (count, first)) in &needs.gaps {
        let reason = format!("`{first}`{}: {why}", and_more(*count));
        let (state, code) = (CoverageState::NotScanned, Code::DependencyFetch);
        left.refuse(&needs.path, state, code, &reason, *count);
    }
}

impl Adapter for DependencyFetch {
    fn engine_id(&self) -> EngineId {
        EngineId::known("engine.supply_chain.fetch")
    }

    fn operation(&self) -> OperationName {
        OperationName::known("dependency_fetch")
    }

    fn version(&self) -> Version {
        self.version.clone()
    }

    fn run(&self, admitted: &Admitted, context: &RunContext<'_>) -> AdapterOutcome {
        let params = &admitted.operation().params;
        let mut left = Left::default();
        self.fetch(admitted, context, &mut left);
        let told = json!({ "archives": left.told, "errors": left.errors }).to_string();
        let mut coverage = Coverage { entries: left.entries, ..Coverage::empty() };
        coverage.canonicalise();
        AdapterOutcome {
            status: status(&left.errors),
            findings: Vec::new(),
            coverage,
            evidence: vec![Produced {
                role: "evidence".to_owned(),
                media_type: media_type::TOOL_JSON.to_owned(),
                original_bytes: told.len() as u64,
                bytes: told.into_bytes(),
            }],
            tools: Vec::new(),
            databases: Vec::new(),
            config_sha256: Digest::of_canonical(params).unwrap_or_else(|_| Digest::of(b"")),
            // Our own client runs in this process and starts none.
            sandbox: SandboxLevel::Unsandboxed,
            determinism: Determinism::D0,
            errors: left.errors,
        }
    }
}
