-- What summaries did not say: how many of the missed items the plan found. The codes are 128 and the reason. A job whose history is
-- removed has no items, and its summary counts nothing.
UPDATE jobs SET summary = json_set(summary, '$.counters.missed_in_plan', missed) FROM (
    SELECT job_no AS of_job, count(*) AS missed FROM items
    WHERE status = 'skipped' AND code IN (129, 130, 133, 134, 137, 143, 145, 146, 148, 149, 150) GROUP BY job_no
) WHERE job_no = of_job AND summary ->> 'pruned' = 0;
