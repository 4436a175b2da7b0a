-- What summaries did not say: how many of the items are links or other things that are no files, and whether the list of files is
-- not whole. 131 and 132 are the bytes of such items.
UPDATE jobs SET summary = json_set(summary, '$.counters.links', links) FROM (
    SELECT job_no AS linked, count(*) AS links FROM items WHERE status = 'skipped' AND code = 131 GROUP BY job_no
) WHERE job_no = linked AND summary ->> 'pruned' = 0;
UPDATE jobs SET summary = json_set(summary, '$.counters.others', others) FROM (
    SELECT job_no AS linked, count(*) AS others FROM items WHERE status = 'skipped' AND code = 132 GROUP BY job_no
) WHERE job_no = linked AND summary ->> 'pruned' = 0;
UPDATE jobs SET summary = json_set(summary, '$.listing', json('true')) WHERE head ->> 'plan_ended' = 0;
