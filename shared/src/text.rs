//! Text from outside: names of any bytes as valid UTF-8, and control characters made harmless.

use std::borrow::Cow;
use std::fmt::Write as _;

/// A name of any bytes as text that no other name gives.
///
/// Valid UTF-8 stays as it is. Otherwise each byte that is not UTF-8 becomes `\xHH` and each
/// backslash `\\`; so does a name that is UTF-8 but holds `\x`, so that the two never meet.
pub fn from_bytes(name: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(name) {
        Ok(text) if !text.contains("\\x") => Cow::Borrowed(text),
        _ => Cow::Owned(escaped(name)),
    }
}

fn escaped(name: &[u8]) -> String {
    let mut text = String::with_capacity(name.len() + 8);
    for chunk in name.utf8_chunks() {
        text.push_str(&chunk.valid().replace('\\', "\\\\"));
        for byte in chunk.invalid() {
            // Writing to a String does not fail.
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text
}

/// Text that is safe on a terminal: control characters (C0, C1, DEL) and the characters that
/// reorder a line (bidirectional overrides) are shown as `\n`, `\t`, `\u{1b}`.
pub fn for_terminal(text: &str) -> Cow<'_, str> {
    without(is_unsafe, text)
}

/// The same for text that may take several lines of a terminal: its tabs and line feeds stay.
pub fn lines_for_terminal(text: &str) -> Cow<'_, str> {
    without(
        |character| is_unsafe(character) && !matches!(character, '\t' | '\n'),
        text,
    )
}

fn without(is_unsafe: impl Fn(char) -> bool, text: &str) -> Cow<'_, str> {
    if !text.chars().any(&is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if is_unsafe(character) {
            safe.extend(character.escape_default());
        } else {
            safe.push(character);
        }
    }
    Cow::Owned(safe)
}

fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_in_utf8_stay_as_they_are() {
        assert_eq!(from_bytes("자료 in\\out".as_bytes()), "자료 in\\out");
    }

    #[test]
    fn other_bytes_are_escaped() {
        assert_eq!(from_bytes(b"a\xff\\b"), "a\\xff\\\\b");
        assert_eq!(from_bytes(b"a\\xff"), "a\\\\xff");
    }

    #[test]
    fn control_characters_never_reach_a_terminal() {
        assert_eq!(
            for_terminal("a\x1b[2Jb\u{9b}c\nd\u{202e}"),
            "a\\u{1b}[2Jb\\u{9b}c\\nd\\u{202e}"
        );
        assert_eq!(for_terminal("보통"), "보통");
        assert_eq!(
            lines_for_terminal("a\n\tat b\r\x1b[2J\u{202e}"),
            "a\n\tat b\\r\\u{1b}[2J\\u{202e}"
        );
    }

    proptest! {
        #[test]
        fn two_names_never_look_alike(
            a in proptest::collection::vec(prop_oneof![Just(b'\\'), Just(b'x'), Just(b'f'), Just(0xff_u8), any::<u8>()], 0..8),
            b in proptest::collection::vec(prop_oneof![Just(b'\\'), Just(b'x'), Just(b'f'), Just(0xff_u8), any::<u8>()], 0..8),
        ) {
            prop_assert_eq!(from_bytes(&a) == from_bytes(&b), a == b);
        }
    }
}
