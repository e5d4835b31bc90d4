-- SQLite makes a table of its own, with a page cache of 80 KiB, for each row that it compares with
-- more than two words by IN. That was a fifth of what a batch of lines cost.
ALTER TABLE followed_contents RENAME TO former_followed_contents;

CREATE TABLE followed_contents (
    follower_id  INTEGER NOT NULL,
    sequence     INTEGER NOT NULL,
    state        TEXT NOT NULL
        CHECK (state = 'log' OR state = 'following' OR state = 'finished' OR state = 'copy'),
    path         BLOB NOT NULL,
    place        BLOB NOT NULL,
    -- Unsigned 64-bit numbers, by their bits.
    device       INTEGER NOT NULL,
    inode        INTEGER NOT NULL,
    -- Nanoseconds since 1970.
    born_ns      INTEGER,
    offset_bytes INTEGER NOT NULL,
    tail_bytes   INTEGER NOT NULL,
    tail_hash    BLOB NOT NULL,
    inside       TEXT NOT NULL
        CHECK (inside = 'nothing' OR inside = 'cut_line' OR inside = 'quiet_line'),
    first_seen   INTEGER NOT NULL,
    PRIMARY KEY (follower_id, sequence)
) STRICT, WITHOUT ROWID;

INSERT INTO followed_contents SELECT * FROM former_followed_contents;
DROP TABLE former_followed_contents;

ALTER TABLE followed_files RENAME TO former_followed_files;

CREATE TABLE followed_files (
    follower_id          INTEGER NOT NULL,
    path                 TEXT NOT NULL,
    status               TEXT NOT NULL
        CHECK (status = 'TAILING' OR status = 'WAITING' OR status = 'ERROR'),
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

INSERT INTO followed_files SELECT * FROM former_followed_files;
DROP TABLE former_followed_files;

ALTER TABLE xferlog_entries RENAME TO former_xferlog_entries;

CREATE TABLE xferlog_entries (
    id                INTEGER PRIMARY KEY AUTOINCREMENT,
    log_time          INTEGER NOT NULL,
    remote_host       TEXT NOT NULL,
    username          TEXT NOT NULL,
    filename          TEXT NOT NULL,
    bytes             INTEGER,
    transfer_time_sec REAL,
    direction         TEXT NOT NULL
        CHECK (direction = 'upload' OR direction = 'download' OR direction = 'delete'),
    status            TEXT NOT NULL CHECK (status IN ('complete', 'incomplete')),
    access_mode       TEXT
        CHECK (access_mode = 'anonymous' OR access_mode = 'guest' OR access_mode = 'real'),
    service           TEXT,
    stored_at         INTEGER NOT NULL
) STRICT;

INSERT INTO xferlog_entries SELECT * FROM former_xferlog_entries;
DELETE FROM sqlite_sequence WHERE name = 'xferlog_entries';
INSERT INTO sqlite_sequence (name, seq)
SELECT 'xferlog_entries', seq FROM sqlite_sequence WHERE name = 'former_xferlog_entries';
DROP TABLE former_xferlog_entries;
