-- Who runs what, until when: working state, neither events nor rebuilt from them.
CREATE TABLE leases (
    job_no INTEGER NOT NULL,
    item INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    worker TEXT NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (job_no, item)
) STRICT, WITHOUT ROWID;
