//! Where a window is tested: a display, a bus, a WebDriver, folders of its own, a real project and the
//! real provisioned tools. Owns what it starts and ends all of it. Without one of them a test fails
//! and says what to set.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use mex_app::app::App;
use mex_app::place::Places;
use mex_app::runtime::port::Cancel;
use tempfile::TempDir;

use crate::driver::Session;

/// The built program.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_mex-desktop");

/// How this program is started as the first process of a sandbox.
fn init() -> (PathBuf, Vec<String>) {
    (PathBuf::from(PROGRAM), vec!["__sandbox-init".to_owned()])
}

fn named(variable: &str) -> PathBuf {
    std::env::var_os(variable)
        .map(PathBuf::from)
        .unwrap_or_else(|| panic!("{variable} is not set: run the tests with `./dev test`"))
}

/// Started processes with everything they started, ended with this.
pub struct Group(Child);

impl Group {
    pub fn start(command: &mut Command) -> Self {
        let child = command.stdin(Stdio::null()).process_group(0).spawn();
        Self(child.unwrap_or_else(|error| panic!("{command:?}: {error}: run `./dev test`")))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = rustix::process::Pid::from_raw(self.0.id().cast_signed()) {
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        let _ = self.0.wait();
    }
}

/// One stand.
pub struct Stand {
    pub folder: TempDir,
    pub display: String,
    pub bus: String,
    driver: u16,
    // Ended in this order: what uses a thing before the thing.
    _driver: Group,
    _bus: Group,
    _display: Group,
    _alone: MutexGuard<'static, ()>,
}

/// One window at a time: a person's hand, a display and two scanners are busy enough for a machine.
static ALONE: Mutex<()> = Mutex::new(());

/// A data folder in which every engine conforms, made once and copied for each test.
fn conforming_data() -> &'static Path {
    static DATA: OnceLock<TempDir> = OnceLock::new();
    DATA.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let places =
            Places { data_dir: folder.path().join("data"), tools_dir: named("MEX_TOOLS_DIR") };
        let app = App::open(places, init()).unwrap();
        let outcomes = app.conformance(None, &Cancel::default(), &|_| {}).unwrap();
        assert!(!outcomes.is_empty());
        folder
    })
    .path()
}

impl Stand {
    /// A stand whose data folder is new.
    pub fn bare() -> Self {
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = tempfile::tempdir().unwrap();
        for below in ["project", "home", "run"] {
            fs::create_dir(folder.path().join(below)).unwrap();
        }
        let (display, display_name) = display();
        let (bus, bus_name) = bus(folder.path());
        let (port, native) = (free_port(), free_port());
        let mut command = Command::new(named("MEX_TEST_DRIVER"));
        command
            .args(["--port", &port.to_string(), "--native-port", &native.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        environment(&mut command, folder.path(), &display_name, &bus_name);
        let driver = Group::start(&mut command);
        let stand = Self {
            folder,
            display: display_name,
            bus: bus_name,
            driver: port,
            _driver: driver,
            _bus: bus,
            _display: display,
            _alone: alone,
        };
        stand.answers(port);
        stand.answers(native);
        stand
    }

    /// A stand whose data folder has every engine conforming.
    pub fn ready() -> Self {
        let stand = Self::bare();
        copy(&conforming_data().join("data"), &stand.data());
        stand
    }

    fn answers(&self, port: u16) {
        let begun = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(30), "the WebDriver does not answer");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub fn project(&self) -> PathBuf {
        self.folder.path().join("project")
    }

    /// Writes a file of the project.
    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) -> &Self {
        let path = self.project().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    /// Gives the stand a tools folder of its own: the same tools, one of them copied to be spoiled,
    /// and no database but the embedded one. For windows of [`Stand::open_with`].
    pub fn own_tools(&self, spoiled: Option<&str>) -> PathBuf {
        let own = self.folder.path().join("tools");
        fs::create_dir_all(own.join("tools")).unwrap();
        for entry in fs::read_dir(named("MEX_TOOLS_DIR").join("tools")).unwrap() {
            let entry = entry.unwrap();
            let target = own.join("tools").join(entry.file_name());
            if entry.file_name().to_str() == spoiled {
                copy(&entry.path(), &target);
            } else {
                std::os::unix::fs::symlink(entry.path(), target).unwrap();
            }
        }
        own
    }

    /// Opens the window under control.
    pub fn open(&self, arguments: &[&str]) -> Session {
        self.open_program(PROGRAM, arguments)
    }

    /// Opens the window of another program under control.
    pub fn open_program(&self, program: &str, arguments: &[&str]) -> Session {
        Session::start(&format!("http://127.0.0.1:{}", self.driver), program, arguments)
    }

    /// [`Stand::open`] with more in the program's environment.
    pub fn open_with(&self, environment: &[(&str, &Path)], arguments: &[&str]) -> Session {
        use std::os::unix::fs::PermissionsExt as _;

        let script = self.folder.path().join("start");
        let mut text = "#!/bin/sh\n".to_owned();
        let tools = tools(self.folder.path());
        for (name, value) in environment.iter().chain([&("MEX_TOOLS_DIR", tools.as_path())]) {
            text.push_str(&format!("export {name}='{}'\n", value.display()));
        }
        text.push_str(&format!("exec '{PROGRAM}' \"$@\"\n"));
        fs::write(&script, text).unwrap();
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
        let server = format!("http://127.0.0.1:{}", self.driver);
        Session::start(&server, script.to_str().unwrap(), arguments)
    }

    /// Starts the program beside the one under control, or where nobody controls it.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(arguments);
        environment(&mut command, self.folder.path(), &self.display, &self.bus);
        command
    }
}

/// The tools folder of a stand: its own where it has one.
fn tools(folder: &Path) -> PathBuf {
    let own = folder.join("tools");
    if own.is_dir() { own } else { named("MEX_TOOLS_DIR") }
}

/// Nothing of the account that runs the tests is read or written.
pub fn environment(command: &mut Command, folder: &Path, display: &str, bus: &str) {
    let home = folder.join("home");
    for (name, value) in [
        ("HOME", home.clone()),
        ("XDG_CONFIG_HOME", home.join("config")),
        ("XDG_DATA_HOME", home.join("share")),
        ("XDG_CACHE_HOME", home.join("cache")),
        ("XDG_RUNTIME_DIR", folder.join("run")),
        ("MEX_DATA_DIR", folder.join("data")),
        ("MEX_TOOLS_DIR", tools(folder)),
    ] {
        command.env(name, value);
    }
    command
        .env("DISPLAY", display)
        .env("DBUS_SESSION_BUS_ADDRESS", bus)
        // Without a GPU and without an accessibility bus.
        .env("LIBGL_ALWAYS_SOFTWARE", "1")
        .env("NO_AT_BRIDGE", "1")
        .env_remove("WAYLAND_DISPLAY");
}

fn display() -> (Group, String) {
    let mut command = Command::new("Xvfb");
    command.args(["-displayfd", "1", "-screen", "0", "1400x900x24", "-nolisten", "tcp"]);
    let mut group = Group::start(command.stdout(Stdio::piped()).stderr(Stdio::null()));
    let number = first_line(&mut group);
    (group, format!(":{number}"))
}

fn bus(folder: &Path) -> (Group, String) {
    let mut command = Command::new("dbus-daemon");
    command.args(["--session", "--nofork", "--nopidfile", "--print-address"]);
    command.arg(format!("--address=unix:path={}", folder.join("run/bus").display()));
    let mut group = Group::start(command.stdout(Stdio::piped()).stderr(Stdio::null()));
    let address = first_line(&mut group);
    (group, address)
}

fn first_line(group: &mut Group) -> String {
    let mut line = String::new();
    let stdout = group.0.stdout.take().unwrap();
    BufReader::new(stdout).read_line(&mut line).unwrap();
    assert!(!line.trim().is_empty(), "it ended at once");
    line.trim().to_owned()
}

fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

/// Copies a tree of regular files.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), &target).unwrap();
        }
    }
}

/// A lockfile of one package from the one registry.
pub fn cargo_lock(name: &str, version: &str) -> String {
    format!(
        "version = 4\n\n[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n\
         source = \"registry+https://github.com/rust-lang/crates.io-index\"\n\
         checksum = \"{}\"\n",
        "0".repeat(64)
    )
}

/// A token of the form a rule knows, random for each run, so that none ever stands in a file here.
pub fn canary() -> String {
    let mut letters = String::new();
    while letters.len() < 36 {
        letters.push_str(&uuid::Uuid::new_v4().simple().to_string());
    }
    format!("{}_{}", ["g", "h", "p"].concat(), &letters[..36])
}
