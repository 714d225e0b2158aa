//! Which tools are here, and whether each is the pinned one (contract SC-5).
//! Owns the tools folder's `tools/`. Never looks at `PATH`, never runs a scan.
//!
//! The pin of a tool is, in this order: the digest the lock file gives for this platform; the
//! digest of this data folder's own `tool_provisioned` event (a [`Toolchain::witness`]); the digest
//! of the record beside the tool. The last is believed only until the data folder has an event.
//!
//! A tool of many files is one folder; its digest is that of the manifest over all of them. The
//! table of their stats beside it saves the hashing only where its own digest comes from the same
//! event or record as the pin.

pub mod error;
pub mod install;
pub mod lock;
mod machine;
mod manifest;
mod memory;
mod python;
pub mod record;
mod tree;
mod verified;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use mex_runtime::artifact::ToolIdentity;
use mex_runtime::digest::Digest;
use mex_runtime::id::ToolName;

pub use error::ToolchainError;
pub use install::{Existing, Installed};
pub use lock::{Lock, LockedTool, PLATFORM};
pub use machine::MachinePlace;
pub use memory::ToolMemory;
pub use record::ProvisioningRecord;

use crate::tool::PinnedTool;
use tree::Tree;
use verified::Verified;
pub(crate) use verified::hash;

/// What is known of one tool of the lock file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToolState {
    /// It is there and its bytes are the pinned ones.
    Pinned(ToolIdentity),
    /// It is not installed.
    Missing,
    /// It is there and is not the pinned one.
    Changed {
        /// The pin.
        expected: Digest,
        /// What is there; null where it is no regular file.
        found: Option<Digest>,
    },
    /// The lock file does not name it, or nothing gives its digest.
    Unpinned,
    /// It cannot be read; said as one sentence.
    Unreadable(String),
}

/// The provisioned tools of one tools folder.
#[derive(Debug)]
pub struct Toolchain {
    lock: Lock,
    folder: PathBuf,
    /// Read-only, with the same layout: the tools a package of the product brought along.
    shipped: Option<PathBuf>,
    witness: Mutex<BTreeMap<(ToolName, String), Digest>>,
    witness_stats: Mutex<BTreeMap<(ToolName, String), Digest>>,
    verified: Mutex<BTreeMap<PathBuf, Verified>>,
    proved: Mutex<BTreeSet<ToolIdentity>>,
    trees: Mutex<BTreeMap<PathBuf, Tree>>,
    /// Whether tables of stats count; not once everything was asked to be hashed anew.
    stats_count: AtomicBool,
}

impl Toolchain {
    /// Opens a tools folder, making it where it is missing.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn open(tools_dir: &Path, lock: Lock) -> Result<Self, ToolchainError> {
        let folder = tools_dir.join("tools");
        std::fs::create_dir_all(&folder).map_err(|source| ToolchainError::Io {
            action: "create",
            path: folder.clone(),
            source,
        })?;
        Ok(Self {
            lock,
            folder,
            shipped: None,
            witness: Mutex::new(BTreeMap::new()),
            witness_stats: Mutex::new(BTreeMap::new()),
            verified: Mutex::new(BTreeMap::new()),
            proved: Mutex::new(BTreeSet::new()),
            trees: Mutex::new(BTreeMap::new()),
            stats_count: AtomicBool::new(true),
        })
    }

    /// Also finds the tools in a folder that came with the product, where its own folder has none of
    /// that version. They are pinned like any other, and nothing is ever written there.
    #[must_use]
    pub fn with_shipped(mut self, folder: Option<PathBuf>) -> Self {
        self.shipped = folder;
        self
    }

    /// The lock file in force.
    pub const fn lock(&self) -> &Lock {
        &self.lock
    }

    /// Tells what this data folder's events say a tool must be: the last `tool_provisioned` of its
    /// name and version. From then on the record beside the tool counts for nothing.
    pub fn witness(&self, tool: &ToolIdentity) {
        // Of the machine's own there is one, whatever its version: the last registered.
        let version = match self.lock.tool(&tool.name) {
            Some(locked) if locked.is_of_machine() => locked.version.to_string(),
            _ => tool.version.clone(),
        };
        self.witness
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert((tool.name.clone(), version), tool.sha256);
    }

    /// Tells what the same event says the table of a tool's stats must be.
    pub fn witness_stats(&self, tool: &ToolIdentity, stats: Digest) {
        self.witness_stats
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert((tool.name.clone(), tool.version.clone()), stats);
    }

    /// The record beside an installed tool, for a data folder that has no event of it yet: such a
    /// folder adopts it by writing [`ProvisioningRecord::event`], then calls [`Self::witness`].
    ///
    /// # Errors
    /// When the lock file does not name the tool, or the record is damaged.
    pub fn record(&self, name: &ToolName) -> Result<Option<ProvisioningRecord>, ToolchainError> {
        let record = ProvisioningRecord::read(&self.tool_folder(self.locked(name)?))?;
        Ok(record.filter(|record| record.tool.name == *name))
    }

    /// What is known of a tool now.
    pub fn state(&self, name: &ToolName) -> ToolState {
        match self.resolve(name) {
            Ok(tool) => ToolState::Pinned(tool.identity),
            Err(ToolchainError::Missing { .. }) => ToolState::Missing,
            Err(ToolchainError::Changed { expected, found, .. }) => {
                ToolState::Changed { expected, found }
            }
            Err(ToolchainError::NotLocked { .. } | ToolchainError::Unpinned { .. }) => {
                ToolState::Unpinned
            }
            Err(error) => ToolState::Unreadable(error.to_string()),
        }
    }

    /// The tool, vouched for: its bytes were hashed, or its stat has not moved since they were.
    ///
    /// # Errors
    /// `Missing`, `Changed`, `Unpinned`, `NotLocked`, or a file that cannot be read (contract GATE-4).
    pub fn resolve(&self, name: &ToolName) -> Result<PinnedTool, ToolchainError> {
        let locked = self.locked(name)?;
        let folder = self.tool_folder(locked);
        if locked.is_of_machine() {
            return self.registered(locked, &folder);
        }
        let executable = folder.join(name.as_str());
        match std::fs::symlink_metadata(&executable) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(ToolchainError::Missing {
                    name: name.clone(),
                    version: locked.version.clone(),
                });
            }
            Err(source) => {
                return Err(ToolchainError::Io { action: "read", path: executable, source });
            }
            Ok(_) => {}
        }
        let expected = self
            .pin(locked, &folder)?
            .ok_or_else(|| ToolchainError::Unpinned { name: name.clone() })?;
        let tool = PinnedTool {
            identity: ToolIdentity {
                name: name.clone(),
                version: locked.version.to_string(),
                sha256: expected,
            },
            executable,
            mounts: if locked.is_many_files() { vec![folder] } else { Vec::new() },
        };
        self.still_pinned(&tool)?;
        Ok(tool)
    }

    /// A tool of the machine's own, as it was registered.
    fn registered(&self, locked: &LockedTool, folder: &Path) -> Result<PinnedTool, ToolchainError> {
        let name = &locked.name;
        let missing =
            || ToolchainError::Missing { name: name.clone(), version: locked.version.clone() };
        let unpinned = || ToolchainError::Unpinned { name: name.clone() };
        let record = ProvisioningRecord::read(folder)?.ok_or_else(missing)?;
        let place = record.machine.as_ref().ok_or_else(unpinned)?;
        if !place.runtime.exists() || !place.folder.exists() {
            return Err(missing());
        }
        let expected = self.pin(locked, folder)?.ok_or_else(unpinned)?;
        let tool = PinnedTool {
            identity: ToolIdentity {
                name: name.clone(),
                version: record.tool.version.clone(),
                sha256: expected,
            },
            executable: place.runtime.clone(),
            mounts: vec![place.folder.clone()],
        };
        self.still_pinned(&tool)?;
        // The digest covers what the package says of itself; the record is only a note beside it.
        let said = machine::version(name.as_str(), place);
        match said {
            Ok(said) if said.to_string() == record.tool.version => Ok(tool),
            Ok(said) => Err(ToolchainError::Version {
                name: name.clone(),
                expected: locked.version.clone(),
                found: said.to_string(),
            }),
            Err(why) => Err(ToolchainError::Record { path: folder.join(record::FILE_NAME), why }),
        }
    }

    /// Compares a tool with its identity at the moment of a spawn: by stat where nothing moved
    /// since the last full hash of this process, else by a full hash. A tool of many files is
    /// compared by its manifest, each file of it in this way.
    ///
    /// # Errors
    /// `Changed` where it is another file, `Io` where it cannot be read.
    pub fn still_pinned(&self, tool: &PinnedTool) -> Result<(), ToolchainError> {
        // A tool that lies in the folder it needs is that folder.
        if let Some(folder) = tool.mounts.first()
            && tool.executable.starts_with(folder)
        {
            return self.still_whole(tool, folder);
        }
        let mut cache = self.verified.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = |found| ToolchainError::Changed {
            name: tool.identity.name.clone(),
            expected: tool.identity.sha256,
            found,
        };
        if let [folder] = tool.mounts.as_slice() {
            let found =
                manifest::digest(&tool.executable, folder, &mut cache).map_err(|source| {
                    ToolchainError::Io { action: "read", path: folder.clone(), source }
                })?;
            return if found == Some(tool.identity.sha256) { Ok(()) } else { Err(changed(found)) };
        }
        let known = cache.get(&tool.executable);
        let now = Verified::read(&tool.executable, known)
            .map_err(|source| ToolchainError::Io {
                action: "read",
                path: tool.executable.clone(),
                source,
            })?
            .ok_or_else(|| changed(None))?;
        let found = now.sha256;
        cache.insert(tool.executable.clone(), now);
        if found == tool.identity.sha256 { Ok(()) } else { Err(changed(Some(found))) }
    }

    /// The arguments that ask a tool for its version, where nothing but a record beside it or an
    /// event says which one it is and this process did not hear it from the tool itself yet
    /// (promise P3). A digest of the lock file is one of a known version.
    pub fn version_question(&self, tool: &ToolIdentity) -> Option<Vec<String>> {
        let locked = self.lock.tool(&tool.name)?;
        // One of the machine's own was asked when it was registered, and its manifest covers its
        // own statement of the version.
        let known = locked.is_of_machine()
            || locked.executable_sha256.contains_key(PLATFORM)
            // Its start costs seconds, and each of its answers names the version, which is compared.
            || locked.is_many_files()
            || self.proved.lock().unwrap_or_else(PoisonError::into_inner).contains(tool);
        (!known).then(|| locked.version_probe.args.clone())
    }

    /// Takes in what the tool said to [`Self::version_question`].
    ///
    /// # Errors
    /// `Version` where it is another than the lock file's.
    pub fn hear_version(&self, tool: &ToolIdentity, said: &[u8]) -> Result<(), ToolchainError> {
        self.locked(&tool.name)?.agrees(said)?;
        self.proved.lock().unwrap_or_else(PoisonError::into_inner).insert(tool.clone());
        Ok(())
    }

    /// [`Self::still_pinned`] for a tool of many files.
    fn still_whole(&self, tool: &PinnedTool, folder: &Path) -> Result<(), ToolchainError> {
        let mut trees = self.trees.lock().unwrap_or_else(PoisonError::into_inner);
        let from_table = || self.table(tool, folder);
        let known = trees.get(folder).cloned().or_else(from_table);
        let now = Tree::read(folder, known.as_ref()).map_err(|source| ToolchainError::Io {
            action: "read",
            path: folder.to_owned(),
            source,
        })?;
        let found = now.as_ref().map(Tree::sha256);
        if let Some(now) = now {
            trees.insert(folder.to_owned(), now);
        }
        if found == Some(tool.identity.sha256) {
            return Ok(());
        }
        let (name, expected) = (tool.identity.name.clone(), tool.identity.sha256);
        Err(ToolchainError::Changed { name, expected, found })
    }

    /// The table of stats beside a tool, where its digest is the one that was recorded.
    fn table(&self, tool: &PinnedTool, folder: &Path) -> Option<Tree> {
        if !self.stats_count.load(Ordering::SeqCst) {
            return None;
        }
        let key = (tool.identity.name.clone(), tool.identity.version.clone());
        let witnessed =
            self.witness.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&key);
        let expected = if witnessed {
            let stats = self.witness_stats.lock().unwrap_or_else(PoisonError::into_inner);
            stats.get(&key).copied()?
        } else {
            ProvisioningRecord::read(folder).ok().flatten()?.stats_sha256?
        };
        let text = std::fs::read_to_string(folder.join(tree::STATS)).ok()?;
        if Digest::of(text.as_bytes()) != expected {
            return None;
        }
        Tree::from_stats(&text)
    }

    /// Hashes every tool of the lock file anew, whatever its stat says.
    pub fn verify(&self) -> Vec<(ToolName, ToolState)> {
        self.stats_count.store(false, Ordering::SeqCst);
        self.trees.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.verified.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let names = self.lock.tools.iter().map(|tool| tool.name.clone());
        names.map(|name| (name.clone(), self.state(&name))).collect()
    }

    fn locked(&self, name: &ToolName) -> Result<&LockedTool, ToolchainError> {
        self.lock.tool(name).ok_or_else(|| ToolchainError::NotLocked { name: name.clone() })
    }

    fn tool_folder(&self, tool: &LockedTool) -> PathBuf {
        let own = self.own_folder(tool);
        let shipped = self.shipped.as_ref().map(|shipped| below(shipped, tool));
        shipped.filter(|shipped| !own.exists() && shipped.is_dir()).unwrap_or(own)
    }

    fn own_folder(&self, tool: &LockedTool) -> PathBuf {
        below(&self.folder, tool)
    }

    fn pin(&self, tool: &LockedTool, folder: &Path) -> Result<Option<Digest>, ToolchainError> {
        if let Some(digest) = tool.executable_sha256.get(PLATFORM) {
            return Ok(Some(*digest));
        }
        let version = tool.version.to_string();
        let key = (tool.name.clone(), version.clone());
        let witness = self.witness.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(digest) = witness.get(&key) {
            return Ok(Some(*digest));
        }
        let record = ProvisioningRecord::read(folder)?;
        Ok(record
            .filter(|record| {
                record.tool.name == tool.name
                    && (record.tool.version == version || tool.is_of_machine())
            })
            .map(|record| record.tool.sha256))
    }
}

fn below(tools: &Path, tool: &LockedTool) -> PathBuf {
    tools.join(tool.name.as_str()).join(tool.version.to_string())
}
