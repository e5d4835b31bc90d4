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
