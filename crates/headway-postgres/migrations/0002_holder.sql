-- Who writes the log, for people and for those that stand by. It is written in the transaction in which a writer takes its
-- number in `log`. The number there decides, and not this row.
CREATE TABLE headway.holder (
    one BOOLEAN PRIMARY KEY CHECK (one),
    writer BIGINT NOT NULL,
    host TEXT COLLATE "C" NOT NULL,
    process BIGINT NOT NULL,
    -- The id of the writer's data folder. Its lock tells that an earlier process with the same folder is gone.
    folder TEXT COLLATE "C" NOT NULL,
    -- By the clock of the database.
    since TIMESTAMPTZ NOT NULL,
    -- Whether it said that nothing of it acts any more.
    has_ended BOOLEAN NOT NULL
);
