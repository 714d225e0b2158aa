//! The real tools inside the real sandbox: what no stub can show.

use std::path::{Path, PathBuf};

use mex_runtime::artifact::{SandboxLevel, ToolIdentity};
use mex_runtime::digest::Digest;
use mex_runtime::event::EventContext;
use mex_runtime::port::Cancel;
use mex_scanners::process::{
    self, Exit, Finished, Keep, Launch, Mount, MountMode, Network, SpawnContext,
};
use mex_scanners::stage::{HistoryView, Stage, StageOptions};
use mex_scanners::tool::PinnedTool;

use crate::kit::{Run, budget};

fn real_tool(name: &str) -> PinnedTool {
    let folder = std::env::var_os("MEX_TEST_TOOLS_DIR")
        .expect("set MEX_TEST_TOOLS_DIR to a folder with the real tools; `./dev test` does");
    let executable = Path::new(&folder).join(name);
    assert!(executable.is_file(), "`{}` is missing", executable.display());
    PinnedTool {
        identity: ToolIdentity {
            name: name.parse().unwrap(),
            version: "real".into(),
            sha256: Digest::of(name.as_bytes()),
        },
        executable,
        mounts: Vec::new(),
    }
}

fn run(run: &Run, tool: &str, args: &[&str], mounts: Vec<Mount>, extra: &[&str]) -> Finished {
    let tool = real_tool(tool);
    let launch = Launch {
        tool: &tool,
        args: args.iter().map(|arg| (*arg).to_owned()).collect(),
        cwd: "/scratch".into(),
        env: HistoryView::git_environment("/history"),
        mounts,
        extra_executables: extra.iter().map(PathBuf::from).collect(),
        budget: mex_runtime::budget::Budget { memory_bytes: 1 << 30, ..budget() },
        network: Network::None,
        redact: &|bytes: &[u8]| bytes.to_vec(),
        keep_stdout: Keep::No,
    };
    let context = SpawnContext {
        recorder: &run.ports,
        store: &run.ports,
        clock: &run.ports,
        events: &EventContext::system("test".parse().unwrap()),
        op_id: None,
        cancel: &run.cancel,
        sandbox: &run.sandbox,
        still_pinned: &|_| Ok(()),
    };
    let finished = process::run(&launch, &context).unwrap();
    assert_eq!(finished.sandbox, SandboxLevel::Namespaced);
    finished
}

fn read_only(host: PathBuf, inside: &str) -> Mount {
    Mount { host, inside: inside.to_owned(), mode: MountMode::ReadOnly }
}

/// A token with the form of a secret, made here and now.
fn canary() -> String {
    let letters = uuid::Uuid::new_v4().simple().to_string();
    format!("{}{}", "ghp", format_args!("_{}{}", letters, &letters[..4]))
}

#[test]
fn every_tool_says_its_version_inside() {
    let sandboxed = Run::sandboxed();
    for (tool, word) in [
        ("gitleaks", "version"),
        ("osv-scanner", "--version"),
        ("cargo-audit", "--version"),
        ("cargo-deny", "--version"),
        ("syft", "--version"),
    ] {
        let finished = run(&sandboxed, tool, &[word], Vec::new(), &[]);
        let said = String::from_utf8_lossy(&finished.stdout.bytes).into_owned();
        assert_eq!(
            finished.exit,
            Exit::Code(0),
            "{}",
            String::from_utf8_lossy(&finished.stderr.bytes)
        );
        assert!(said.contains('.'), "{tool}: {said}");
    }
}

/// The rules we hand over are those inside the pinned program, but for what their header says.
#[test]
fn gitleaks_rules_are_the_pinned_programs_own_but_for_the_two_changes_named() {
    let program = std::fs::read(real_tool("gitleaks").executable).unwrap();
    let ours = mex_scanners::gitleaks::argv::RULES;
    let start = "title = \"gitleaks config\"";
    let ours: Vec<&str> = ours[ours.find(start).unwrap()..].lines().collect();
    let at = program.windows(start.len()).position(|window| window == start.as_bytes()).unwrap();
    // Behind the text the program goes on in bytes; what is of the text is read until its last line.
    let text = String::from_utf8_lossy(&program[at..(at + (1 << 20)).min(program.len())]);
    let mut theirs = text.lines();
    let (mut dropped, mut respelled) = (Vec::new(), Vec::new());
    for line in ours {
        if line.starts_with("# `[Y]` is `Y`") {
            continue;
        }
        let plain = line.replace("-[Y]mVk", "-YmVk");
        loop {
            let next = theirs.next().unwrap_or_else(|| panic!("not in the program: {line}"));
            // The last line has the program's next byte behind it.
            if next == plain || next.strip_prefix(&plain).is_some_and(|rest| rest.starts_with('\0'))
            {
                break;
            }
            dropped.push(next.to_owned());
        }
        respelled.extend((plain != line).then(|| line.to_owned()));
    }
    assert_eq!(dropped.first().map(String::as_str), Some("paths = ["), "{dropped:?}");
    assert_eq!(dropped.last().map(String::as_str), Some("]"), "{dropped:?}");
    let between = &dropped[1..dropped.len() - 1];
    assert!(between.iter().all(|line| line.starts_with("    '''")), "{dropped:?}");
    assert_eq!(between.len(), 25, "{dropped:?}");
    assert_eq!(respelled.len(), 1, "{respelled:?}");
}

#[test]
fn gitleaks_reads_the_staged_tree_and_the_history_and_obeys_neither() {
    let sandboxed = Run::sandboxed();
    let project = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| std::fs::write(project.path().join(path), text).unwrap();
    let (here, past, hidden) = (canary(), canary(), canary());
    git(project.path(), &["init", "-q"]);
    write("old.txt", &format!("token = \"{past}\"\n"));
    write(".gitattributes", "* -diff binary\n");
    git(project.path(), &["add", "."]);
    git(project.path(), &["commit", "-qm", "one"]);
    std::fs::remove_file(project.path().join("old.txt")).unwrap();
    write("new.txt", &format!("token = \"{here}\" # gitleaks:allow\n"));
    write(".npmrc", &format!("token = \"{hidden}\"\n"));
    write(".gitleaks.toml", "[allowlist]\npaths = ['.*']\n");
    let stage = Stage::take(
        project.path(),
        sandboxed.work.path(),
        &StageOptions::default(),
        &|_| (),
        &Cancel::default(),
    )
    .unwrap();
    let common = [
        "--no-banner",
        "--report-format",
        "json",
        "--report-path",
        "/scratch/out.json",
        "--exit-code",
        "42",
        "--ignore-gitleaks-allow",
    ];
    let mut args = vec!["dir", "/project"];
    args.extend(common);
    let finished =
        run(&sandboxed, "gitleaks", &args, vec![read_only(stage.root(), "/project")], &[]);
    let said = String::from_utf8_lossy(&finished.stderr.bytes).into_owned();
    assert_eq!(finished.exit, Exit::Code(42), "{said}");
    let report = finished.scratch.read("out.json", 1 << 20).unwrap();
    let report = String::from_utf8(report.bytes).unwrap();
    assert!(report.contains(&here) && report.contains(&hidden) && !report.contains(&past));

    let history = stage.ledger().history.clone().unwrap();
    let mut args = vec!["git", "/history"];
    args.extend(common);
    let mounts = vec![
        read_only(history.repository, "/history"),
        read_only(history.objects, HistoryView::objects_inside()),
    ];
    let finished = run_git_history(&sandboxed, &args, mounts);
    let said = String::from_utf8_lossy(&finished.stderr.bytes).into_owned();
    assert_eq!(finished.exit, Exit::Code(42), "{said}");
    let report = finished.scratch.read("out.json", 1 << 20).unwrap();
    assert!(String::from_utf8(report.bytes).unwrap().contains(&past), "{said}");
}

fn run_git_history(sandboxed: &Run, args: &[&str], mounts: Vec<Mount>) -> Finished {
    run(sandboxed, "gitleaks", args, mounts, &["/usr/bin/git"])
}

#[expect(clippy::disallowed_methods, reason = "git makes the fixture; the stage never calls it")]
fn git(folder: &Path, args: &[&str]) {
    let done = std::process::Command::new("git")
        .args(["-c", "user.name=test", "-c", "user.email=test@example.invalid"])
        .args(args)
        .current_dir(folder)
        .output()
        .expect("git is needed to make the fixture");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}
