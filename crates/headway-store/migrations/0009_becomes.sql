-- The name that a file is to have, where the job renames it. It follows from the detail of the `planned` event.
ALTER TABLE items ADD COLUMN becomes TEXT;
