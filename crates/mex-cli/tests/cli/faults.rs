//! Faults as a user meets them: tools missing or changed, a folder that cannot be used, a kill.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::harness::{Mex, answer, cargo_lock, copy};

/// A tools folder of its own, with a copy of the one tool a test spoils and the others as they are.
fn own_tools(mex: &mut Mex, spoiled: &str) -> PathBuf {
    let own = mex.folder.path().join("tools-dir");
    fs::create_dir_all(own.join("tools")).unwrap();
    for entry in fs::read_dir(mex.tools.join("tools")).unwrap() {
        let entry = entry.unwrap();
        let target = own.join("tools").join(entry.file_name());
        if entry.file_name() == spoiled {
            copy(&entry.path(), &target);
        } else if entry.file_type().unwrap().is_dir() {
            symlink(entry.path(), target).unwrap();
        }
    }
    mex.tools = own.clone();
    own
}

fn executable(tools: &Path, name: &str) -> PathBuf {
    let versions = fs::read_dir(tools.join("tools").join(name)).unwrap();
    let version = versions.map(|entry| entry.unwrap().path()).find(|path| path.is_dir()).unwrap();
    version.join(name)
}

#[test]
fn a_missing_swapped_or_flipped_tool_is_never_clean() {
    for (tool, jobs) in [
        ("gitleaks", "secret,vuln"),
        ("osv-scanner", "secret,vuln"),
        ("cargo-audit", "secret,vuln"),
        ("cargo-deny", "license"),
        ("syft", "sbom"),
    ] {
        let jobs = ["--jobs", jobs];
        let mut mex = Mex::ready();
        mex.write("Cargo.lock", cargo_lock(&[]));
        let tools = own_tools(&mut mex, tool);
        let path = executable(&tools, tool);
        let whole = fs::read(&path).unwrap();
        let spoil: [(&str, &dyn Fn()); 4] = [
            ("missing", &|| fs::remove_file(&path).unwrap()),
            ("swapped for a script that says nothing", &|| {
                fs::write(&path, "#!/bin/sh\nexit 0\n").unwrap()
            }),
            ("a link to true", &|| {
                fs::remove_file(&path).unwrap();
                symlink("/bin/true", &path).unwrap();
            }),
            ("one byte flipped", &|| {
                let mut flipped = whole.clone();
                let middle = flipped.len() / 2;
                flipped[middle] ^= 1;
                fs::write(&path, flipped).unwrap();
            }),
        ];
        for (what, spoil) in spoil {
            spoil();
            let outcome = mex.scan(&jobs).expect(3).json();
            assert_eq!(outcome["verdict"]["verdict"], "denied", "{tool} {what}");
            let _ = fs::remove_file(&path);
            fs::write(&path, &whole).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        assert_eq!(mex.scan(&jobs).code, 0, "{tool} is whole again");
    }
}

#[test]
fn an_engine_that_never_conformed_is_not_called() {
    let mex = Mex::bare();
    mex.write("Cargo.lock", cargo_lock(&[]));
    let outcome = mex.scan(&[]).expect(3).json();
    assert!(
        outcome["verdict"].to_string().contains("has not run its conformance suite"),
        "{outcome}"
    );
    let denied = mex.run(["problems", "list", "--code", "MEX-INTEGRITY-CONFORMANCE"]).expect(0);
    assert!(denied.stdout.contains("engine.supply_chain.vuln"), "{denied:?}");
    let runs =
        mex.run(["recorder", "query", "--type", "terminal_command", "--format", "json"]).json();
    let runs = runs["items"].as_array().unwrap();
    // The sandbox looks at itself before anything is judged; no tool runs.
    let of_tools: Vec<_> = runs.iter().filter(|run| !run["tool"].is_null()).collect();
    assert_eq!(of_tools.len(), 0, "nothing may run: {runs:?}");
    assert!(runs.iter().all(|run| run["op_id"].is_null()), "{runs:?}");
}

#[test]
fn a_data_folder_that_cannot_be_used_is_named_and_nothing_runs() {
    let mex = Mex::bare();
    mex.write("a.txt", "a");
    let project = mex.project();
    let project = project.to_str().unwrap();
    let file = mex.folder.path().join("file");
    fs::write(&file, "x").unwrap();
    mex.run(["scan", project, "--data-dir", file.to_str().unwrap()]).refuses(4, "MEX-DATA-DIR");
    mex.run(["scan", project, "--data-dir", "/proc/mex"]).refuses(4, "MEX-DATA-DIR");
    let damaged = mex.folder.path().join("damaged");
    fs::create_dir(&damaged).unwrap();
    fs::write(damaged.join("recorder.sqlite3"), vec![7_u8; 8192]).unwrap();
    mex.run(["scan", project, "--data-dir", damaged.to_str().unwrap()])
        .refuses(4, "MEX-DATA-CORRUPT");
    assert_eq!(
        fs::read(damaged.join("recorder.sqlite3")).unwrap(),
        vec![7_u8; 8192],
        "it was changed"
    );
}

#[test]
fn a_kill_loses_nothing_that_was_acknowledged_and_the_next_start_closes_what_was_open() {
    let mex = Mex::ready();
    mex.write("Cargo.lock", cargo_lock(&[("time", "0.1.45")]));
    for wait in [5_u64, 40, 120, 250, 400] {
        let project = mex.project();
        let mut child =
            mex.command(["scan", project.to_str().unwrap(), "--quiet"]).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(wait));
        // It may have finished already: then nothing is left open.
        let _ = child.kill();
        let _ = child.wait();
    }
    let verified = mex.run(["recorder", "verify", "--format", "json"]).expect(0);
    assert!(verified.stdout.contains("events"));
    let list = mex.run(["jobs", "list", "--format", "json"]).expect(0).json();
    for entry in list["scans"].as_array().unwrap().iter().chain(list["jobs"].as_array().unwrap()) {
        assert_ne!(entry["state"], "running", "{entry}");
    }
    let work: Vec<_> = fs::read_dir(mex.data().join("work")).unwrap().collect();
    assert!(work.len() <= 1, "a crash left work folders: {work:?}");
}

/// Contract ART-4: what adapters hand to tools lies in the data folder, and a kill leaves none of it.
#[test]
fn a_kill_in_the_middle_of_a_tool_leaves_nothing_behind_after_the_next_start() {
    let mex = Mex::ready();
    mex.write("Cargo.lock", cargo_lock(&[("time", "0.1.45")]));
    for number in 0..500 {
        mex.write(&format!("src/f{number}.txt"), "word ".repeat(2000));
    }
    let temporary = mex.folder.path().join("tmp");
    fs::create_dir(&temporary).unwrap();
    let project = mex.project();
    let mut child = mex
        .command(["scan", project.to_str().unwrap(), "--quiet"])
        .env("TMPDIR", &temporary)
        .spawn()
        .unwrap();
    let work = mex.data().join("work");
    let under_way = || {
        let sessions = fs::read_dir(&work).into_iter().flatten().flatten();
        let inside =
            sessions.flat_map(|session| fs::read_dir(session.path()).into_iter().flatten());
        let names: Vec<String> = inside
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        ["input-", "scratch-", "stage-"]
            .iter()
            .all(|prefix| names.iter().any(|name| name.starts_with(prefix)))
    };
    while !under_way() {
        assert!(child.try_wait().unwrap().is_none(), "the scan ended before a tool was seen");
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(under_way(), "the kill came too late to prove anything");
    let sessions: Vec<String> = fs::read_dir(&work)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    mex.run(["recorder", "verify"]).expect(0);
    let left: Vec<_> = fs::read_dir(&work).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
    let left: Vec<_> = fs::read_dir(&temporary).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
    for session in sessions.iter().filter(|name| !name.ends_with(".lock")) {
        let groups = find("/sys/fs/cgroup".as_ref(), &format!("mex-{session}-"));
        assert!(groups.is_empty(), "{groups:?}");
    }
}

/// Every folder below with a name that begins so.
fn find(folder: &Path, prefix: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                if entry.file_name().to_string_lossy().starts_with(prefix) {
                    found.push(entry.path());
                }
                open.push(entry.path());
            }
        }
    }
    found
}

#[test]
fn an_interrupt_ends_a_scan_within_two_seconds_and_says_what_is_kept() {
    let mex = Mex::ready();
    for number in 0..3000 {
        mex.write(&format!("src/f{number}.txt"), "word ".repeat(2000));
    }
    let project = mex.project();
    let child =
        mex.command(["scan", project.to_str().unwrap(), "--format", "json"]).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(700));
    let pid = rustix::process::Pid::from_child(&child);
    let asked = Instant::now();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let answer = answer(child);
    assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
    assert_eq!(answer.code, 4, "{answer:?}");
    assert_eq!(answer.json()["code"], "MEX-CANCELLED");
}

#[test]
fn two_scans_on_one_data_folder_at_once_are_both_whole() {
    let mex = Mex::ready();
    mex.write("Cargo.lock", cargo_lock(&[("time", "0.1.45")]));
    let project = mex.project();
    let children: Vec<_> = (0..3)
        .map(|_| {
            let project = project.to_str().unwrap();
            let jobs = ["--jobs", "secret,vuln", "--format", "json"];
            mex.command([&["scan", project][..], &jobs].concat()).spawn().unwrap()
        })
        .collect();
    for child in children {
        answer(child).expect(0);
    }
    mex.run(["recorder", "verify"]).expect(0);
}
