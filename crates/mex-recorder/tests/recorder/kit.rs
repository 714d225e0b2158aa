//! What the tests share: a clock that ticks, events to write, and a second connection that obeys nothing.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;
use mex_recorder::{DATABASE, FlightRecorder};
use mex_runtime::diagnostic::{
    Diagnostic, EvidenceRefs, LinkConfidence, Location, Source, Surface,
};
use mex_runtime::digest::Digest;
use mex_runtime::event::{Event, EventBody, EventContext, SystemEvent};
use mex_runtime::id::{DiagnosticId, EventId, JobId, OpId, RunId};
use mex_runtime::operation::Actor;
use mex_runtime::port::{Clock, Record, Recorder as _, RecorderFault};
use mex_runtime::severity::Severity;
use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteSynchronous};
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
pub(crate) fn begin_all(
    recorder: &FlightRecorder,
    session_id: &str,
) -> Result<(RunId, JobId, OpId), RecorderFault> {
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
            signers_ref: None,
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
    recorder.record(vec![scan.into(), job.into(), attempt.into()])?;
    Ok((run_id, job_id, op_id))
}

/// An instance that claims no link; the title makes the Problem.
pub(crate) fn diagnostic(title: &str) -> Diagnostic {
    Diagnostic {
        id: DiagnosticId::new(Uuid::now_v7()),
        title: title.to_owned(),
        message: "a message".to_owned(),
        severity: Severity::Error,
        own_severity: Severity::Error,
        source: Source::Engine,
        surface: Surface::System,
        tool: Some("osv-scanner".to_owned()),
        fingerprint_tool: None,
        code: Some("RUSTSEC-0000-0000".to_owned()),
        tags: vec![],
        wsid: None,
        job_id: None,
        model_id: None,
        actor: Actor::System,
        capability_id: None,
        policy_decision_id: None,
        decision_in_fingerprint: false,
        locations: vec![Location::uri("pkg:cargo/demo@1.0.0")],
        evidence_refs: EvidenceRefs::default(),
        link_confidence: LinkConfidence::Unlinked,
        timestamp: Timestamp::from_second(START).unwrap(),
    }
}

/// Records an instance and gives its Problem.
pub(crate) fn seen(recorder: &FlightRecorder, title: &str) -> Digest {
    let diagnostic = diagnostic(title);
    let fingerprint = diagnostic.fingerprint().unwrap();
    recorder.record(vec![Record::Diagnostic(Box::new(diagnostic), context())]).unwrap();
    fingerprint
}

/// Runs SQL on a connection that no option of ours restrains.
pub(crate) fn raw(folder: &Path, sql: &str) -> Result<(), sqlx::Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let options = SqliteConnectOptions::new()
            .filename(folder.join(DATABASE))
            .foreign_keys(false)
            .synchronous(SqliteSynchronous::Off)
            .pragma("recursive_triggers", "OFF");
        let mut connection = SqliteConnection::connect_with(&options).await?;
        let result =
            sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned())).execute(&mut connection).await;
        connection.close().await?;
        result.map(|_| ())
    })
}

/// Makes a database of an older schema version in an empty folder, with everything that one of ours holds.
pub(crate) fn older_version(version: usize, from: &Path, to: &Path) {
    const MADE: [&str; 2] = [
        include_str!("../../migrations/0001_recorder.sql"),
        include_str!("../../migrations/0002_registry.sql"),
    ];
    const PROBLEMS: &str = "fingerprint, title, severity_rank, source, code, wsid, status, \
        status_reason, reopened, count, purged, first_seen, last_seen, updated_at, first_seq, last_seq, \
        last_diagnostic_id";
    std::fs::write(to.join(DATABASE), b"").unwrap();
    let sql = format!(
        "{}; PRAGMA user_version = {version}; PRAGMA application_id = {}; PRAGMA journal_mode = WAL; \
         ATTACH '{}' AS newer; \
         INSERT INTO events SELECT * FROM newer.events ORDER BY seq; \
         INSERT INTO diagnostics (seq, body, fingerprint) \
             SELECT seq, body, fingerprint FROM newer.diagnostics; \
         INSERT INTO problems ({PROBLEMS}) SELECT {PROBLEMS} FROM newer.problems; \
         INSERT INTO open_entries SELECT * FROM newer.open_entries; \
         INSERT INTO settings SELECT * FROM newer.settings;",
        MADE[..version].join(";"),
        0x6d65_7846,
        from.join(DATABASE).display(),
    );
    raw(to, &sql).unwrap();
}

/// Asks for one number on such a connection; a file that is not there is an empty database.
pub(crate) fn raw_value(folder: &Path, sql: &'static str) -> i64 {
    let rows: Vec<(i64,)> = ask(folder, sql);
    rows[0].0
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

/// A row of `events` as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    pub(crate) seq: u64,
    pub(crate) body: String,
    pub(crate) prev_hash: Vec<u8>,
    pub(crate) hash: Vec<u8>,
}

/// Every row of `events`, oldest first.
pub(crate) fn rows(folder: &Path) -> Vec<Row> {
    let rows: Vec<(i64, String, Vec<u8>, Vec<u8>)> =
        ask(folder, "SELECT seq, body, prev_hash, hash FROM events ORDER BY seq");
    rows.into_iter()
        .map(|(seq, body, prev_hash, hash)| Row { seq: seq as u64, body, prev_hash, hash })
        .collect()
}

/// Sequence numbers with some bytes each.
pub(crate) fn blobs(folder: &Path, sql: &'static str) -> Vec<(u64, Vec<u8>)> {
    let rows: Vec<(i64, Vec<u8>)> = ask(folder, sql);
    rows.into_iter().map(|(seq, bytes)| (seq as u64, bytes)).collect()
}

fn ask<T>(folder: &Path, sql: &'static str) -> Vec<T>
where
    T: for<'row> sqlx::FromRow<'row, sqlx::sqlite::SqliteRow> + Send + Unpin,
{
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let options =
            SqliteConnectOptions::new().filename(folder.join(DATABASE)).create_if_missing(true);
        let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
        let rows = sqlx::query_as(sql).fetch_all(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        rows
    })
}

/// Puts these rows in the place of all events.
pub(crate) fn replace_rows(folder: &Path, rows: &[Row]) {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let mut sql = "DELETE FROM events;".to_owned();
    for Row { seq, body, prev_hash, hash } in rows {
        let (body, prev, hash) = (body.replace('\'', "''"), hex(prev_hash), hex(hash));
        sql.push_str(&format!(
            "INSERT INTO events (seq, body, prev_hash, hash) VALUES ({seq}, '{body}', x'{prev}', x'{hash}');"
        ));
    }
    tamper(folder, sql.trim_end_matches(';'));
}

/// Leaves another product's database in the middle of a transaction, with the journal that undoes it.
pub(crate) fn half_written(folder: &Path) {
    let elsewhere = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let file = elsewhere.path().join(DATABASE);
        let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
        let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
        // So small a cache is written out before the end, after the journal has reached the disk.
        let sql = "PRAGMA cache_size = 2; CREATE TABLE theirs (text); INSERT INTO theirs VALUES ('a'); BEGIN; \
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100) \
            INSERT INTO theirs SELECT zeroblob(3000) FROM n; UPDATE theirs SET text = 'b';";
        sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
        for entry in std::fs::read_dir(elsewhere.path()).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), folder.join(entry.file_name())).unwrap();
        }
        connection.close().await.unwrap();
    });
}
