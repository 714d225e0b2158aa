//! What a tool can see, reach and inherit (contract SC-8, promises P17, P18, P21, P22).

use mex_runtime::artifact::SandboxLevel;
use mex_runtime::event::{EventBody, EventContext};
use mex_runtime::port::Record;
use mex_scanners::process::provision::{BuildFault, ProvisionContext};
use mex_scanners::process::{Exit, Mount, MountMode, Network, SpawnError, record_probe};
use mex_scanners::sandbox::{InitCommand, Sandbox};
use mex_scanners::tool::PinnedTool;

use crate::kit::{Run, init, stub};

#[test]
fn p17_a_tool_sees_the_project_read_only_and_its_scratch_and_nothing_else() {
    let mut run = Run::sandboxed();
    let home = tempfile::tempdir().unwrap();
    let project = home.path().join("project");
    std::fs::create_dir(&project).unwrap();
    std::fs::write(project.join("a.txt"), "a").unwrap();
    std::fs::write(home.path().join("secret"), "s").unwrap();
    std::os::unix::fs::symlink(home.path().join("secret"), project.join("out")).unwrap();
    std::os::unix::fs::symlink("../secret", project.join("up")).unwrap();
    run.mounts =
        vec![Mount { host: project.clone(), inside: "/project".into(), mode: MountMode::ReadOnly }];
    let secret = home.path().join("secret").display().to_string();
    let mut refused: Vec<String> = [
        "read:/etc/passwd",
        "read:/etc/shadow",
        "list:/etc",
        "list:/root",
        "list:/home",
        "list:/root/.ssh",
        "list:/var",
        "list:/run",
        "list:/sys",
        "list:/opt",
        "list:/srv",
        "list:/mnt",
        "list:/media",
        "list:/boot",
        "list:/work",
        "list:/usr/bin",
        "list:/bin",
        "list:/sbin",
        "list:/usr/share",
        "list:/usr/local",
        "read:/var/run/docker.sock",
        "unix:/var/run/docker.sock",
        "unix:/run/docker.sock",
        "unix:/run/dbus/system_bus_socket",
        "unix:/run/user/0/bus",
        "unix:/run/user/1000/keyring/control",
        "exec:/bin/sh",
        "exec:/usr/bin/env",
        "exec:/usr/bin/git",
        "exec:/bin/busybox",
        "read:/project/out",
        "read:/project/up",
        "read:/project/../secret",
        "read:/project/../../etc/passwd",
        "write:/project/a.txt",
        "write:/project/new",
        "remove:/project/a.txt",
        "chmod:/project/a.txt",
        "write:/etc/x",
        "write:/x",
        "write:/usr/x",
        "write:/lib/x",
        "write:/.mex/x",
        "write:/.mex/bin/x",
        "remove:/.mex/init",
        "write:/.mex/init",
        "write:/proc/sys/kernel/core_pattern",
        "write:/proc/sysrq-trigger",
        "write:/proc/1/mem",
        "read:/proc/1/mem",
        "list:/proc/1/cwd/home",
        "read:/proc/kcore",
        "read:/proc/1/root/etc/shadow",
        "read:/dev/sda",
        "read:/dev/vda",
        "read:/dev/mem",
        "read:/dev/kmsg",
        "list:/dev/input",
        "read:/scratch/../etc/passwd",
        "list:/proc/1/root/home",
    ]
    .map(str::to_owned)
    .to_vec();
    refused.push(format!("read:{secret}"));
    assert!(refused.len() >= 60);
    let args: Vec<&str> =
        std::iter::once("probe").chain(refused.iter().map(String::as_str)).collect();
    let said = run.says(&args);
    assert_eq!(said.lines().count(), refused.len());
    let reached: Vec<&str> = said.lines().filter(|line| !line.ends_with(" refused")).collect();
    assert!(reached.is_empty(), "{reached:?}");
    let said = run.says(&[
        "probe",
        "read:/project/a.txt",
        "list:/project",
        "write:/scratch/x",
        "write:/tmp/x",
    ]);
    assert!(said.lines().all(|line| line.ends_with(" reached")), "{said}");
    assert_eq!(std::fs::read_to_string(project.join("a.txt")).unwrap(), "a");
}

#[test]
fn p17_a_tool_is_no_root_even_where_mex_is() {
    assert_ne!(Run::sandboxed().says(&["uid"]).trim(), "0");
}

#[test]
fn p18_no_socket_but_a_pair_works_without_the_capability() {
    use std::os::linux::net::SocketAddrExt as _;
    let name = std::os::unix::net::SocketAddr::from_abstract_name(b"mex-test-listener").unwrap();
    let _listener = std::os::unix::net::UnixListener::bind_addr(&name).unwrap();
    let said = Run::sandboxed().says(&["sockets"]);
    for line in said.lines() {
        let expect = if line.starts_with("pair") { "reached" } else { "refused" };
        assert!(line.ends_with(expect), "{said}");
    }
    assert_eq!(said.lines().count(), 8);
}

/// What the probe in Perl says on this side of the wall, or inside: names that were reached.
fn reached(said: &str) -> Vec<&str> {
    assert!(said.lines().count() > 40, "the probe ended early: {said}");
    said.lines().filter_map(|line| line.strip_suffix(" reached")).collect()
}

const PROBE: &str = include_str!("probe.pl");

fn perl() -> PinnedTool {
    let executable = std::path::PathBuf::from("/usr/bin/perl");
    assert!(executable.is_file(), "this test needs Perl at /usr/bin/perl");
    PinnedTool { executable, ..stub() }
}

fn probe_inside(run: &Run, network: Network) -> String {
    let args = ["-e", PROBE, std::env::consts::ARCH];
    let finished = run.run_tool(&perl(), network, &args).unwrap();
    let stderr = String::from_utf8_lossy(&finished.stderr.bytes);
    assert_eq!(finished.exit, Exit::Code(0), "{stderr}");
    String::from_utf8(finished.stdout.bytes).unwrap()
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the same probe without a sandbox, to prove the probe"
)]
fn p18_no_family_type_protocol_or_inherited_descriptor_is_a_way_out() {
    // A live connection whose descriptors are not closed by a spawn, as a careless host leaves them.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let there = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let _inherited = [
        rustix::io::dup(&listener).unwrap(),
        rustix::io::dup(&there).unwrap(),
        rustix::io::dup(tempfile::tempfile().unwrap()).unwrap(),
    ];
    let outside = std::process::Command::new("/usr/bin/perl")
        .args(["-e", PROBE, std::env::consts::ARCH])
        .output()
        .unwrap();
    let outside = String::from_utf8(outside.stdout).unwrap();
    for name in ["socket:tcp4", "socket:udp4", "socket:netlink-route", "control:pair"] {
        assert!(reached(&outside).contains(&name), "the probe itself proves nothing: {outside}");
    }
    assert!(reached(&outside).iter().any(|name| name.starts_with("inherited:")), "{outside}");

    for run in [Run::sandboxed(), Run::unsandboxed()] {
        let said = probe_inside(&run, Network::None);
        let mut ways = reached(&said);
        if run.sandbox.level == SandboxLevel::Unsandboxed {
            // Without namespaces the machine's first process and its files are in sight.
            ways.retain(|way| {
                !way.starts_with("inherited-by-the-first:") && !way.starts_with("write:")
            });
        }
        assert_eq!(ways, ["control:pair"], "{said}");
    }
}

/// The right to the network is one to TCP and UDP, not to packets of one's own making.
#[test]
fn p18_with_the_capability_raw_sockets_stay_closed() {
    let said = probe_inside(&Run::sandboxed(), Network::Granted);
    let ways = reached(&said);
    assert!(ways.contains(&"socket:tcp4") && ways.contains(&"socket:udp4"), "{said}");
    // Beside TCP and UDP in their forms: an echo of one's own, where the machine lets anybody, and
    // the question for its addresses.
    let fine = ["tcp", "udp", "mptcp", "sctp", "ping", "netlink-route"];
    let other = |way: &&str| match way.strip_prefix("socket:") {
        Some(kind) => !fine.iter().any(|fine| kind.starts_with(fine)),
        None => !["control:pair", "call:socket-high-bits"].contains(way),
    };
    let more: Vec<_> = ways.iter().copied().filter(|way| other(way)).collect();
    assert!(more.is_empty(), "{more:?} in {said}");
}

/// Contract FR-3: the look of the sandbox at itself is a run of an external program too.
#[test]
fn fr_3_the_sandboxes_probe_is_recorded_with_what_it_said() {
    let mut run = Run::sandboxed();
    let events = EventContext::system("test".parse().unwrap());
    record_probe(&run.sandbox, &context_of(&run, &events)).unwrap();
    {
        let records = run.ports.records.lock().unwrap();
        let Some(Record::Event(event)) = records.last() else { panic!("{records:?}") };
        let EventBody::TerminalCommand(command) = &event.body else { panic!("{event:?}") };
        assert_eq!((command.exit_code, command.op_id), (Some(0), None));
        assert_eq!(command.sandbox, SandboxLevel::Namespaced);
        assert_eq!(command.limits, Some(run.sandbox.limits));
        let words = [std::slice::from_ref(&command.command), command.args.as_slice()].concat();
        assert!(words.iter().any(|word| word.ends_with("bwrap")), "{words:?}");
        let stored = run.ports.stored.lock().unwrap();
        let handle = command.stdout_ref.as_ref().unwrap();
        let (bytes, _) = stored.iter().find(|(_, sidecar)| sidecar.artifact == *handle).unwrap();
        assert_eq!(bytes, b"all holds\n");
    }
    run.ports.recorder_fails = true;
    let unrecorded = record_probe(&run.sandbox, &context_of(&run, &events));
    assert!(matches!(unrecorded, Err(BuildFault::Recorder(_))));
}

fn context_of<'a>(run: &'a Run, events: &'a EventContext) -> ProvisionContext<'a> {
    ProvisionContext {
        recorder: &run.ports,
        store: &run.ports,
        clock: &run.ports,
        events,
        cancel: &run.cancel,
    }
}

#[test]
fn p21_the_level_reached_is_told_and_never_assumed() {
    let work = tempfile::tempdir().unwrap();
    let none = Sandbox::probe_with(std::path::Path::new("/nowhere/bwrap"), init(), work.path());
    assert_eq!(none.level, SandboxLevel::Unsandboxed);
    assert!(none.reason.contains("/nowhere/bwrap"), "{}", none.reason);
    // A bubblewrap that runs its command with no wall at all is found out.
    let liar = std::path::Path::new("/usr/bin/true");
    assert_eq!(Sandbox::probe_with(liar, init(), work.path()).level, SandboxLevel::Unsandboxed);
    let other = InitCommand { path: "/usr/bin/true".into(), leading_args: Vec::new() };
    assert_eq!(Sandbox::probe(other, work.path()).level, SandboxLevel::Unsandboxed);
    let run = Run::unsandboxed();
    assert_eq!(run.run(&["exit", "0"]).unwrap().sandbox, SandboxLevel::Unsandboxed);
}

#[test]
fn p22_three_descriptors_and_an_allow_listed_environment() {
    let file = tempfile::tempfile().unwrap();
    let _inherited = rustix::io::dup(&file).unwrap();
    for mut run in [Run::sandboxed(), Run::unsandboxed()] {
        assert_eq!(run.says(&["fds"]).trim(), "0,1,2");
        run.env = vec![("GIVEN".into(), "1".into())];
        let said = run.says(&["env"]);
        let names: Vec<&str> = said.lines().filter_map(|line| line.split('=').next()).collect();
        for name in &names {
            assert!(
                ["GIVEN", "HOME", "LANG", "PATH", "PWD", "TMPDIR", "TZ"].contains(name),
                "{said}"
            );
        }
        assert!(names.contains(&"GIVEN"));
    }
}

#[test]
fn fr_3_every_run_is_an_event_with_redacted_output_by_reference() {
    let run = Run::sandboxed();
    run.says(&["say", "the canary sings"]);
    let records = run.ports.records.lock().unwrap();
    let [Record::Event(event)] = records.as_slice() else { panic!("{records:?}") };
    let EventBody::TerminalCommand(command) = &event.body else { panic!("{event:?}") };
    assert_eq!(command.exit_code, Some(0));
    assert_eq!(command.args, ["say", "the canary sings"]);
    let stdout = command.stdout_ref.as_ref().unwrap();
    let stored = run.ports.stored.lock().unwrap();
    let (bytes, _) = stored.iter().find(|(_, sidecar)| sidecar.artifact == *stdout).unwrap();
    assert_eq!(bytes, b"the [REDACTED] sings\n");
    assert!(command.env_ref.is_some());
    assert_eq!(command.sandbox, SandboxLevel::Namespaced);
}

#[test]
fn gate_9_a_run_that_cannot_be_recorded_has_no_result() {
    let mut run = Run::sandboxed();
    run.ports.recorder_fails = true;
    assert!(matches!(run.run(&["exit", "0"]), Err(SpawnError::Recorder { .. })));
}

#[test]
fn sc_5_a_changed_tool_does_not_start() {
    let mut run = Run::sandboxed();
    run.pinned = Err("other bytes".into());
    assert!(matches!(run.run(&["exit", "0"]), Err(SpawnError::Changed { .. })));
    assert!(run.ports.records.lock().unwrap().is_empty());
}

#[test]
fn exit_codes_and_signals_are_told_apart_from_a_sandbox_that_failed() {
    for run in [Run::sandboxed(), Run::unsandboxed()] {
        for code in [0, 1, 42, 127, 128] {
            let exit = run.run(&["exit", &code.to_string()]).unwrap().exit;
            assert_eq!(exit, Exit::Code(code));
        }
        for signal in [4, 6, 8, 9, 11, 15] {
            let exit = run.run(&["signal", &signal.to_string()]).unwrap().exit;
            assert_eq!(exit, Exit::Signal(signal));
        }
    }
    let mut run = Run::sandboxed();
    run.mounts =
        vec![Mount { host: "/etc".into(), inside: "/proc/x".into(), mode: MountMode::ReadOnly }];
    assert!(matches!(run.run(&["exit", "0"]), Err(SpawnError::Path { .. })));
}

#[test]
fn scratch_files_are_read_capped_and_never_through_a_link() {
    let run = Run::sandboxed();
    let left = run.run(&["write", "/scratch/report", "0123456789"]).unwrap().scratch;
    assert_eq!(left.read("report", 100).unwrap().bytes, b"0123456789");
    let cut = left.read("report", 4).unwrap();
    assert!(cut.is_truncated() && cut.bytes == b"0123" && cut.original_bytes == 10);
    for name in ["../report", "/etc/passwd", "", "missing", "."] {
        assert!(left.read(name, 10).is_err(), "{name}");
    }
    let left = run.run(&["link", "/etc/passwd", "/scratch/report"]).unwrap().scratch;
    assert!(left.read("report", 10).is_err());
}
