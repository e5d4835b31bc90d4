//! Copying to the clipboard of the terminal that the operator sits at, also through SSH: OSC 52.

use std::fs::OpenOptions;
use std::io::{self, Write as _};

/// More is refused by terminals.
const LONGEST: usize = 74_000;

/// Has the terminal copy the text.
///
/// # Errors
/// When there is no terminal, or the text is longer than terminals take.
pub fn copy(text: &str) -> io::Result<()> {
    if text.len() > LONGEST {
        return Err(io::Error::other("it is longer than terminals take"));
    }
    let mut terminal = OpenOptions::new().write(true).open("/dev/tty")?;
    terminal.write_all(sequence(text).as_bytes())
}

/// The control sequence (xterm's ctlseqs, "Manipulate Selection Data").
fn sequence(text: &str) -> String {
    format!("\x1b]52;c;{}\x07", base64(text.as_bytes()))
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let mut bits = [0_u8; 4];
        for (to, from) in bits.iter_mut().skip(1).zip(group) {
            *to = *from;
        }
        let bits = u32::from_be_bytes(bits);
        for place in 0..4 {
            let index = usize::try_from(bits >> (18 - 6 * place) & 63).unwrap_or(0);
            let character = ALPHABET.get(index).map_or('=', |byte| char::from(*byte));
            text.push(if place > group.len() { '=' } else { character });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_encoded_as_the_rfc_does() {
        for (text, encoded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(text.as_bytes()), encoded);
        }
        assert_eq!(sequence("자\u{1b}"), "\x1b]52;c;7J6QGw==\x07");
    }
}
