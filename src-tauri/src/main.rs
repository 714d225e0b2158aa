//! The program `mex-desktop`: reads its command line and opens the window, or says in one sentence
//! why it cannot. Never has a rule, a query or a scan of its own.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use mex_app::app::VERSION;
use mex_desktop::desk::Desk;
use mex_desktop::start::{HELP, Start};
use mex_desktop::window;

/// The hidden first argument under which this program is the sandbox's first process.
const SANDBOX_INIT: &str = "__sandbox-init";

fn main() -> ExitCode {
    let mut arguments = std::env::args_os();
    let program = arguments.next();
    let mut arguments = arguments.peekable();
    if arguments.next_if(|first| first == SANDBOX_INIT).is_some() {
        return mex_app::sandbox_init(arguments);
    }
    let folder = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
    match Start::parse(arguments, &folder) {
        Ok(Start::Help) => said(HELP),
        Ok(Start::Version) => said(&format!("mex-desktop {VERSION}\n")),
        Ok(Start::Window(wanted)) => {
            let program = std::env::current_exe().ok().or_else(|| program.map(PathBuf::from));
            let init = (program.unwrap_or_default(), vec![SANDBOX_INIT.to_owned()]);
            match Desk::of_this_account(init).map(|desk| window::run(desk, wanted)) {
                Ok(Ok(())) => ExitCode::SUCCESS,
                Ok(Err(error)) => refused(&error.to_string()),
                Err(error) => refused(&error.message),
            }
        }
        Err(error) => refused(&error.to_string()),
    }
}

/// A reader who closed the pipe is no error.
fn said(text: &str) -> ExitCode {
    let _ = std::io::stdout().write_all(text.as_bytes());
    ExitCode::SUCCESS
}

/// Bad input, or no window: one sentence and exit 2 (contract section 12).
fn refused(sentence: &str) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "mex-desktop: {sentence}");
    ExitCode::from(2)
}
