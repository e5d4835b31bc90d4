//! The physical limit: read a file, split it, insert the same rows, and nothing else.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use rusqlite::{Connection, params};

/// Lines a transaction, as the node's own default.
const BATCH: usize = 4096;

/// Lines, wall time, CPU time.
pub struct Took {
    pub lines: u64,
    pub wall: Duration,
    pub cpu: Duration,
}

/// A new database with the node's pragmas and its table of lines alone.
#[expect(clippy::disallowed_methods, reason = "this is not the node")]
fn create(database: &Path) -> Connection {
    let connection = Connection::open(database).unwrap();
    connection
        .execute_batch(
            "PRAGMA auto_vacuum = 2; PRAGMA journal_mode = wal; PRAGMA synchronous = 1; \
             PRAGMA cache_size = -2048; \
             CREATE TABLE log_lines (id INTEGER PRIMARY KEY, source_id INTEGER NOT NULL, \
             line TEXT NOT NULL, truncated INTEGER NOT NULL, created_at INTEGER NOT NULL) STRICT;",
        )
        .unwrap();
    connection
}

const INSERT: &str = "INSERT INTO log_lines VALUES (?1, 1, ?2, 0, 1800000000000)";

/// Inserts `lines` equal lines, so many a commit, and rests after each.
pub fn trickle(line: &str, lines: usize, batch: usize, rest: Duration, database: &Path) -> Took {
    let connection = create(database);
    let (began, cpu) = (Instant::now(), own_cpu());
    for first in (0..lines).step_by(batch) {
        let transaction = connection.unchecked_transaction().unwrap();
        let mut insert = transaction.prepare_cached(INSERT).unwrap();
        for id in first..lines.min(first + batch) {
            insert
                .execute(params![i64::try_from(id).unwrap(), line])
                .unwrap();
        }
        drop(insert);
        transaction.commit().unwrap();
        std::thread::sleep(rest);
    }
    Took {
        lines: u64::try_from(lines).unwrap(),
        wall: began.elapsed(),
        cpu: own_cpu() - cpu,
    }
}

/// Reads `log` into a new database at `database`.
pub fn run(log: &Path, database: &Path) -> Took {
    let connection = create(database);
    let (began, cpu) = (Instant::now(), own_cpu());
    let mut file = File::open(log).unwrap();
    let (mut buffer, mut filled, mut lines) = (vec![0; 1 << 20], 0, 0);
    loop {
        let read = file.read(&mut buffer[filled..]).unwrap();
        if read == 0 {
            break;
        }
        filled += read;
        let mut at = 0;
        while at < filled {
            let transaction = connection.unchecked_transaction().unwrap();
            let mut insert = transaction.prepare_cached(INSERT).unwrap();
            let from = at;
            for end in memchr::memchr_iter(b'\n', &buffer[from..filled]).take(BATCH) {
                let line = std::str::from_utf8(&buffer[at..from + end]).unwrap();
                lines += 1;
                insert.execute(params![lines, line]).unwrap();
                at = from + end + 1;
            }
            drop(insert);
            transaction.commit().unwrap();
            if at == from {
                break;
            }
        }
        buffer.copy_within(at..filled, 0);
        filled -= at;
    }
    Took {
        lines: u64::try_from(lines).unwrap(),
        wall: began.elapsed(),
        cpu: own_cpu() - cpu,
    }
}

fn own_cpu() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_SELF).unwrap();
    let time = |time: nix::sys::time::TimeVal| {
        Duration::new(time.tv_sec() as u64, time.tv_usec() as u32 * 1000)
    };
    time(usage.user_time()) + time(usage.system_time())
}
