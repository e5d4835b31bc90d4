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
