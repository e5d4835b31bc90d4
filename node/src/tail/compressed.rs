//! A content that was compressed, read as what it was: gzip (RFC 1952), Zstandard (RFC 8878), xz.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read, Seek as _};

use flate2::read::MultiGzDecoder;
use lzma_rust2::XzReader;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// What a decoder may use: `xz -9` asks for 64 MiB and a little more, the usual `xz -6` for 8.
const MEMORY_KIB: u32 = 66 * 1024;

/// A compressed file, read forwards; going back starts anew.
pub(crate) struct Compressed {
    file: File,
    format: Format,
    decoder: Box<dyn Read + Send>,
    at: u64,
    /// An error that came after bytes that were good.
    damaged: Option<io::ErrorKind>,
}

/// How a file is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Gzip,
    Xz,
    Zstd,
}

impl Format {
    /// Of so many first bytes the format can be told.
    pub(crate) const MAGIC_BYTES: usize = 6;

    /// The format of a file that begins like this; none where it is none of these.
    pub(crate) fn of(beginning: &[u8]) -> Option<Self> {
        const MAGIC: [(&[u8], Format); 3] = [
            (&[0x1f, 0x8b], Format::Gzip),
            (b"\xfd7zXZ\0", Format::Xz),
            (&[0x28, 0xb5, 0x2f, 0xfd], Format::Zstd),
        ];
        let known = MAGIC
            .iter()
            .find(|(magic, _)| beginning.starts_with(magic))?;
        Some(known.1)
    }

    fn decoder(self, file: File) -> Box<dyn Read + Send> {
        let file = BufReader::with_capacity(1 << 16, file);
        match self {
            Self::Gzip => Box::new(MultiGzDecoder::new(file)),
            Self::Xz => Box::new(XzReader::new_mem_limit(file, true, MEMORY_KIB)),
            Self::Zstd => Box::new(Frames::new(file)),
        }
    }
}

impl Compressed {
    pub(crate) fn new(file: File, format: Format) -> io::Result<Self> {
        let mut own = file.try_clone()?;
        own.rewind()?;
        Ok(Self {
            file,
            format,
            decoder: format.decoder(own),
            at: 0,
            damaged: None,
        })
    }

    /// The file itself.
    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// Fills `buffer` from `offset` of the content; less only at the end.
    pub(crate) fn read_at(&mut self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let read = self.read_from(buffer, offset);
        if read.is_err() {
            // The place of the decoder is not known, so the next read starts anew.
            self.at = u64::MAX;
        }
        read
    }

    fn read_from(&mut self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        if offset < self.at {
            *self = Self::new(self.file.try_clone()?, self.format)?;
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

    /// The length of the content, which is read to its end for that.
    pub(crate) fn len(&mut self) -> io::Result<u64> {
        let mut all = Self::new(self.file.try_clone()?, self.format)?;
        let len = io::copy(&mut all.decoder, &mut io::sink());
        // Both decoders share one file position.
        self.at = u64::MAX;
        len
    }
}

/// The frames of a Zstandard file, one after the other.
struct Frames {
    file: BufReader<File>,
    decoder: FrameDecoder,
    within: bool,
}

impl Frames {
    fn new(file: BufReader<File>) -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(u64::from(MEMORY_KIB) * 1024);
        Self {
            file,
            decoder,
            within: false,
        }
    }

    /// Begins the next frame, or skips one that holds no content; not so at the end of the file.
    fn begin(&mut self) -> io::Result<bool> {
        if self.file.fill_buf()?.is_empty() {
            return Ok(false);
        }
        match self.decoder.init(&mut self.file) {
            Ok(()) => self.within = true,
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                length,
                ..
            })) => {
                let mut skipped = (&mut self.file).take(length.into());
                io::copy(&mut skipped, &mut io::sink())?;
            }
            Err(error) => return Err(damage(error)),
        }
        Ok(true)
    }

    fn end(&mut self) -> io::Result<()> {
        self.within = false;
        let stored = self.decoder.get_checksum_from_data();
        if stored.is_some() && stored != self.decoder.get_calculated_checksum() {
            return Err(damage("a frame's checksum is wrong"));
        }
        Ok(())
    }
}

impl Read for Frames {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.within || self.begin()? {
            if !self.within {
                continue;
            }
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                self.decoder
                    .decode_blocks(&mut self.file, BlockDecodingStrategy::UptoBlocks(1))
                    .map_err(damage)?;
            }
            let read = self.decoder.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            self.end()?;
        }
        Ok(0)
    }
}

fn damage(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

#[cfg(test)]
mod tests;
