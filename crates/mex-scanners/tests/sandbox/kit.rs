//! What the tests share: ports that keep everything, and one way to run the stub.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use jiff::Timestamp;
use mex_runtime::artifact::{ArtifactHandle, Sidecar, ToolIdentity};
use mex_runtime::budget::Budget;
use mex_runtime::code::Code;
use mex_runtime::digest::Digest;
use mex_runtime::event::EventContext;
use mex_runtime::port::{
    ArtifactState, ArtifactStore, Cancel, Clock, Record, Recorder, RecorderFault, StoreFault,
};
use mex_scanners::process::{
    self, Finished, Keep, Launch, Mount, Network, SpawnContext, SpawnError,
};
use mex_scanners::sandbox::{InitCommand, Sandbox};
use mex_scanners::tool::PinnedTool;

/// Ports that remember.
#[derive(Default)]
pub struct Ports {
    pub records: Mutex<Vec<Record>>,
    pub stored: Mutex<Vec<(Vec<u8>, Sidecar)>>,
    pub recorder_fails: bool,
}

impl Clock for Ports {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
    fn uuid(&self) -> uuid::Uuid {
        uuid::Uuid::now_v7()
    }
}

impl Recorder for Ports {
    fn record(&self, records: Vec<Record>) -> Result<(), RecorderFault> {
        if self.recorder_fails {
            return Err(RecorderFault { code: Code::RecorderDb, message: "disk full".into() });
        }
        self.records.lock().unwrap().extend(records);
        Ok(())
    }
    fn session_id(&self) -> &str {
        "session"
    }
}

impl ArtifactStore for Ports {
    fn put(&self, bytes: &[u8], sidecar: &Sidecar) -> Result<(), StoreFault> {
        self.stored.lock().unwrap().push((bytes.to_vec(), sidecar.clone()));
        Ok(())
    }
    fn check(&self, _: &ArtifactHandle) -> ArtifactState {
        ArtifactState::Missing
    }
    fn read(&self, _: &Digest) -> Result<Vec<u8>, StoreFault> {
        Err(StoreFault { code: Code::StoreMissing, message: "not kept".into() })
    }
}

pub fn init() -> InitCommand {
    InitCommand { path: env!("CARGO_BIN_EXE_mex-sandbox-init").into(), leading_args: Vec::new() }
}

pub fn stub() -> PinnedTool {
    let executable = PathBuf::from(env!("CARGO_BIN_EXE_mex-stub-tool"));
    PinnedTool {
        identity: ToolIdentity {
            name: "stub".parse().unwrap(),
            version: "1".into(),
            sha256: Digest::of(b"stub"),
        },
        executable,
        mounts: Vec::new(),
    }
}

pub fn budget() -> Budget {
    Budget {
        cpu_time_ms: 20_000,
        wall_time_ms: 20_000,
        memory_bytes: 512 << 20,
        output_bytes: 64 << 20,
    }
}

/// One run of the stub, everything adjustable.
pub struct Run {
    pub work: tempfile::TempDir,
    pub sandbox: Sandbox,
    pub ports: Ports,
    pub cancel: Cancel,
    pub budget: Budget,
    pub mounts: Vec<Mount>,
    pub env: Vec<(String, String)>,
    pub pinned: Result<(), String>,
}

impl Run {
    pub fn sandboxed() -> Self {
        let work = tempfile::tempdir().unwrap();
        let sandbox = Sandbox::probe(init(), work.path());
        assert_eq!(sandbox.reason, "", "these tests need bubblewrap");
        Self::with(work, sandbox)
    }

    pub fn unsandboxed() -> Self {
        let work = tempfile::tempdir().unwrap();
        let sandbox = Sandbox::unsandboxed(init(), work.path(), "a test");
        Self::with(work, sandbox)
    }

    fn with(work: tempfile::TempDir, sandbox: Sandbox) -> Self {
        Self {
            work,
            sandbox,
            ports: Ports::default(),
            cancel: Cancel::default(),
            budget: budget(),
            mounts: Vec::new(),
            env: Vec::new(),
            pinned: Ok(()),
        }
    }

    pub fn run(&self, args: &[&str]) -> Result<Finished, SpawnError> {
        self.run_tool(&stub(), Network::None, args)
    }

    /// Any program of this machine in the stub's place.
    pub fn run_tool(
        &self,
        tool: &PinnedTool,
        network: Network,
        args: &[&str],
    ) -> Result<Finished, SpawnError> {
        let redact = |bytes: &[u8]| {
            String::from_utf8_lossy(bytes).replace("canary", "[REDACTED]").into_bytes()
        };
        let launch = Launch {
            tool,
            args: args.iter().map(|arg| (*arg).to_owned()).collect(),
            cwd: "/".into(),
            env: self.env.clone(),
            mounts: self.mounts.clone(),
            extra_executables: Vec::new(),
            budget: self.budget,
            network,
            redact: &redact,
            keep_stdout: Keep::Artifact,
        };
        let context = SpawnContext {
            recorder: &self.ports,
            store: &self.ports,
            clock: &self.ports,
            events: &EventContext::system("test".parse().unwrap()),
            op_id: None,
            cancel: &self.cancel,
            sandbox: &self.sandbox,
            still_pinned: &|_| self.pinned.clone(),
        };
        process::run(&launch, &context)
    }

    pub fn says(&self, args: &[&str]) -> String {
        let finished = self.run(args).unwrap();
        assert_eq!(
            finished.exit,
            process::Exit::Code(0),
            "{}",
            String::from_utf8_lossy(&finished.stderr.bytes)
        );
        String::from_utf8(finished.stdout.bytes).unwrap()
    }

    /// Processes whose environment names this run's work folder, or that run the stub below it.
    pub fn survivors(&self) -> usize {
        survivors(self.work.path())
    }
}

fn survivors(work: &Path) -> usize {
    let mark = work.as_os_str().as_encoded_bytes();
    std::fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter(|entry| {
            let read = |name: &str| std::fs::read(entry.path().join(name)).unwrap_or_default();
            [read("environ"), read("mountinfo")]
                .iter()
                .any(|text| text.windows(mark.len()).any(|window| window == mark))
        })
        .filter(|entry| entry.file_name() != std::process::id().to_string().as_str())
        .count()
}
