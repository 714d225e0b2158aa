//! The Flight Recorder as its callers see it: open, record, change, ask.
//! Owns the data folder's layout; the work is done by the modules beside it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ed25519_dalek::SigningKey;
use mex_runtime::port::{Clock, Record, Recorder, RecorderFault};

use crate::append::Prepared;
use crate::artifacts::{self, ArtifactFolder};
use crate::connection::Readers;
use crate::error::OpenError;
use crate::schema;
use crate::session::Session;
use crate::sweep::{self, Swept};
use crate::writer::{Desk, Writer};
use crate::{head, keys};

/// The database's file name in the data folder.
pub const DATABASE: &str = "recorder.sqlite3";

/// The recorder, Problems and artifacts of one data folder. Cheap to share behind an `Arc`;
/// every method blocks its caller until the disk has answered.
pub struct FlightRecorder {
    pub(crate) data_dir: PathBuf,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) readers: Readers,
    pub(crate) writer: Writer,
    pub(crate) key: SigningKey,
    artifacts: ArtifactFolder,
    swept: Swept,
    // Last, so that it is released after the writer has finished.
    session: Session,
}

impl std::fmt::Debug for FlightRecorder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FlightRecorder").field("data_dir", &self.data_dir).finish_non_exhaustive()
    }
}

impl FlightRecorder {
    /// Opens the data folder, making it (0700) where it is not there, and sweeps what a crash left open.
    ///
    /// # Errors
    /// `MEX-DATA-DIR` for a folder that cannot be used, `MEX-DATA-CORRUPT` for a damaged or foreign
    /// database, `MEX-DATA-FUTURE` for a newer one, `HSK-500-DB` for a fault of SQLite. Nothing is
    /// changed in a database that is refused.
    pub fn open(data_dir: &Path, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        Self::open_limited(data_dir, clock, None)
    }

    /// [`FlightRecorder::open`] with a database that is full at a number of pages: for tests of faults.
    ///
    /// # Errors
    /// As [`FlightRecorder::open`].
    #[doc(hidden)]
    pub fn open_limited(
        data_dir: &Path,
        clock: Arc<dyn Clock>,
        max_pages: Option<u32>,
    ) -> Result<Self, OpenError> {
        let unusable = |path: &Path| {
            let path = path.to_owned();
            move |error: std::io::Error| OpenError::DataDir { path, why: error.to_string() }
        };
        let data_dir = std::path::absolute(data_dir).map_err(unusable(data_dir))?;
        let sessions = data_dir.join("sessions");
        let keys = data_dir.join("keys");
        let store = data_dir.join("artifacts");
        let path = data_dir.join(DATABASE);
        schema::inspect(&path)?;
        for folder in [&data_dir, &sessions, &keys, &store] {
            artifacts::private_dir(folder).map_err(unusable(folder))?;
        }
        // The lock is the first write: a read-only folder is refused here, before SQLite is asked.
        let session =
            Session::begin(&sessions, clock.uuid().to_string()).map_err(unusable(&sessions))?;
        let mut desk = Desk::new(path.clone(), max_pages);
        let seat = desk.seat().map_err(|error| schema::fault(&path, &error))?;
        seat.run(async |connection| {
            schema::assert_sqlite(connection).await?;
            schema::migrate(connection, &path).await
        })?;
        let key = keys::head_key(&keys).map_err(unusable(&keys))?;
        let swept =
            sweep::sweep(&mut desk, &sessions, &clock, &keys::own_name()).map_err(|error| {
                OpenError::Sweep(RecorderFault { code: error.code(), message: error.to_string() })
            })?;
        let writer = Writer::start(desk).map_err(unusable(&data_dir))?;
        Ok(Self {
            readers: Readers::new(path),
            artifacts: ArtifactFolder::new(store),
            data_dir,
            clock,
            writer,
            key,
            swept,
            session,
        })
    }

    /// What the sweep at start closed as interrupted.
    pub const fn swept(&self) -> &Swept {
        &self.swept
    }

    /// The artifact store of the same data folder.
    pub const fn artifacts(&self) -> &ArtifactFolder {
        &self.artifacts
    }

    /// The data folder.
    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// The public key that signs this folder's heads, 64 hex characters.
    pub fn public_key(&self) -> String {
        head::public_hex(&self.key)
    }
}

impl Recorder for FlightRecorder {
    fn record(&self, records: Vec<Record>) -> Result<(), RecorderFault> {
        if records.is_empty() {
            return Ok(());
        }
        self.writer.append(Prepared::all(records, self.clock.as_ref())?)
    }

    fn session_id(&self) -> &str {
        self.session.id()
    }
}
