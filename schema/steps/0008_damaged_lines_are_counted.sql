-- How many damaged lines a transfer log had, which their own rows don't tell when retention has
-- deleted some. Those that are kept are where the count begins.
ALTER TABLE followed_files RENAME TO former_followed_files;

CREATE TABLE followed_files (
    follower_id          INTEGER NOT NULL,
    path                 TEXT NOT NULL,
    status               TEXT NOT NULL CHECK (status IN ('TAILING', 'WAITING', 'ERROR')),
    error_message        TEXT,
    inode                INTEGER,
    size_bytes           INTEGER,
    offset_bytes         INTEGER,
    lag_bytes            INTEGER,
    lines_stored         INTEGER NOT NULL,
    last_line_at         INTEGER,
    gap_bytes            INTEGER NOT NULL,
    gap_count            INTEGER NOT NULL,
    unmeasured_gap_count INTEGER NOT NULL,
    truncated_bytes      INTEGER NOT NULL,
    -- Lines of a transfer log that say nothing of a transfer and nothing else that its server says.
    damaged_count        INTEGER NOT NULL,
    PRIMARY KEY (follower_id, path)
) STRICT, WITHOUT ROWID;

INSERT INTO followed_files SELECT former_followed_files.*,
    (SELECT count(*) FROM xferlog_damaged_lines WHERE log_path = path)
FROM former_followed_files;
DROP TABLE former_followed_files;
