//! Waiting for a tool while holding it to its limits (contract ENV-3, GATE-5, promises P19, P20).
//! Owns the clock of a run; never a decision about its result.

use std::io;
use std::path::Path;
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

use mex_runtime::artifact::SandboxLevel;
use mex_runtime::budget::{Budget, Limit, Usage};
use mex_runtime::port::Cancel;

use super::capture::Capture;
use super::group::Group;
use super::tree::{self, Strays};
use super::types::Captured;
use crate::sandbox::MAX_TASKS;

/// How often cancel, wall time and the pipes are looked at.
const TICK: Duration = Duration::from_millis(10);
/// How often the tree is looked at.
const LOOK: Duration = Duration::from_millis(50);
/// How often the scratch folder is measured.
const MEASURE: Duration = Duration::from_millis(200);
/// How long a tree may take to die, and a pipe to close after it.
const GRACE: Duration = Duration::from_millis(1500);
/// What a file or folder costs beside its content, so that a million empty ones are over a limit too.
const FILE_COST: u64 = 4096;

/// What a run is held to.
pub(super) struct Watched<'a> {
    pub(super) budget: Budget,
    pub(super) cancel: &'a Cancel,
    pub(super) scratch: &'a Path,
    pub(super) level: SandboxLevel,
    /// The run's own control group, where there is one.
    pub(super) group: Option<&'a Group>,
    pub(super) begun: Instant,
}

/// A run that ended, whole tree dead.
pub(super) struct Ended {
    pub(super) status: ExitStatus,
    pub(super) killed_at: Option<Limit>,
    pub(super) cancelled: bool,
    pub(super) stdout: Captured,
    pub(super) stderr: Captured,
    pub(super) usage: Usage,
}

/// Waits until the tool and everything it started are gone.
pub(super) fn to_the_end(mut child: Child, watched: &Watched<'_>) -> io::Result<Ended> {
    let cap = watched.budget.output_bytes;
    let no_pipe = || io::Error::from(io::ErrorKind::BrokenPipe);
    let stdout = Capture::begin(child.stdout.take().ok_or_else(no_pipe)?, cap);
    let stderr = Capture::begin(child.stderr.take().ok_or_else(no_pipe)?, cap.min(16 << 20));
    let root = i32::try_from(child.id()).map_err(io::Error::other)?;
    let mut usage = Usage::default();
    let (mut next_look, mut next_measure) = (watched.begun, watched.begun + MEASURE);
    let mut written = 0;
    let mut killed_at = None;
    let mut cancelled = false;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        let now = Instant::now();
        if now >= next_look {
            let mut look = tree::look(root);
            // The group knows the dead as well, whoever waited for them.
            look.cpu_time_ms = look.cpu_time_ms.max(counted_cpu(watched));
            usage.cpu_time_ms = usage.cpu_time_ms.max(Some(look.cpu_time_ms));
            usage.memory_bytes = usage.memory_bytes.max(Some(look.memory_bytes));
            killed_at = over(watched, look);
            next_look = Instant::now() + LOOK;
        }
        if now >= next_measure {
            written = measure(watched.scratch, watched.budget.output_bytes);
            next_measure = Instant::now() + MEASURE;
        }
        if written + stdout.seen() + stderr.seen() > watched.budget.output_bytes {
            killed_at = Some(Limit::Output);
        }
        if now.duration_since(watched.begun).as_millis() > u128::from(watched.budget.wall_time_ms) {
            killed_at = Some(Limit::WallTime);
        }
        cancelled = watched.cancel.is_cancelled();
        if cancelled || killed_at.is_some() {
            sweep(root, watched);
            break child.wait()?;
        }
        std::thread::sleep(TICK);
    };
    // What the tool left running, and what holds its pipes.
    sweep(root, watched);
    let given_up = Instant::now() + GRACE;
    while !(stdout.is_closed() && stderr.is_closed()) && Instant::now() < given_up {
        std::thread::sleep(Duration::from_millis(1));
    }
    usage.wall_time_ms = u64::try_from(watched.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    usage.cpu_time_ms = usage.cpu_time_ms.max(Some(counted_cpu(watched)));
    written = measure(watched.scratch, u64::MAX);
    usage.output_bytes = written + stdout.seen() + stderr.seen();
    if !cancelled && killed_at.is_none() && usage.output_bytes > watched.budget.output_bytes {
        killed_at = Some(Limit::Output);
    }
    // The kernel may have killed one process of many, and the tool may have gone on without it.
    if !cancelled && killed_at.is_none() && watched.group.is_some_and(Group::ran_out_of_memory) {
        killed_at = Some(Limit::Memory);
    }
    let cancelled = cancelled && killed_at.is_none();
    Ok(Ended { status, killed_at, cancelled, stdout: stdout.take(), stderr: stderr.take(), usage })
}

fn over(watched: &Watched<'_>, look: tree::Look) -> Option<Limit> {
    if look.cpu_time_ms > watched.budget.cpu_time_ms {
        Some(Limit::CpuTime)
    } else if look.memory_bytes > watched.budget.memory_bytes
        || watched.group.is_some_and(Group::ran_out_of_memory)
    {
        Some(Limit::Memory)
    } else if look.tasks > MAX_TASKS {
        Some(Limit::Processes)
    } else {
        None
    }
}

fn counted_cpu(watched: &Watched<'_>) -> u64 {
    watched.group.and_then(Group::cpu_time_ms).unwrap_or(0)
}

/// Kills until nothing is left, or the grace is over. In a PID namespace the death of its first
/// process takes all others along; outside, strays are looked for by their environment.
fn sweep(root: i32, watched: &Watched<'_>) {
    let strays = match watched.level {
        SandboxLevel::Namespaced => Strays::None,
        SandboxLevel::Unsandboxed => Strays::ByEnvironment,
    };
    let until = Instant::now() + GRACE;
    let mut known = std::collections::BTreeSet::new();
    loop {
        let mut members = tree::members(root, watched.scratch, strays);
        members.extend(watched.group.map(Group::members).unwrap_or_default());
        known.extend(members.iter().copied());
        tree::kill(&members);
        if members.is_empty() || Instant::now() >= until {
            return;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// What a folder holds, links not followed; stops counting past `enough`.
fn measure(folder: &Path, enough: u64) -> u64 {
    let mut sum = 0;
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        let Ok(entries) = std::fs::read_dir(folder) else { continue };
        for entry in entries.flatten() {
            let Ok(meta) = entry.metadata() else { continue };
            sum += if meta.is_dir() {
                open.push(entry.path());
                FILE_COST
            } else {
                use std::os::unix::fs::MetadataExt as _;
                // A sparse file costs what is written; the length alone proves nothing.
                (meta.blocks() * 512).max(FILE_COST)
            };
            if sum > enough {
                return sum;
            }
        }
    }
    sum
}
