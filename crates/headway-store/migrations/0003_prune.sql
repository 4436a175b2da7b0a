-- Jobs whose history is removed keep their row for ever; `pruned` is set when all the rest of it is gone.
ALTER TABLE jobs ADD COLUMN pruned INTEGER NOT NULL DEFAULT 0;
CREATE INDEX jobs_over ON jobs (job_no) WHERE terminal = 1 AND pruned = 0;
