-- The jobs that put back what others did are few, and asked for whenever such another one is shown.
CREATE INDEX IF NOT EXISTS jobs_undo ON jobs (job_no) WHERE recipe = 'undo';
