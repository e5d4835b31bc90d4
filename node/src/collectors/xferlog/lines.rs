//! Followed lines of transfer logs, as the rows that they become.

use std::borrow::Cow;
use std::os::unix::ffi::OsStrExt as _;

use chrono::Local;
use encoding_rs::{Encoding, X_USER_DEFINED};
use etlmon_shared::Timestamp;
use etlmon_shared::text::from_bytes;

use super::parse::{Entry, Parsed, parse};
use crate::tail::{Chunk, Line};

/// How much is kept of a damaged line.
const KEPT_BYTES: usize = 4096;

/// What the lines of a chunk say.
#[derive(Debug, Default, PartialEq)]
pub struct TransferRows {
    /// In the order of the lines.
    pub entries: Vec<Entry>,
    /// In the order of the lines.
    pub damaged: Vec<DamagedLine>,
}

/// A line that can't be read.
#[derive(Debug, PartialEq, Eq)]
pub struct DamagedLine {
    /// The path under which its file is followed; bytes that are not UTF-8 are written `\xHH`.
    pub log_path: String,
    /// The inode that it was read from.
    pub source_inode: u64,
    /// Its first 4 KiB; bytes that are not UTF-8 are written `\xHH`.
    pub line: String,
    /// What is wrong with it.
    pub reason: String,
}

impl TransferRows {
    /// Reads the lines of a chunk in the machine's time zone, and leaves out entries from before
    /// `parse_start`. `encoding` is that with which the logs are followed.
    pub fn new(chunk: &Chunk, encoding: &'static Encoding, parse_start: Option<Timestamp>) -> Self {
        let mut rows = Self::default();
        for line in chunk.lines().filter(|line| !line.text.is_empty()) {
            let bytes = bytes_of(line.text, encoding);
            match read(&bytes, line.truncated) {
                Ok(Parsed::Transfer(entry)) => {
                    let wanted = parse_start.is_none_or(|start| entry.log_time >= start);
                    rows.entries.extend(wanted.then_some(entry));
                }
                Ok(Parsed::Other) => {}
                Err(reason) => rows.damaged.push(damaged(chunk, line, &bytes, reason)),
            }
        }
        rows
    }

    /// Whether the lines say nothing.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.damaged.is_empty()
    }
}

fn read(line: &[u8], truncated: bool) -> Result<Parsed, String> {
    if truncated {
        return Err("the line is too long".to_owned());
    }
    parse(line, &Local).map_err(|error| error.to_string())
}

fn damaged(chunk: &Chunk, line: Line<'_>, bytes: &[u8], reason: String) -> DamagedLine {
    let file = chunk.files.get(line.file);
    let path = file.map_or(&b""[..], |file| file.path.as_os_str().as_bytes());
    DamagedLine {
        log_path: from_bytes(path).into_owned(),
        source_inode: file.map_or(0, |file| file.inode),
        line: from_bytes(beginning(bytes)).into_owned(),
        reason,
    }
}

/// What is kept of a damaged line: no character is cut in two.
fn beginning(line: &[u8]) -> &[u8] {
    let continues = |at: usize| line.get(at).is_some_and(|byte| byte & 0xc0 == 0x80);
    let end = (KEPT_BYTES - 3..=KEPT_BYTES)
        .rev()
        .find(|&end| !continues(end));
    line.get(..end.unwrap_or(KEPT_BYTES)).unwrap_or(line)
}

/// The bytes of a line as the parser reads them. x-user-defined is how a log of no known encoding
/// is followed: each of its bytes from 0x80 on is the character U+F700 above it. In every other
/// encoding the text has become UTF-8.
fn bytes_of<'a>(text: &'a str, encoding: &'static Encoding) -> Cow<'a, [u8]> {
    if encoding != X_USER_DEFINED || text.is_ascii() {
        return Cow::Borrowed(text.as_bytes());
    }
    let lowest = |character| {
        let [.., byte] = u32::from(character).to_be_bytes();
        byte
    };
    Cow::Owned(text.chars().map(lowest).collect())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::Instant;

    use etlmon_shared::transfer::TransferDirection;
    use proptest::prelude::*;

    use super::*;
    use crate::tail::{Budget, Follower, TailSettings};

    const ENTRY: &str = " 1 192.0.2.1 5 /in/a b _ i r alice ftp 0 * c";

    fn entry(time: &str) -> String {
        format!("{time}{ENTRY}\n")
    }

    /// What becomes of a log that is followed, with lines of 6000 bytes at most.
    fn rows(log: &[u8], label: &str, parse_start: Option<Timestamp>) -> (String, TransferRows) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("xferlog");
        fs::write(&path, log).unwrap();
        let mut settings = TailSettings::new(&path).unwrap().encoding(label).unwrap();
        settings.from_beginning = true;
        settings.max_line_bytes = 6000;
        let encoding = settings.encoding;
        let mut follower = Follower::new(settings, Vec::new(), Instant::now());
        let chunk = follower.read(Budget::default(), Instant::now());
        assert!(!chunk.more);
        let rows = TransferRows::new(&chunk, encoding, parse_start);
        (path.to_str().unwrap().to_owned(), rows)
    }

    #[test]
    fn entries_and_damage_are_told_apart_and_other_events_are_left_out() {
        let log = [
            entry("Sat Nov 21 20:50:15 2026"),
            "\n\r\nnonsense\r\n".to_owned(),
            "Sat Nov 21 20:50:16 2026 [pid 2] CONNECT: Client \"192.0.2.1\"\n".to_owned(),
            "x".repeat(6001) + "\n",
            entry("Sat Nov 21 20:50:17 2026").replace(" i ", " d "),
        ];
        let (path, rows) = rows(log.concat().as_bytes(), "x-user-defined", None);
        let directions: Vec<_> = rows.entries.iter().map(|entry| entry.direction).collect();
        assert_eq!(
            directions,
            [TransferDirection::Upload, TransferDirection::Delete]
        );
        let [nonsense, long] = &rows.damaged[..] else {
            panic!("{:?}", rows.damaged);
        };
        assert_eq!(nonsense.line, "nonsense");
        assert_eq!(nonsense.reason, "date is malformed");
        assert_eq!(
            (&nonsense.log_path, nonsense.source_inode > 0),
            (&path, true)
        );
        assert_eq!(long.line, "x".repeat(4096));
        assert_eq!(long.reason, "the line is too long");
    }

    #[test]
    fn entries_from_before_the_start_are_left_out() {
        let log =
            ["14", "15", "16"].map(|second| entry(&format!("Sat Nov 21 20:50:{second} 2026")));
        let (_, all) = rows(log.concat().as_bytes(), "x-user-defined", None);
        let times: Vec<_> = all.entries.iter().map(|entry| entry.log_time).collect();
        let (_, late) = rows(log.concat().as_bytes(), "x-user-defined", Some(times[1]));
        assert_eq!(late.entries, all.entries[1..]);
    }

    #[test]
    fn names_are_shown_by_their_bytes_or_in_the_configured_encoding() {
        let line = entry("Sat Nov 21 20:50:15 2026");
        let (before, after) = line.split_once("/in/a").unwrap();
        for (name, label, shown) in [
            (&b"/\xc7\xd1"[..], "x-user-defined", "/\\xc7\\xd1"),
            (b"/\xc7\xd1", "euc-kr", "/한"),
            ("/한\u{a0}글".as_bytes(), "x-user-defined", "/한\u{a0}글"),
            ("/한\u{a0}글".as_bytes(), "utf-8", "/한\u{a0}글"),
            (b"/\xff", "utf-8", "/\u{fffd}"),
        ] {
            let log = [before.as_bytes(), name, after.as_bytes()].concat();
            let (_, rows) = rows(&log, label, None);
            assert_eq!(rows.entries[0].filename, shown, "{label}");
        }
    }

    #[test]
    fn what_is_kept_of_a_damaged_line_ends_with_a_whole_character() {
        for (ahead, kept) in [(4093, 4096), (4094, 4094), (4095, 4095), (4096, 4096)] {
            let line = "x".repeat(ahead) + "한글";
            assert_eq!(beginning(line.as_bytes()), &line.as_bytes()[..kept]);
        }
        assert_eq!(beginning(&[0xa0; 5000]), [0xa0; 4096]);
        assert_eq!(beginning(b"short"), b"short");
    }

    proptest! {
        #[test]
        fn every_byte_comes_back(bytes: Vec<u8>) {
            let (text, _) = X_USER_DEFINED.decode_without_bom_handling(&bytes);
            prop_assert_eq!(&bytes_of(&text, X_USER_DEFINED)[..], &bytes[..]);
        }
    }
}
