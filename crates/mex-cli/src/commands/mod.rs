//! One file a command group: from arguments to one use case, from its result to text or JSON.

mod artifact;
mod exception;
mod govern;
mod problems;
mod recorder;
mod registry;
mod scan;
mod tools;

use std::io;

use mex_app::app::App;
use mex_app::error::{AppError, AppResult};
use mex_app::place::Places;
use mex_app::progress::Step;
use mex_app::runtime::code::Code;
use mex_app::runtime::port::Cancel;

use crate::SANDBOX_INIT;
use crate::args::{Cli, Command, RecorderCommand};
use crate::live::Live;
use crate::out::Out;

/// What every command gets.
pub struct Session {
    pub app: App,
    pub out: Out,
    pub cancel: Cancel,
}

impl Session {
    /// Runs something with live progress.
    pub fn with_progress<T>(&self, run: impl FnOnce(&(dyn Fn(Step) + Send + Sync)) -> T) -> T {
        let live = Live::new(self.out);
        run(&|step| live.show(step))
    }
}

/// Runs the command and gives its exit code.
pub fn run(cli: Cli, out: Out) -> AppResult<u8> {
    match &cli.command {
        Command::Completions { shell } => {
            return documentation(|page| completions(*shell, page), out);
        }
        Command::Man => return documentation(manual, out),
        _ => {}
    }
    let places = Places::resolve(cli.global.data_dir, cli.global.tools_dir)?;
    let program = std::env::current_exe().map_err(|error| {
        AppError::new(Code::Internal, format!("this program's own path is unknown: {error}"))
    })?;
    let data_dir = places.data_dir.clone();
    let app = match App::open(places, (program, vec![SANDBOX_INIT.to_owned()])) {
        Ok(app) => app,
        Err(error) => {
            // A damaged recorder can still be asked what is wrong with it.
            if let (Code::DataCorrupt, Command::Recorder(RecorderCommand::Verify { against })) =
                (error.code, &cli.command)
            {
                return recorder::verify_closed(&data_dir, against.as_deref(), out);
            }
            return Err(error);
        }
    };
    let session = Session { app, out, cancel: Cancel::default() };
    let cancel = session.cancel.clone();
    let cancelling = out;
    ctrlc::set_handler(move || {
        if cancel.is_cancelled() {
            // Asked twice: the tools die with this process, and the next start closes what is open.
            std::process::exit(130);
        }
        cancelling.note("cancelling; what was recorded is kept");
        cancel.cancel();
    })
    .map_err(|error| {
        AppError::new(Code::Internal, format!("cannot listen for an interrupt: {error}"))
    })?;
    match cli.command {
        Command::Scan(args) => scan::scan(&session, args),
        Command::Op(command) => scan::operation(&session, command),
        Command::Conformance(args) => tools::conformance(&session, args.engine.as_deref()),
        Command::Jobs(command) => recorder::jobs(&session, command),
        Command::Diff(args) => scan::diff(&session, &args),
        Command::Gates(command) => recorder::gates(&session, command),
        Command::Problems(command) => problems::run(&session, command),
        Command::Exception(command) => exception::run(&session, command),
        Command::Recorder(command) => recorder::run(&session, command),
        Command::Artifact(command) => artifact::run(&session, command),
        Command::Import(args) => artifact::import(&session, args),
        Command::Tools(command) => tools::run(&session, command),
        Command::Db(command) => tools::database(&session, command),
        Command::Capability(command) => govern::capability(&session, command),
        Command::Consent(command) => govern::consent(&session, command),
        Command::Registry(command) => registry::run(&session, command),
        Command::Completions { .. } | Command::Man => Ok(0),
    }
}

/// A write to stdout that failed: the disk behind a redirection is full, for instance.
pub fn written(result: io::Result<()>) -> AppResult<()> {
    result.map_err(|error| {
        AppError::new(Code::StoreIo, format!("stdout cannot be written: {error}"))
            .hint("free space where stdout leads")
    })
}

/// A file the caller named as a place for data.
pub fn unwritable(path: &std::path::Path, error: &io::Error) -> AppError {
    AppError::new(Code::StoreIo, format!("`{}` cannot be written: {error}", path.display()))
        .hint("name another place or fix its permissions")
}

/// Writes a new file the caller named; one that is there is left as it is.
pub fn create(path: &std::path::Path, bytes: &[u8]) -> AppResult<()> {
    use std::io::Write as _;
    std::fs::File::create_new(path)
        .and_then(|mut file| file.write_all(bytes))
        .map_err(|error| unwritable(path, &error))
}

fn documentation(make: impl FnOnce(&mut Vec<u8>) -> io::Result<()>, out: Out) -> AppResult<u8> {
    let mut page = Vec::new();
    written(make(&mut page))?;
    written(out.stdout(&page))?;
    Ok(0)
}

fn completions(shell: clap_complete::Shell, page: &mut Vec<u8>) -> io::Result<()> {
    clap_complete::generate(shell, &mut <Cli as clap::CommandFactory>::command(), "mex", page);
    Ok(())
}

fn manual(page: &mut Vec<u8>) -> io::Result<()> {
    clap_mangen::Man::new(<Cli as clap::CommandFactory>::command()).render(page)
}
