-- Which item gave a file its present name: that is told by the result, and not by the plan.
DROP INDEX items_by_becomes;
CREATE INDEX items_by_moved ON items (result ->> '$.moved', job_no) WHERE becomes IS NOT NULL;
