-- Which item gave a file its present name. Few jobs rename.
CREATE INDEX items_by_becomes ON items (becomes, job_no) WHERE becomes IS NOT NULL;
