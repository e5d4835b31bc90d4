//! Reads a directory block by block and counts what is in it.

use std::ffi::CStr;
use std::os::fd::BorrowedFd;
use std::sync::Arc;

use rustix::fs::{AtFlags, FileType, RawDir, Statx, StatxFlags};
use rustix::io::Errno;

use super::WalkError;
use super::batch::Batch;
use super::measure::{self, Child, Sums};
use super::node::Node;
use super::shared::Shared;

/// Bytes of entries asked for at once. More gains nothing; NFS and FUSE give less anyway.
const BUFFER: usize = 32 * 1024;

/// Entries examined between two looks at the clock.
const EXAMINED_AT_ONCE: u32 = 16;

/// Which directory is read.
pub(super) enum Place<'p> {
    /// One with a node of its own.
    Known(&'p Arc<Node>),
    /// The present one of a batch.
    Present(&'p mut Batch),
}

impl Place<'_> {
    /// Relative to the root.
    pub(super) fn path(&self) -> Vec<u8> {
        match self {
            Place::Known(node) => node.path(),
            Place::Present(batch) => batch.path(),
        }
    }

    /// Levels below the root.
    pub(super) fn depth(&self) -> u32 {
        match self {
            Place::Known(node) => node.depth(),
            Place::Present(batch) => batch.node.depth().saturating_add(1),
        }
    }
}

/// How far a directory was read.
pub(super) enum Block {
    /// There may be more.
    Read,
    /// There is no more.
    End,
    /// There is more that cannot be read.
    Failed(Errno),
}

/// What one thread reads with and counts into.
pub(super) struct Reader {
    buffer: Vec<u8>,
    found: Found,
}

/// What was found: so far in all, and in the present directory.
#[derive(Default)]
struct Found {
    files: u64,
    dirs: u64,
    sums: Sums,
    /// Of the present block.
    block_sums: Sums,
    /// Directories to enter, NUL-terminated, end to end.
    names: Vec<u8>,
    /// Of the directory, with its slash, to which each name is appended to be matched.
    path: Vec<u8>,
    examined: u32,
}

impl Reader {
    pub(super) fn new() -> Self {
        Self {
            buffer: Vec::with_capacity(BUFFER),
            found: Found::default(),
        }
    }

    /// The directories to enter that were found since [`Reader::begin`], NUL-terminated.
    pub(super) fn names(&self) -> &[u8] {
        &self.found.names
    }

    /// Files, directories and sums, of all directories read.
    pub(super) fn totals(&self) -> (u64, u64, &Sums) {
        (self.found.files, self.found.dirs, &self.found.sums)
    }

    /// Begins a directory.
    pub(super) fn begin(&mut self, shared: &Shared<'_>, place: &Place<'_>) {
        self.found.names.clear();
        if !shared.options.exclude.is_empty() {
            self.found.path = place.path();
            if !self.found.path.is_empty() {
                self.found.path.push(b'/');
            }
        }
    }

    /// Counts the next block of entries. The last block is always followed by an empty one: an
    /// early end cannot be told from a short block, as network file systems give them, nor from
    /// an input/output error, which the kernel reports only at the next call.
    pub(super) fn read_block(
        &mut self,
        shared: &Shared<'_>,
        fd: BorrowedFd<'_>,
        place: &Place<'_>,
        child: Option<&Child>,
    ) -> Result<Block, WalkError> {
        let Self { buffer, found } = self;
        let dir = Dir {
            shared,
            fd,
            place,
            depth: place.depth(),
        };
        let only_types = shared.measure.is_none() && shared.options.exclude.is_empty();
        let before = found.files + found.dirs;
        let mut files = 0;
        let mut entries = RawDir::new(fd, buffer.spare_capacity_mut());
        let block = loop {
            match entries.next() {
                None => break Block::End,
                Some(Err(Errno::INTR)) => continue,
                Some(Err(errno)) => break Block::Failed(errno),
                Some(Ok(entry)) => match entry.file_type() {
                    kind @ (FileType::Directory | FileType::Unknown) => {
                        if !matches!(entry.file_name().to_bytes(), b"." | b"..") {
                            found.add(&dir, entry.file_name(), kind)?;
                        }
                    }
                    _ if only_types => files += 1,
                    kind => found.add(&dir, entry.file_name(), kind)?,
                },
            }
            if entries.is_buffer_empty() {
                break Block::Read;
            }
        };
        found.files += files;
        shared.limit(found.files + found.dirs - before)?;
        if shared.measure.is_some() {
            let sums = std::mem::take(&mut found.block_sums);
            found.sums.merge(&sums);
            if let Some(child) = child {
                child.merge(&sums);
            }
        }
        Ok(block)
    }
}

/// The directory that an entry is in.
struct Dir<'d> {
    shared: &'d Shared<'d>,
    fd: BorrowedFd<'d>,
    place: &'d Place<'d>,
    depth: u32,
}

impl Found {
    /// Counts an entry that needs more than its type.
    fn add(&mut self, dir: &Dir<'_>, name: &CStr, kind: FileType) -> Result<(), WalkError> {
        let options = dir.shared.options;
        let mut kind = kind;
        let mut status = None;
        if kind == FileType::Unknown {
            let Some(found) = self.examine(dir, name)? else {
                return Ok(());
            };
            kind = FileType::from_raw_mode(found.stx_mode.into());
            status = Some(found);
        }
        let is_dir = kind == FileType::Directory;
        if !options.exclude.is_empty() && self.is_excluded(dir, name, is_dir) {
            return Ok(());
        }
        if is_dir {
            self.dirs += 1;
            if options
                .max_depth
                .is_none_or(|max| dir.depth.saturating_add(1) < max)
            {
                self.names.extend_from_slice(name.to_bytes_with_nul());
            }
            return Ok(());
        }
        self.files += 1;
        let Some(measure) = &dir.shared.measure else {
            return Ok(());
        };
        let status = match status {
            Some(status) => Some(status),
            None => self.examine(dir, name)?,
        };
        if let Some(status) = status {
            measure.add(
                &mut self.block_sums,
                &status,
                (dir.depth == 0).then_some(name),
            );
        }
        Ok(())
    }

    fn is_excluded(&mut self, dir: &Dir<'_>, name: &CStr, is_dir: bool) -> bool {
        let len = self.path.len();
        self.path.extend_from_slice(name.to_bytes());
        let excluded = dir.shared.options.exclude.matches(&self.path, is_dir);
        self.path.truncate(len);
        excluded
    }

    /// `None` for an entry that is gone, or that cannot be examined, which is noted.
    fn examine(&mut self, dir: &Dir<'_>, name: &CStr) -> Result<Option<Statx>, WalkError> {
        self.examined = self.examined.wrapping_add(1);
        if self.examined.is_multiple_of(EXAMINED_AT_ONCE) {
            dir.shared.check()?;
        }
        dir.shared.pace()?;
        let measured = dir.shared.measure.is_some();
        let needed = if measured {
            measure::NEEDED
        } else {
            StatxFlags::TYPE
        };
        let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT;
        match rustix::fs::statx(dir.fd, name, flags, needed) {
            Ok(found) => Ok(Some(found)),
            Err(Errno::NOENT) => Ok(None),
            Err(errno) => {
                let path = || {
                    let mut path = dir.place.path();
                    if !path.is_empty() {
                        path.push(b'/');
                    }
                    path.extend_from_slice(name.to_bytes());
                    path
                };
                dir.shared.unreadable(1, &path, errno);
                Ok(None)
            }
        }
    }
}
