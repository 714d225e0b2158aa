//! Limits hold, and nothing outlives its run (contract GATE-5, promises P19, P20).

use std::time::{Duration, Instant};

use mex_runtime::budget::Limit;
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
