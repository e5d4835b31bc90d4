//! The directories found in one directory, waiting to be entered: their names end to end.

use std::ffi::CStr;
use std::ops::Range;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::node::Node;

/// Names of directories in the directory `node`. One of them is the present one: none at first,
/// then the next at each [`Batch::advance`].
pub(super) struct Batch {
    pub(super) node: Arc<Node>,
    /// Of `node`; `None` where too many are open, to be opened again when needed.
    pub(super) fd: Option<Arc<OwnedFd>>,
    /// NUL-terminated names, end to end: a million of them cost little more than their letters.
    names: Arc<[u8]>,
    present: Range<usize>,
    end: usize,
    left: usize,
    begun: u32,
    since: Instant,
}

impl Batch {
    pub(super) fn new(node: Arc<Node>, fd: Arc<OwnedFd>, names: &[u8], now: Instant) -> Self {
        Self {
            node,
            fd: Some(fd),
            names: names.into(),
            present: 0..0,
            end: names.len(),
            left: count(names),
            begun: 0,
            since: now,
        }
    }

    /// Names not yet begun.
    pub(super) fn left(&self) -> usize {
        self.left
    }

    /// Goes on to the next name; false at the end.
    pub(super) fn advance(&mut self) -> bool {
        let start = self.present.end;
        let rest = self.names.get(start..self.end).unwrap_or_default();
        let Ok(name) = CStr::from_bytes_until_nul(rest) else {
            return false;
        };
        self.present = start..start + name.count_bytes() + 1;
        self.left = self.left.saturating_sub(1);
        self.begun = self.begun.saturating_add(1);
        true
    }

    /// The present name; empty before the first.
    pub(super) fn name(&self) -> &CStr {
        let bytes = self.names.get(self.present.clone()).unwrap_or_default();
        CStr::from_bytes_with_nul(bytes).unwrap_or_default()
    }

    /// The present directory's path relative to the root of the walk.
    pub(super) fn path(&self) -> Vec<u8> {
        let mut path = self.node.path();
        if !path.is_empty() {
            path.push(b'/');
        }
        path.extend_from_slice(self.name().to_bytes());
        path
    }

    /// How long the names left will take, if those below take as long as those begun so far. The
    /// present one is often far from done, so this guesses low.
    pub(super) fn worth(&self, now: Instant) -> Duration {
        let each = now.saturating_duration_since(self.since) / self.begun.max(1);
        each.saturating_mul(u32::try_from(self.left).unwrap_or(u32::MAX))
    }

    /// Gives away the latter half or more of the names not yet begun.
    pub(super) fn split(&mut self, now: Instant) -> Option<Self> {
        let from = self.present.end;
        let rest = self.names.get(from..self.end)?;
        let half = rest.get(..rest.len() / 2)?;
        // The half may end within a name: that name goes too.
        let cut = from
            + half
                .iter()
                .rposition(|&byte| byte == 0)
                .map_or(0, |nul| nul + 1);
        let given = count(self.names.get(cut..self.end)?);
        if given == 0 {
            return None;
        }
        let other = Self {
            node: Arc::clone(&self.node),
            fd: self.fd.clone(),
            names: Arc::clone(&self.names),
            present: cut..cut,
            end: self.end,
            left: given,
            begun: 0,
            since: now,
        };
        self.end = cut;
        self.left = self.left.saturating_sub(given);
        Some(other)
    }
}

fn count(names: &[u8]) -> usize {
    names.iter().filter(|&&byte| byte == 0).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(names: &[u8]) -> Batch {
        let fd = Arc::new(std::fs::File::open("/").unwrap().into());
        Batch::new(Arc::new(Node::root()), fd, names, Instant::now())
    }

    fn rest(batch: &mut Batch) -> Vec<String> {
        let mut names = Vec::new();
        while batch.advance() {
            names.push(batch.name().to_str().unwrap().to_owned());
        }
        names
    }

    #[test]
    fn names_come_in_the_order_they_were_found() {
        let mut batch = batch(b"a\0bb\0ccc\0");
        assert_eq!((batch.left(), batch.name()), (3, c""));
        assert_eq!(rest(&mut batch), ["a", "bb", "ccc"]);
        assert_eq!(batch.left(), 0);
        assert!(!batch.advance());
    }

    #[test]
    fn a_split_gives_away_each_name_once_and_never_the_present_one() {
        for total in 1..20 {
            for begun in 0..=total {
                let names: Vec<String> = (0..total).map(|n| "x".repeat(n * 7 % 5 + 1)).collect();
                let mut batch = batch((names.join("\0") + "\0").as_bytes());
                for _ in 0..begun {
                    batch.advance();
                }
                let present = batch.name().to_owned();
                let other = batch.split(Instant::now());
                assert_eq!(batch.name(), present.as_c_str());
                assert_eq!(other.is_none(), begun == total);
                let mut given = other.map(|mut other| {
                    assert!(other.left() > 0);
                    rest(&mut other)
                });
                let given = given.take().unwrap_or_default();
                assert_eq!(batch.left() + given.len(), total - begun);
                assert_eq!([rest(&mut batch), given].concat(), names[begun..]);
            }
        }
    }

    #[test]
    fn worth_is_what_the_rest_takes_at_the_pace_so_far() {
        let mut batch = batch(b"a\0b\0c\0d\0");
        let later = batch.since + Duration::from_millis(10);
        batch.advance();
        assert_eq!(batch.worth(later), Duration::from_millis(30));
        batch.advance();
        assert_eq!(batch.worth(later), Duration::from_millis(10));
        rest(&mut batch);
        assert_eq!(batch.worth(later), Duration::ZERO);
    }
}
