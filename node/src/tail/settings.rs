//! How one log is to be followed.

use std::fmt::Debug;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use encoding_rs::Encoding;
use regex::Regex;
use thiserror::Error;

use super::crowd::Common;
use super::elsewhere::Elsewhere;
use super::pattern::{GlobError, Pattern};

/// A setting that can't be followed.
#[derive(Debug, Error)]
pub enum SettingsError {
    /// The glob is not one.
    #[error(transparent)]
    Glob(#[from] GlobError),
    /// The path has no file name.
    #[error("{0}: a path to a file is needed, from the root")]
    Path(PathBuf),
    /// Not a label of the WHATWG encoding standard.
    #[error("{0}: no such encoding; give a WHATWG label such as utf-8 or euc-kr")]
    Encoding(String),
}

/// Lines that belong together.
#[derive(Clone, Debug)]
pub struct Multiline {
    /// A line that matches begins a new entry; the others continue the one before.
    pub start: Regex,
    /// How long an entry waits for its next line. Afterwards it counts as complete.
    pub timeout: Duration,
}

/// Finds where reading begins in a file that exists when its log is looked at for the first time
/// ever.
pub trait StartAt: Debug + Send + Sync {
    /// The offset of the first line to be read in a file of `size` bytes: 0, or one after a line
    /// end.
    ///
    /// # Errors
    /// When the file can't be read; it is then followed from its beginning.
    fn start_at(&self, file: &File, size: u64) -> io::Result<u64>;
}

/// How one log is followed.
#[derive(Clone, Debug)]
pub struct TailSettings {
    pub(crate) path: PathBuf,
    pub(crate) pattern: Option<Pattern>,
    pub(crate) encoding: &'static Encoding,
    /// Whose files are left to others.
    pub elsewhere: Elsewhere,
    /// Whether a file that exists when the log is looked at for the first time ever is read from
    /// its beginning, and not from its end.
    pub from_beginning: bool,
    /// Where in such a file its beginning is, if not all of it is wanted.
    pub start_at: Option<Arc<dyn StartAt>>,
    /// Other directories to which rotated files are moved (`olddir`).
    pub old_directories: Vec<PathBuf>,
    /// The longest line; the rest of a longer one is skipped and counted.
    pub max_line_bytes: usize,
    /// How long a file is quiet before its unterminated last line is delivered.
    pub partial_after: Duration,
    /// How long a rotated file that nobody writes is quiet before it counts as finished.
    pub finish_after: Duration,
    /// The same where it can't be known whether somebody has it open for writing.
    pub finish_unproven: Duration,
    /// How often, while there is more to read, the directory is looked at again.
    pub look_every: Duration,
    /// How often files that were read to their end are looked at, in case they grow.
    pub look_back_every: Duration,
    /// Handles at most. Files beyond are opened when they change.
    pub max_open_files: usize,
    /// Lines that belong together.
    pub multiline: Option<Multiline>,
    /// What it finds out together with others.
    pub(super) common: Common,
    /// Where proc(5) is mounted.
    pub proc: PathBuf,
    /// The process that writes to no log, whatever it has open: this one.
    pub own_process: Option<u32>,
}

impl TailSettings {
    /// The usual settings for a path or a glob (`*`, `?`, `[…]`, `{…}`, `**`).
    ///
    /// # Errors
    /// A path that is not absolute, a glob that is not one.
    pub fn new(path: impl AsRef<Path>) -> Result<Self, SettingsError> {
        let path = path.as_ref().to_path_buf();
        if !path.is_absolute() || path.file_name().is_none() {
            return Err(SettingsError::Path(path));
        }
        Ok(Self {
            pattern: Pattern::new(&path)?,
            path,
            encoding: encoding_rs::UTF_8,
            elsewhere: Elsewhere::default(),
            from_beginning: false,
            start_at: None,
            old_directories: Vec::new(),
            max_line_bytes: 1 << 20,
            partial_after: Duration::from_secs(5),
            finish_after: Duration::from_secs(5),
            finish_unproven: Duration::from_secs(300),
            look_every: Duration::from_secs(1),
            look_back_every: Duration::from_secs(30),
            max_open_files: 512,
            multiline: None,
            common: Common::default(),
            proc: PathBuf::from("/proc"),
            own_process: Some(std::process::id()),
        })
    }

    /// Sets the encoding by its WHATWG label. UTF-16 is split at its own line ends.
    ///
    /// # Errors
    /// A label that the standard does not know.
    pub fn encoding(mut self, label: &str) -> Result<Self, SettingsError> {
        self.encoding = Encoding::for_label_no_replacement(label.as_bytes())
            .ok_or_else(|| SettingsError::Encoding(label.to_owned()))?;
        Ok(self)
    }
}

/// How much one [`read`](super::Follower::read) hands out at most.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Lines.
    pub lines: usize,
    /// Bytes of text, which one line may exceed.
    pub bytes: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            lines: 4096,
            bytes: 1 << 20,
        }
    }
}
