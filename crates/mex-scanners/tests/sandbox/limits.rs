//! Limits hold, and nothing outlives its run (contract GATE-5, promises P19, P20).

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use mex_runtime::artifact::LimitLevel;
use mex_runtime::budget::Limit;
use mex_runtime::event::EventBody;
use mex_runtime::port::Record;
use mex_scanners::process::Exit;

use crate::kit::Run;

fn check(adjust: impl Fn(&mut Run), args: &[&str], expect: Limit) {
    for mut run in [Run::sandboxed(), Run::unsandboxed()] {
        adjust(&mut run);
        let finished = run.run(args).unwrap();
        assert_eq!(finished.exit, Exit::Limit(expect), "{args:?} {:?}", finished.usage);
        drop(finished);
        assert_eq!(run.survivors(), 0);
    }
}

#[test]
fn p20_wall_time_ends_a_hang() {
    check(|run| run.budget.wall_time_ms = 300, &["hang"], Limit::WallTime);
}

#[test]
fn p20_cpu_time_ends_a_spin() {
    check(|run| run.budget.cpu_time_ms = 300, &["spin"], Limit::CpuTime);
}

#[test]
fn p20_memory_ends_an_allocation() {
    for mut run in [Run::sandboxed(), Run::unsandboxed()] {
        run.budget.memory_bytes = 64 << 20;
        let exit = run.run(&["allocate", "8589934592"]).unwrap().exit;
        // The poller, or the allocator of the tool at its own limit, whichever is first.
        assert!(matches!(exit, Exit::Limit(Limit::Memory) | Exit::Signal(6)), "{exit:?}");
    }
}

/// Contract SC-8: eight gigabytes over twenty processes, each of them below the limit for one.
#[test]
fn p20_memory_of_a_whole_tree_is_held_by_the_group_and_by_the_look_alike() {
    let (grouped, watched) = (Run::sandboxed(), Run::sandboxed());
    let watched = Run { sandbox: watched.sandbox.without_groups(), ..watched };
    for mut run in [grouped, watched] {
        run.budget.memory_bytes = 512 << 20;
        let finished = run.run(&["spread", "20", "419430400"]).unwrap();
        assert_eq!(finished.exit, Exit::Limit(Limit::Memory), "{:?}", run.sandbox.limits);
        assert_eq!(run.survivors(), 0);
        assert_eq!(said_limits(&run), Some(run.sandbox.limits));
    }
}

/// A tool that goes on without what the kernel killed of it is not believed.
#[test]
fn sc_8_a_group_that_ran_out_of_memory_is_a_limit_whatever_the_tool_says_then() {
    let mut run = Run::sandboxed();
    if run.sandbox.limits == LimitLevel::Cgroup {
        run.budget.memory_bytes = 64 << 20;
        let exit = run.run(&["spread-and-end", "4", "60000000"]).unwrap().exit;
        assert_eq!(exit, Exit::Limit(Limit::Memory));
    } else {
        assert_ne!(run.sandbox.limits_reason, "", "no group, and no reason for it");
    }
}

/// Promise P21 for limits: what is said to be a control group is one, and what could be one is used.
#[test]
fn sc_8_the_limits_reached_are_told_and_leave_nothing_behind() {
    let run = Run::sandboxed();
    let groups = ours();
    let can = groups.is_ok();
    assert_eq!(run.sandbox.limits == LimitLevel::Cgroup, can, "{groups:?}");
    assert_eq!(run.sandbox.limits_reason.is_empty(), can, "{}", run.sandbox.limits_reason);
    assert_eq!(run.run(&["exit", "0"]).unwrap().exit, Exit::Code(0));
    let unsandboxed = Run::unsandboxed();
    assert_eq!(unsandboxed.run(&["exit", "0"]).unwrap().exit, Exit::Code(0));
    assert_eq!(said_limits(&unsandboxed), Some(LimitLevel::RlimitsAndPoller));
    if let Ok(folder) = groups {
        let session = run.work.path().file_name().unwrap().to_string_lossy().into_owned();
        let left = |folder: &Path| {
            let entries = std::fs::read_dir(folder).unwrap().flatten();
            entries.filter(|entry| entry.file_name().to_string_lossy().contains(&session)).count()
        };
        assert_eq!(left(&folder), 0);
        // What a kill leaves: a group with something alive in it, that only its note still names.
        let dead = folder.join(format!("mex-{session}-dead"));
        std::fs::create_dir(&dead).unwrap();
        let mut stray = hanging();
        std::fs::write(dead.join("cgroup.procs"), stray.id().to_string()).unwrap();
        mex_scanners::sandbox::sweep_groups(run.work.path());
        assert!(!stray.wait().unwrap().success());
        assert_eq!(left(&folder), 0);
    }
}

#[expect(clippy::disallowed_methods, reason = "a process that outlived its host, for the sweep")]
fn hanging() -> std::process::Child {
    std::process::Command::new(crate::kit::stub().executable).arg("hang").spawn().unwrap()
}

/// A folder in which this test itself can make a group with a limit for memory, found apart from
/// the code under test: the group it is in, for cgroup v1; the one around it, for v2.
fn ours() -> Result<PathBuf, String> {
    let own = std::fs::read_to_string("/proc/self/cgroup").unwrap();
    let path = |of: &str| {
        let line = own.lines().find(|line| line.split(':').nth(1) == Some(of));
        line.and_then(|line| line.splitn(3, ':').nth(2)).map(|path| path[1..].to_owned())
    };
    let v2 = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].map(PathBuf::from);
    let v2 = v2.iter().filter_map(|mount| Some(mount.join(path("")?).parent()?.to_owned()));
    let v1 = path("memory").map(|path| PathBuf::from("/sys/fs/cgroup/memory").join(path));
    let mut why = String::new();
    for (parent, limit) in
        v2.map(|at| (at, "memory.max")).chain(v1.map(|at| (at, "memory.limit_in_bytes")))
    {
        if !parent.join("cgroup.procs").is_file() {
            why = format!("{why} {} is no control group;", parent.display());
            continue;
        }
        let trial = parent.join(format!("mex-trial-{}", uuid::Uuid::new_v4()));
        let made = std::fs::create_dir(&trial)
            .and_then(|()| std::fs::write(trial.join(limit), "100000000"));
        let _gone = std::fs::remove_dir(&trial);
        match made {
            Ok(()) => return Ok(parent),
            Err(error) => why = format!("{why} {}: {error};", parent.display()),
        }
    }
    Err(why)
}

/// What the last run of a tool says of its limits, in its event.
fn said_limits(run: &Run) -> Option<LimitLevel> {
    let records = run.ports.records.lock().unwrap();
    let Some(Record::Event(event)) = records.last() else { panic!("{records:?}") };
    let EventBody::TerminalCommand(command) = &event.body else { panic!("{event:?}") };
    command.limits
}

#[test]
fn p20_output_ends_a_flood_and_says_how_much_there_was() {
    let mut run = Run::sandboxed();
    run.budget.output_bytes = 1 << 20;
    let finished = run.run(&["flood", "1000000000"]).unwrap();
    assert_eq!(finished.exit, Exit::Limit(Limit::Output));
    assert!(finished.stdout.is_truncated());
    assert_eq!(finished.stdout.bytes.len(), 1 << 20);
    let stored = run.ports.stored.lock().unwrap();
    let sidecar = &stored.iter().find(|(_, sidecar)| sidecar.artifact.role == "stdout").unwrap().1;
    assert!(sidecar.truncated && sidecar.original_bytes > 1 << 20);
}

#[test]
fn p20_files_count_as_output() {
    let mut run = Run::sandboxed();
    run.budget.output_bytes = 1 << 20;
    for args in [["file", "10737418240"], ["files", "1000000"]] {
        let exit = run.run(&args).unwrap().exit;
        assert_eq!(exit, Exit::Limit(Limit::Output), "{args:?}");
    }
}

#[test]
fn p20_a_fork_bomb_is_ended() {
    let run = Run::sandboxed();
    let exit = run.run(&["bomb"]).unwrap().exit;
    assert!(matches!(exit, Exit::Limit(Limit::Processes | Limit::CpuTime)), "{exit:?}");
    assert_eq!(run.survivors(), 0);
}

#[test]
fn p19_cancel_ends_two_hundred_processes_of_every_kind_within_two_seconds() {
    for (how, count) in [("plain", "200"), ("group", "50"), ("setsid", "50"), ("double", "50")] {
        for run in [Run::sandboxed(), Run::unsandboxed()] {
            let cancel = run.cancel.clone();
            let cancelled = std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(1500));
                cancel.cancel();
                Instant::now()
            });
            let finished = run.run(&["forks", count, how]).unwrap();
            let took = cancelled.join().unwrap().elapsed();
            assert_eq!(finished.exit, Exit::Cancelled, "{how}");
            assert!(took < Duration::from_secs(2), "{how} took {took:?}");
            assert_eq!(run.survivors(), 0, "{how} {:?}", run.sandbox.level);
        }
    }
}

#[test]
fn p19_what_a_tool_leaves_running_dies_with_it() {
    for run in [Run::sandboxed(), Run::unsandboxed()] {
        let begun = Instant::now();
        assert_eq!(run.run(&["forks", "3", "orphan"]).unwrap().exit, Exit::Code(0));
        assert!(begun.elapsed() < Duration::from_secs(5));
        assert_eq!(run.survivors(), 0);
    }
}
