-- The log, and the rows derived from it. `jobs` and `items` can be deleted and rebuilt from `events`
-- (`headway rebuild`); `events` and `log` are the truth.

-- One row: the head of the log, moved in the same transaction as the events it counts.
CREATE TABLE log (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    head INTEGER NOT NULL,
    digest BLOB,
    next_job_no INTEGER NOT NULL
) STRICT;
INSERT INTO log VALUES (1, 0, NULL, 1);

CREATE TABLE events (
    position INTEGER PRIMARY KEY,
    job_no INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    payload TEXT NOT NULL,
    detail TEXT,
    digest BLOB NOT NULL
) STRICT;
CREATE INDEX events_by_job ON events (job_no);

CREATE TABLE jobs (
    job_no INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    status TEXT NOT NULL,
    seq INTEGER NOT NULL,
    digest BLOB NOT NULL,
    created_position INTEGER NOT NULL,
    last_position INTEGER NOT NULL,
    terminal INTEGER NOT NULL,
    library TEXT NOT NULL,
    -- The fold without its items, and its hash once the job is over.
    head TEXT NOT NULL,
    fold BLOB,
    summary TEXT NOT NULL
) STRICT;
-- Of jobs that are over, as a live one's position moves with every commit.
CREATE INDEX jobs_by_position ON jobs (last_position) WHERE terminal = 1;
CREATE INDEX jobs_live ON jobs (terminal) WHERE terminal = 0;

CREATE TABLE items (
    job_no INTEGER NOT NULL,
    item INTEGER NOT NULL,
    status TEXT NOT NULL,
    -- The byte that the fold keeps: status and reason in one number.
    code INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    path TEXT NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    message TEXT,
    result TEXT,
    PRIMARY KEY (job_no, item)
) STRICT, WITHOUT ROWID;
-- Of the few that people look for, so that the way of an item that goes well costs nothing here.
CREATE INDEX items_by_status ON items (job_no, status, item) WHERE status NOT IN ('waiting', 'running', 'succeeded');
CREATE INDEX items_by_path ON items (path, job_no);
