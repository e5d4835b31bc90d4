//! The configuration file's bytes, and these as text.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::str;

use super::error::{ConfigError, Place, Problem};

/// A larger file is not a configuration.
const LARGEST_BYTES: u64 = 1024 * 1024;

/// Reads `explicit`, which must exist, or else `default_file` where it exists.
///
/// # Errors
/// The file that could not be read and why; one larger than 1 MiB is refused as such.
pub(super) fn read(
    explicit: Option<&Path>,
    default_file: &Path,
) -> Result<(Option<PathBuf>, Option<Vec<u8>>), ConfigError> {
    let path = explicit.unwrap_or(default_file);
    match bytes(path) {
        Ok(bytes) => Ok((Some(path.to_owned()), Some(bytes))),
        // A dangling link is a mistake, not an absent file.
        Err(cause)
            if explicit.is_none()
                && cause.kind() == io::ErrorKind::NotFound
                && path.symlink_metadata().is_err() =>
        {
            Ok((None, None))
        }
        Err(cause) => Err(ConfigError::Read {
            path: path.to_owned(),
            cause,
        }),
    }
}

fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // The size is not asked for: a pipe or a device has none.
    let read = File::open(path)?
        .take(LARGEST_BYTES + 1)
        .read_to_end(&mut bytes)?;
    match u64::try_from(read) {
        Ok(read) if read <= LARGEST_BYTES => Ok(bytes),
        _ => Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            "it is larger than 1 MiB",
        )),
    }
}

/// The bytes as text.
///
/// # Errors
/// The place of the first byte that is not UTF-8.
pub(super) fn text(bytes: &[u8]) -> Result<&str, Problem> {
    str::from_utf8(bytes).map_err(|error| {
        let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let valid = str::from_utf8(valid).unwrap_or_default();
        let (before, last_line) = valid.rsplit_once('\n').unwrap_or(("", valid));
        let line = match valid.contains('\n') {
            true => before.matches('\n').count() + 2,
            false => 1,
        };
        let column = last_line.chars().count() + 1;
        let place = Place::File {
            line: position(line),
            column: position(column),
        };
        Problem {
            place,
            key: String::new(),
            message: "the text is not UTF-8 here".to_owned(),
        }
    })
}

fn position(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
