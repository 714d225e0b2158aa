//! Starts a person's own editor and lets it go: it is no tool, reads nothing for us and outlives us.
//! Never through a shell, never with an argument list that a scanned project could extend.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

/// Starts a program with its arguments, in a process group of its own, and waits for it aside.
///
/// # Errors
/// When there is no such program or it cannot be started.
pub fn start(argv: &[String]) -> io::Result<()> {
    let Some((program, arguments)) = argv.split_first() else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "no program is named"));
    };
    #[expect(clippy::disallowed_methods, reason = "this is the one folder that may spawn")]
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()?;
    // Nobody asks how it ended; waiting keeps no dead process around.
    std::thread::Builder::new().name("editor".to_owned()).spawn(move || child.wait()).map(drop)
}
