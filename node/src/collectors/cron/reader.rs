//! A crontab as a stream of bytes with line numbers, read the way cron's own loops read it.

/// A position to go back to.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    at: usize,
    line: u32,
}

/// Bytes of a crontab. Line numbers begin with 1 and count the newlines that were read.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u32,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Reader {
            bytes,
            at: 0,
            line: 1,
        }
    }

    /// The next byte; `None` at the end of the file.
    pub(super) fn next(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        if byte == b'\n' {
            self.line = self.line.saturating_add(1);
        }
        Some(byte)
    }

    /// Takes back the byte that was read last.
    pub(super) fn put_back(&mut self, byte: u8) {
        self.at = self.at.saturating_sub(1);
        if byte == b'\n' {
            self.line = self.line.saturating_sub(1);
        }
    }

    pub(super) fn line(&self) -> u32 {
        self.line
    }

    pub(super) fn mark(&self) -> Mark {
        Mark {
            at: self.at,
            line: self.line,
        }
    }

    pub(super) fn go_back(&mut self, mark: Mark) {
        self.at = mark.at;
        self.line = mark.line;
    }

    /// What lies between a mark and here.
    pub(super) fn since(&self, mark: Mark) -> &'a [u8] {
        self.bytes.get(mark.at..self.at).unwrap_or_default()
    }

    /// Reads up to one of `ends` or a zero byte, which cron's `strchr` takes for an end as well.
    /// Returns at most `most` bytes of it, and the end itself: `None` is the end of the file.
    pub(super) fn until(&mut self, ends: &[u8], most: usize) -> (&'a [u8], Option<u8>) {
        let start = self.at;
        let end = loop {
            match self.next() {
                Some(byte) if byte == 0 || ends.contains(&byte) => break Some(byte),
                Some(_) => {}
                None => break None,
            }
        };
        let stop = self.at - usize::from(end.is_some());
        let text = self.bytes.get(start..stop).unwrap_or_default();
        (text.get(..most).unwrap_or(text), end)
    }

    /// Skips blanks, from `byte` on, and returns the first byte that is none.
    pub(super) fn skip_blanks(&mut self, mut byte: Option<u8>) -> Option<u8> {
        while matches!(byte, Some(b' ' | b'\t')) {
            byte = self.next();
        }
        byte
    }

    /// Skips the rest of the line, its newline included.
    pub(super) fn skip_line(&mut self) {
        while !matches!(self.next(), Some(b'\n') | None) {}
    }

    /// Skips empty lines, comments, and the blanks before anything else.
    pub(super) fn skip_comments(&mut self) {
        loop {
            let first = self.next();
            match self.skip_blanks(first) {
                None => return,
                Some(b'\n') => {}
                Some(b'#') => self.skip_line(),
                Some(byte) => return self.put_back(byte),
            }
        }
    }
}
