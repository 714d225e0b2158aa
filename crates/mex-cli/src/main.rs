//! The command `mex`: reads the command line, calls one use case, writes what it gave.
//! Never has logic of its own: the desktop calls the same use cases (house.md, one façade).

mod args;
mod commands;
mod live;
mod out;
mod text;

use std::process::ExitCode;

use clap::Parser as _;
use mex_app::error::AppError;
use mex_app::runtime::code::Code;

use crate::args::{Cli, Format};
use crate::out::Out;

/// The hidden first argument under which this program is the sandbox's first process.
const SANDBOX_INIT: &str = "__sandbox-init";

fn main() -> ExitCode {
    let mut arguments = std::env::args_os();
    if arguments.nth(1).is_some_and(|first| first == SANDBOX_INIT) {
        return mex_app::sandbox_init(arguments);
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let out = Out::new(&cli.global);
    match commands::run(cli, out) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            out.error(&error);
            ExitCode::from(error.exit_code())
        }
    }
}

/// Help and version are data; everything else is a usage error, in JSON where that was asked for.
fn usage(error: &clap::Error) -> ExitCode {
    use clap::error::ErrorKind;
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        // A reader who closed the pipe is no error.
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    let wants_json = std::env::args_os()
        .zip(std::env::args_os().skip(1))
        .any(|(name, value)| name == "--format" && value == "json")
        || std::env::args_os().any(|argument| argument == "--format=json");
    if wants_json {
        let text = error.render().to_string();
        let message =
            text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
        Out::bare(Format::Json).error(&AppError::new(Code::Usage, message));
    } else {
        let _ = error.print();
    }
    ExitCode::from(2)
}
