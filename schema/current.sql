-- The whole schema as the steps leave it, for readers; a test proves that it is so.

CREATE TABLE meta (
    key   TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- One row a mounted file system: its last known figures.
CREATE TABLE filesystem_usage (
    mount_point         TEXT NOT NULL PRIMARY KEY,
    device              TEXT NOT NULL,
    fs_type             TEXT NOT NULL,
    total_bytes         INTEGER,
    used_bytes          INTEGER,
    avail_bytes         INTEGER,
    used_percent        REAL,
    inodes_total        INTEGER,
    inodes_used         INTEGER,
    inodes_used_percent REAL,
    read_only           INTEGER NOT NULL CHECK (read_only IN (0, 1)),
    status              TEXT NOT NULL CHECK (status IN ('OK', 'STALE', 'ERROR')),
    error_message       TEXT,
    full_in_sec         INTEGER,
    collected_at        INTEGER,
    -- When the figures are out of date, should no further cycle be stored.
    stale_at            INTEGER NOT NULL
) STRICT;

-- The past of each file system, one row a history step, in the order of time.
CREATE TABLE filesystem_history (
    id           INTEGER PRIMARY KEY,
    mount_point  TEXT NOT NULL,
    at           INTEGER NOT NULL,
    total_bytes  INTEGER NOT NULL,
    used_bytes   INTEGER NOT NULL,
    avail_bytes  INTEGER NOT NULL,
    used_percent REAL
) STRICT;

CREATE INDEX filesystem_history_by_mount_point ON filesystem_history (mount_point, at);

-- One row a configured path: the counts of its last complete scan, the state of the last one.
CREATE TABLE path_stats (
    path              TEXT NOT NULL PRIMARY KEY,
    file_count        INTEGER,
    dir_count         INTEGER,
    total_bytes       INTEGER,
    newest_mtime      INTEGER,
    oldest_mtime      INTEGER,
    scan_duration_ms  INTEGER,
    status            TEXT NOT NULL CHECK (status IN ('OK', 'SCANNING', 'ERROR')),
    error_message     TEXT,
    unreadable_count  INTEGER,
    scan_interval_sec INTEGER NOT NULL,
    next_scan_at      INTEGER,
    collected_at      INTEGER
) STRICT;

-- The biggest direct children of each path that measures sizes, the biggest first.
CREATE TABLE path_top_entries (
    path       TEXT NOT NULL,
    position   INTEGER NOT NULL,
    name       TEXT NOT NULL,
    kind       TEXT NOT NULL CHECK (kind IN ('file', 'dir')),
    bytes      INTEGER NOT NULL,
    file_count INTEGER NOT NULL,
    mtime      INTEGER,
    PRIMARY KEY (path, position)
) STRICT, WITHOUT ROWID;
