//! The recorder's two figures: durable chained events a second against raw batched inserts in the
//! same run, and the time to verify a million events. Prints; asserts nothing about the machine.

#![expect(clippy::expect_used, reason = "a benchmark that cannot start has nothing to say")]

use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use mex_recorder::FlightRecorder;
use mex_runtime::event::{Event, EventBody, EventContext, SystemEvent};
use mex_runtime::id::EventId;
use mex_runtime::port::{Clock, Record, Recorder as _};
use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use uuid::Uuid;

const BATCH: usize = 4_096;

struct Wall;

impl Clock for Wall {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
    fn uuid(&self) -> Uuid {
        Uuid::now_v7()
    }
}

fn event(n: usize) -> Event {
    let context = EventContext::system("bench".parse().expect("a name"));
    let reason = format!("event {n} of a benchmark, about as long as an ordinary one is in a scan");
    let body = EventBody::System(SystemEvent::RegistryFallback { reason });
    context.event(EventId::new(Uuid::now_v7()), Timestamp::UNIX_EPOCH, body)
}

fn raw(count: usize) -> f64 {
    let folder = tempfile::tempdir().expect("a folder");
    let bodies: Vec<String> =
        (0..count).map(|n| serde_json::to_string(&event(n)).expect("JSON")).collect();
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    runtime.block_on(async {
        let options = SqliteConnectOptions::new()
            .filename(folder.path().join("raw.sqlite3"))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full);
        let mut connection = SqliteConnection::connect_with(&options).await.expect("a database");
        sqlx::raw_sql("CREATE TABLE events (seq INTEGER PRIMARY KEY, body TEXT NOT NULL)")
            .execute(&mut connection)
            .await
            .expect("a table");
        let start = Instant::now();
        let mut seq = 0i64;
        for batch in bodies.chunks(BATCH) {
            let mut transaction = connection.begin().await.expect("a transaction");
            for rows in batch.chunks(256) {
                let mut sql = "INSERT INTO events (seq, body) VALUES (?,?)".to_owned();
                (1..rows.len()).for_each(|_| sql.push_str(",(?,?)"));
                let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
                for body in rows {
                    seq += 1;
                    query = query.bind(seq).bind(body.as_str());
                }
                query.execute(&mut *transaction).await.expect("an insert");
            }
            transaction.commit().await.expect("a commit");
        }
        count as f64 / start.elapsed().as_secs_f64()
    })
}

fn chained(recorder: &FlightRecorder, count: usize) -> f64 {
    let batches: Vec<Vec<Record>> = (0..count)
        .collect::<Vec<_>>()
        .chunks(BATCH)
        .map(|numbers| numbers.iter().map(|n| event(*n).into()).collect())
        .collect();
    let start = Instant::now();
    let queue = std::sync::Mutex::new(batches);
    // Two callers: one is prepared and hashed while the other is written.
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().expect("the queue").pop();
                    let Some(batch) = next else { break };
                    recorder.record(batch).expect("recorded");
                }
            });
        }
    });
    count as f64 / start.elapsed().as_secs_f64()
}

#[expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
fn main() {
    let count = 200_000;
    let folder = tempfile::tempdir().expect("a folder");
    let recorder = FlightRecorder::open(folder.path(), Arc::new(Wall)).expect("a recorder");
    let baseline = raw(count);
    let ours = chained(&recorder, count);
    println!("raw batched inserts     {baseline:>10.0} a second");
    println!(
        "durable chained events  {ours:>10.0} a second, ratio {:.2} (aim 0.50)",
        ours / baseline
    );
    chained(&recorder, 1_000_000 - count);
    let start = Instant::now();
    let report = recorder.verify(None).expect("a report");
    assert!(report.is_intact(), "{:?}", report.first());
    println!("verify {} events  {:.2} s (aim 3 s)", report.events, start.elapsed().as_secs_f64());
}
