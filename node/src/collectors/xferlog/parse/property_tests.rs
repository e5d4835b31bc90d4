//! What holds for every line: entries come back as they were written, damage gives none.

use chrono::{FixedOffset, NaiveDate, NaiveTime, TimeDelta};
use etlmon_shared::Timestamp;
use etlmon_shared::text::from_bytes;
use etlmon_shared::transfer::{TransferAccessMode, TransferDirection, TransferStatus};
use proptest::prelude::*;

use super::*;

/// An entry and the bytes of its names as a server writes them.
#[derive(Debug, Clone)]
struct Written {
    entry: Entry,
    filename: Vec<u8>,
    username: Vec<u8>,
    zone: FixedOffset,
}

/// Pieces that lines are made of, and bytes that are not text.
fn name(pieces: &'static [&'static [u8]]) -> impl Strategy<Value = Vec<u8>> {
    let any_byte = any::<u8>().prop_filter_map("ends or damages a line", |byte| {
        (!matches!(byte, 0 | b'\n' | b' ' | b']')).then_some(vec![byte])
    });
    let piece = prop_oneof![
        3 => prop::sample::select(pieces).prop_map(<[u8]>::to_vec),
        1 => any_byte
    ];
    prop::collection::vec(piece, 1..12).prop_map(|pieces| pieces.concat())
}

const FILE_PIECES: &[&[u8]] = &[
    b"/",
    b"a",
    b" ",
    b"  ",
    b"\"",
    b"_",
    b" b _ i r x",
    b"[x] ",
    b"] ",
    b"] OK DELETE: Client \"h\", \"/",
    b", ",
    b"\\x",
    b"\xc7\xd1",
    b" ftp 0 * c",
    b", 5 bytes, 1.00Kbyte/sec",
    "한글".as_bytes(),
    "\u{a0}".as_bytes(),
    "\u{3000}".as_bytes(),
    b": Client \"",
    b"Sat Nov 21 20:50:15 2026 ",
];
const USER_PIECES: &[&[u8]] = &[
    b"a",
    b"x",
    b"b",
    b"_",
    b"[",
    b"\"",
    "김".as_bytes(),
    "\u{a0}".as_bytes(),
];

fn written() -> impl Strategy<Value = Written> {
    let directions = [
        TransferDirection::Upload,
        TransferDirection::Download,
        TransferDirection::Delete,
    ];
    (
        (0_i64..253_402_214_400, -12_i32..=14),
        (name(FILE_PIECES), name(USER_PIECES)),
        prop::sample::select(vec!["192.0.2.1", "2001:db8::1", "host.example.com"]),
        (0..=i64::MAX.cast_unsigned(), any::<u32>()),
        prop::sample::select(directions.to_vec()),
        any::<bool>(),
        prop::sample::select(vec![TransferAccessMode::Guest, TransferAccessMode::Real]),
    )
        .prop_map(
            |((second, hours), names, host, (bytes, time), direction, done, mode)| {
                let (filename, username) = names;
                let zone = FixedOffset::east_opt(hours * 3600).unwrap();
                let entry = Entry {
                    // No local year before 1970.
                    log_time: Timestamp::from_millis(second.max(43_200) * 1000),
                    remote_host: host.to_owned(),
                    username: from_bytes(&username).into_owned(),
                    filename: from_bytes(&filename).into_owned(),
                    bytes: Some(bytes),
                    transfer_time_sec: Some(time.into()),
                    direction,
                    status: if done {
                        TransferStatus::Complete
                    } else {
                        TransferStatus::Incomplete
                    },
                    access_mode: Some(mode),
                    service: Some("ftp".to_owned()),
                };
                Written {
                    entry,
                    filename,
                    username,
                    zone,
                }
            },
        )
}

impl Written {
    fn date(&self) -> String {
        let utc = chrono::DateTime::from_timestamp_millis(self.entry.log_time.as_millis()).unwrap();
        utc.with_timezone(&self.zone)
            .format("%a %b %e %H:%M:%S %Y")
            .to_string()
    }

    fn in_wu_ftpd_layout(&self) -> Vec<u8> {
        let entry = &self.entry;
        let direction = match entry.direction {
            TransferDirection::Upload => "i",
            TransferDirection::Download => "o",
            TransferDirection::Delete => "d",
        };
        let mode = if entry.access_mode == Some(TransferAccessMode::Guest) {
            "g"
        } else {
            "r"
        };
        let status = if entry.status == TransferStatus::Complete {
            "c"
        } else {
            "i"
        };
        let head = format!(
            "{} {} {} {} ",
            self.date(),
            entry.transfer_time_sec.unwrap(),
            entry.remote_host,
            entry.bytes.unwrap()
        );
        let letters = format!(" b _ {direction} {mode} ");
        let end = format!(" ftp 0 * {status}");
        [
            head.as_bytes(),
            &self.filename,
            letters.as_bytes(),
            &self.username,
            end.as_bytes(),
        ]
        .concat()
    }

    fn in_own_layout(&self) -> Vec<u8> {
        let entry = &self.entry;
        let action = match entry.direction {
            TransferDirection::Upload => "UPLOAD",
            TransferDirection::Download => "DOWNLOAD",
            TransferDirection::Delete => "DELETE",
        };
        let result = if entry.status == TransferStatus::Complete {
            "OK"
        } else {
            "FAIL"
        };
        let figures = match (entry.direction, entry.bytes.unwrap()) {
            (TransferDirection::Delete, _) => String::new(),
            (_, 0) => ", 0.00Kbyte/sec".to_owned(),
            (_, bytes) => format!(", {bytes} bytes, 0.00Kbyte/sec"),
        };
        let head = format!("{} [pid 7] [", self.date());
        let event = format!("] {result} {action}: Client \"{}\", \"", entry.remote_host);
        let end = format!("\"{figures}");
        [
            head.as_bytes(),
            &self.username,
            event.as_bytes(),
            &self.filename,
            end.as_bytes(),
        ]
        .concat()
    }

    /// What the own layout says of it.
    fn in_own_words(&self) -> Entry {
        let sized = self.entry.direction != TransferDirection::Delete;
        Entry {
            bytes: self.entry.bytes.filter(|_| sized),
            transfer_time_sec: None,
            access_mode: None,
            service: None,
            ..self.entry.clone()
        }
    }
}

fn is_entry(parsed: &Result<Parsed, ParseError>) -> bool {
    matches!(parsed, Ok(Parsed::Transfer(_)))
}

proptest! {
    #[test]
    fn an_entry_comes_back_as_it_was_written(written in written()) {
        // A name that holds the beginning of a line with its date makes two lines of one, and one
        // that imitates what follows names can be read in more than one way.
        let name = &written.entry.filename;
        let is_unclear = |parsed: &Result<Parsed, ParseError>| match parsed {
            Err(ParseError::Joined) => name.contains("20:50:15 2026 "),
            Err(ParseError::Ambiguous) => name.contains(" b _ i r "),
            _ => false,
        };
        let parsed = parse(&written.in_wu_ftpd_layout(), &written.zone);
        prop_assume!(!is_unclear(&parsed));
        prop_assert_eq!(parsed, Ok(Parsed::Transfer(written.entry.clone())));
        let parsed = parse(&written.in_own_layout(), &written.zone);
        prop_assume!(!is_unclear(&parsed));
        prop_assert_eq!(parsed, Ok(Parsed::Transfer(written.in_own_words())));
    }

    #[test]
    fn any_bytes_are_read_without_panic(
        head in prop::sample::select(vec![
            "", "Sat Nov 21 20:50:15 2026 ", "Sat Nov 21 20:50:15 2026 [pid 1] ",
            "Sat Nov 21 20:50:15 2026 [pid 1] [a] OK UPLOAD: Client \"", "Sat Nov 21 20:50:15 2026 1 h 1 ",
        ]),
        bytes in prop::collection::vec(any::<u8>(), 0..80),
    ) {
        // Random bytes hold no whole end of a line.
        prop_assert!(!is_entry(&parse(&[head.as_bytes(), &bytes].concat(), &chrono::Utc)));
    }

    #[test]
    fn any_text_between_the_parts_of_a_line_is_read_without_panic(
        text in name(FILE_PIECES), more in name(FILE_PIECES), written in written(),
    ) {
        for line in [written.in_wu_ftpd_layout(), written.in_own_layout()] {
            for at in (0..=line.len()).step_by(7) {
                let (start, end) = line.split_at(at);
                let _ = parse(&[start, &text, end, &more].concat(), &written.zone);
            }
        }
    }

    /// With names that imitate nothing: a cut line may end in what looks like its end.
    #[test]
    fn a_line_cut_short_gives_no_entry(mut written in written(), plain in "/[a-z ]{0,20}x") {
        written.filename = plain.into_bytes();
        for line in [written.in_wu_ftpd_layout(), written.in_own_layout()] {
            for end in 0..line.len() {
                prop_assert!(!is_entry(&parse(&line[..end], &written.zone)), "{}", end);
            }
        }
    }

    /// As after a full disk: the rest of a line and its newline are lost, the next follows.
    #[test]
    fn a_line_that_goes_on_after_a_cut_one_gives_no_entry(
        mut first in written(), mut second in written(), at in any::<prop::sample::Index>(),
    ) {
        // A name that holds a date may itself look like a line that was cut.
        first.filename = b"/a b".to_vec();
        second.filename = b"/c d".to_vec();
        for (cut, whole) in [
            (first.in_wu_ftpd_layout(), second.in_wu_ftpd_layout()),
            (first.in_own_layout(), second.in_own_layout()),
        ] {
            let end = at.index(cut.len()) + 1;
            let joined = [&cut[..end], &whole].concat();
            let parsed = parse(&joined, &first.zone);
            prop_assert!(!is_entry(&parsed), "{:?}", parsed);
        }
    }

    #[test]
    fn a_second_is_the_same_in_every_zone(second in 86_400_i64..4_102_444_800, hours in -12..=14_i32) {
        let zone = FixedOffset::east_opt(hours * 3600).unwrap();
        let epoch = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap().and_time(NaiveTime::MIN);
        let local = epoch + TimeDelta::seconds(second) + TimeDelta::hours(hours.into());
        let moment = moment::in_utc(local, &zone).unwrap();
        prop_assert_eq!(moment.as_millis(), second * 1000);
    }
}
