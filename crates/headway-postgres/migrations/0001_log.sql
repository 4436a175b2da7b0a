-- The log, and the rows derived from it. `jobs`, `items` and `set_aside` can be deleted and rebuilt from `events`
-- (`headway rebuild`); `events` and `log` are the truth. Text is compared by its bytes.

-- One row: the head of the log, moved in the same transaction as the events it counts. Its lock makes the order of commits
-- the order of positions. No column that changes has an index, so that each new version of the row stays in its page.
CREATE TABLE headway.log (
    one BOOLEAN PRIMARY KEY CHECK (one),
    head BIGINT NOT NULL CHECK (head >= 0),
    digest BYTEA CHECK (octet_length(digest) = 16),
    next_job_no BIGINT NOT NULL CHECK (next_job_no > 0),
    -- Counts those who have written. Only the last one may.
    writer BIGINT NOT NULL,
    -- The bytes of the rows of `events`.
    bytes BIGINT NOT NULL
) WITH (fillfactor = 10);
INSERT INTO headway.log VALUES (TRUE, 0, NULL, 1, 0, 0);

CREATE TABLE headway.events (
    position BIGINT PRIMARY KEY CHECK (position > 0),
    job_no BIGINT NOT NULL CHECK (job_no > 0),
    seq BIGINT NOT NULL CHECK (seq > 0),
    -- The very bytes that were hashed, UTF-8: never JSON, because a database keeps the meaning of JSON and not its bytes.
    payload BYTEA NOT NULL,
    detail BYTEA,
    digest BYTEA NOT NULL CHECK (octet_length(digest) = 16)
);
CREATE INDEX events_by_job ON headway.events (job_no, position);

-- The columns that change with each commit of a live job have no index, so that each new version of a row can stay in its page.
CREATE TABLE headway.jobs (
    job_no BIGINT PRIMARY KEY CHECK (job_no > 0),
    id TEXT COLLATE "C" NOT NULL UNIQUE,
    status TEXT COLLATE "C" NOT NULL,
    seq BIGINT NOT NULL,
    digest BYTEA NOT NULL,
    created_position BIGINT NOT NULL,
    last_position BIGINT NOT NULL,
    terminal BOOLEAN NOT NULL,
    -- `last_position` of a job that is over.
    over_position BIGINT,
    library TEXT COLLATE "C" NOT NULL,
    -- The fold without its items, and its hash once the job is over.
    head TEXT COLLATE "C" NOT NULL,
    fold BYTEA,
    summary TEXT COLLATE "C" NOT NULL,
    recipe TEXT COLLATE "C" NOT NULL,
    work BYTEA,
    -- The job whose files it undoes or runs again.
    parent TEXT COLLATE "C",
    -- Whether the history is being removed, and whether all of it is gone.
    pruned BOOLEAN NOT NULL,
    trimmed BOOLEAN NOT NULL DEFAULT FALSE
) WITH (fillfactor = 50);
CREATE INDEX jobs_live ON headway.jobs (job_no) WHERE NOT terminal;
CREATE INDEX jobs_over ON headway.jobs (job_no) WHERE terminal AND NOT trimmed;
CREATE INDEX jobs_by_position ON headway.jobs (over_position) WHERE over_position IS NOT NULL;
CREATE INDEX jobs_by_work ON headway.jobs (work);
CREATE INDEX jobs_by_parent ON headway.jobs (parent) WHERE parent IS NOT NULL;
CREATE INDEX jobs_undo ON headway.jobs (job_no) WHERE recipe = 'undo';

CREATE TABLE headway.items (
    job_no BIGINT NOT NULL CHECK (job_no > 0),
    item BIGINT NOT NULL,
    status TEXT COLLATE "C" NOT NULL,
    -- The byte that the fold keeps: status and reason in one number.
    code SMALLINT NOT NULL,
    attempt BIGINT NOT NULL,
    path TEXT COLLATE "C" NOT NULL,
    size BIGINT NOT NULL,
    mtime_ns BIGINT NOT NULL,
    -- UTF-8. What a program said can have a zero byte, which TEXT cannot hold.
    message BYTEA,
    result BYTEA,
    rerun TEXT COLLATE "C",
    becomes TEXT COLLATE "C",
    -- The name that the result says the file has now.
    moved TEXT COLLATE "C",
    -- The status, of the few items that people look for: an item that goes well never has one.
    noted TEXT COLLATE "C",
    PRIMARY KEY (job_no, item)
) WITH (fillfactor = 75);
CREATE INDEX items_by_status ON headway.items (job_no, noted, item) WHERE noted IS NOT NULL;
CREATE INDEX items_by_path ON headway.items (path, job_no);
CREATE INDEX items_by_moved ON headway.items (moved, job_no) WHERE moved IS NOT NULL;

-- Who runs what, until when: working state, neither events nor rebuilt from them.
CREATE TABLE headway.leases (
    job_no BIGINT NOT NULL CHECK (job_no > 0),
    item BIGINT NOT NULL,
    attempt BIGINT NOT NULL,
    worker TEXT COLLATE "C" NOT NULL,
    until BIGINT NOT NULL,
    PRIMARY KEY (job_no, item)
) WITH (fillfactor = 50);

-- Jobs whose events cannot be read, so that they have no rows. Like the rows of jobs, this follows from `events`.
CREATE TABLE headway.set_aside (
    job_no BIGINT PRIMARY KEY,
    id TEXT COLLATE "C",
    -- UTF-8.
    why BYTEA NOT NULL
);
