-- The trigrams of a block say in which part of it a group of bytes occurs. Those made before say less
-- and are dropped: such a block is searched whole.
ALTER TABLE log_blocks RENAME TO former_log_blocks;

-- The one index of the lines: a row for some lines of one log that lie close together, among which
-- may be lines of other logs. The blocks of a log do not overlap.
CREATE TABLE log_blocks (
    id            INTEGER PRIMARY KEY,
    log_name      TEXT NOT NULL,
    first_line_id INTEGER NOT NULL,
    last_line_id  INTEGER NOT NULL,
    line_count    INTEGER NOT NULL,
    -- Lines of this log that were stored before the block's.
    lines_before  INTEGER NOT NULL,
    first_at      INTEGER NOT NULL,
    last_at       INTEGER NOT NULL,
    -- Which groups of three and four bytes occur in the lines, by a byte each, and in which of up to
    -- eight slices of them, by its bits; then how far the slices' first ids are from that of the
    -- block. Empty while the block grows.
    trigrams      BLOB NOT NULL
) STRICT;

INSERT INTO log_blocks SELECT id, log_name, first_line_id, last_line_id, line_count, lines_before,
    first_at, last_at, x'' FROM former_log_blocks;
DROP TABLE former_log_blocks;
CREATE INDEX log_blocks_by_log ON log_blocks (log_name, first_line_id);
