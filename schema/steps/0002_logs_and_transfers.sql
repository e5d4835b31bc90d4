-- One row a follower, which is a configured log or a transfer log. A batch that was made from
-- another revision is refused, so what is read is stored once whatever becomes of its reader.
CREATE TABLE followers (
    id            INTEGER PRIMARY KEY,
    -- The collector's kind, and the log's name or path.
    kind          TEXT NOT NULL CHECK (kind IN ('logs', 'xferlog')),
    name          TEXT NOT NULL,
    revision      INTEGER NOT NULL,
    paused        INTEGER NOT NULL CHECK (paused IN (0, 1)),
    -- Why nothing can be said of any of its files.
    error_message TEXT,
    -- Since when no configuration has named it. Its checkpoints stay for a while: it may come back.
    removed_at    INTEGER,
    UNIQUE (kind, name)
) STRICT;

-- The checkpoints: one row a content, which may live in several files in turn. Paths are bytes.
-- Sequence 0 is the follower's own row.
CREATE TABLE followed_contents (
    follower_id  INTEGER NOT NULL,
    sequence     INTEGER NOT NULL,
    state        TEXT NOT NULL CHECK (state IN ('log', 'following', 'finished', 'copy')),
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
    inside       TEXT NOT NULL CHECK (inside IN ('nothing', 'cut_line', 'quiet_line')),
    first_seen   INTEGER NOT NULL,
    PRIMARY KEY (follower_id, sequence)
) STRICT, WITHOUT ROWID;

-- Their first bytes, which change only while a file is short.
CREATE TABLE followed_heads (
    follower_id INTEGER NOT NULL,
    sequence    INTEGER NOT NULL,
    head        BLOB NOT NULL,
    PRIMARY KEY (follower_id, sequence)
) STRICT, WITHOUT ROWID;

-- One row a path of a follower: what people are told.
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
    PRIMARY KEY (follower_id, path)
) STRICT, WITHOUT ROWID;

-- The ledger of what could never be read.
CREATE TABLE log_gaps (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    follower_id  INTEGER NOT NULL,
    log_path     TEXT NOT NULL,
    source_inode INTEGER NOT NULL,
    from_offset  INTEGER NOT NULL,
    to_offset    INTEGER,
    reason       TEXT NOT NULL CHECK (reason IN (
        'truncated', 'copy_truncated', 'vanished', 'damaged', 'handle_limit')),
    detected_at  INTEGER NOT NULL
) STRICT;

CREATE INDEX log_gaps_by_follower ON log_gaps (follower_id);

-- Where lines came from; they refer to it instead of repeating it. Gone when no line does.
CREATE TABLE log_sources (
    id           INTEGER PRIMARY KEY,
    log_name     TEXT NOT NULL,
    log_path     TEXT NOT NULL,
    source_inode INTEGER NOT NULL,
    last_line_id INTEGER NOT NULL,
    UNIQUE (log_name, log_path, source_inode)
) STRICT;

-- The lines of all logs. Ids have no holes, and none is used twice: log_line_ids counts them.
CREATE TABLE log_lines (
    id         INTEGER PRIMARY KEY,
    source_id  INTEGER NOT NULL,
    line       TEXT NOT NULL,
    truncated  INTEGER NOT NULL CHECK (truncated IN (0, 1)),
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE log_line_ids (
    last_id INTEGER NOT NULL
) STRICT;

INSERT INTO log_line_ids VALUES (0);

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
    -- Which groups of three bytes occur in the lines, by a byte each, and what follows them, by
    -- its bits.
    trigrams      BLOB NOT NULL
) STRICT;

CREATE INDEX log_blocks_by_log ON log_blocks (log_name, first_line_id);

-- The transfers of FTP servers, in the order of storing.
CREATE TABLE xferlog_entries (
    id                INTEGER PRIMARY KEY AUTOINCREMENT,
    log_time          INTEGER NOT NULL,
    remote_host       TEXT NOT NULL,
    username          TEXT NOT NULL,
    filename          TEXT NOT NULL,
    bytes             INTEGER,
    transfer_time_sec REAL,
    direction         TEXT NOT NULL CHECK (direction IN ('upload', 'download', 'delete')),
    status            TEXT NOT NULL CHECK (status IN ('complete', 'incomplete')),
    access_mode       TEXT CHECK (access_mode IN ('anonymous', 'guest', 'real')),
    service           TEXT,
    stored_at         INTEGER NOT NULL
) STRICT;

-- Lines of transfer logs that can't be read, kept for inspection.
CREATE TABLE xferlog_damaged_lines (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    log_path     TEXT NOT NULL,
    source_inode INTEGER NOT NULL,
    line         TEXT NOT NULL,
    reason       TEXT NOT NULL,
    detected_at  INTEGER NOT NULL
) STRICT;
