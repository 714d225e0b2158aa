-- The Flight Recorder, version 1 (contract FR-1, FR-2, FR-7, FR-8).

-- An event is its hashed body. What can be asked of it is computed from that body alone, by the view
-- `event_rows` and by indexes over the same expressions: no flat column exists that could say
-- something else, and an append computes what an index needs and nothing more.

CREATE TABLE events (
    seq       INTEGER PRIMARY KEY CHECK (seq > 0),
    body      TEXT NOT NULL,
    prev_hash BLOB NOT NULL CHECK (length(prev_hash) = 32),
    hash      BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;

CREATE VIEW event_rows AS SELECT seq, body, prev_hash, hash,
    body ->> '$.event_id' AS event_id,
    body ->> '$.event_type' AS event_type,
    rtrim(body ->> '$.timestamp', 'Z') AS at,
    body ->> '$.actor' AS actor,
    body ->> '$.actor_id' AS actor_id,
    body ->> '$.job_id' AS job_id,
    body ->> '$.workflow_run_id' AS run_id,
    body ->> '$.capability_id' AS capability_id,
    body ->> '$.payload.op_id' AS op_id,
    body ->> '$.payload.consent_id' AS consent_id,
    coalesce(body ->> '$.payload.kind', body ->> '$.payload.action',
        body ->> '$.payload.change') AS kind,
    CASE
        WHEN body ->> '$.event_type' IN ('consent', 'human_action', 'retention', 'checkpoint')
            THEN body ->> '$.event_type'
        WHEN body ->> '$.event_type' = 'system' AND body ->> '$.payload.kind' IN (
            'operation_begun', 'operation_ended', 'operation_interrupted', 'job_begun', 'job_ended',
            'job_interrupted', 'scan_begun', 'scan_ended', 'scan_interrupted', 'conformance_run')
            THEN body ->> '$.payload.kind'
    END AS lifecycle
FROM events;

CREATE INDEX events_by_id ON events (body ->> '$.event_id');
CREATE INDEX events_by_job ON events (body ->> '$.job_id')
    WHERE body ->> '$.job_id' IS NOT NULL;
CREATE INDEX events_by_run ON events (body ->> '$.workflow_run_id')
    WHERE body ->> '$.workflow_run_id' IS NOT NULL;
CREATE INDEX events_by_op ON events (body ->> '$.payload.op_id')
    WHERE body ->> '$.payload.op_id' IS NOT NULL;
CREATE INDEX events_by_lifecycle ON events (CASE
        WHEN body ->> '$.event_type' IN ('consent', 'human_action', 'retention', 'checkpoint')
            THEN body ->> '$.event_type'
        WHEN body ->> '$.event_type' = 'system' AND body ->> '$.payload.kind' IN (
            'operation_begun', 'operation_ended', 'operation_interrupted', 'job_begun', 'job_ended',
            'job_interrupted', 'scan_begun', 'scan_ended', 'scan_interrupted', 'conformance_run')
            THEN body ->> '$.payload.kind'
    END)
    WHERE CASE
        WHEN body ->> '$.event_type' IN ('consent', 'human_action', 'retention', 'checkpoint')
            THEN body ->> '$.event_type'
        WHEN body ->> '$.event_type' = 'system' AND body ->> '$.payload.kind' IN (
            'operation_begun', 'operation_ended', 'operation_interrupted', 'job_begun', 'job_ended',
            'job_interrupted', 'scan_begun', 'scan_ended', 'scan_interrupted', 'conformance_run')
            THEN body ->> '$.payload.kind'
    END IS NOT NULL;

-- What retention leaves of an event: enough to walk the chain across it (contract FR-7).
CREATE TABLE tombstones (
    seq         INTEGER PRIMARY KEY CHECK (seq > 0),
    body_sha256 BLOB NOT NULL CHECK (length(body_sha256) = 32)
) STRICT;

-- Diagnostic instances; `seq` is that of the FR-EVT-003 that carries the digest of `body`.
CREATE TABLE diagnostics (
    seq           INTEGER PRIMARY KEY CHECK (seq > 0),
    body          TEXT NOT NULL,
    fingerprint   TEXT NOT NULL,
    diagnostic_id TEXT GENERATED ALWAYS AS (body ->> '$.id') VIRTUAL,
    job_id        TEXT GENERATED ALWAYS AS (body ->> '$.job_id') VIRTUAL
) STRICT;

CREATE INDEX diagnostics_by_id ON diagnostics (diagnostic_id);
CREATE INDEX diagnostics_by_job ON diagnostics (job_id) WHERE job_id IS NOT NULL;
CREATE INDEX diagnostics_by_fingerprint ON diagnostics (fingerprint, seq);

-- Diagnostics grouped (contract DIAG-3, DIAG-6). Derived from events; `verify` derives it again.
CREATE TABLE problems (
    fingerprint        TEXT PRIMARY KEY,
    title              TEXT NOT NULL,
    severity_rank      INTEGER NOT NULL CHECK (severity_rank BETWEEN 0 AND 4),
    source             TEXT NOT NULL,
    code               TEXT,
    wsid               TEXT,
    status             TEXT NOT NULL CHECK (status IN ('open', 'acknowledged', 'muted', 'resolved')),
    status_reason      TEXT NOT NULL DEFAULT '',
    reopened           INTEGER NOT NULL DEFAULT 0 CHECK (reopened IN (0, 1)),
    count              INTEGER NOT NULL CHECK (count > 0),
    purged             INTEGER NOT NULL DEFAULT 0 CHECK (purged BETWEEN 0 AND count),
    first_seen         TEXT NOT NULL,
    last_seen          TEXT NOT NULL,
    updated_at         TEXT NOT NULL,
    first_seq          INTEGER NOT NULL,
    last_seq           INTEGER NOT NULL,
    last_diagnostic_id TEXT NOT NULL
) STRICT;

CREATE INDEX problems_by_gravity ON problems (severity_rank DESC, last_seq DESC);

-- What has begun and not ended, with the process lifetime that owns it.
CREATE TABLE open_entries (
    what       TEXT NOT NULL CHECK (what IN ('operation', 'job', 'scan')),
    id         TEXT NOT NULL,
    session_id TEXT NOT NULL,
    seq        INTEGER NOT NULL,
    PRIMARY KEY (what, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE settings (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Before, so that an insert that would replace an event is refused on any connection.
CREATE TRIGGER events_append_in_order BEFORE INSERT ON events
WHEN NEW.seq IS NOT coalesce((SELECT max(seq) FROM events), 0) + 1
BEGIN
    SELECT RAISE(ABORT, 'events are appended in order');
END;

CREATE TRIGGER events_have_new_ids BEFORE INSERT ON events
WHEN EXISTS (SELECT 1 FROM events WHERE body ->> '$.event_id' = NEW.body ->> '$.event_id')
BEGIN
    SELECT RAISE(ABORT, 'the event_id is taken');
END;

CREATE TRIGGER events_never_change BEFORE UPDATE ON events
BEGIN
    SELECT RAISE(ABORT, 'events never change');
END;

CREATE TRIGGER events_leave_by_retention_only BEFORE DELETE ON events
WHEN NOT EXISTS (SELECT 1 FROM tombstones WHERE seq = OLD.seq)
    OR OLD.seq > coalesce((SELECT max(body ->> '$.payload.purged_through_seq') FROM event_rows
        WHERE lifecycle = 'retention'), 0)
BEGIN
    SELECT RAISE(ABORT, 'events leave by retention only');
END;

CREATE TRIGGER tombstones_stand_for_events BEFORE INSERT ON tombstones
WHEN EXISTS (SELECT 1 FROM tombstones WHERE seq = NEW.seq)
    OR NOT EXISTS (SELECT 1 FROM events WHERE seq = NEW.seq)
BEGIN
    SELECT RAISE(ABORT, 'a tombstone stands for one event');
END;

CREATE TRIGGER tombstones_never_change BEFORE UPDATE ON tombstones
BEGIN
    SELECT RAISE(ABORT, 'tombstones never change');
END;

CREATE TRIGGER tombstones_never_leave BEFORE DELETE ON tombstones
BEGIN
    SELECT RAISE(ABORT, 'tombstones never leave');
END;

CREATE TRIGGER diagnostics_stand_for_events BEFORE INSERT ON diagnostics
WHEN EXISTS (SELECT 1 FROM diagnostics WHERE seq = NEW.seq)
    OR NOT EXISTS (SELECT 1 FROM event_rows WHERE seq = NEW.seq AND event_type = 'diagnostic')
BEGIN
    SELECT RAISE(ABORT, 'a diagnostic has one FR-EVT-003');
END;

CREATE TRIGGER diagnostics_have_new_ids BEFORE INSERT ON diagnostics
WHEN EXISTS (SELECT 1 FROM diagnostics WHERE diagnostic_id = NEW.diagnostic_id)
BEGIN
    SELECT RAISE(ABORT, 'the diagnostic_id is taken');
END;

CREATE TRIGGER diagnostics_never_change BEFORE UPDATE ON diagnostics
BEGIN
    SELECT RAISE(ABORT, 'diagnostics never change');
END;

CREATE TRIGGER diagnostics_leave_with_their_events BEFORE DELETE ON diagnostics
WHEN EXISTS (SELECT 1 FROM events WHERE seq = OLD.seq)
BEGIN
    SELECT RAISE(ABORT, 'diagnostics leave with their events');
END;
