-- What summaries did not say: how many of the skipped items were asked for and could not be processed. The codes are 64 and the reason
-- where an attempt skipped them, 128 and the reason where the plan did.
UPDATE jobs SET summary = json_set(summary, '$.counters.missed', missed) FROM (
    SELECT job_no AS of_job, count(*) AS missed FROM items
    WHERE status = 'skipped' AND code IN (65, 66, 67, 68, 69, 70, 73, 129, 130, 133, 134, 137) GROUP BY job_no
) WHERE job_no = of_job AND summary ->> 'pruned' = 0;
