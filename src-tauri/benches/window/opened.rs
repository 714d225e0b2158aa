//! A window that is measured: started by a script that notes when, on a given data folder, left as a
//! person leaves it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::driver::Session;
use crate::process::Tree;
use crate::stand::Stand;

/// A program that can be opened again and again.
pub struct Program {
    script: PathBuf,
    begun: PathBuf,
    own: bool,
}

/// Whose window it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    Ours,
    Empty,
}

/// One window of it.
pub struct Opened {
    pub session: Session,
    pub tree: Tree,
    /// When its process began, in milliseconds since 1970.
    begun: f64,
    own: bool,
}

/// The first frame with anything on it, where something can be clicked on.
const FIRST_FRAME: &str = "const done = arguments[0];
    const look = () => {
        const [frame] = performance.getEntriesByName('first-contentful-paint');
        const usable = document.querySelector('button:not(:disabled)') !== null;
        if (frame && usable) done(performance.timeOrigin + frame.startTime);
        else setTimeout(look, 10);
    };
    look();";

impl Program {
    pub fn new(stand: &Stand, whose: Whose, program: &Path, data: &Path) -> Self {
        let own = whose == Whose::Ours;
        let name = if own { "ours" } else { "empty" };
        let script = stand.folder.path().join(name);
        let begun = stand.folder.path().join(format!("{name}.begun"));
        let text = format!(
            "#!/bin/sh\nexport MEX_DATA_DIR='{}'\necho \"$$ $(date +%s%N)\" >'{}'\nexec '{}' \"$@\"\n",
            data.display(),
            begun.display(),
            program.display()
        );
        fs::write(&script, text).unwrap();
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
        Self { script, begun, own }
    }

    pub fn script(&self) -> &Path {
        &self.script
    }

    pub fn open(&self, stand: &Stand) -> Opened {
        let session = stand.open_program(self.script.to_str().unwrap(), &[]);
        let text = fs::read_to_string(&self.begun).unwrap();
        let (pid, nanos) = text.trim().split_once(' ').unwrap();
        let begun = nanos.parse::<f64>().unwrap() / 1e6;
        Opened { session, tree: Tree(pid.parse().unwrap()), begun, own: self.own }
    }
}

impl Opened {
    /// From the start of the process to the first frame, in milliseconds.
    pub fn usable(&self) -> f64 {
        self.session.run_until_done(FIRST_FRAME, json!([])).as_f64().unwrap() - self.begun
    }

    /// Leaves it, so that nothing is left to be swept by the next.
    pub fn leave(self) {
        if self.own {
            let _ = self.session.run(
                "setTimeout(() => window.__TAURI_INTERNALS__.invoke('quit', {}), 50); return null;",
                json!([]),
            );
            let begun = Instant::now();
            while self.tree.is_there() && begun.elapsed() < Duration::from_secs(10) {
                std::thread::sleep(Duration::from_millis(50));
            }
        }
        self.session.end();
        // A start while it still ends would be handed over to it.
        let begun = Instant::now();
        while self.tree.is_there() && begun.elapsed() < Duration::from_secs(60) {
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}
