-- "etlm" in ASCII: marks the file as etlmon's own.
PRAGMA application_id = 1702128749;

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
    -- Since it has belonged to this path.
    lines_stored INTEGER NOT NULL,
    last_line_at INTEGER,
    PRIMARY KEY (follower_id, sequence)
) STRICT, WITHOUT ROWID;

-- Their first bytes, which change only while a file is short.
CREATE TABLE followed_heads (
    follower_id INTEGER NOT NULL,
    sequence    INTEGER NOT NULL,
    head        BLOB NOT NULL,
    PRIMARY KEY (follower_id, sequence)
) STRICT, WITHOUT ROWID;

-- One row a path of a follower: what people are told. What changes with every batch is in the
-- checkpoints, which makes one row to write of two.
CREATE TABLE followed_files (
    follower_id          INTEGER NOT NULL,
    path                 TEXT NOT NULL,
    status               TEXT NOT NULL
        CHECK (status = 'TAILING' OR status = 'WAITING' OR status = 'ERROR'),
    error_message        TEXT,
    inode                INTEGER,
    -- The content in that file, whose row says how far it is read.
    sequence             INTEGER,
    -- What is left to read of the file, and with that of rotated ones of the path.
    unread_bytes         INTEGER,
    lag_bytes            INTEGER,
    -- Those that are not counted with a content, which may be forgotten by now.
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

-- The ledger of what could never be read.
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

CREATE INDEX log_gaps_by_follower ON log_gaps (follower_id);

-- Where lines came from; they refer to it instead of repeating it. No line of it has an id beyond its
-- limit, which is set ahead of the ids in use, so that a batch seldom writes it. Gone when the limit
-- is below the lines that are left.
CREATE TABLE log_sources (
    id           INTEGER PRIMARY KEY,
    log_name     TEXT NOT NULL,
    log_path     TEXT NOT NULL,
    source_inode INTEGER NOT NULL,
    line_id_limit INTEGER NOT NULL,
    UNIQUE (log_name, log_path, source_inode)
) STRICT;

-- The lines of all logs. Ids have no holes, and none is used twice: the newest block of each log
-- stays when its lines have gone.
CREATE TABLE log_lines (
    id         INTEGER PRIMARY KEY,
    source_id  INTEGER NOT NULL,
    line       TEXT NOT NULL,
    truncated  INTEGER NOT NULL CHECK (truncated IN (0, 1)),
    created_at INTEGER NOT NULL
) STRICT;

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
    direction         TEXT NOT NULL
        CHECK (direction = 'upload' OR direction = 'download' OR direction = 'delete'),
    status            TEXT NOT NULL CHECK (status IN ('complete', 'incomplete')),
    access_mode       TEXT
        CHECK (access_mode = 'anonymous' OR access_mode = 'guest' OR access_mode = 'real'),
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

-- The processes of the last look, and the watched ones that have ended.
CREATE TABLE process_stats (
    pid           INTEGER NOT NULL,
    -- With the pid, these tell it from every other process.
    boot_id       TEXT NOT NULL,
    start_ticks   INTEGER NOT NULL,
    process_name  TEXT NOT NULL,
    cmdline       TEXT NOT NULL,
    user          TEXT,
    start_time    INTEGER NOT NULL,
    runtime_sec   INTEGER NOT NULL,
    cpu_percent   REAL,
    mem_rss_bytes INTEGER,
    threads       INTEGER NOT NULL,
    state         TEXT NOT NULL,
    status        TEXT NOT NULL CHECK (status IN ('RUNNING', 'STOPPED')),
    watch         TEXT,
    collected_at  INTEGER NOT NULL,
    PRIMARY KEY (pid, start_ticks, boot_id)
) STRICT, WITHOUT ROWID;

-- The rules by which processes are watched, in the order of the configuration.
CREATE TABLE process_rules (
    position     INTEGER PRIMARY KEY,
    watch        TEXT NOT NULL,
    matched      INTEGER NOT NULL,
    collected_at INTEGER NOT NULL
) STRICT;

-- Every command, accepted or refused.
CREATE TABLE audit (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    at      INTEGER NOT NULL,
    who     TEXT,
    remote  TEXT NOT NULL,
    action  TEXT NOT NULL,
    target  TEXT NOT NULL,
    detail  TEXT,
    outcome TEXT NOT NULL
) STRICT;

-- One row a job, a line that can't be read, or a crontab that cron ignores.
CREATE TABLE cron_jobs (
    -- Never another job's, even when the job is gone.
    job_id           INTEGER PRIMARY KEY AUTOINCREMENT,
    source           TEXT NOT NULL CHECK (source IN ('system', 'user')),
    -- As long as these are the same, it is the same job.
    source_path      TEXT NOT NULL,
    schedule         TEXT,
    command          TEXT NOT NULL,
    user             TEXT,
    occurrence       INTEGER NOT NULL,
    line_number      INTEGER,
    time_zone        TEXT NOT NULL,
    next_run         INTEGER,
    last_run_at      INTEGER,
    last_duration_ms INTEGER,
    last_missed_at   INTEGER,
    missed_count     INTEGER NOT NULL,
    error_message    TEXT
) STRICT;

-- The one row of what holds for all of them.
CREATE TABLE cron_state (
    id           INTEGER PRIMARY KEY CHECK (id = 1),
    has_evidence INTEGER NOT NULL CHECK (has_evidence IN (0, 1)),
    checked_at   INTEGER NOT NULL
) STRICT;
