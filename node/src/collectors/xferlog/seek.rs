//! Where reading a transfer log begins when its older entries are not wanted, found by halving.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::time::Duration;

use chrono::{Local, TimeZone};
use etlmon_shared::Timestamp;

use super::parse::log_time;
use crate::tail::StartAt;

/// How far times may be from the order in which their lines stand: a session of vsftpd writes with
/// the offset that held when it began, and no two zones are further apart than this.
const DISORDER: Duration = Duration::from_secs(26 * 3600);

/// How much is looked at in one place: some hundred lines, so that a few with a wrong time decide
/// nothing.
const BLOCK: usize = 64 << 10;

/// Skips what is certainly older. Some older lines are left for the reader to leave out, and all
/// of them where there are no dates to be seen.
#[derive(Debug)]
pub struct ParseStart(pub Timestamp);

impl StartAt for ParseStart {
    fn start_at(&self, file: &File, size: u64) -> io::Result<u64> {
        let search = Search {
            file,
            old_before: self.0.before(DISORDER),
            block: BLOCK,
            zone: &Local,
        };
        search.run(size)
    }
}

struct Search<'a, Z> {
    file: &'a File,
    /// A line of an earlier time has no line before it that is wanted.
    old_before: Timestamp,
    block: usize,
    zone: &'a Z,
}

/// What the dated lines of a block say.
struct Dated {
    newest: Timestamp,
    /// Where the last of them begins.
    last: u64,
}

impl<Z: TimeZone> Search<'_, Z> {
    /// An offset before which nothing is wanted: 0, or that of an old line.
    fn run(&self, size: u64) -> io::Result<u64> {
        let (mut low, mut high) = (0, size);
        while high.saturating_sub(low) > self.block as u64 {
            let middle = low + (high - low) / 2;
            match self.dated_from(middle, high)? {
                Some(dated) if dated.newest < self.old_before => low = dated.last,
                _ => high = middle,
            }
        }
        Ok(low)
    }

    /// What is said at `at`, or at the next place where anything is: over damage, such as the
    /// blocks of NUL that a crash or a cut leaves, in ever longer strides.
    fn dated_from(&self, mut at: u64, end: u64) -> io::Result<Option<Dated>> {
        let mut stride = self.block as u64;
        while at < end {
            let dated = self.dated_at(at)?;
            if dated.is_some() {
                return Ok(dated);
            }
            at = at.saturating_add(stride);
            stride = stride.saturating_mul(2);
        }
        Ok(None)
    }

    /// The lines that are whole in the block at `at`, but for what comes before its first line end.
    fn dated_at(&self, at: u64) -> io::Result<Option<Dated>> {
        let mut block = vec![0; self.block];
        let read = self.file.read_at(&mut block, at)?;
        block.truncate(read);
        let mut dated: Option<Dated> = None;
        let mut begin = None;
        for end in memchr::memchr_iter(b'\n', &block) {
            let Some(begin) = begin.replace(end + 1) else {
                continue;
            };
            let line = block.get(begin..end).unwrap_or_default();
            if let Ok(time) = log_time(line, self.zone) {
                dated = Some(Dated {
                    newest: dated.map_or(time, |dated| dated.newest.max(time)),
                    last: at + begin as u64,
                });
            }
        }
        Ok(dated)
    }
}

#[cfg(test)]
mod tests;
