-- What is done already: by the same recipe with the same settings, whose hash is `work`.
ALTER TABLE jobs ADD COLUMN recipe TEXT NOT NULL DEFAULT '';
ALTER TABLE jobs ADD COLUMN work BLOB;
UPDATE jobs SET recipe = head ->> 'recipe';
CREATE INDEX jobs_by_work ON jobs (work);

-- Why a file that was done before runs again.
ALTER TABLE items ADD COLUMN rerun TEXT;
