//! The bytes of a content: a plain file, or a compressed one read as what it was.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use super::checkpoint::Identity;
use super::compressed::{Compressed, Format};

/// What stat(2) says of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) identity: Identity,
    pub(crate) size: u64,
    pub(crate) modified_ns: i64,
    pub(crate) links: u64,
    pub(crate) regular: bool,
}

impl From<&Metadata> for Facts {
    fn from(metadata: &Metadata) -> Self {
        Self {
            identity: Identity {
                device: metadata.dev(),
                inode: metadata.ino(),
                born_ns: metadata.created().ok().map(nanoseconds),
            },
            size: metadata.size(),
            modified_ns: metadata
                .mtime()
                .saturating_mul(1_000_000_000)
                .saturating_add(metadata.mtime_nsec()),
            links: metadata.nlink(),
            regular: metadata.is_file(),
        }
    }
}

/// Nanoseconds since 1970, 0 for what was before.
pub(crate) fn nanoseconds(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

/// A content that can be read from any offset.
pub(crate) enum Source {
    Plain(File),
    Compressed(Compressed),
}

impl Source {
    /// Opens a regular file without waiting for a pipe's writer. A log's own path is never taken
    /// for a compressed file.
    pub(crate) fn open(path: &Path, may_be_compressed: bool) -> io::Result<(Self, Facts)> {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
        // Else the first read after each write writes the file's inode.
        let file = match rustix::fs::open(path, flags | OFlags::NOATIME, Mode::empty()) {
            // Only its owner and root may ask for that.
            Err(Errno::PERM) => rustix::fs::open(path, flags, Mode::empty())?,
            opened => opened?,
        };
        let file = File::from(file);
        let facts = Facts::from(&file.metadata()?);
        if !facts.regular {
            return Err(io::Error::other("not a regular file"));
        }
        let mut beginning = [0; Format::MAGIC_BYTES];
        if may_be_compressed {
            let read = read_full(&file, &mut beginning, 0, u64::MAX)?;
            if let Some(format) = beginning.get(..read).and_then(Format::of) {
                return Ok((Self::Compressed(Compressed::new(file, format)?), facts));
            }
        }
        Ok((Self::Plain(file), facts))
    }

    /// Whether it can grow.
    pub(crate) fn is_plain(&self) -> bool {
        matches!(self, Self::Plain(_))
    }

    pub(crate) fn facts(&self) -> io::Result<Facts> {
        let file = match self {
            Self::Plain(file) => file,
            Self::Compressed(compressed) => compressed.file(),
        };
        Ok(Facts::from(&file.metadata()?))
    }

    /// Fills `buffer` from `offset` of the content; less only at the end.
    pub(crate) fn read_at(&mut self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.read_up_to(buffer, offset, u64::MAX)
    }

    /// As [`Self::read_at`], but what a plain file has beyond `end` may be left out, where its file
    /// system gives less than it is asked for: that saves asking once more where it ends there.
    pub(crate) fn read_up_to(
        &mut self,
        buffer: &mut [u8],
        offset: u64,
        end: u64,
    ) -> io::Result<usize> {
        match self {
            Self::Plain(file) => read_full(file, buffer, offset, end),
            Self::Compressed(compressed) => compressed.read_at(buffer, offset),
        }
    }

    /// The `len` bytes from `offset`, or what there is of them.
    pub(crate) fn bytes_at(&mut self, offset: u64, len: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; len];
        let read = self.read_at(&mut bytes, offset)?;
        bytes.truncate(read);
        Ok(bytes)
    }

    /// The length of the content; a compressed one is read to its end for that.
    pub(crate) fn len(&mut self) -> io::Result<u64> {
        match self {
            Self::Plain(file) => Ok(file.metadata()?.size()),
            Self::Compressed(compressed) => compressed.len(),
        }
    }
}

/// pread(2) until the buffer is full, the file ends, or it has given all up to `end`.
fn read_full(file: &File, buffer: &mut [u8], offset: u64, end: u64) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, offset + filled as u64) {
            Ok(0) => break,
            Ok(read) if offset + (filled + read) as u64 >= end => {
                filled += read;
                break;
            }
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use std::fs::FileTimes;
    use std::time::Duration;

    use super::*;

    #[test]
    fn short_reads_go_on_to_the_known_end_and_no_further() {
        // Given by the kernel a page or so at a time.
        let path = Path::new("/proc/self/smaps");
        let (mut source, _) = Source::open(path, false).unwrap();
        let mut buffer = vec![0; 1 << 20];
        let end = 3 * 4096;
        let short = File::open(path).unwrap().read_at(&mut buffer, 0).unwrap();
        assert!(short < end, "{short}");
        let known = source.read_up_to(&mut buffer, 0, end as u64).unwrap();
        assert!(known >= end, "{known}");
        let all = source.read_at(&mut buffer, 0).unwrap();
        assert!(all > known, "{known} of {all}");
    }

    #[test]
    fn reading_ones_own_file_leaves_no_trace_in_it() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&file, "line\n").unwrap();
        // Older than the last write: relatime would renew it.
        let long_ago = UNIX_EPOCH + Duration::from_hours(1);
        let times = FileTimes::new().set_accessed(long_ago);
        file.as_file().set_times(times).unwrap();
        let (mut source, _) = Source::open(file.path(), false).unwrap();
        assert_eq!(source.bytes_at(0, 10).unwrap(), b"line\n");
        let accessed = file.path().metadata().unwrap().accessed().unwrap();
        assert_eq!(accessed, long_ago);
    }
}
