//! What is stored of a followed content, so that the next process goes on exactly there.

use std::path::PathBuf;

use sha2::{Digest, Sha256};

/// How many bytes of the beginning are kept.
pub(crate) const HEAD_BYTES: usize = 1024;
/// How many bytes before the offset are hashed.
pub(crate) const TAIL_BYTES: usize = 1024;

/// Which file: stat(2), and the time of birth of statx(2) where the file system keeps one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The device that the file is on.
    pub device: u64,
    /// Its inode number, which is used again after the file is gone.
    pub inode: u64,
    /// When the inode was made, nanoseconds since 1970; `None` where nobody knows.
    pub born_ns: Option<i64>,
}

impl Identity {
    /// Device and inode: unique among the files that exist at one time.
    pub(crate) fn number(&self) -> (u64, u64) {
        (self.device, self.inode)
    }

    /// Whether both can be the same file; a time of birth that is not known contradicts none.
    pub fn same_file(&self, other: &Self) -> bool {
        self.device == other.device && self.same_on_its_device(other)
    }

    /// The same where a device may have another number than before, as after a reboot.
    pub(crate) fn same_on_its_device(&self, other: &Self) -> bool {
        self.inode == other.inode
            && (self.born_ns == other.born_ns || self.born_ns.is_none() || other.born_ns.is_none())
    }
}

/// The hash of the bytes just before the offset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TailHash {
    /// How many bytes, 0 to 1024.
    pub len: u16,
    /// The first half of their SHA-256.
    pub hash: [u8; 16],
}

impl TailHash {
    /// The hash of `bytes`, which are at most 1024.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let digest = Sha256::digest(bytes);
        let mut hash = [0; 16];
        hash.copy_from_slice(digest.split_at(16).0);
        Self {
            len: u16::try_from(bytes.len()).unwrap_or(u16::MAX),
            hash,
        }
    }
}

/// Where in a line the offset stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Inside {
    /// At the beginning of a line.
    #[default]
    Nothing,
    /// After the kept part of a line that was too long; the rest up to its end is skipped.
    CutLine,
    /// After an unterminated line that was delivered; a line end that follows belongs to it.
    QuietLine,
}

/// What becomes of a content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The log's own row (sequence 0): says that it was looked at before. Its offset is the last
    /// sequence that was given.
    Log,
    /// Being read.
    Following,
    /// Read to its end; taken up again if it grows.
    Finished,
    /// A copy of another content: nothing in it is new.
    Copy,
}

/// One row a content; the key is `sequence` within its log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The key: counts the contents of this log, older ones have lower numbers.
    pub sequence: u64,
    /// What becomes of it.
    pub state: State,
    /// The path under which it was followed.
    pub path: PathBuf,
    /// Whether that differs from the one that was last stored.
    pub path_changed: bool,
    /// The path at which it was last seen, another one after a rotation.
    pub place: PathBuf,
    /// The file it was last seen in.
    pub identity: Identity,
    /// The first bytes, at most 1024. They change only while a file is shorter than that.
    pub head: Vec<u8>,
    /// Whether `head` differs from the one that was last stored: a caller that keeps it in a
    /// table of its own then writes small rows only.
    pub head_changed: bool,
    /// Bytes of the content (uncompressed) that are read.
    pub offset: u64,
    /// The hash of the bytes just before the offset.
    pub tail: TailHash,
    /// Where in a line the offset stands.
    pub inside: Inside,
    /// When it was first seen, milliseconds since 1970 UTC.
    pub first_seen_ms: i64,
}
