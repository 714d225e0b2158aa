-- What people look for, found without reading a whole table (contract UI-4). Nothing here says
-- anything new: each row follows from events and diagnostics, and `verify` derives it again.

-- Events by type, by kind and by time; a rare one is a seek away among a million.
CREATE INDEX events_by_type ON events (body ->> '$.event_type');
CREATE INDEX events_by_kind ON events (coalesce(body ->> '$.payload.kind',
        body ->> '$.payload.action', body ->> '$.payload.change'))
    WHERE coalesce(body ->> '$.payload.kind', body ->> '$.payload.action',
        body ->> '$.payload.change') IS NOT NULL;
CREATE INDEX events_by_capability ON events (body ->> '$.capability_id')
    WHERE body ->> '$.capability_id' IS NOT NULL;
CREATE INDEX events_by_time ON events (rtrim(body ->> '$.timestamp', 'Z'));

-- The scan of a Problem's newest instance.
ALTER TABLE problems ADD COLUMN run_id TEXT;

-- Each order Problems are listed in. All carry what a filter looks at most, so that a walk along one
-- reads no row it does not show.
DROP INDEX problems_by_gravity;
CREATE INDEX problems_by_gravity ON problems (severity_rank DESC, last_seq DESC, status, first_seq);
CREATE INDEX problems_by_status ON problems (status, severity_rank DESC, last_seq DESC, first_seq);
CREATE INDEX problems_by_last ON problems (last_seq, severity_rank, status, first_seq);
CREATE INDEX problems_by_first ON problems (first_seq, severity_rank, status, last_seq);
CREATE INDEX problems_by_title ON problems (title, last_seq, severity_rank, status, first_seq);
CREATE INDEX problems_by_count ON problems (count, last_seq, severity_rank, status, first_seq);
CREATE INDEX problems_by_run ON problems (run_id, severity_rank DESC, last_seq DESC, status, first_seq)
    WHERE run_id IS NOT NULL;
CREATE INDEX problems_by_workspace ON problems (wsid, first_seq) WHERE wsid IS NOT NULL;
CREATE INDEX problems_reopened ON problems (severity_rank DESC, last_seq DESC, status, first_seq)
    WHERE reopened = 1;

-- What a Problem can be found by: fields and values of its newest instance. `problem` is `first_seq`.
CREATE TABLE problem_terms (
    field   TEXT NOT NULL,
    value   TEXT NOT NULL,
    problem INTEGER NOT NULL,
    PRIMARY KEY (field, value, problem)
) STRICT, WITHOUT ROWID;

CREATE INDEX problem_terms_by_problem ON problem_terms (problem, field, value);

-- How many Problems share a severity and a status, counted as they change.
CREATE TABLE problem_counts (
    severity_rank INTEGER NOT NULL,
    status        TEXT NOT NULL,
    count         INTEGER NOT NULL,
    PRIMARY KEY (severity_rank, status)
) STRICT, WITHOUT ROWID;

INSERT INTO problem_counts (severity_rank, status, count)
    SELECT severity_rank, status, count(*) FROM problems GROUP BY 1, 2;

CREATE TRIGGER problems_are_counted AFTER INSERT ON problems
BEGIN
    INSERT INTO problem_counts (severity_rank, status, count) VALUES (NEW.severity_rank, NEW.status, 1)
        ON CONFLICT DO UPDATE SET count = count + 1;
END;

CREATE TRIGGER problems_are_counted_anew AFTER UPDATE OF severity_rank, status ON problems
WHEN NEW.severity_rank IS NOT OLD.severity_rank OR NEW.status IS NOT OLD.status
BEGIN
    UPDATE problem_counts SET count = count - 1
        WHERE severity_rank = OLD.severity_rank AND status = OLD.status;
    INSERT INTO problem_counts (severity_rank, status, count) VALUES (NEW.severity_rank, NEW.status, 1)
        ON CONFLICT DO UPDATE SET count = count + 1;
END;

CREATE TRIGGER problems_are_counted_out AFTER DELETE ON problems
BEGIN
    UPDATE problem_counts SET count = count - 1
        WHERE severity_rank = OLD.severity_rank AND status = OLD.status;
END;
