-- What was last seen of the libraries. A cache: it can be deleted, and a scan and the log fill it again.

CREATE TABLE folders (
    -- From the library's name and the path (see `folder_no`).
    folder_no INTEGER PRIMARY KEY,
    library TEXT NOT NULL,
    path TEXT NOT NULL,
    -- When its entries were last read whole, in ms since 1970; 0 for never.
    seen_at INTEGER NOT NULL,
    UNIQUE (library, path)
) STRICT;

CREATE TABLE files (
    folder_no INTEGER NOT NULL,
    -- 0 for a folder, 1 for anything else: folders come first.
    leaf INTEGER NOT NULL,
    name TEXT NOT NULL,
    -- What a search compares: the name as people read it, in lower case.
    searched TEXT NOT NULL,
    kind INTEGER NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    inode INTEGER NOT NULL,
    -- 0 for a file that is not on the disk but has an outcome, which it gets back with its name.
    present INTEGER NOT NULL,
    -- How it last ended in a job: the item's byte, the same as `Show`'s word has it, and the job.
    outcome INTEGER,
    shown_as TEXT NOT NULL DEFAULT 'unprocessed',
    -- The word for it, if it ended by being put back.
    undone TEXT,
    job_no INTEGER NOT NULL DEFAULT 0,
    job TEXT,
    PRIMARY KEY (folder_no, leaf, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX files_gone ON files (leaf) WHERE present = 0;

-- When a library was last read whole.
CREATE TABLE scans (library TEXT PRIMARY KEY, seen_at INTEGER NOT NULL) STRICT;

-- Outcomes are those of the log up to here.
CREATE TABLE cursor (one INTEGER PRIMARY KEY CHECK (one = 1), position INTEGER NOT NULL) STRICT;
INSERT INTO cursor VALUES (1, 0);
