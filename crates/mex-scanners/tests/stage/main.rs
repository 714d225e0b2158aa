//! The staged tree: what is in it, what is not, and that nothing in it speaks for itself
//! (contract ENV-6, SC-3, SC-8, SC-10, promises P23, P24).
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a panic here is the failure report")]

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

use mex_runtime::digest::Digest;
use mex_runtime::port::Cancel;
use mex_scanners::secret_name::InNames;
use mex_scanners::stage::{
    Holds, OmittedKind, Stage, StageError, StageLedger, StageOptions, sweep,
};

struct Place {
    project: tempfile::TempDir,
    work: tempfile::TempDir,
}

impl Place {
    fn new(files: &[(&str, &str)]) -> Self {
        let place =
            Self { project: tempfile::tempdir().unwrap(), work: tempfile::tempdir().unwrap() };
        for (path, text) in files {
            place.write(path, text);
        }
        place
    }

    fn root(&self) -> &Path {
        self.project.path()
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn take_with(&self, options: &StageOptions) -> Result<Stage, StageError> {
        Stage::take(self.root(), self.work.path(), options, &|_| (), &Cancel::default())
    }

    fn take(&self) -> Stage {
        self.take_with(&StageOptions::default()).unwrap()
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "git makes the fixtures; the stage never calls it"
    )]
    fn git(&self, args: &[&str]) {
        let done = Command::new("git")
            .args(["-c", "user.name=test", "-c", "user.email=test@example.invalid"])
            .args(args)
            .current_dir(self.root())
            .output()
            .expect("git is needed to make the fixtures");
        assert!(done.status.success(), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
    }
}

fn paths(stage: &Stage) -> Vec<&str> {
    stage.manifest().files.iter().map(|file| file.path.as_str()).collect()
}

fn omitted(stage: &Stage) -> Vec<(&str, OmittedKind)> {
    stage.ledger().omitted.iter().map(|left| (left.path.as_str(), left.kind)).collect()
}

#[test]
fn env_6_the_manifest_names_every_file_in_byte_order_with_size_and_digest() {
    let place = Place::new(&[("b", "bb"), ("a/z", "z"), ("a.txt", ""), ("B", "x")]);
    let stage = place.take();
    assert_eq!(paths(&stage), ["B", "a.txt", "a/z", "b"]);
    let b = &stage.manifest().files[3];
    assert_eq!((b.size, b.sha256), (2, Digest::of(b"bb")));
    assert_eq!(fs::read(stage.root().join("a/z")).unwrap(), b"z");
    assert_eq!(stage.manifest_digest().unwrap(), place.take().manifest_digest().unwrap());
    assert_eq!(StageLedger::beside(&stage.root()).unwrap(), *stage.ledger());
}

/// SC-12: what is only looked at has the manifest, ledger and names of what is staged, from every
/// byte as it is now, and holds none of the files that a tool could be run on.
#[test]
fn sc_12_a_look_hashes_every_file_and_copies_only_what_must_be_read() {
    let secret =
        format!("{}_{}", ["g", "h", "p"].concat(), "A1b2C3d4".repeat(5).get(..36).unwrap());
    let named = format!("{secret}.txt");
    let place = Place::new(&[
        ("a/Cargo.lock", "version = 4\n"),
        ("a/src/lib.rs", "fn a() {} // gitleaks:allow\n"),
        (".gitleaksignore", "a/src/lib.rs:rule:1\n"),
        (&named, "x"),
    ]);
    let look = || {
        let options = StageOptions::default();
        let (work, cancel) = (place.work.path(), Cancel::default());
        Stage::look(place.root(), work, &options, &|_| (), &cancel).unwrap()
    };
    let (seen, staged) = (look(), place.take());
    assert_eq!((seen.holds(), staged.holds()), (Holds::Digests, Holds::Everything));
    assert_eq!(seen.manifest(), staged.manifest());
    assert_eq!(seen.ledger(), staged.ledger());
    assert_eq!(StageLedger::beside(&seen.root()).unwrap(), *seen.ledger());
    let names = |stage: &Stage| InNames::beside(&stage.root()).unwrap();
    assert!(names(&seen) == names(&staged) && names(&seen).secrets.len() == 1);
    let mut copied = Vec::new();
    let mut open = vec![seen.root()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { open.push(path) } else { copied.push(path) }
        }
    }
    let copied: Vec<_> = copied.iter().map(|path| path.file_name().unwrap()).collect();
    assert_eq!(copied.len(), 2, "the lockfile and what asks for silence: {copied:?}");
    assert!(copied.contains(&OsStr::new("Cargo.lock")));

    // Neither size nor time tells: every byte is read again.
    let path = place.root().join("a/src/lib.rs");
    let times = fs::metadata(&path).unwrap().modified().unwrap();
    fs::write(&path, "fn b() {} // gitleaks:allow\n").unwrap();
    fs::File::options().write(true).open(&path).unwrap().set_modified(times).unwrap();
    assert_ne!(look().manifest(), seen.manifest());
}

/// Two threads copy: what each of them holds when the cancel comes is all that is made after it.
#[test]
fn a_cancel_while_copying_makes_no_more_files_and_leaves_none() {
    let files: Vec<String> = (0..2000).map(|number| format!("f{number:04}")).collect();
    let texts: Vec<(&str, &str)> = files.iter().map(|file| (file.as_str(), "x")).collect();
    let place = Place::new(&texts);
    let (cancel, reached) = (Cancel::default(), std::sync::Mutex::new(Vec::new()));
    let progress = |said| {
        if let mex_runtime::port::Progress::Reading(file) = said {
            reached.lock().unwrap().push(file);
            cancel.cancel();
        }
    };
    let options = StageOptions::default();
    let taken = Stage::take(place.root(), place.work.path(), &options, &progress, &cancel);
    assert!(matches!(taken, Err(StageError::Cancelled)));
    let reached = reached.into_inner().unwrap();
    assert!(
        reached.len() <= 2,
        "every 256th file is told, by each thread at most one: {reached:?}"
    );
    assert_eq!(fs::read_dir(place.work.path()).unwrap().count(), 0);
}

#[test]
fn copies_are_read_only_for_all_and_never_executable_whatever_the_original_is() {
    let place = Place::new(&[("run.sh", "x"), ("d/f", "y")]);
    fs::set_permissions(place.root().join("run.sh"), fs::Permissions::from_mode(0o4777)).unwrap();
    fs::set_permissions(place.root().join("d/f"), fs::Permissions::from_mode(0o600)).unwrap();
    let stage = place.take();
    let mode =
        |path: &str| fs::metadata(stage.root().join(path)).unwrap().permissions().mode() & 0o7777;
    assert_eq!((mode("run.sh"), mode("d/f"), mode("d"), mode("")), (0o444, 0o444, 0o755, 0o755));
}

#[test]
fn what_is_no_project_is_a_typed_error() {
    let place = Place::new(&[]);
    assert!(matches!(place.take_with(&StageOptions::default()), Err(StageError::Empty { .. })));
    let take = |path: &Path| {
        Stage::take(path, place.work.path(), &StageOptions::default(), &|_| (), &Cancel::default())
    };
    assert!(matches!(take(&place.root().join("none")), Err(StageError::Missing { .. })));
    place.write("file", "x");
    assert!(matches!(take(&place.root().join("file")), Err(StageError::NotAFolder { .. })));
    let cancel = Cancel::default();
    cancel.cancel();
    let options = StageOptions::default();
    let cancelled = Stage::take(place.root(), place.work.path(), &options, &|_| (), &cancel);
    assert!(matches!(cancelled, Err(StageError::Cancelled)));
    place.write("second", "x");
    let few = StageOptions { max_files: 1, ..options };
    assert!(matches!(place.take_with(&few), Err(StageError::TooMany { .. })));
    assert_eq!(fs::read_dir(place.work.path()).unwrap().count(), 0, "nothing is left behind");
    let gone = Stage::take(
        place.root(),
        &place.root().join("none"),
        &options,
        &|_| (),
        &Cancel::default(),
    );
    assert!(matches!(gone, Err(StageError::Io { .. })));
}

#[test]
fn sc_8_links_and_special_files_are_left_out_and_listed() {
    let place = Place::new(&[("real", "x"), ("d/f", "y")]);
    let outside = tempfile::NamedTempFile::new().unwrap();
    symlink(outside.path(), place.root().join("out")).unwrap();
    symlink("../../../../etc", place.root().join("d/etc")).unwrap();
    symlink("real", place.root().join("inside")).unwrap();
    symlink("loop", place.root().join("loop")).unwrap();
    symlink(".", place.root().join("d/round")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(place.root().join("sock")).unwrap();
    let stage = place.take();
    assert_eq!(paths(&stage), ["d/f", "real"]);
    let mut left = omitted(&stage);
    left.sort();
    assert_eq!(
        left,
        [
            ("d/etc", OmittedKind::LinkOutside),
            ("d/round", OmittedKind::LinkInside),
            ("inside", OmittedKind::LinkInside),
            ("loop", OmittedKind::LinkBroken),
            ("out", OmittedKind::LinkOutside),
            ("sock", OmittedKind::Special),
        ]
    );
    assert!(!left.iter().any(|(_, kind)| kind.is_gap()));
}

#[test]
fn sc_3_a_file_over_the_limit_is_a_gap_and_the_rest_is_staged() {
    let place = Place::new(&[("big", "0123456789"), ("small", "x")]);
    let options = StageOptions { max_file_bytes: 9, ..StageOptions::default() };
    let stage = place.take_with(&options).unwrap();
    assert_eq!(paths(&stage), ["small"]);
    let job = "secret".parse().unwrap();
    let coverage = stage.ledger().coverage(&job);
    assert_eq!(coverage.len(), 1);
    assert!(coverage[0].state.is_gap());
    assert_eq!(coverage[0].subject, "big");
}

#[test]
fn sc_10_configuration_of_tools_is_withheld_listed_and_still_scanned() {
    let hostile = [
        ".gitleaksignore",
        ".gitleaks.toml",
        "osv-scanner.toml",
        ".cargo/audit.toml",
        ".syft.yaml",
        "deny.toml",
        ".npmrc",
        ".cargo/config.toml",
        "rust-toolchain.toml",
        "sub/.NPMRC",
        ".grype.yaml",
        ".trivyignore",
        "a/b/osv-scanner.toml",
    ];
    let place = Place::new(&[
        ("src/main.rs", "fn main() {} // gitleaks:allow\n"),
        (".mex-withheld/000001.txt", "decoy"),
    ]);
    for path in hostile {
        place.write(path, &format!("content of {path}"));
    }
    let stage = place.take();
    for path in hostile {
        assert!(!stage.root().join(path).exists(), "{path} must not be seen by a tool");
        assert!(paths(&stage).contains(&path), "{path} is part of the manifest");
        let file = stage.ledger().withheld.iter().find(|file| file.original == path).unwrap();
        assert!(file.staged.starts_with(".mex-withheld-1/"), "{}", file.staged);
        let copy = fs::read_to_string(stage.root().join(&file.staged)).unwrap();
        assert_eq!(copy, format!("content of {path}"));
        assert_eq!(stage.ledger().original_path(&file.staged), path);
        assert!(stage.ledger().self_statements.iter().any(|said| said.path == path), "{path}");
    }
    assert_eq!(
        stage.ledger().original_path(".mex-withheld/000001.txt"),
        ".mex-withheld/000001.txt"
    );
    let inline: Vec<_> =
        stage.ledger().self_statements.iter().filter(|said| said.path == "src/main.rs").collect();
    assert_eq!(inline.len(), 1);
}

#[test]
fn p24_names_are_inert_and_reversible() {
    let place = Place::new(&[
        ("-rf", "x"),
        ("new\nline", "x"),
        ("\u{202e}gpj.exe", "x"),
        ("$(touch pwned)", "x"),
        ("A", "1"),
        ("a", "2"),
    ]);
    let raw = OsStr::from_bytes(b"bad\xff%name");
    fs::write(place.root().join(raw), "x").unwrap();
    let mut deep = place.root().to_owned();
    for _ in 0..12 {
        deep.push("n".repeat(200));
    }
    fs::create_dir_all(&deep).unwrap();
    fs::write(deep.join("f"), "x").unwrap();
    let stage = place.take();
    assert_eq!(stage.manifest().files.len(), 8);
    let escaped: Vec<_> = stage.manifest().files.iter().filter(|file| file.escaped).collect();
    assert_eq!(escaped[0].path, "bad%FF%25name");
    assert!(stage.root().join(raw).exists());
}

#[test]
fn a_git_work_tree_is_its_index_and_what_is_not_ignored() {
    let place = Place::new(&[
        (".gitignore", "/target/\n*.log\n!keep.log\n"),
        ("src/a.rs", "a"),
        ("target/forced", "t"),
        ("sub/.gitignore", "local\n"),
    ]);
    place.git(&["init", "-q"]);
    place.git(&["add", "."]);
    place.git(&["add", "-f", "target/forced"]);
    place.git(&["commit", "-qm", "one"]);
    let clean = place.take();
    assert_eq!(clean.manifest().commit.as_ref().map(String::len), Some(40));
    for (path, text) in [
        ("target/out", "o"),
        ("x.log", "l"),
        ("keep.log", "k"),
        ("sub/local", "s"),
        ("new.rs", "n"),
    ] {
        place.write(path, text);
    }
    let stage = place.take();
    assert_eq!(
        paths(&stage),
        [".gitignore", "keep.log", "new.rs", "src/a.rs", "sub/.gitignore", "target/forced"]
    );
    let left = omitted(&stage);
    for expect in [
        ("x.log", OmittedKind::Ignored),
        ("sub/local", OmittedKind::Ignored),
        (".git", OmittedKind::VersionControl),
    ] {
        assert!(left.contains(&expect), "{left:?}");
    }
    assert_eq!(stage.manifest().commit, None, "an untracked file means not clean");
    fs::remove_file(place.root().join("src/a.rs")).unwrap();
    assert!(omitted(&place.take()).contains(&("src/a.rs", OmittedKind::Deleted)));
}

#[test]
fn a_damaged_index_hides_nothing() {
    let place = Place::new(&[(".gitignore", "secret\n"), ("secret", "s"), ("a", "a")]);
    place.git(&["init", "-q"]);
    place.git(&["add", "."]);
    fs::write(place.root().join(".git/index"), b"garbage").unwrap();
    assert_eq!(paths(&place.take()), [".gitignore", "a", "secret"]);
}

#[test]
fn p23_staging_runs_nothing_the_project_names() {
    let place = Place::new(&[("a", "a"), (".gitattributes", "* filter=evil diff=evil\n")]);
    place.git(&["init", "-q"]);
    place.git(&["add", "a"]);
    place.git(&["commit", "-qm", "one"]);
    let proof = place.work.path().join("ran");
    let evil = place.root().join("evil.sh");
    fs::write(&evil, format!("#!/bin/sh\ntouch {}\n", proof.display())).unwrap();
    fs::set_permissions(&evil, fs::Permissions::from_mode(0o755)).unwrap();
    let command = evil.display();
    let config = format!(
        "[core]\n\tfsmonitor = {command}\n\thooksPath = .\n\tsshCommand = {command}\n[filter \"evil\"]\n\tclean = {command}\n\tsmudge = {command}\n\tprocess = {command}\n[diff \"evil\"]\n\ttextconv = {command}\n[include]\n\tpath = evil.inc\n"
    );
    let path = place.root().join(".git/config");
    let before = fs::read_to_string(&path).unwrap();
    fs::write(&path, before + &config).unwrap();
    let stage = place.take();
    assert!(paths(&stage).contains(&"a"));
    assert!(!proof.exists());
}

#[test]
fn history_is_a_repository_of_ours_with_no_configuration_of_the_project() {
    let place = Place::new(&[("a", "one")]);
    place.git(&["init", "-q"]);
    place.git(&["add", "a"]);
    place.git(&["commit", "-qm", "one"]);
    place.git(&["branch", "side"]);
    place.git(&["config", "core.fsmonitor", "evil"]);
    let stage = place.take();
    let history = stage.ledger().history.clone().unwrap();
    assert_eq!(history.partial, None);
    let config = fs::read_to_string(history.repository.join("config")).unwrap();
    assert!(!config.contains("evil") && config.contains("bare = true"));
    assert!(history.repository.join("refs/heads/side").exists());
    assert!(history.objects.ends_with(".git/objects"));
    assert!(Place::new(&[("a", "a")]).take().ledger().history.is_none());
}

#[test]
fn det_4_a_second_look_names_the_first_file_that_differs() {
    let place = Place::new(&[("a", "a"), ("b", "b"), ("c", "c")]);
    let earlier = place.take().manifest().clone();
    let again = || {
        let cancel = Cancel::default();
        Stage::retake(
            place.root(),
            place.work.path(),
            &StageOptions::default(),
            (&|_| (), &cancel),
            &earlier,
        )
    };
    assert!(again().is_ok());
    let check = |expect: (&str, &str)| match again() {
        Err(StageError::Changed { file, what }) => assert_eq!((file.as_str(), what), expect),
        other => panic!("{other:?}"),
    };
    place.write("c", "C");
    place.write("b", "B");
    check(("b", "changed"));
    place.write("aa", "new");
    check(("aa", "added"));
    fs::remove_file(place.root().join("a")).unwrap();
    check(("a", "removed"));
}

#[test]
fn art_4_nothing_is_left_by_a_stage_or_by_a_crash() {
    let place = Place::new(&[("a", "a")]);
    drop(place.take());
    assert_eq!(fs::read_dir(place.work.path()).unwrap().count(), 0);
    std::mem::forget(place.take());
    fs::create_dir(place.work.path().join("scratch-x")).unwrap();
    fs::write(place.work.path().join("other"), "").unwrap();
    sweep(place.work.path()).unwrap();
    assert_eq!(fs::read_dir(place.work.path()).unwrap().count(), 1);
}

/// A token of a form that a rule knows, composed so that none stands here.
fn token() -> String {
    let mut bytes = [0; 36];
    getrandom::fill(&mut bytes).unwrap();
    let letters = b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    let tail: String =
        bytes.iter().map(|byte| char::from(letters[usize::from(*byte) % letters.len()])).collect();
    ["gh", "p_"].concat() + &tail
}

/// Contract FR-9: a name is judged before it is written or told, and what is below it is staged.
#[test]
fn fr_9_no_name_with_a_secret_leaves_the_stage() {
    let secret = token();
    let files = [
        format!("{secret}/Cargo.lock"),
        format!("{secret}/.npmrc"),
        format!("src/{secret}.rs"),
        format!("ignored-{secret}/x"),
        format!("big/{secret}.bin"),
    ];
    let place = Place::new(&[("plain.txt", "x"), (".gitignore", "ignored-*\n")]);
    for file in &files {
        place.write(file, "content");
    }
    place.write(&files[4], &"b".repeat(2_000));
    place.write(".gitleaksignore", &format!("src/{secret}.rs:rule:1\n"));
    symlink("plain.txt", place.root().join(format!("link-{secret}"))).unwrap();
    place.git(&["init", "-q"]);
    place.git(&["add", "plain.txt"]);
    let told = std::sync::Mutex::new(Vec::new());
    let options = StageOptions { max_file_bytes: 1_000, ..StageOptions::default() };
    let progress = |step| told.lock().unwrap().push(format!("{step:?}"));
    let stage =
        Stage::take(place.root(), place.work.path(), &options, &progress, &Cancel::default())
            .unwrap();
    let mark = "[REDACTED:secret:github-pat](1)";
    for path in [format!("{mark}/Cargo.lock"), format!("{mark}/.npmrc"), format!("src/{mark}.rs")] {
        assert!(paths(&stage).contains(&path.as_str()), "{path} in {:?}", paths(&stage));
    }
    assert_eq!(
        fs::read_to_string(stage.root().join(format!("{mark}/Cargo.lock"))).unwrap(),
        "content"
    );
    let left = omitted(&stage);
    for (path, kind) in [
        (format!("ignored-{mark}"), OmittedKind::Ignored),
        (format!("big/{mark}.bin"), OmittedKind::TooBig),
        (format!("link-{mark}"), OmittedKind::LinkInside),
    ] {
        assert!(left.contains(&(path.as_str(), kind)), "{path} in {left:?}");
    }
    let ledger = fs::read_to_string(stage.root().parent().unwrap().join("ledger.json")).unwrap();
    let kept = format!("{:?} {:?} {ledger} {told:?}", stage.manifest(), stage.ledger());
    assert!(!kept.contains(&secret), "a name was kept with its secret");
    let mut open = vec![stage.root()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            assert!(!path.to_string_lossy().contains(&secret));
            open.extend(path.is_dir().then_some(path));
        }
    }
    // The ignored name is none of what is released; the others are findings, each place once.
    let found = InNames::beside(&stage.root()).unwrap();
    let places: Vec<&str> = found.secrets.iter().map(|name| name.path.as_str()).collect();
    let expected = [
        mark.to_owned(),
        format!("big/{mark}.bin"),
        format!("link-{mark}"),
        format!("src/{mark}.rs"),
    ];
    assert_eq!(places, expected);
    assert!(found.secrets.iter().all(|name| name.secret() == secret.as_bytes()));
    let mode = fs::metadata(stage.root().parent().unwrap().join("names.json")).unwrap();
    assert_eq!(mode.permissions().mode() & 0o777, 0o600);
}

/// Contract SC-3, ENV-6: the kernel makes these files anew at each look, so no copy is ever whole.
#[test]
fn a_file_that_is_another_at_each_look_is_a_gap_and_is_not_staged() {
    let work = tempfile::tempdir().unwrap();
    let project = Path::new("/proc/sys/kernel/random");
    let options = StageOptions::default();
    let stage = Stage::take(project, work.path(), &options, &|_| (), &Cancel::default()).unwrap();
    let left = &stage.ledger().omitted;
    let uuid = left.iter().find(|omitted| omitted.path == "uuid").unwrap();
    assert_eq!(uuid.kind, OmittedKind::Changed, "{left:?}");
    assert!(uuid.kind.is_gap());
    assert_eq!(stage.manifest().files, []);
    assert!(!stage.root().join("uuid").exists(), "half a copy stays");
}
