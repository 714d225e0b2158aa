//! What else happens on a stand: the command `mex` on the same data folder, a person's hand on mouse,
//! keyboard and windows, what is told on the bus, and which processes there are. Never the window's own
//! pages: the driver has those.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::driver::PATIENCE;
use crate::stand::{Group, PROGRAM, Stand, environment};

impl Stand {
    /// Runs the command `mex` of the same build on this stand's data folder.
    pub fn mex(&self, arguments: &[&str]) -> Output {
        let output = self.mex_command(arguments).output();
        output.unwrap_or_else(|error| panic!("`mex` beside `{PROGRAM}`: {error}: run `./dev test`"))
    }

    /// The JSON that `mex` gives.
    #[track_caller]
    pub fn mex_json(&self, arguments: &[&str]) -> Value {
        let output = self.mex(&[arguments, &["--format", "json"]].concat());
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("mex {arguments:?}: {error}: {output:?}"))
    }

    /// Scans the project with the command `mex`.
    #[track_caller]
    pub fn scan(&self, more: &[&str]) -> Value {
        let project = self.project();
        self.mex_json(&[&["scan", project.to_str().unwrap(), "--quiet"], more].concat())
    }

    /// [`Stand::mex`], not yet started.
    pub fn mex_command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(Path::new(PROGRAM).with_file_name("mex"));
        command.args(arguments).stdin(Stdio::null());
        environment(&mut command, self.folder.path(), &self.display, &self.bus);
        command
    }

    /// Does something with mouse, keyboard or windows, as a person would, and gives what was printed.
    #[track_caller]
    pub fn hand(&self, arguments: &[&str]) -> String {
        let output = self.person("xdotool", arguments).output();
        let output = output.unwrap_or_else(|error| panic!("xdotool: {error}: run `./dev test`"));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// The newest window with this title on the display, once it is there.
    #[track_caller]
    pub fn window(&self, title: &str) -> String {
        let begun = Instant::now();
        loop {
            let found = self.hand(&["search", "--onlyvisible", "--name", title]);
            if let Some(id) = found.lines().last() {
                return id.to_owned();
            }
            assert!(begun.elapsed() < PATIENCE, "no window `{title}` came");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// A program of the person who sits at the display.
    pub fn person(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(arguments);
        environment(&mut command, self.folder.path(), &self.display, &self.bus);
        command
    }

    /// Asks a window to close, as its cross does.
    pub fn ask_to_close(&self, window: &str) {
        let asked = self.person(hand(), &["close", window]).status().unwrap();
        assert!(asked.success(), "{asked:?}");
    }

    /// A small program beside the window, from which the project can be dragged.
    pub fn something_else(&self) -> Group {
        let uri = format!("file://{}", self.project().display());
        Group::start(&mut self.person(hand(), &["drag", &uri, "1320", "20"]))
    }

    /// Drags with the mouse from the middle of one window to the middle of another, and lets go there.
    pub fn drag(&self, from: &str, to: &str) {
        let (from, to) = (self.window(from), self.window(to));
        self.hand(&["mousemove", "--sync", "--window", &from, "30", "30"]);
        self.hand(&["mousedown", "1"]);
        // A drag begins only once the mouse has moved some way, and is followed on its way.
        for place in [50, 80, 120, 300, 400, 420, 430] {
            let (x, y) = (place.to_string(), (place - 20).to_string());
            self.hand(&["mousemove", "--window", if place < 100 { &from } else { &to }, &x, &y]);
            std::thread::sleep(Duration::from_millis(120));
        }
        self.hand(&["mouseup", "1"]);
    }

    /// Everything that is told on this stand's bus from now on.
    pub fn notifications(&self) -> Told {
        let file = self.folder.path().join("told");
        let mut monitor =
            self.person("dbus-monitor", &["interface='org.freedesktop.Notifications'"]);
        let out = fs::File::create(&file).unwrap();
        let told = Told { file, _monitor: Group::start(monitor.stdout(out)) };
        let begun = Instant::now();
        // It says first that it listens.
        while told.text().is_empty() {
            assert!(begun.elapsed() < PATIENCE, "the bus is not heard");
            std::thread::sleep(Duration::from_millis(50));
        }
        told
    }

    /// What the window's program started and still runs, the web view's own processes aside.
    pub fn tools_running(&self) -> Vec<String> {
        let all = processes();
        let mut below = self.windows(&all);
        let mut found = Vec::new();
        while let Some(parent) = below.pop() {
            for child in all.iter().filter(|process| process.parent == parent) {
                if !child.line.contains("WebKit") {
                    below.push(child.id);
                    found.push(child.line.clone());
                }
            }
        }
        found
    }

    /// The window's program on this stand's data folder.
    fn windows(&self, all: &[Process]) -> Vec<u32> {
        let data = format!("MEX_DATA_DIR={}\0", self.data().display());
        let ours = |id: u32| {
            let environment = fs::read(format!("/proc/{id}/environ")).unwrap_or_default();
            String::from_utf8_lossy(&environment).contains(&data)
        };
        let named = |process: &&Process| {
            process.line.starts_with(PROGRAM) && !process.line.contains("__sandbox-init")
        };
        let found = all.iter().filter(named).map(|process| process.id);
        found.filter(|id| ours(*id)).collect()
    }

    /// Processes that still have something of this stand in their command line; display, bus and
    /// driver belong to the test.
    pub fn left_running(&self) -> Vec<String> {
        let folder = self.folder.path().to_str().unwrap();
        let lines = processes().into_iter().map(|process| process.line);
        lines.filter(|line| line.contains(folder) && !line.starts_with("dbus-")).collect()
    }

    /// Waits until the window's program has ended: a start while it still ends is handed over to it.
    #[track_caller]
    pub fn window_is_gone(&self) {
        let begun = Instant::now();
        while !self.windows(&processes()).is_empty() {
            assert!(begun.elapsed() < PATIENCE, "the window's program does not end");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Waits until nothing of this stand runs any more, the window's program itself included.
    #[track_caller]
    pub fn nothing_runs(&self) {
        let begun = Instant::now();
        while !self.left_running().is_empty() || !self.windows(&processes()).is_empty() {
            assert!(begun.elapsed() < PATIENCE, "{:#?}", self.left_running());
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

/// What desktop notifications were asked for.
pub struct Told {
    file: PathBuf,
    _monitor: Group,
}

impl Told {
    pub fn text(&self) -> String {
        fs::read_to_string(&self.file).unwrap()
    }

    pub fn count(&self) -> usize {
        self.text().lines().filter(|line| line.contains("member=Notify")).count()
    }
}

/// A person's hand where there is no window manager; built once for this test binary.
fn hand() -> &'static str {
    static BUILT: OnceLock<(TempDir, String)> = OnceLock::new();
    let (_, path) = BUILT.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hand").display().to_string();
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/window/hand.c");
        let line = format!("cc -O1 -o {path} {source} $(pkg-config --cflags --libs gtk+-3.0 x11)");
        let done = Command::new("sh").args(["-c", &line]).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        (folder, path)
    });
    path
}

struct Process {
    id: u32,
    parent: u32,
    line: String,
}

fn processes() -> Vec<Process> {
    let folders = fs::read_dir("/proc").unwrap().flatten();
    let read = |folder: fs::DirEntry| {
        let id = folder.file_name().to_str()?.parse().ok()?;
        let line = fs::read(folder.path().join("cmdline")).ok()?;
        let stat = fs::read_to_string(folder.path().join("stat")).ok()?;
        // `id (name) state parent`, and the name may hold anything.
        let parent = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()?;
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        (!line.is_empty()).then_some(Process { id, parent, line })
    };
    folders.filter_map(read).collect()
}
