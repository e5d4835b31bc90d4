-- The ledger says in which file bytes were, and knows two more ways to lose them. SQLite changes no
-- CHECK, so the table is made anew; ids go on where they were.
ALTER TABLE log_gaps RENAME TO older_log_gaps;

CREATE TABLE log_gaps (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    follower_id  INTEGER NOT NULL,
    log_path     TEXT NOT NULL,
    -- Where the file was last seen, null in rows older than this column.
    place        TEXT,
    source_inode INTEGER NOT NULL,
    from_offset  INTEGER NOT NULL,
    to_offset    INTEGER,
    reason       TEXT NOT NULL CHECK (reason IN (
        'truncated', 'copy_truncated', 'vanished', 'damaged', 'handle_limit', 'unreadable',
        'still_written')),
    detected_at  INTEGER NOT NULL
) STRICT;

INSERT INTO log_gaps (id, follower_id, log_path, source_inode, from_offset, to_offset, reason,
                      detected_at)
SELECT id, follower_id, log_path, source_inode, from_offset, to_offset, reason, detected_at
FROM older_log_gaps;

DELETE FROM sqlite_sequence WHERE name = 'log_gaps';
INSERT INTO sqlite_sequence (name, seq)
SELECT 'log_gaps', seq FROM sqlite_sequence WHERE name = 'older_log_gaps';

DROP TABLE older_log_gaps;

CREATE INDEX log_gaps_by_follower ON log_gaps (follower_id);
