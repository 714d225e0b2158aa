//! From a launch to the argument list of bubblewrap: what the tool will see, and nothing else.
//! Pure beside looking at which paths exist; never starts anything.

use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

use mex_runtime::artifact::SandboxLevel;
use uuid::Uuid;

use super::{Host, InitCommand, MAX_TASKS, Sandbox};
use crate::process::{Captured, Launch, Mount, MountMode, Network, SpawnError};

/// The first uid handed out to runs when mex is root: far above people and services.
const FIRST_UID: u32 = 0x7000_0000;
/// What `/tmp` may hold.
const TMP_BYTES: &str = "67108864";
/// Folders of shared libraries, in any common layout. They hold no program of the project.
const LIBRARIES: [&str; 8] = [
    "/lib64",
    "/usr/lib64",
    "/lib/x86_64-linux-gnu",
    "/usr/lib/x86_64-linux-gnu",
    "/lib/aarch64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/lib/riscv64-linux-gnu",
    "/usr/lib/riscv64-linux-gnu",
];
/// What name lookups and TLS need, only where the network was granted.
const NETWORK_FILES: [&str; 6] = [
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/nsswitch.conf",
    "/etc/ssl",
    "/etc/pki",
    "/etc/ca-certificates",
];

/// A launch made ready to spawn.
pub(crate) struct Plan {
    /// What is started on the host.
    pub(crate) program: PathBuf,
    /// Its arguments.
    pub(crate) args: Vec<OsString>,
    /// Its own environment.
    pub(crate) env: Vec<(String, String)>,
    /// The tool's environment.
    pub(crate) tool_env: Vec<(String, String)>,
    /// The tool's executable as the tool sees it.
    pub(crate) command: String,
    /// What will stand between.
    pub(crate) level: SandboxLevel,
    /// The uid the init drops to, where it drops to one.
    pub(crate) uid: Option<u32>,
    /// Host paths that stand for inside paths; empty in a namespace, where they are real.
    moved: Vec<(String, String)>,
}

impl Plan {
    /// Changes the plan so that what is started goes through `doors` before anything else.
    pub(super) fn begin_in(&mut self, init: &InitCommand, doors: impl Iterator<Item = PathBuf>) {
        let mut args: Vec<OsString> = init.leading_args.iter().map(OsString::from).collect();
        args.push(super::init::JOIN.into());
        args.extend(doors.map(PathBuf::into_os_string));
        args.push("--".into());
        args.push(std::mem::replace(&mut self.program, init.path.clone()).into());
        args.append(&mut self.args);
        self.args = args;
    }

    /// Puts inside paths back where an unsandboxed tool wrote host paths.
    pub(crate) fn restore_paths(&self, captured: &mut Captured) {
        let whole = !captured.is_truncated();
        for (inside, host) in &self.moved {
            captured.bytes = replace(&captured.bytes, host.as_bytes(), inside.as_bytes());
        }
        if whole {
            captured.original_bytes = captured.bytes.len() as u64;
        }
    }
}

struct Limits {
    cpu_s: u64,
    data: u64,
    fsize: u64,
}

/// Plans one launch.
pub(crate) fn plan(
    sandbox: &Sandbox,
    launch: &Launch<'_>,
    scratch: &Path,
    seed: Uuid,
) -> Result<Plan, SpawnError> {
    let tool = &launch.tool.identity.name;
    let refuse = |path: &str, reason: &'static str| SpawnError::Path {
        tool: tool.clone(),
        path: path.to_owned(),
        reason,
    };
    for mount in &launch.mounts {
        let path = Path::new(&mount.inside);
        let plain = mount.inside.len() > 1
            && path.is_absolute()
            && path.components().skip(1).all(|part| matches!(part, Component::Normal(_)));
        if !plain {
            return Err(refuse(&mount.inside, "it must be absolute, without `..`"));
        }
        if ["/.mex", "/proc", "/dev", "/scratch", "/tmp"].iter().any(|own| path.starts_with(own)) {
            return Err(refuse(&mount.inside, "the sandbox keeps this path for itself"));
        }
        if !mount.host.exists() {
            return Err(refuse(&mount.host.to_string_lossy(), "it does not exist"));
        }
    }
    let budget = &launch.budget;
    let limits = Limits {
        cpu_s: budget.cpu_time_ms.div_ceil(1000) + 1,
        data: budget.memory_bytes,
        fsize: budget.output_bytes.saturating_add(1 << 20),
    };
    let mut planned = match sandbox.level {
        SandboxLevel::Namespaced => {
            let [.., a, b, c] = *seed.as_bytes();
            let uid = FIRST_UID + u32::from_be_bytes([0, a, b, c]);
            namespaced(sandbox, launch, scratch, &limits, uid)
        }
        SandboxLevel::Unsandboxed => unsandboxed(sandbox, launch, scratch, &limits),
    };
    planned.command =
        format!("/.mex/bin/{}", launch.tool.executable.file_name().unwrap_or_default().display());
    Ok(planned)
}

/// Plans the init looking at itself from the inside.
pub(super) fn for_probe(sandbox: &Sandbox) -> Plan {
    let uid = (sandbox.host == Host::Root).then_some(FIRST_UID);
    let mut args = namespace_args(sandbox.host, Network::None);
    bind(&mut args, "--ro-bind", &sandbox.init.path, "/.mex/init");
    let limits = Limits { cpu_s: 5, data: 256 << 20, fsize: 1 << 20 };
    // An ordinary user owns the namespace's root folder, and could write to it.
    args.extend(words(&["--remount-ro", "/", "--", "/.mex/init"]));
    args.extend(init_args(sandbox, &limits, Network::None, uid, "/"));
    args.push("/.mex/init".into());
    args.extend(sandbox.init.leading_args.iter().map(OsString::from));
    args.push(super::init::LOOK_INSIDE.into());
    Plan {
        program: sandbox.bwrap.clone(),
        args,
        env: Vec::new(),
        tool_env: Vec::new(),
        command: String::new(),
        level: SandboxLevel::Namespaced,
        uid: None,
        moved: Vec::new(),
    }
}

fn namespaced(
    sandbox: &Sandbox,
    launch: &Launch<'_>,
    scratch: &Path,
    limits: &Limits,
    uid: u32,
) -> Plan {
    let uid = (sandbox.host == Host::Root).then_some(uid);
    let mut args = namespace_args(sandbox.host, launch.network);
    bind(&mut args, "--ro-bind", &sandbox.init.path, "/.mex/init");
    let inside =
        |path: &Path| format!("/.mex/bin/{}", path.file_name().unwrap_or_default().display());
    let exe = inside(&launch.tool.executable);
    bind(&mut args, "--ro-bind", &launch.tool.executable, &exe);
    for extra in &launch.extra_executables {
        bind(&mut args, "--ro-bind", extra, &inside(extra));
    }
    for path in &launch.tool.mounts {
        bind(&mut args, "--ro-bind", path, &path.to_string_lossy());
    }
    for Mount { host, inside, mode } in &launch.mounts {
        let flag = match mode {
            MountMode::ReadOnly => "--ro-bind",
            MountMode::ReadWrite => "--bind",
        };
        bind(&mut args, flag, host, inside);
    }
    bind(&mut args, "--bind", scratch, "/scratch");
    let tool_env = environment(launch, "/.mex/bin", "/scratch", "/tmp");
    for (name, value) in &tool_env {
        args.extend(words(&["--setenv", name, value]));
    }
    // An ordinary user owns the namespace's root folder, and could write to it.
    args.extend(words(&["--remount-ro", "/", "--", "/.mex/init"]));
    args.extend(init_args(sandbox, limits, launch.network, uid, &launch.cwd));
    args.push(exe.into());
    args.extend(launch.args.iter().map(OsString::from));
    Plan {
        program: sandbox.bwrap.clone(),
        args,
        env: Vec::new(),
        tool_env,
        command: String::new(),
        level: SandboxLevel::Namespaced,
        uid,
        moved: Vec::new(),
    }
}

fn unsandboxed(sandbox: &Sandbox, launch: &Launch<'_>, scratch: &Path, limits: &Limits) -> Plan {
    let scratch_text = scratch.to_string_lossy().into_owned();
    let mut moved: Vec<(String, String)> = launch
        .mounts
        .iter()
        .map(|mount| (mount.inside.clone(), mount.host.to_string_lossy().into_owned()))
        .chain([("/scratch".to_owned(), scratch_text.clone())])
        .collect();
    // The longest first, so that a mount inside another is not taken for its parent.
    moved.sort_by_key(|(inside, _)| std::cmp::Reverse(inside.len()));
    let real = |text: &str| {
        moved.iter().fold(text.to_owned(), |text, (inside, host)| relocate(&text, inside, host))
    };
    let path: Vec<String> = launch
        .extra_executables
        .iter()
        .filter_map(|extra| Some(extra.parent()?.to_string_lossy().into_owned()))
        .collect();
    let tool_env: Vec<(String, String)> =
        environment(launch, &path.join(":"), &scratch_text, &scratch_text)
            .into_iter()
            .map(|(name, value)| (name, real(&value)))
            .collect();
    let mut args = init_args(sandbox, limits, launch.network, None, &real(&launch.cwd));
    args.push(launch.tool.executable.clone().into());
    args.extend(launch.args.iter().map(|arg| real(arg).into()));
    Plan {
        program: sandbox.init.path.clone(),
        args,
        env: tool_env.clone(),
        tool_env,
        command: String::new(),
        level: SandboxLevel::Unsandboxed,
        uid: None,
        moved,
    }
}

fn namespace_args(host: Host, network: Network) -> Vec<OsString> {
    let mut args = words(&[
        "--unshare-pid",
        "--unshare-ipc",
        "--unshare-uts",
        "--unshare-cgroup-try",
        "--die-with-parent",
        "--new-session",
        "--clearenv",
        "--hostname",
        "sandbox",
        "--cap-drop",
        "ALL",
    ]);
    match host {
        Host::Root => args.extend(words(&["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"])),
        Host::User => args.extend(words(&["--unshare-user", "--uid", "65534", "--gid", "65534"])),
    }
    args.extend(words(&["--proc", "/proc", "--dev", "/dev"]));
    for folder in ["/tmp", "/dev/shm"] {
        args.extend(words(&["--perms", "1777", "--size", TMP_BYTES, "--tmpfs", folder]));
    }
    args.extend(words(&["--remount-ro", "/dev"]));
    match network {
        Network::None => args.extend(words(&["--unshare-net"])),
        Network::Granted => {
            for file in NETWORK_FILES {
                args.extend(words(&["--ro-bind-try", file, file]));
            }
        }
    }
    for library in LIBRARIES {
        if let Ok(real) = std::fs::canonicalize(library) {
            bind(&mut args, "--ro-bind", &real, library);
        }
    }
    args
}

fn init_args(
    sandbox: &Sandbox,
    limits: &Limits,
    network: Network,
    uid: Option<u32>,
    cwd: &str,
) -> Vec<OsString> {
    let mut args: Vec<OsString> = sandbox.init.leading_args.iter().map(OsString::from).collect();
    let network = match network {
        Network::None => "none",
        Network::Granted => "granted",
    };
    let uid = uid.map_or_else(|| "-".to_owned(), |uid| uid.to_string());
    let tasks = match sandbox.level {
        SandboxLevel::Namespaced => (MAX_TASKS + 64).to_string(),
        SandboxLevel::Unsandboxed => "-".to_owned(),
    };
    args.extend(words(&[
        super::init::ENTER,
        &uid,
        &limits.cpu_s.to_string(),
        &limits.data.to_string(),
        &limits.fsize.to_string(),
        &tasks,
        network,
        cwd,
    ]));
    args
}

fn environment(launch: &Launch<'_>, path: &str, home: &str, tmp: &str) -> Vec<(String, String)> {
    let own = [("HOME", home), ("LANG", "C.UTF-8"), ("PATH", path), ("TMPDIR", tmp), ("TZ", "UTC")];
    let mut env: std::collections::BTreeMap<String, String> =
        own.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    env.extend(launch.env.iter().cloned());
    env.into_iter().collect()
}

fn bind(args: &mut Vec<OsString>, flag: &str, host: &Path, inside: &str) {
    // Left to itself bubblewrap makes folders above a file for root alone.
    let mut above: Vec<&Path> = Path::new(inside).ancestors().skip(1).collect();
    above.retain(|folder| folder.parent().is_some());
    for folder in above.into_iter().rev() {
        args.extend(words(&["--perms", "0755", "--dir"]));
        args.push(folder.as_os_str().to_owned());
    }
    args.push(flag.into());
    args.push(host.as_os_str().to_owned());
    args.push(inside.into());
}

fn words(words: &[&str]) -> Vec<OsString> {
    words.iter().map(OsString::from).collect()
}

/// `text` with `from` as a whole path prefix replaced, wherever an argument may hold one.
fn relocate(text: &str, from: &str, to: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(from) {
        let (before, after) = (&rest[..at], &rest[at + from.len()..]);
        let begins = before.is_empty() || before.ends_with(['=', ':', ',', ' ']);
        let ends = after.is_empty() || after.starts_with(['/', ':', ',', ' ']);
        out.push_str(before);
        out.push_str(if begins && ends { to } else { from });
        rest = after;
    }
    out + rest
}

fn replace(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at..].starts_with(from) {
            out.extend_from_slice(to);
            at += from.len();
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_paths_are_relocated() {
        let cases = [
            ("/project", "/host/tree"),
            ("/project/a", "/host/tree/a"),
            ("--dir=/project", "--dir=/host/tree"),
            ("/projects", "/projects"),
            ("x/project/a", "x/project/a"),
        ];
        for (text, expect) in cases {
            assert_eq!(relocate(text, "/project", "/host/tree"), expect);
        }
    }
}
