//! What lines are made of: ends, encodings, lengths.

use super::*;
use crate::tail::Multiline;

#[test]
fn line_ends_of_both_kinds_are_none_of_the_text() {
    let mut world = World::new("app.log");
    world.append("app.log", "\u{feff}one\r\ntwo\n\r\n\nthree\rfour\n");
    world.expect(&["one", "two", "", "", "three\rfour"]);
}

#[test]
fn bytes_that_are_no_text_are_replaced_line_by_line() {
    let mut world = World::new("app.log");
    world.append(
        "app.log",
        b"a\xffb\ngood\n\xed\x95\n\xea\xb0\x80\r\n\0\0nul\n",
    );
    world.expect(&["a\u{fffd}b", "good", "\u{fffd}", "가", "\0\0nul"]);
}

#[test]
fn an_unterminated_line_is_delivered_when_it_was_quiet_and_never_twice() {
    let mut world = World::new("app.log");
    world.append("app.log", "begun");
    world.expect(&[]);
    world.wait(4);
    world.expect(&[]);
    world.wait(1);
    world.expect(&["begun"]);
    world.restart();
    world.append("app.log", "\r");
    world.expect(&["begun"]);
    world.append("app.log", "\nnext\nagain");
    world.expect(&["begun", "next"]);
    world.wait(5);
    world.expect(&["begun", "next", "again"]);
    world.append("app.log", " and more\n");
    world.wait(5);
    world.expect(&["begun", "next", "again", " and more"]);
}

#[test]
fn a_return_that_stays_alone_after_a_quiet_line_is_no_line() {
    let mut world = World::new("app.log");
    for (line, after) in [("1", "\n2\n"), ("3", "\r\n4\n"), ("5", "6\n")] {
        world.append("app.log", line);
        world.read();
        world.wait(5);
        world.read();
        world.append("app.log", "\r");
        world.read();
        world.wait(5);
        world.read();
        assert_eq!(world.lines().last(), Some(&line));
        world.restart();
        world.append("app.log", after);
        world.read();
    }
    world.append("app.log", "7");
    world.read();
    world.wait(5);
    world.read();
    world.append("app.log", "\r");
    world.rename("app.log", "app.log.1");
    world.append("app.log", "8\n");
    world.read();
    world.wait(61);
    world.expect(&["1", "2", "3", "4", "5", "6", "7", "8"]);
}

#[test]
fn half_a_character_waits_for_its_other_half() {
    let mut world = World::new("app.log");
    world.append("app.log", b"a\xea\xb0");
    world.wait(9);
    world.read();
    world.wait(9);
    world.expect(&["a"]);
    world.append("app.log", b"\x80\n");
    world.expect(&["a", "가"]);
}

#[test]
fn a_line_that_is_too_long_is_cut_and_the_file_goes_on() {
    let mut world = World::with("app.log", |settings| settings.max_line_bytes = 1000);
    let long = "가".repeat(500_000);
    world.append("app.log", format!("before\n{long}"));
    world.read();
    assert_eq!(world.stored.lines[1].text, "가".repeat(333));
    assert!(world.stored.lines[1].truncated);
    world.restart();
    world.append("app.log", "rest of it\nafter\n");
    world.append("app.log", format!("{}\n", "x".repeat(1000)));
    world.append("app.log", format!("{}\nlast\n", "y".repeat(1001)));
    world.read();
    let lines: Vec<_> = world
        .stored
        .lines
        .iter()
        .map(|line| (line.text.len(), line.truncated))
        .collect();
    assert_eq!(
        lines,
        [
            (6, false),
            (999, true),
            (5, false),
            (1000, false),
            (1000, true),
            (4, false)
        ]
    );
}

#[test]
fn skipped_bytes_of_long_lines_are_counted() {
    let mut world = World::with("app.log", |settings| settings.max_line_bytes = 10);
    world.append("app.log", "0123456789abc\n");
    let chunk = world.follower.read(Budget::default(), world.now);
    let skipped: Vec<u64> = chunk.files.iter().map(|file| file.skipped_bytes).collect();
    assert_eq!(skipped, [3]);
}

#[test]
fn zeros_that_a_crash_left_are_data() {
    let mut world = World::new("app.log");
    world.append("app.log", "1\n");
    File::options()
        .write(true)
        .open(world.path("app.log"))
        .unwrap()
        .set_len(3 << 20)
        .unwrap();
    world.append("app.log", "\n2\n");
    world.read();
    assert_eq!(world.stored.lines[1].text.len(), 1 << 20);
    assert!(world.stored.lines[1].truncated);
    assert_eq!(world.lines()[2], "2");
}

#[test]
fn other_encodings_are_decoded_and_split_where_their_lines_end() {
    let korean = encoding_rs::EUC_KR.encode("가나\n다\n").0.into_owned();
    let wide = |order: fn(u16) -> [u8; 2]| -> Vec<u8> {
        "\u{feff}\u{a00}a\r\n\u{10a}\n"
            .encode_utf16()
            .flat_map(order)
            .collect()
    };
    for (label, bytes, lines) in [
        ("euc-kr", korean, ["가나", "다"]),
        ("utf-16le", wide(u16::to_le_bytes), ["\u{a00}a", "\u{10a}"]),
        ("utf-16be", wide(u16::to_be_bytes), ["\u{a00}a", "\u{10a}"]),
    ] {
        let mut world = World::new("app.log");
        world.settings = world.settings.clone().encoding(label).unwrap();
        world.restart();
        // Byte by byte, as the most careless of all writers.
        for byte in bytes {
            world.append("app.log", [byte]);
            world.read();
        }
        assert_eq!(world.lines(), lines, "{label}");
    }
    assert!(
        TailSettings::new("/x")
            .unwrap()
            .encoding("klingon")
            .is_err()
    );
}

#[test]
fn lines_of_one_entry_stay_together() {
    let mut world = World::with("app.log", |settings| {
        settings.multiline = Some(Multiline {
            start: regex::Regex::new("^[0-9]").unwrap(),
            timeout: Duration::from_secs(2),
        });
    });
    world.append("app.log", "1 a\n  at b\n  at c\n2 d\n");
    world.expect(&["1 a\n  at b\n  at c"]);
    world.append("app.log", "  at e\n");
    world.restart();
    world.expect(&["1 a\n  at b\n  at c"]);
    world.wait(2);
    world.expect(&["1 a\n  at b\n  at c", "2 d\n  at e"]);
    world.append("app.log", "3 f\n  at g");
    world.read();
    world.rename("app.log", "app.log.1");
    world.append("app.log", "4\n5\n");
    world.wait(61);
    world.read();
    world.wait(2);
    world.read();
    let mut rest = world.lines().split_off(2);
    rest.sort_unstable();
    assert_eq!(rest, ["3 f\n  at g", "4", "5"]);
}

#[test]
fn the_last_entry_of_a_rotated_file_comes_before_those_of_the_next_one() {
    let mut world = World::with("app.log", |settings| {
        settings.multiline = Some(Multiline {
            start: regex::Regex::new("^[0-9]").unwrap(),
            timeout: Duration::from_secs(2),
        });
    });
    for encoding in [encoding_rs::UTF_8, encoding_rs::UTF_16LE] {
        world.settings.encoding = encoding;
        world.restart();
        let encoded = |text: &str| match encoding.name() {
            "UTF-8" => text.as_bytes().to_vec(),
            _ => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        };
        world.stored.lines.clear();
        world.append("app.log", encoded("1 a\n  at b\n"));
        world.expect(&[]);
        world.rename("app.log", "app.log.1");
        world.expect(&[]);
        // Whoever wrote it has gone on.
        world.append("app.log", encoded("2 c\n  at d\n3\n"));
        world.expect(&["1 a\n  at b", "2 c\n  at d"]);
        world.wait(2);
        world.expect(&["1 a\n  at b", "2 c\n  at d", "3"]);
    }
}

#[test]
fn the_end_offset_of_a_line_is_where_the_next_one_begins() {
    let mut world = World::new("app.log");
    world.append("app.log", b"one\r\ntwo\n\xff\n");
    world.read();
    let ends: Vec<_> = world
        .stored
        .lines
        .iter()
        .map(|line| line.end_offset)
        .collect();
    assert_eq!(ends, [5, 9, 11]);
}
