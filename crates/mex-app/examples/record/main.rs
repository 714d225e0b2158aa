//! Records what the screens of a window answer about real scans, for the pages that run in a browser
//! without a host: one file a command, each a list of questions with their answers. Scans real projects
//! with the tools in `MEX_TOOLS_DIR`, through the real use cases: `record OUT EARLIER LATER DATABASE`, where
//! EARLIER and LATER are the same project at two moments and DATABASE is a snapshot of npm's advisories.
//! Never writes a path of this machine or who runs it.

mod answers;
mod project;
mod story;
mod written;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use mex_app::app::App;
use mex_app::desk::Screens;
use mex_app::place::Places;
use mex_app::progress::Step;
use mex_runtime::port::Cancel;

use answers::Recording;
use story::Story;

/// The argument with which this program is the first process of a sandbox.
const SANDBOX_INIT: &str = "__sandbox-init";

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let first = arguments.next();
    if first.as_ref().is_some_and(|first| first == SANDBOX_INIT) {
        return mex_app::sandbox_init(arguments);
    }
    let named = (first, arguments.next(), arguments.next(), arguments.next());
    let (Some(out), Some(earlier), Some(later), Some(database)) = named else {
        return told("usage: record OUT EARLIER LATER DATABASE");
    };
    let moments = [PathBuf::from(earlier), PathBuf::from(later)];
    match run(PathBuf::from(out), moments, &PathBuf::from(database)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => told(&error.to_string()),
    }
}

/// An example has nobody else to tell.
fn told(text: &str) -> ExitCode {
    let _ = std::io::Write::write_fmt(&mut std::io::stderr(), format_args!("{text}\n"));
    ExitCode::FAILURE
}

fn run(out: PathBuf, moments: [PathBuf; 2], database: &Path) -> Result<(), Box<dyn Error>> {
    let tools_dir = std::env::var_os("MEX_TOOLS_DIR").map(PathBuf::from);
    let tools_dir = tools_dir.ok_or("MEX_TOOLS_DIR must name the provisioned tools")?;
    let folder = tempfile::tempdir()?;
    let root = folder.path().canonicalize()?;
    let places = Places { data_dir: root.join("data"), tools_dir: tools_dir.clone() };
    let init = (std::env::current_exe()?, vec![SANDBOX_INIT.to_owned()]);
    let app = Arc::new(App::open(places.clone(), init)?);
    app.import_database(database, None)?;
    app.conformance(None, &Cancel::default(), &|_: Step| {})?;
    let screens = Screens::new(app);
    let story = Story { screens: &screens, root: &root, moments: &moments };
    let mut recording = Recording::default();
    let happened = story.happen()?;
    recording.keep_scan(&happened)?;
    answers::record(&screens, &happened, &mut recording)?;
    written::write(&out, &recording, &written::Machine::of(&root, &places, &screens)?)
}
