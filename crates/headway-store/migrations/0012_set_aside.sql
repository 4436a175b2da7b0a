-- Jobs whose events cannot be read, so that they have no rows. Like the rows of jobs, this follows from `events`.
CREATE TABLE IF NOT EXISTS set_aside (
    job_no INTEGER PRIMARY KEY,
    id TEXT,
    why TEXT NOT NULL
) STRICT;
