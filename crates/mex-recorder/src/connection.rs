//! How the database is opened: one set of options for every connection, and a few readers.
//! Never writes; the one connection that does belongs to [`crate::writer`].

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection};
use tokio::runtime::Runtime;

use crate::error::QueryError;

/// How long a connection waits for another process to finish its transaction.
const BUSY: Duration = Duration::from_secs(30);

/// Options that every connection shares: nothing in the file is trusted to run code.
fn base(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(BUSY)
        .foreign_keys(true)
        .pragma("trusted_schema", "OFF")
        .pragma("recursive_triggers", "ON")
        .pragma("cell_size_check", "ON")
        .pragma("cache_size", "-16384")
}

/// For the one writer: WAL, and every commit on the disk before it is acknowledged.
pub(crate) fn writing(path: &Path) -> SqliteConnectOptions {
    base(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        // 64 MiB of journal between checkpoints: the pages at the end of each index are written
        // home once and not with every group.
        .pragma("wal_autocheckpoint", "16384")
}

/// For readers: SQLite refuses every write on them.
pub(crate) fn reading(path: &Path) -> SqliteConnectOptions {
    base(path).create_if_missing(false).pragma("query_only", "ON").row_buffer_size(256)
}

/// A connection with the small runtime that drives it.
pub(crate) struct Seat {
    pub(crate) runtime: Runtime,
    pub(crate) connection: SqliteConnection,
}

impl Seat {
    pub(crate) fn connect(options: &SqliteConnectOptions) -> Result<Self, sqlx::Error> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        let connection = runtime.block_on(options.connect())?;
        Ok(Self { runtime, connection })
    }

    /// Runs one piece of asynchronous work to its end.
    pub(crate) fn run<T>(&mut self, work: impl AsyncFnOnce(&mut SqliteConnection) -> T) -> T {
        self.runtime.block_on(work(&mut self.connection))
    }

    pub(crate) fn close(self) {
        let Self { runtime, connection } = self;
        // A reader has nothing to lose; a writer has committed what it acknowledged.
        let _ = runtime.block_on(connection.close());
    }
}

/// Readers, kept for the next question.
pub(crate) struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Seat>>,
}

impl Readers {
    pub(crate) const fn new(path: PathBuf) -> Self {
        Self { path, idle: Mutex::new(Vec::new()) }
    }

    /// A reader outside the pool, for long work.
    pub(crate) fn fresh(&self) -> Result<Seat, sqlx::Error> {
        Seat::connect(&reading(&self.path))
    }

    /// Asks one question.
    pub(crate) fn ask<T>(
        &self,
        question: impl AsyncFnOnce(&mut SqliteConnection) -> Result<T, QueryError>,
    ) -> Result<T, QueryError> {
        let idle = self.idle.lock().unwrap_or_else(std::sync::PoisonError::into_inner).pop();
        let mut seat = match idle {
            Some(seat) => seat,
            None => self.fresh()?,
        };
        let answer = seat.run(question);
        let mut idle = self.idle.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if idle.len() < 4 && !matches!(answer, Err(QueryError::Db(_))) {
            idle.push(seat);
        }
        answer
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        let idle = self.idle.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner);
        idle.drain(..).for_each(Seat::close);
    }
}
