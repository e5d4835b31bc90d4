-- Each batch of lines wrote two rows of every file, in two pages: where to read on, and what people
-- are told, most of which follows from that.
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
    -- Since it has belonged to this path.
    lines_stored INTEGER NOT NULL,
    last_line_at INTEGER,
    PRIMARY KEY (follower_id, sequence)
) STRICT, WITHOUT ROWID;

INSERT INTO followed_contents SELECT *, 0, NULL FROM former_followed_contents;
DROP TABLE former_followed_contents;

ALTER TABLE followed_files RENAME TO former_followed_files;

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

INSERT INTO followed_files SELECT follower_id, path, status, error_message, inode, sequence,
    CASE WHEN (sequence IS NULL) = (offset_bytes IS NULL)
        THEN max(size_bytes - coalesce(offset_bytes, 0), 0) END,
    lag_bytes, lines_stored, last_line_at, gap_bytes, gap_count, unmeasured_gap_count,
    truncated_bytes, damaged_count
FROM (SELECT *, (SELECT max(sequence) FROM followed_contents AS content
        WHERE content.follower_id = file.follower_id AND CAST(content.path AS TEXT) = file.path
        AND content.inode = file.inode AND content.offset_bytes = file.offset_bytes
        AND content.state <> 'log') AS sequence
    FROM former_followed_files AS file);
DROP TABLE former_followed_files;
