//! A control group of a run's own: the kernel's limit over the whole tree, beside the limits per
//! process and the look at `/proc` (contract SC-8, GATE-5). Made where this machine lets us, below
//! the group this program is in (cgroup v1) or beside it (v2, where a group with processes may have
//! no limited child); gone with the run, and what a kill left goes at the next start.
//! Never assumed: the probe's own run has to show up in one. Never moves this program itself.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use mex_runtime::budget::Budget;
use uuid::Uuid;

use super::tree;
use crate::sandbox::MAX_TASKS;

/// The file of a work folder that names where groups were made, for [`sweep`].
const NOTE: &str = "groups";
/// How long a group may take to become empty once all in it were killed.
const GRACE: Duration = Duration::from_millis(1000);
/// What the sandbox's own two processes may use beside the tool.
const OWN_BYTES: u64 = 32 << 20;

/// Where groups can be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Groups {
    places: Vec<Place>,
    prefix: String,
}

/// One hierarchy in which a group needs a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    hierarchy: Hierarchy,
    parent: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hierarchy {
    /// cgroup v2: everything in one folder.
    Unified,
    /// cgroup v1: a folder each.
    Memory,
    Pids,
    CpuAccounting,
}

impl Hierarchy {
    const V1: [(Self, &'static str); 3] =
        [(Self::Memory, "memory"), (Self::Pids, "pids"), (Self::CpuAccounting, "cpuacct")];
}

impl Groups {
    /// Looks for a place where groups can be made and leaves a note of it in the work folder.
    ///
    /// # Errors
    /// Why there is none, as one sentence.
    pub(crate) fn find(work_dir: &Path) -> Result<Self, String> {
        let read =
            |path: &str| fs::read_to_string(path).map_err(|error| format!("`{path}`: {error}"));
        let (mounts, own) = (read("/proc/self/mountinfo")?, read("/proc/self/cgroup")?);
        let session = work_dir.file_name().unwrap_or_default().to_string_lossy();
        let prefix = format!("mex-{session}-");
        let mut why = "no control group hierarchy is mounted".to_owned();
        for places in [unified(&mounts, &own), version_one(&mounts, &own)].into_iter().flatten() {
            let groups = Self { places, prefix: prefix.clone() };
            let note = |error: io::Error| format!("`{}`: {error}", work_dir.display());
            groups.leave_note(work_dir).map_err(note)?;
            match groups.make(&TRIAL, Uuid::nil()) {
                Ok(_gone) => return Ok(groups),
                Err(error) => why = format!("no control group can be made: {error}"),
            }
        }
        Err(why)
    }

    /// A group with the limits of a budget.
    pub(crate) fn make(&self, budget: &Budget, id: Uuid) -> io::Result<Group> {
        let name = format!("{}{id}", self.prefix);
        let mut group = Group { folders: Vec::new() };
        for place in &self.places {
            let folder = place.parent.join(&name);
            fs::create_dir(&folder).map_err(|error| at(&folder, &error))?;
            group.folders.push((place.hierarchy, folder));
        }
        group.limit(budget)?;
        Ok(group)
    }

    fn leave_note(&self, work_dir: &Path) -> io::Result<()> {
        let mut text = self.prefix.clone();
        for place in &self.places {
            text.push('\n');
            text.push_str(&place.parent.to_string_lossy());
        }
        fs::write(work_dir.join(NOTE), text)
    }
}

/// Limits that no run has, to see whether any can be set.
const TRIAL: Budget =
    Budget { cpu_time_ms: 1000, wall_time_ms: 1000, memory_bytes: 256 << 20, output_bytes: 0 };

/// A group that exists; killed and removed with this value.
#[derive(Debug)]
pub(crate) struct Group {
    folders: Vec<(Hierarchy, PathBuf)>,
}

impl Group {
    /// The files a process writes `0` to in order to be in this group with all it will start.
    pub(crate) fn doors(&self) -> impl Iterator<Item = PathBuf> {
        self.folders.iter().map(|(_, folder)| folder.join("cgroup.procs"))
    }

    /// Every living process in it.
    pub(super) fn members(&self) -> BTreeSet<i32> {
        self.doors().flat_map(|door| pids(&door)).collect()
    }

    /// The CPU of all that was ever in it, in milliseconds.
    pub(super) fn cpu_time_ms(&self) -> Option<u64> {
        self.folders.iter().find_map(|(hierarchy, folder)| match hierarchy {
            Hierarchy::Unified => Some(field(&folder.join("cpu.stat"), "usage_usec")? / 1000),
            Hierarchy::CpuAccounting => Some(number(&folder.join("cpuacct.usage"))? / 1_000_000),
            Hierarchy::Memory | Hierarchy::Pids => None,
        })
    }

    /// Whether the kernel killed something of it for want of memory.
    pub(super) fn ran_out_of_memory(&self) -> bool {
        let killed = self.folders.iter().find_map(|(hierarchy, folder)| match hierarchy {
            Hierarchy::Unified => field(&folder.join("memory.events"), "oom_kill"),
            Hierarchy::Memory => field(&folder.join("memory.oom_control"), "oom_kill"),
            Hierarchy::Pids | Hierarchy::CpuAccounting => None,
        });
        killed.is_some_and(|count| count > 0)
    }

    /// Whether something ran in it: proof that the way in works.
    pub(crate) fn was_used(&self) -> bool {
        let memory = self.folders.iter().find_map(|(hierarchy, folder)| match hierarchy {
            // `memory.peak` is younger than the rest; CPU alone has to do without it.
            Hierarchy::Unified => Some(number(&folder.join("memory.peak")).unwrap_or(1)),
            Hierarchy::Memory => number(&folder.join("memory.max_usage_in_bytes")),
            Hierarchy::Pids | Hierarchy::CpuAccounting => None,
        });
        // An empty group has no CPU time at all; a millisecond is too coarse for a short run.
        let cpu = self.folders.iter().find_map(|(hierarchy, folder)| match hierarchy {
            Hierarchy::Unified => field(&folder.join("cpu.stat"), "usage_usec"),
            Hierarchy::CpuAccounting => number(&folder.join("cpuacct.usage")),
            Hierarchy::Memory | Hierarchy::Pids => None,
        });
        memory.is_some_and(|bytes| bytes > 0) && cpu.is_some_and(|time| time > 0)
    }

    fn limit(&self, budget: &Budget) -> io::Result<()> {
        let memory = budget.memory_bytes.saturating_add(OWN_BYTES).to_string();
        let tasks = (MAX_TASKS + 64).to_string();
        for (hierarchy, folder) in &self.folders {
            let must = |name: &str, value: &str| {
                let path = folder.join(name);
                fs::write(&path, value).map_err(|error| at(&path, &error))
            };
            // Without swap accounting there is no such file, and then nothing to limit.
            let may = |name: &str, value: &str| drop(fs::write(folder.join(name), value));
            match hierarchy {
                Hierarchy::Unified => {
                    must("memory.max", &memory)?;
                    must("pids.max", &tasks)?;
                    may("memory.swap.max", "0");
                    may("memory.oom.group", "1");
                }
                Hierarchy::Memory => {
                    must("memory.limit_in_bytes", &memory)?;
                    may("memory.memsw.limit_in_bytes", &memory);
                }
                Hierarchy::Pids => must("pids.max", &tasks)?,
                Hierarchy::CpuAccounting => {}
            }
        }
        Ok(())
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        for (_, folder) in &self.folders {
            remove(folder);
        }
    }
}

/// Kills and removes the groups that runs of a dead program left, which its work folder names.
/// Best effort: a group that cannot be removed holds nothing that runs.
pub fn sweep(work_dir: &Path) {
    let Ok(note) = fs::read_to_string(work_dir.join(NOTE)) else { return };
    let mut lines = note.lines();
    let Some(prefix) = lines.next().filter(|prefix| prefix.starts_with("mex-")) else { return };
    for parent in lines.map(Path::new).filter(|parent| parent.join("cgroup.procs").is_file()) {
        let Ok(entries) = fs::read_dir(parent) else { continue };
        for entry in entries.flatten() {
            if entry.file_name().as_encoded_bytes().starts_with(prefix.as_bytes()) {
                remove(&entry.path());
            }
        }
    }
}

/// Kills what is in a group until it can be removed, or the grace is over.
fn remove(folder: &Path) {
    let until = Instant::now() + GRACE;
    loop {
        tree::kill(&pids(&folder.join("cgroup.procs")));
        match fs::remove_dir(folder) {
            Err(error) if error.raw_os_error() == Some(libc::EBUSY) && Instant::now() < until => {
                std::thread::sleep(Duration::from_millis(2));
            }
            // Gone, or swept at the next start.
            _ => return,
        }
    }
}

fn pids(door: &Path) -> BTreeSet<i32> {
    let text = fs::read_to_string(door).unwrap_or_default();
    text.lines().filter_map(|line| line.parse().ok()).filter(|pid| *pid > 0).collect()
}

fn number(path: &Path) -> Option<u64> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

fn field(path: &Path, name: &str) -> Option<u64> {
    let text = fs::read_to_string(path).ok()?;
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok())
}

fn at(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("`{}`: {error}", path.display()))
}

/// Beside our own group of the unified hierarchy, where it has the controllers.
fn unified(mounts: &str, own: &str) -> Option<Vec<Place>> {
    let path = own.lines().find_map(|line| line.strip_prefix("0::"))?;
    let folder = on_disk(mounts, path, |kind, _| kind == "cgroup2")?;
    let parent = folder.parent().filter(|parent| parent.join("cgroup.procs").is_file())?;
    let given = fs::read_to_string(parent.join("cgroup.subtree_control")).ok()?;
    let has = |name| given.split_whitespace().any(|controller| controller == name);
    (has("memory") && has("pids"))
        .then(|| vec![Place { hierarchy: Hierarchy::Unified, parent: parent.to_owned() }])
}

/// Below our own groups of the three hierarchies that matter.
fn version_one(mounts: &str, own: &str) -> Option<Vec<Place>> {
    let place = |(hierarchy, controller): (Hierarchy, &str)| {
        let path = own.lines().find_map(|line| {
            let mut parts = line.splitn(3, ':').skip(1);
            let named = parts.next()?.split(',').any(|name| name == controller);
            parts.next().filter(|_| named)
        })?;
        let parent = on_disk(mounts, path, |kind, options| {
            kind == "cgroup" && options.split(',').any(|name| name == controller)
        })?;
        Some(Place { hierarchy, parent })
    };
    Hierarchy::V1.into_iter().map(place).collect()
}

/// Where a group's path of `/proc/self/cgroup` is, on the mount that `wanted` picks.
fn on_disk(mounts: &str, path: &str, wanted: impl Fn(&str, &str) -> bool) -> Option<PathBuf> {
    mounts.lines().find_map(|line| {
        let (place, kind) = line.split_once(" - ")?;
        let mut kind = kind.split(' ');
        let (name, options) = (kind.next()?, kind.nth(1)?);
        let mut place = place.split(' ').skip(3);
        let (root, point) = (place.next()?, place.next()?);
        // In a container the mount may show a part only, with its root as the container's own.
        let below = Path::new(path).strip_prefix(root).ok()?;
        wanted(name, options).then(|| Path::new(point).join(below))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_found_on_its_mount() {
        let mounts = "30 24 0:26 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n\
             31 30 0:27 / /sys/fs/cgroup/unified rw,nosuid shared:5 - cgroup2 cgroup rw\n\
             32 30 0:28 / /sys/fs/cgroup/memory rw shared:6 master:2 - cgroup cgroup rw,memory\n\
             33 30 0:29 /docker/1 /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n\
             34 30 0:30 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n";
        let own = "3:cpu,cpuacct:/\n2:pids:/docker/1/a\n1:memory:/user.slice/x\n0::/s\n";
        let places = version_one(mounts, own).unwrap();
        let parents: Vec<&str> =
            places.iter().map(|place| place.parent.to_str().unwrap()).collect();
        assert_eq!(
            parents,
            [
                "/sys/fs/cgroup/memory/user.slice/x",
                "/sys/fs/cgroup/pids/a",
                "/sys/fs/cgroup/cpu,cpuacct/"
            ]
        );
        assert_eq!(version_one(mounts, "1:memory:/\n0::/\n"), None, "one hierarchy is missing");
        assert_eq!(version_one(mounts, &own.replace("/docker/1/a", "/docker/2")), None);
        assert_eq!(
            on_disk(mounts, "/s", |kind, _| kind == "cgroup2").unwrap(),
            Path::new("/sys/fs/cgroup/unified/s")
        );
    }

    #[test]
    fn what_is_no_control_group_is_left_alone_by_the_sweep() {
        let work = tempfile::tempdir().unwrap();
        let other = tempfile::tempdir().unwrap();
        fs::create_dir(other.path().join("mex-a-1")).unwrap();
        fs::write(work.path().join(NOTE), format!("mex-a-\n{}", other.path().display())).unwrap();
        sweep(work.path());
        assert!(other.path().join("mex-a-1").is_dir());
    }
}
