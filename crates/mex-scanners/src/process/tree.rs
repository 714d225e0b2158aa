//! A process tree as `/proc` shows it: who belongs to it, what it uses, and its end.
//! Never trusts one look: a tree is killed until nothing of it is left.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rustix::process::{Pid, Signal, kill_process};

/// What a tree used at one look.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Look {
    /// CPU of the living and of the children they waited for, in milliseconds.
    pub(super) cpu_time_ms: u64,
    /// Private resident bytes.
    pub(super) memory_bytes: u64,
    /// Threads of all processes.
    pub(super) tasks: u64,
}

struct Stat {
    parent: i32,
    zombie: bool,
    cpu_ticks: u64,
    threads: u64,
}

/// Milliseconds in one of the kernel's `USER_HZ` ticks, 100 a second on every Linux we build for.
const TICK_MS: u64 = 10;
const PAGE: u64 = 4096;

/// The processes under `root`, itself included, zombies not.
pub(super) fn members(root: i32, scratch: &Path, strays: Strays) -> BTreeSet<i32> {
    let all = snapshot();
    let mut found = descendants(&all, root);
    if strays == Strays::ByEnvironment {
        // Outside a PID namespace a double fork leaves the tree; its environment still names its scratch folder.
        let mark = scratch.as_os_str().as_encoded_bytes();
        found.extend(all.keys().copied().filter(|pid| {
            std::fs::read(format!("/proc/{pid}/environ"))
                .is_ok_and(|environ| environ.windows(mark.len()).any(|window| window == mark))
        }));
    }
    found.retain(|pid| all.get(pid).is_some_and(|stat| !stat.zombie));
    found
}

/// Whether processes that left the tree are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strays {
    /// A PID namespace holds them.
    None,
    /// By the scratch folder in their environment.
    ByEnvironment,
}

/// What the tree under `root` uses now.
pub(super) fn look(root: i32) -> Look {
    let all = snapshot();
    let mut sum = Look::default();
    for pid in descendants(&all, root) {
        let Some(stat) = all.get(&pid) else { continue };
        sum.cpu_time_ms += stat.cpu_ticks * TICK_MS;
        sum.tasks += stat.threads;
        sum.memory_bytes += private_bytes(pid);
    }
    sum
}

/// Sends SIGKILL to every member; those already gone do not matter.
pub(super) fn kill(members: &BTreeSet<i32>) {
    for pid in members.iter().filter_map(|pid| Pid::from_raw(*pid)) {
        // A process that is gone is what we want.
        let _gone = kill_process(pid, Signal::KILL);
    }
}

fn descendants(all: &BTreeMap<i32, Stat>, root: i32) -> BTreeSet<i32> {
    let mut children: BTreeMap<i32, Vec<i32>> = BTreeMap::new();
    for (pid, stat) in all {
        children.entry(stat.parent).or_default().push(*pid);
    }
    let mut found = BTreeSet::new();
    let mut open = vec![root];
    while let Some(pid) = open.pop() {
        if found.insert(pid) {
            open.extend(children.get(&pid).into_iter().flatten());
        }
    }
    found
}

fn snapshot() -> BTreeMap<i32, Stat> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return BTreeMap::new() };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter_map(|pid: i32| Some((pid, stat(pid)?)))
        .collect()
}

fn stat(pid: i32) -> Option<Stat> {
    let bytes = std::fs::read(format!("/proc/{pid}/stat")).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    // The name may hold spaces and brackets; what follows the last bracket may not.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |index: usize| fields.get(index)?.parse::<u64>().ok();
    Some(Stat {
        parent: fields.get(1)?.parse().ok()?,
        zombie: matches!(*fields.first()?, "Z" | "X"),
        cpu_ticks: number(11)? + number(12)? + number(13)? + number(14)?,
        threads: number(17)?,
    })
}

fn private_bytes(pid: i32) -> u64 {
    let Ok(text) = std::fs::read_to_string(format!("/proc/{pid}/statm")) else { return 0 };
    let mut fields = text.split_whitespace().skip(1).map(|field| field.parse::<u64>().unwrap_or(0));
    let resident = fields.next().unwrap_or(0);
    resident.saturating_sub(fields.next().unwrap_or(0)) * PAGE
}
