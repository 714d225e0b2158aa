//! What the tests share: a clock that ticks, events to write, and a second connection that obeys nothing.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;
use mex_recorder::{DATABASE, FlightRecorder};
use mex_runtime::digest::Digest;
use mex_runtime::event::{Event, EventBody, EventContext, SystemEvent};
use mex_runtime::id::{EventId, JobId, OpId, RunId};
use mex_runtime::port::{Clock, Record, Recorder as _};
use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use uuid::Uuid;

/// A second passes at each look; ids are fresh across processes.
pub(crate) struct Ticking(AtomicI64);

impl Ticking {
    pub(crate) fn at(second: i64) -> Arc<dyn Clock> {
        Arc::new(Self(AtomicI64::new(second)))
    }
}

impl Clock for Ticking {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0.fetch_add(1, Ordering::SeqCst)).unwrap()
    }
    fn uuid(&self) -> Uuid {
        Uuid::now_v7()
    }
}

pub(crate) const START: i64 = 1_800_000_000;

pub(crate) fn open(folder: &Path) -> FlightRecorder {
    FlightRecorder::open(folder, Ticking::at(START)).unwrap()
}

pub(crate) fn context() -> EventContext {
    EventContext::system("tester".parse().unwrap())
}

pub(crate) fn event(body: SystemEvent) -> Event {
    event_in(&context(), body)
}

pub(crate) fn event_in(context: &EventContext, body: SystemEvent) -> Event {
    let now = Timestamp::from_second(START).unwrap();
    context.event(EventId::new(Uuid::now_v7()), now, EventBody::System(body))
}

pub(crate) fn note(text: &str) -> Event {
    event(SystemEvent::RegistryFallback { reason: text.to_owned() })
}

pub(crate) fn write_notes(recorder: &FlightRecorder, count: usize) {
    let records: Vec<Record> = (0..count).map(|n| note(&format!("note {n}")).into()).collect();
    recorder.record(records).unwrap();
}

/// Begins a scan, a job in it and an attempt in that.
pub(crate) fn begin_all(recorder: &FlightRecorder, session_id: &str) -> (RunId, JobId, OpId) {
    let run_id = RunId::new(Uuid::now_v7());
    let job_id = JobId::new(Uuid::now_v7());
    let op_id = OpId::new(Uuid::now_v7());
    let mut context = context();
    context.workflow_run_id = Some(run_id);
    let scan = event_in(
        &context,
        SystemEvent::ScanBegun {
            project: "demo".to_owned(),
            mode: "normal".to_owned(),
            policy_ref: None,
            allowlist_ref: None,
            session_id: session_id.to_owned(),
        },
    );
    context.job_id = Some(job_id);
    let job = event_in(
        &context,
        SystemEvent::JobBegun {
            job: Some("vuln".parse().unwrap()),
            job_kind: "scan_job".to_owned(),
            profile_id: None,
            session_id: session_id.to_owned(),
            title: "vulnerabilities".to_owned(),
        },
    );
    let attempt = event_in(
        &context,
        SystemEvent::OperationBegun {
            op_id,
            engine_id: "engine.supply_chain.vuln".to_owned(),
            operation: "vuln_scan".to_owned(),
            session_id: session_id.to_owned(),
            request_sha256: Digest::of(b"request"),
        },
    );
    recorder.record(vec![scan.into(), job.into(), attempt.into()]).unwrap();
    (run_id, job_id, op_id)
}

/// Runs SQL on a connection that no option of ours restrains.
pub(crate) fn raw(folder: &Path, sql: &str) -> Result<(), sqlx::Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let options = SqliteConnectOptions::new()
            .filename(folder.join(DATABASE))
            .foreign_keys(false)
            .pragma("recursive_triggers", "OFF");
        let mut connection = SqliteConnection::connect_with(&options).await?;
        let result =
            sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned())).execute(&mut connection).await;
        connection.close().await?;
        result.map(|_| ())
    })
}

/// Runs SQL with every trigger out of the way, and puts the triggers back, as an attacker would.
pub(crate) fn tamper(folder: &Path, sql: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let triggers: Vec<(String, String)> = runtime.block_on(async {
        let options = SqliteConnectOptions::new().filename(folder.join(DATABASE));
        let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
        let rows = sqlx::query_as("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            .fetch_all(&mut connection)
            .await
            .unwrap();
        connection.close().await.unwrap();
        rows
    });
    let drops: String = triggers.iter().map(|(name, _)| format!("DROP TRIGGER {name};")).collect();
    let back: String = triggers.iter().map(|(_, sql)| format!("{sql};")).collect();
    raw(folder, &format!("{drops}{sql};{back}")).unwrap();
}
