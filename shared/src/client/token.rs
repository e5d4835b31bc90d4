//! Tokens as files hold them.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// A longer file holds something else.
const LIMIT_BYTES: u64 = 4096;

/// The token in a file, without the white space around it.
///
/// # Errors
/// A file that can't be read, is no text, or is longer than 4096 bytes.
pub fn read_token(file: &Path) -> io::Result<String> {
    let mut text = String::new();
    let length = File::open(file)?
        .take(LIMIT_BYTES + 1)
        .read_to_string(&mut text)?;
    if u64::try_from(length).is_ok_and(|length| length > LIMIT_BYTES) {
        return Err(io::Error::other(format!("longer than {LIMIT_BYTES} bytes")));
    }
    Ok(text.trim_ascii().to_owned())
}
