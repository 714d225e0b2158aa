//! The registry and profiles in force, as they are now (contract REG-7): another process can publish
//! while this one runs, and the next attempt is judged by it. Owns looking again where something moved,
//! and finishing a publish that was killed after its event. Never trusts a file for lying there.

use std::path::Path;
use std::sync::{Arc, Mutex};

use mex_runtime::capability::{LoadedRegistry, PublishedFiles, RegistrySource};
use mex_runtime::code::Code;
use mex_runtime::digest::Digest;
use mex_runtime::event::{EventBody, EventContext, PublishedHow, RegistryPublish, SystemEvent};
use mex_runtime::id::EventId;
use mex_runtime::port::ArtifactStore as _;

use crate::app::App;
use crate::embedded;
use crate::error::{AppError, AppResult, query};
use crate::publish::folder::{self, PublishedText, RegistryFolder};
use crate::scan::locked;

/// What was read last, and what stood then.
#[derive(Default)]
pub(crate) struct RulesInForce {
    read: Mutex<Option<(Seen, Arc<LoadedRegistry>)>>,
}

/// Everything whose change makes what was read stale.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    publish: Option<EventId>,
    registry: Option<Stamp>,
    profiles: Option<Stamp>,
}

/// What moves when a file is written, replaced or touched (as in contract SC-5).
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stamp {
    bytes: u64,
    modified: Option<std::time::SystemTime>,
    #[cfg(unix)]
    changed: (u64, i64, i64),
}

impl Stamp {
    fn of(path: &Path) -> Option<Self> {
        let meta = std::fs::metadata(path).ok()?;
        Some(Self {
            bytes: meta.len(),
            modified: meta.modified().ok(),
            #[cfg(unix)]
            changed: {
                use std::os::unix::fs::MetadataExt as _;
                (meta.ino(), meta.ctime(), meta.ctime_nsec())
            },
        })
    }
}

impl App {
    /// The registry and profiles in force now. What is published by this or another process counts
    /// from the next call on.
    ///
    /// # Errors
    /// When the record cannot be read. A published registry that is not trusted is no error: then the
    /// embedded one rules, and a fatal Problem says so (contract REG-7).
    pub fn in_force(&self) -> AppResult<Arc<LoadedRegistry>> {
        let folder = self.registry_folder();
        let mut read = locked(&self.rules.read);
        if let Some((seen, loaded)) = &*read
            && !folder.is_pending()
            && *seen == self.seen(&folder)?
        {
            return Ok(loaded.clone());
        }
        if folder.is_pending() {
            let _lock = folder.lock()?;
            self.finish_publish(&folder)?;
        }
        // Looked at before it is read: what moves in between is read again.
        let seen = self.seen(&folder)?;
        let loaded = Arc::new(self.load(&folder)?);
        *read = Some((seen, loaded.clone()));
        drop(read);
        self.report_registry_fallback(&loaded)?;
        Ok(loaded)
    }

    /// Whether the registry in force is the compiled-in one.
    ///
    /// # Errors
    /// As [`App::in_force`].
    pub fn registry_source(&self) -> AppResult<RegistrySource> {
        Ok(self.in_force()?.source)
    }

    pub(crate) fn registry_folder(&self) -> RegistryFolder {
        RegistryFolder::of(&self.places.data_dir)
    }

    /// What the last publish event says.
    pub(crate) fn last_publish(&self) -> AppResult<Option<RegistryPublish>> {
        let last = self.recorder.last_publish().map_err(query)?;
        Ok(last.and_then(|stored| match stored.event.body {
            EventBody::RegistryPublish(publish) => Some(publish),
            _ => None,
        }))
    }

    fn seen(&self, folder: &RegistryFolder) -> AppResult<Seen> {
        let last = self.recorder.last_publish().map_err(query)?;
        Ok(Seen {
            publish: last.map(|stored| stored.event.event_id),
            registry: Stamp::of(&folder.registry()),
            profiles: Stamp::of(&folder.profiles()),
        })
    }

    fn load(&self, folder: &RegistryFolder) -> AppResult<LoadedRegistry> {
        let (registry, profiles) =
            (folder::read(&folder.registry())?, folder::read(&folder.profiles())?);
        let published =
            PublishedFiles { registry: registry.as_deref(), profiles: profiles.as_deref() };
        embedded::registry(published, self.last_publish()?.as_ref())
    }

    /// Ends a publish that somebody began and did not end, under the folder's lock: its event is there,
    /// and its files are put in place; or it is not, and nothing was published.
    pub(crate) fn finish_publish(&self, folder: &RegistryFolder) -> AppResult<()> {
        let Some(pending) = folder.under_way() else {
            // Made while nobody looked, or half a note: nothing rests on it.
            return if folder.is_pending() { folder.forget() } else { Ok(()) };
        };
        let last = self.recorder.last_publish().map_err(query)?;
        if last.is_none_or(|stored| stored.event.event_id != pending.event_id) {
            return folder.forget();
        }
        let read =
            |sha256: &Digest| -> AppResult<Vec<u8>> { Ok(self.recorder.artifacts().read(sha256)?) };
        let text = |sha256: &Digest| -> AppResult<String> {
            String::from_utf8(read(sha256)?).map_err(|_| {
                AppError::new(Code::StoreCorrupt, format!("the artifact {sha256} is no text"))
            })
        };
        folder.take_over(&PublishedText {
            registry: text(&pending.registry_sha256)?,
            profiles: text(&pending.profiles_sha256)?,
            record: read(&pending.record_sha256)?,
        })
    }

    /// A published registry that is not in force is an event each time it is met (contract REG-7).
    fn report_registry_fallback(&self, loaded: &LoadedRegistry) -> AppResult<()> {
        let Some(mismatch) = &loaded.mismatch else { return Ok(()) };
        let context = EventContext::system(self.actor_id.clone());
        let reason = mismatch.to_string();
        crate::problem::registry_fallback(self, &context, &reason)?;
        self.record(&context, EventBody::System(SystemEvent::RegistryFallback { reason }))?;
        Ok(())
    }

    /// Says again which registry was published last, so that a purge of old events does not make the
    /// file look as if nobody had published it.
    pub(crate) fn keep_registry(&self) -> AppResult<()> {
        let Some(last) = self.last_publish()? else { return Ok(()) };
        let kept = RegistryPublish { how: PublishedHow::Kept, ..last };
        self.record(&self.by_person(), EventBody::RegistryPublish(kept)).map(drop)
    }
}
