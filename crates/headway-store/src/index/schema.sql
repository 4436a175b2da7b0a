-- The libraries as last seen. This is a cache: it can be deleted, and a scan and the log fill it again.

CREATE TABLE folders (
    -- Derived from the library's name and the path (see `folder_no`).
    folder_no INTEGER PRIMARY KEY,
    library TEXT NOT NULL,
    path TEXT NOT NULL,
    -- The path as it is sorted: page2 before page10.
    natural TEXT NOT NULL,
    -- When all its entries were last read, in ms since 1970; 0 for never.
    seen_at INTEGER NOT NULL,
    -- Entries in it that systems have left behind, and that are no rows.
    litter INTEGER NOT NULL DEFAULT 0,
    UNIQUE (library, path)
) STRICT;

CREATE TABLE files (
    folder_no INTEGER NOT NULL,
    -- 0 for a folder, 1 for anything else, so that folders sort first.
    leaf INTEGER NOT NULL,
    name TEXT NOT NULL,
    -- The name as it is sorted.
    natural TEXT NOT NULL,
    -- The name that a search compares: as people read it, in lower case.
    searched TEXT NOT NULL,
    kind INTEGER NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    inode INTEGER NOT NULL,
    -- 0 for a file that is not on the disk but has an outcome, which applies again if the file returns.
    present INTEGER NOT NULL,
    -- The outcome that is shown: the item's byte, the corresponding word of `OutcomeFilter`, and the job. It is the newest of the file's
    -- `failures`, or else its last outcome that says something about it, or else its last outcome.
    outcome INTEGER,
    shown_as TEXT NOT NULL DEFAULT 'unprocessed',
    -- Whether the outcome says something about the file (`ItemStatus::tells_of_file`). One that does not hides no other.
    tells INTEGER NOT NULL DEFAULT 0,
    -- The word for an undo, if its last outcome is one.
    undone TEXT,
    -- The job of its last outcome.
    job_no INTEGER NOT NULL DEFAULT 0,
    job TEXT,
    PRIMARY KEY (folder_no, leaf, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX files_natural ON files (folder_no, leaf, natural);
CREATE INDEX files_gone ON files (leaf) WHERE present = 0;

-- Recipes whose last try with a file failed. Typed commands are distinguished by their text.
CREATE TABLE failures (
    folder_no INTEGER NOT NULL,
    name TEXT NOT NULL,
    tried TEXT NOT NULL,
    outcome INTEGER NOT NULL,
    job_no INTEGER NOT NULL,
    job TEXT NOT NULL,
    PRIMARY KEY (folder_no, name, tried)
) STRICT, WITHOUT ROWID;

-- When the whole library was last read.
CREATE TABLE scans (library TEXT PRIMARY KEY, seen_at INTEGER NOT NULL) STRICT;

-- The position in the log up to which outcomes are recorded, and for which libraries: their names and roots.
CREATE TABLE cursor (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    position INTEGER NOT NULL,
    libraries TEXT NOT NULL
) STRICT;
INSERT INTO cursor VALUES (1, 0, '');
