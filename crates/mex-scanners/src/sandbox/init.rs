//! The first program inside the sandbox: closes, limits, filters, drops, and becomes the tool.
//! Never returns to the sandbox's outside; what goes wrong is said on stderr in our own words,
//! so that a sandbox that could not be set up is never taken for a tool that failed.

use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

use rustix::process::{Resource, Rlimit, setrlimit};

use super::filter;
use crate::process::{Captured, Network};

/// The word that starts a tool.
pub(super) const ENTER: &str = "enter";
/// The word that goes into control groups first, on the outside, and then becomes the next program.
pub(super) const JOIN: &str = "join";
/// The word that makes the init look at itself.
pub(super) const LOOK_INSIDE: &str = "look-inside";
/// What it says when everything holds.
pub(super) const ALL_HOLDS: &str = "all holds";

const READY: &[u8] = b"\x1emex-init ready\n";
const FAILED: &[u8] = b"\x1emex-init failed: ";

/// What the init said before the tool began.
pub(crate) enum InitWords {
    /// The tool began.
    Ready,
    /// The tool could not be begun.
    Failed(String),
    /// Nothing: the sandbox ended before its init.
    Silent,
}

/// Takes the init's own words off the captured stderr. A tool that forges the words of failure
/// only makes its own run one.
pub(crate) fn take_init_words(stderr: &mut Captured) -> InitWords {
    let begun = stderr.bytes.starts_with(READY);
    if begun {
        stderr.bytes.drain(..READY.len());
        stderr.original_bytes = stderr.original_bytes.saturating_sub(READY.len() as u64);
    }
    if stderr.bytes.starts_with(FAILED) {
        let said = String::from_utf8_lossy(&stderr.bytes[FAILED.len()..]);
        return InitWords::Failed(said.trim().chars().take(400).collect());
    }
    if begun { InitWords::Ready } else { InitWords::Silent }
}

/// The entry of a host's hidden subcommand: `args` are what follows [`super::InitCommand::leading_args`].
pub fn init_main(args: impl Iterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.collect();
    let outcome = match args.first().and_then(|word| word.to_str()) {
        Some(ENTER) => enter(&args[1..]),
        Some(JOIN) => join(&args[1..]),
        Some(LOOK_INSIDE) => look_inside(),
        _ => Err("started without a word it knows".to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            let mut said = FAILED.to_vec();
            said.extend_from_slice(reason.as_bytes());
            said.push(b'\n');
            // Nobody else could be told.
            let _unheard = std::io::stderr().write_all(&said);
            ExitCode::from(125)
        }
    }
}

fn enter(args: &[OsString]) -> Result<(), String> {
    let [uid, cpu, data, fsize, tasks, network, cwd, program, rest @ ..] = args else {
        return Err("too few arguments".to_owned());
    };
    let number = |text: &OsString| -> Result<Option<u64>, String> {
        match text.to_str() {
            Some("-") => Ok(None),
            Some(text) => text.parse().map(Some).map_err(|_| format!("`{text}` is no number")),
            None => Err("an argument is not UTF-8".to_owned()),
        }
    };
    let network = if network == "granted" { Network::Granted } else { Network::None };
    close_inherited()?;
    std::env::set_current_dir(cwd).map_err(|error| format!("`{}`: {error}", cwd.display()))?;
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o022));
    limit(Resource::Core, Some(0), Some(0))?;
    let cpu = number(cpu)?;
    limit(Resource::Cpu, cpu, cpu.map(|soft| soft + 1))?;
    let data = number(data)?;
    limit(Resource::Data, data, data)?;
    let fsize = number(fsize)?;
    limit(Resource::Fsize, fsize, fsize)?;
    limit(Resource::Nofile, Some(4096), Some(4096))?;
    let tasks = number(tasks)?;
    limit(Resource::Nproc, tasks, tasks)?;
    filter::apply(network)?;
    let uid = number(uid)?.map(u32::try_from).transpose().map_err(|error| error.to_string())?;
    std::io::stderr().write_all(READY).map_err(|error| error.to_string())?;
    let error = crate::process::become_tool(program, rest, uid);
    Err(format!("`{}`: {error}", program.display()))
}

/// By the program itself before it becomes another: so nothing it will start is ever outside.
fn join(args: &[OsString]) -> Result<(), String> {
    let end = args.iter().position(|word| word == "--").ok_or("it does not know what to become")?;
    let (doors, [_, program, rest @ ..]) = args.split_at(end) else {
        return Err("it does not know what to become".to_owned());
    };
    for door in doors {
        std::fs::write(door, "0").map_err(|error| format!("`{}`: {error}", door.display()))?;
    }
    let error = crate::process::become_tool(program, rest, None);
    Err(format!("`{}`: {error}", program.display()))
}

/// Lowers a limit; one that is lower already stays.
fn limit(resource: Resource, soft: Option<u64>, hard: Option<u64>) -> Result<(), String> {
    let Some(wanted) = hard else { return Ok(()) };
    let maximum =
        rustix::process::getrlimit(resource).maximum.map_or(wanted, |now| now.min(wanted));
    let current = soft.unwrap_or(maximum).min(maximum);
    setrlimit(resource, Rlimit { current: Some(current), maximum: Some(maximum) })
        .map_err(|error| format!("limit {resource:?}: {error}"))
}

/// Closes everything but the first three descriptors (promise P22).
fn close_inherited() -> Result<(), String> {
    let entries = std::fs::read_dir("/proc/self/fd").map_err(|error| format!("/proc: {error}"))?;
    let open: Vec<i32> = entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|fd| *fd > 2)
        .collect();
    for fd in open {
        // The listing's own descriptor is closed already; that is all that can be wrong.
        let _closed = nix::unistd::close(fd);
    }
    Ok(())
}

/// Says [`ALL_HOLDS`], or what does not (promise P21).
fn look_inside() -> Result<(), String> {
    let status = std::fs::read_to_string("/proc/self/status").map_err(|error| error.to_string())?;
    let field = |name: &str| {
        status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim).unwrap_or_default()
    };
    let interfaces = std::fs::read_to_string("/proc/net/dev").unwrap_or_default();
    let broken = if field("NoNewPrivs:") != "1" {
        "new privileges can be gained"
    } else if field("Seccomp:") != "2" {
        "no system call filter is in force"
    } else if field("CapEff:").bytes().any(|digit| digit != b'0') {
        "capabilities were kept"
    } else if field("Uid:").split_whitespace().any(|uid| uid == "0") {
        "it is still root"
    } else if interfaces.lines().skip(2).any(|line| !line.trim_start().starts_with("lo:")) {
        "a network interface is in sight"
    } else if ["/home", "/root", "/etc", "/var", "/sys"]
        .iter()
        .any(|path| std::path::Path::new(path).exists())
    {
        "the machine's folders are in sight"
    } else if std::fs::File::create("/probe").is_ok() {
        "the root folder can be written"
    } else {
        ALL_HOLDS
    };
    writeln!(std::io::stdout(), "{broken}").map_err(|error| error.to_string())
}
