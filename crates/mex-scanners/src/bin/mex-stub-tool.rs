//! A tool that misbehaves on demand, for tests of this crate: what no real scanner does. Never shipped.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::process::ExitCode;
use std::time::{Duration, Instant};

fn main() -> ExitCode {
    let args = orders().unwrap_or_else(|| std::env::args().skip(1).collect());
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match act(&words) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            let _unheard = writeln!(io::stderr(), "{error}");
            ExitCode::from(99)
        }
    }
}

/// In the environment of what it starts itself, which does as its arguments say.
const CHILD: &str = "MEX_STUB_CHILD";

/// Where a test put it in a scanner's place, what it does stands behind its own program text, as
/// words between two marks: the version it claims, then the act for every other question.
fn orders() -> Option<Vec<String>> {
    let path = std::env::current_exe().ok()?;
    if std::env::var_os(CHILD).is_some() {
        return None;
    }
    if path.file_name().is_some_and(|name| name == "mex-stub-tool") {
        return None;
    }
    let bytes = fs::read(path).ok()?;
    let mut words = bytes.rsplit(|byte| *byte == 0x1e).take_while(|word| *word != b"orders");
    let mut words: Vec<String> =
        words.by_ref().map(|word| String::from_utf8_lossy(word).into_owned()).collect();
    words.reverse();
    let version = (!words.is_empty()).then(|| words.remove(0))?;
    match std::env::args().nth(1)?.as_str() {
        "version" | "--version" => Some(vec!["say".to_owned(), version]),
        _ => Some(words),
    }
}

fn act(words: &[&str]) -> io::Result<u8> {
    let mut out = io::stdout();
    match words {
        ["exit", code] => return number(code).map(|code| code as u8),
        ["say", text] => writeln!(out, "{text}")?,
        ["signal", signal] => {
            let signal = rustix::process::Signal::from_named_raw(number(signal)? as i32)
                .ok_or(io::ErrorKind::InvalidInput)?;
            // More than once: the language's own handler of some signals lets the first one pass.
            loop {
                rustix::process::kill_process(rustix::process::getpid(), signal)?;
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        ["hang"] => hang(),
        ["forks", count, how] => forks(number(count)?, how)?,
        ["flood", bytes] => flood(&mut out, b'x', number(bytes)?)?,
        ["flood-log", bytes] => flood(&mut io::stderr(), b'x', number(bytes)?)?,
        ["answer", report, blanks, log] => {
            out.write_all(report.as_bytes())?;
            flood(&mut out, b' ', number(blanks)?)?;
            io::stderr().write_all(log.as_bytes())?;
        }
        // Files in place of a report on stdout: the first one with blanks behind it.
        ["leave", blanks, files @ ..] => {
            let mut blanks = number(blanks)?;
            for pair in files.chunks_exact(2) {
                let mut file = fs::File::create(format!("/scratch/{}", pair[0]))?;
                file.write_all(pair[1].as_bytes())?;
                flood(&mut file, b' ', std::mem::take(&mut blanks))?;
            }
        }
        ["answer-and-hang", report, log] => {
            out.write_all(report.as_bytes())?;
            out.flush()?;
            io::stderr().write_all(log.as_bytes())?;
            hang();
        }
        ["spread", count, bytes] => {
            for _ in 0..number(count)? {
                let _left_alone = itself()?.args(["allocate", bytes]).spawn()?;
            }
            hang();
        }
        ["spread-and-end", count, bytes] => {
            let children: io::Result<Vec<_>> =
                (0..number(count)?).map(|_| itself()?.args(["allocate", bytes]).spawn()).collect();
            for mut child in children? {
                let _ended = child.wait()?;
            }
            writeln!(out, "all is well")?;
        }
        ["file", bytes] => {
            let mut file = fs::File::create("/scratch/big")?;
            let chunk = vec![b'x'; 1 << 20];
            for _ in 0..number(bytes)?.div_ceil(1 << 20) {
                file.write_all(&chunk)?;
            }
        }
        ["files", count] => {
            for index in 0..number(count)? {
                fs::write(format!("/scratch/f{index}"), b"")?;
            }
        }
        ["allocate", bytes] => {
            let mut kept = Vec::new();
            for _ in 0..number(bytes)?.div_ceil(1 << 20) {
                kept.push(vec![1_u8; 1 << 20]);
            }
            hang();
        }
        ["spin"] => loop {
            std::hint::spin_loop();
        },
        ["bomb"] => bomb(),
        ["probe", probes @ ..] => {
            for probe in probes {
                writeln!(out, "{probe} {}", reach(probe))?;
            }
        }
        ["sockets"] => sockets()?,
        ["env"] => {
            for (name, value) in std::env::vars() {
                writeln!(out, "{name}={value}")?;
            }
        }
        ["fds"] => {
            let mut open: Vec<String> = fs::read_dir("/proc/self/fd")?
                .flatten()
                .filter(|entry| fs::read_link(entry.path()).is_ok_and(|to| !to.ends_with("fd")))
                .map(|entry| entry.file_name().to_string_lossy().into_owned())
                .collect();
            open.sort();
            writeln!(out, "{}", open.join(","))?;
        }
        ["write", path, text] => fs::write(path, text)?,
        ["link", target, path] => std::os::unix::fs::symlink(target, path)?,
        ["uid"] => writeln!(out, "{}", rustix::process::getuid().as_raw())?,
        _ => return Err(io::ErrorKind::InvalidInput.into()),
    }
    Ok(0)
}

fn number(text: &str) -> io::Result<u64> {
    text.parse().map_err(|_| io::ErrorKind::InvalidInput.into())
}

fn hang() -> ! {
    loop {
        std::thread::sleep(Duration::from_secs(60));
    }
}

#[expect(clippy::disallowed_methods, reason = "a stub that must start processes to prove they die")]
fn itself() -> io::Result<std::process::Command> {
    let mut command = std::process::Command::new(std::env::current_exe()?);
    command.env(CHILD, "1");
    Ok(command)
}

fn forks(count: u64, how: &str) -> io::Result<()> {
    use std::os::unix::process::CommandExt as _;
    for _ in 0..count {
        let mut child = itself()?;
        match how {
            "plain" => child.arg("hang"),
            "group" => child.arg("hang").process_group(0),
            "setsid" => child.args(["forks", "0", "leader"]),
            "double" => child.args(["forks", "1", "orphan"]),
            "orphan" => child.arg("hang"),
            "leader" => return Err(io::ErrorKind::InvalidInput.into()),
            _ => return Err(io::ErrorKind::InvalidInput.into()),
        };
        let _left_alone = child.spawn()?;
    }
    match how {
        "leader" => {
            let _session = rustix::process::setsid();
            hang()
        }
        "orphan" => Ok(()),
        _ => {
            writeln!(io::stdout(), "forked")?;
            io::stdout().flush()?;
            hang()
        }
    }
}

fn bomb() -> ! {
    loop {
        let mut child = match itself() {
            Ok(child) => child,
            Err(_) => continue,
        };
        let _more = child.arg("hang").spawn();
    }
}

fn flood(out: &mut impl io::Write, byte: u8, bytes: u64) -> io::Result<()> {
    let chunk = vec![byte; 1 << 16];
    let mut left = bytes;
    while left > 0 {
        let now = left.min(chunk.len() as u64);
        out.write_all(&chunk[..now as usize])?;
        left -= now;
    }
    Ok(())
}

fn reach(probe: &str) -> &'static str {
    match probe.split_once(':') {
        Some(("read", path)) => match fs::File::open(path).and_then(|mut file| {
            let mut byte = [0; 1];
            file.read(&mut byte).map(|_| ())
        }) {
            Ok(()) => "reached",
            Err(error) if error.kind() == io::ErrorKind::IsADirectory => "reached",
            Err(_) => "refused",
        },
        Some(("list", path)) => told(fs::read_dir(path).map(|_| ())),
        Some(("write", path)) => told(fs::write(path, b"x")),
        Some(("remove", path)) => told(fs::remove_file(path)),
        Some(("chmod", path)) => {
            told(fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o777)))
        }
        Some(("exec", path)) => {
            #[expect(clippy::disallowed_methods, reason = "a stub that must try to start programs")]
            let tried = std::process::Command::new(path).arg("--version").output();
            told(tried.map(|_| ()))
        }
        Some(("unix", path)) => told(UnixStream::connect(path).map(|_| ())),
        _ => "unknown",
    }
}

fn told(result: io::Result<()>) -> &'static str {
    if result.is_ok() { "reached" } else { "refused" }
}

fn sockets() -> io::Result<()> {
    use std::net::{TcpListener, TcpStream, UdpSocket};
    use std::os::linux::net::SocketAddrExt as _;
    let soon = Duration::from_millis(300);
    let tcp = |to: &str| match to.parse() {
        Ok(to) => TcpStream::connect_timeout(&to, soon).map(|_| ()),
        Err(_) => Err(io::ErrorKind::InvalidInput.into()),
    };
    let begun = Instant::now();
    let tries: Vec<(&str, io::Result<()>)> = vec![
        ("tcp4", tcp("127.0.0.1:9")),
        ("tcp4-listen", TcpListener::bind("127.0.0.1:0").map(|_| ())),
        ("tcp6-listen", TcpListener::bind("[::1]:0").map(|_| ())),
        ("udp4", UdpSocket::bind("0.0.0.0:0").map(|_| ())),
        ("udp6", UdpSocket::bind("[::]:0").map(|_| ())),
        ("dns", std::net::ToSocketAddrs::to_socket_addrs("example.com:80").map(|_| ())),
        (
            "abstract",
            std::os::unix::net::SocketAddr::from_abstract_name(b"mex-test-listener")
                .and_then(|name| UnixStream::connect_addr(&name))
                .map(|_| ()),
        ),
        ("pair", UnixDatagram::pair().map(|_| ())),
    ];
    for (name, result) in tries {
        writeln!(io::stdout(), "{name} {}", told(result))?;
    }
    writeln!(io::stderr(), "{} ms", begun.elapsed().as_millis())?;
    Ok(())
}
