//! What a started program and everything it started use: memory and processor, as the kernel counts
//! them. Owns the reading of `/proc`; never a process.

use std::fs;
use std::time::{Duration, Instant};

/// A program and all that came of it.
pub struct Tree(pub u32);

impl Tree {
    /// Its processes now, itself first.
    fn members(&self) -> Vec<u32> {
        let mut parents = Vec::new();
        for entry in fs::read_dir("/proc").unwrap().flatten() {
            let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok())
            else {
                continue;
            };
            if let Some(parent) = fields(pid).and_then(|fields| fields.get(1)?.parse::<u32>().ok())
            {
                parents.push((pid, parent));
            }
        }
        let mut members = vec![self.0];
        let mut at = 0;
        while let Some(parent) = members.get(at).copied() {
            members.extend(parents.iter().filter(|(_, of)| *of == parent).map(|(pid, _)| *pid));
            at += 1;
        }
        members
    }

    /// The memory that is theirs, what they share counted by its share, in MiB.
    pub fn pss(&self) -> f64 {
        let of = |pid: u32| {
            let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
            let line = text.lines().find_map(|line| line.strip_prefix("Pss:")).map(str::trim);
            let kib = line.and_then(|line| line.split(' ').next()?.parse::<u64>().ok());
            kib.unwrap_or_default()
        };
        self.members().into_iter().map(of).sum::<u64>() as f64 / 1024.0
    }

    /// The time they have had on a processor, in ticks of ten milliseconds.
    pub fn ticks(&self) -> u64 {
        let of = |pid: u32| {
            let fields = fields(pid).unwrap_or_default();
            // User and system time (proc(5), fields 14 and 15), those of ended children left out.
            [11, 12].iter().filter_map(|at| fields.get(*at)?.parse::<u64>().ok()).sum::<u64>()
        };
        self.members().into_iter().map(of).sum()
    }

    /// The time the page's own thread has had on a processor, in milliseconds: what else runs on the
    /// machine does not count, nor do the threads that draw where there is no GPU.
    pub fn page_ms(&self) -> f64 {
        let is_page = |pid: &u32| {
            let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
            name.starts_with("WebKitWebProces")
        };
        let of = |pid: u32| {
            let text = fs::read_to_string(format!("/proc/{pid}/task/{pid}/schedstat")).ok()?;
            text.split(' ').next()?.parse::<f64>().ok()
        };
        self.members().into_iter().filter(is_page).filter_map(of).sum::<f64>() / 1e6
    }

    /// Waits until nothing was done for two seconds, for half a minute at most.
    pub fn settle(&self) {
        let begun = Instant::now();
        let mut before = self.ticks();
        while begun.elapsed() < Duration::from_secs(30) {
            std::thread::sleep(Duration::from_secs(2));
            let now = self.ticks();
            if now == before {
                break;
            }
            before = now;
        }
    }

    /// Whether it still runs.
    pub fn is_there(&self) -> bool {
        fields(self.0).is_some_and(|fields| fields.first().is_some_and(|state| state != "Z"))
    }
}

/// The fields of `/proc/PID/stat` behind the name: state, parent, ...
fn fields(pid: u32) -> Option<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = text.rsplit_once(") ")?;
    Some(rest.split(' ').map(str::to_owned).collect())
}
