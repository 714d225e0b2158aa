//! The one writer: a thread that owns the only writing connection and commits in groups.
//! Acknowledges after the commit reached the disk, never before (promise P7, P12).

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::JoinHandle;

use mex_runtime::port::RecorderFault;
use sqlx::sqlite::SqliteConnection;

use crate::append::{self, Prepared};
use crate::chain::Tail;
use crate::connection::{Seat, writing};
use crate::error::{ChangeError, db_fault};

/// Rows that one transaction takes at most before it commits.
const GROUP_ROWS: usize = 16 * 1024;

type Reply = SyncSender<Result<(), RecorderFault>>;

enum Job {
    Append { rows: Vec<Prepared>, reply: Reply },
    Change(Box<dyn FnOnce(&mut Desk) + Send>),
}

/// The writing connection, opened again after every fault so that none lingers.
pub(crate) struct Desk {
    path: PathBuf,
    max_pages: Option<u32>,
    seat: Option<Seat>,
}

impl Desk {
    pub(crate) const fn new(path: PathBuf, max_pages: Option<u32>) -> Self {
        Self { path, max_pages, seat: None }
    }

    pub(crate) fn seat(&mut self) -> Result<&mut Seat, sqlx::Error> {
        if self.seat.is_none() {
            let mut options = writing(&self.path);
            if let Some(pages) = self.max_pages {
                options = options.pragma("max_page_count", pages.to_string());
            }
            self.seat = Some(Seat::connect(&options)?);
        }
        self.seat.as_mut().ok_or(sqlx::Error::WorkerCrashed)
    }

    /// One transaction that sees the end of the chain; committed when `work` succeeds, undone otherwise.
    pub(crate) fn transaction<T, E: From<sqlx::Error>>(
        &mut self,
        work: impl AsyncFnOnce(&mut SqliteConnection, &mut Tail) -> Result<T, E>,
    ) -> Result<T, E> {
        let result = self.seat()?.run(async |connection| {
            sqlx::query("BEGIN IMMEDIATE").execute(&mut *connection).await?;
            let mut tail = append::tail(connection).await?;
            let value = work(connection, &mut tail).await?;
            sqlx::query("COMMIT").execute(&mut *connection).await?;
            Ok(value)
        });
        if result.is_err() {
            // Whatever state it is in, closing the connection rolls back.
            if let Some(seat) = self.seat.take() {
                seat.close();
            }
        }
        result
    }
}

struct Fault(RecorderFault);

impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Self {
        Self(db_fault(&error))
    }
}

/// The writer thread as its owner sees it. Dropped, it finishes what was handed in.
pub(crate) struct Writer {
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(crate) fn start(desk: Desk) -> std::io::Result<Self> {
        let (jobs, inbox) = channel();
        let thread = std::thread::Builder::new()
            .name("mex-recorder".to_owned())
            .spawn(move || work(desk, &inbox))?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    /// Appends rows, all or none; returns after the commit.
    pub(crate) fn append(&self, rows: Vec<Prepared>) -> Result<(), RecorderFault> {
        let (reply, answer) = sync_channel(1);
        self.send(Job::Append { rows, reply })?;
        answer.recv().map_err(|_| gone())?
    }

    /// Runs one change on the writer's desk, alone.
    pub(crate) fn change<T: Send + 'static>(
        &self,
        change: impl FnOnce(&mut Desk) -> Result<T, ChangeError> + Send + 'static,
    ) -> Result<T, ChangeError> {
        let (reply, answer) = sync_channel(1);
        self.send(Job::Change(Box::new(move |desk| {
            // Who asked may have gone; the change stands.
            let _ = reply.send(change(desk));
        })))?;
        answer.recv().map_err(|_| gone())?
    }

    fn send(&self, job: Job) -> Result<(), RecorderFault> {
        self.jobs.as_ref().ok_or_else(gone)?.send(job).map_err(|_| gone())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // A panic there has already been answered with a fault.
            let _ = thread.join();
        }
    }
}

fn gone() -> RecorderFault {
    db_fault(&"its writer has ended; start mex again")
}

fn work(mut desk: Desk, inbox: &Receiver<Job>) {
    let mut next = inbox.recv().ok();
    while let Some(job) = next.take() {
        match job {
            Job::Change(change) => change(&mut desk),
            Job::Append { rows, reply } => {
                let mut total = rows.len();
                let mut group = vec![(rows, reply)];
                while total < GROUP_ROWS {
                    match inbox.try_recv() {
                        Ok(Job::Append { rows, reply }) => {
                            total += rows.len();
                            group.push((rows, reply));
                        }
                        Ok(change) => {
                            next = Some(change);
                            break;
                        }
                        Err(_) => break,
                    }
                }
                commit(&mut desk, group);
            }
        }
        if next.is_none() {
            next = inbox.recv().ok();
        }
    }
    if let Some(seat) = desk.seat.take() {
        seat.close();
    }
}

/// One transaction for the whole group; where it fails, one for each, so that only the guilty suffer.
fn commit(desk: &mut Desk, group: Vec<(Vec<Prepared>, Reply)>) {
    let together: Vec<&Prepared> = group.iter().flat_map(|(rows, _)| rows).collect();
    let result = write(desk, &together);
    let alone = group.len() == 1;
    for (rows, reply) in &group {
        let answer = match &result {
            Err(_) if !alone => write(desk, &rows.iter().collect::<Vec<_>>()),
            result => result.clone(),
        };
        // Who asked may have gone; what is committed stands.
        let _ = reply.send(answer);
    }
}

fn write(desk: &mut Desk, rows: &[&Prepared]) -> Result<(), RecorderFault> {
    desk.transaction(async |connection, tail| {
        append::append(connection, tail, rows).await.map_err(Fault)
    })
    .map_err(|Fault(fault)| fault)
}
