-- The last id is the highest of the lines or of the blocks, and need not be counted beside them.
DROP TABLE log_line_ids;

-- Set ahead of the ids in use, so that a batch seldom writes it.
ALTER TABLE log_sources RENAME COLUMN last_line_id TO line_id_limit;
