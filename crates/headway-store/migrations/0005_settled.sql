-- The same index, with a condition that costs less to check: a list in parentheses is made into a table for every row.
DROP INDEX items_by_status;
CREATE INDEX items_by_status ON items (job_no, status, item)
    WHERE status <> 'waiting' AND status <> 'running' AND status <> 'succeeded';
