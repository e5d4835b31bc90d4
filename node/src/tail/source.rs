//! The bytes of a content: a plain file, or a compressed one read as what it was.

use std::fs::{File, Metadata};
use std::io::{self, BufReader, Read, Seek};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use flate2::read::MultiGzDecoder;
use rustix::fs::{Mode, OFlags};

use super::checkpoint::Identity;

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
    Gzip(Box<Gzip>),
}

/// gzip (RFC 1952), read forwards; going back starts anew.
pub(crate) struct Gzip {
    file: File,
    decoder: MultiGzDecoder<BufReader<File>>,
    at: u64,
    /// An error that came after bytes that were good.
    damaged: Option<io::ErrorKind>,
}

impl Source {
    /// Opens a regular file without waiting for a pipe's writer. A log's own path is never taken
    /// for a compressed file.
    pub(crate) fn open(path: &Path, may_be_compressed: bool) -> io::Result<(Self, Facts)> {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
        let file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
        let facts = Facts::from(&file.metadata()?);
        if !facts.regular {
            return Err(io::Error::other("not a regular file"));
        }
        let mut magic = [0; 2];
        if may_be_compressed && read_full(&file, &mut magic, 0)? == 2 && magic == [0x1f, 0x8b] {
            return Ok((Self::Gzip(Box::new(Gzip::new(file)?)), facts));
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
            Self::Gzip(gzip) => &gzip.file,
        };
        Ok(Facts::from(&file.metadata()?))
    }

    /// Fills `buffer` from `offset` of the content; less only at the end.
    pub(crate) fn read_at(&mut self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        match self {
            Self::Plain(file) => read_full(file, buffer, offset),
            Self::Gzip(gzip) => gzip.read_at(buffer, offset),
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
            Self::Gzip(gzip) => {
                let len = gzip.len();
                // Both decoders share one file position.
                gzip.at = u64::MAX;
                len
            }
        }
    }
}

impl Gzip {
    fn new(file: File) -> io::Result<Self> {
        let mut own = file.try_clone()?;
        own.rewind()?;
        Ok(Self {
            file,
            decoder: MultiGzDecoder::new(BufReader::with_capacity(1 << 16, own)),
            at: 0,
            damaged: None,
        })
    }

    /// After an error the place of the decoder is not known, so the next read starts anew.
    fn read_at(&mut self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let read = self.read_from(buffer, offset);
        if read.is_err() {
            self.at = u64::MAX;
        }
        read
    }

    fn read_from(&mut self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        if offset < self.at {
            *self = Self::new(self.file.try_clone()?)?;
        }
        if let Some(damage) = self.damaged {
            return Err(damage.into());
        }
        let skip = offset - self.at;
        self.at += io::copy(&mut (&mut self.decoder).take(skip), &mut io::sink())?;
        if self.at < offset {
            return Ok(0);
        }
        let mut filled = 0;
        while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.decoder.read(rest) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // What came before the damage is good.
                Err(error) if filled > 0 => {
                    self.damaged = Some(error.kind());
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        self.at += filled as u64;
        Ok(filled)
    }

    fn len(&self) -> io::Result<u64> {
        let mut all = Self::new(self.file.try_clone()?)?;
        io::copy(&mut all.decoder, &mut io::sink())
    }
}

/// pread(2) until the buffer is full or the file ends.
fn read_full(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, offset + filled as u64) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
