//! Lines that were cut, run together or overwritten.

use super::line_tests::{DATE, assert_names, own, read, wu};
use super::*;

const LETTERS: &str = "type, flag, direction, mode or user name is malformed";
const ANOTHER: &str = "Sat Nov 21 20:51:00 2026";

#[test]
fn a_line_inside_another_gives_no_entry() {
    let cut = wu("/da");
    let whole = "1 198.51.100.1 20 /b b _ i r dave ftp 0 * c";
    assert_eq!(
        read(&format!("{cut}{ANOTHER} {whole}")),
        Err(ParseError::Joined)
    );
    let cut = own("[carol] OK UPLOAD: Client \"192.0.2.1\", \"/da");
    let whole = "[pid 3] [dave] OK UPLOAD: Client \"198.51.100.1\", \"/b\", 1.00Kbyte/sec";
    assert_eq!(
        read(&format!("{cut}{ANOTHER} {whole}")),
        Err(ParseError::Joined)
    );
    // A date alone is as good a name as any.
    let name = format!("/backup of {ANOTHER} 2.tar");
    assert_names(
        &wu(&format!("{name} b _ i r carol ftp 0 * c")),
        &name,
        "carol",
    );
}

fn assert_reasons<const N: usize>(cases: [(String, &str); N]) {
    for (line, reason) in cases {
        let error = read(&line).unwrap_err();
        assert_eq!(error.to_string(), reason, "{line}");
    }
}

#[test]
fn a_line_with_a_damaged_head_says_which_part_it_is() {
    assert_reasons([
        (String::new(), "date is malformed"),
        ("not a transfer log".to_owned(), "date is malformed"),
        (format!("{DATE} "), "transfer time is missing"),
        (
            format!("{DATE} - h 1 /a b _ i r u ftp 0 * c"),
            "transfer time is malformed",
        ),
        (
            format!("{DATE} 4294967296 h 1 /a b _ i r u ftp 0 * c"),
            "transfer time is out of range",
        ),
        (
            format!("{DATE} 1  1 /a b _ i r u ftp 0 * c"),
            "remote host is malformed",
        ),
        (
            format!("{DATE} 1 h\t 1 /a b _ i r u ftp 0 * c"),
            "remote host is malformed",
        ),
        (
            format!("{DATE} 1 h +1 /a b _ i r u ftp 0 * c"),
            "file size is malformed",
        ),
        (
            format!("{DATE} 1 h 9223372036854775808 /a b _ i r u ftp 0 * c"),
            "file size is out of range",
        ),
    ]);
}

#[test]
fn a_line_with_a_damaged_end_says_which_part_it_is() {
    assert_reasons([
        (
            wu("/a b _ i r u ftp 0 * C"),
            "completion status is malformed",
        ),
        (
            wu("/a b _ i r u ftp 0 * c\r"),
            "completion status is malformed",
        ),
        (
            wu("/a b _ i r u ftp 0  c"),
            "authenticated user id is malformed",
        ),
        (
            wu("/a b _ i r u ftp x * c"),
            "authentication method is malformed",
        ),
        (wu("/a b _ i r u  0 * c"), "service name is malformed"),
        (wu("/a b _ x r u ftp 0 * c"), LETTERS),
        (wu("/a b _ i x u ftp 0 * c"), LETTERS),
        (wu("/a c _ i r u ftp 0 * c"), LETTERS),
        (wu("/a b X i r u ftp 0 * c"), LETTERS),
        (wu("/a b _ i r  ftp 0 * c"), LETTERS),
        (wu(" b _ i r u ftp 0 * c"), LETTERS),
        (wu("c"), "authenticated user id is missing"),
    ]);
}

#[test]
fn a_damaged_line_of_the_own_layout_says_which_part_it_is() {
    assert_reasons([
        (
            format!("{DATE} [pid x] CONNECT: Client \"h\""),
            "process id is malformed",
        ),
        (
            format!("{DATE} [pid ] CONNECT: Client \"h\""),
            "process id is malformed",
        ),
        (own(""), "action is malformed"),
        (own("[carol"), "action is missing"),
        (
            own("OK DELETE: Client \"h\", \"/x\""),
            "username is missing",
        ),
        (
            own("[] OK DELETE: Client \"h\", \"/x\""),
            "username is missing",
        ),
        (
            own("[carol] OK UPLOAF: Client \"h\", \"/x\", 1.00Kbyte/sec"),
            "action is malformed",
        ),
        (
            own("[carol] UPLOAD: Client \"h\", \"/x\", 1.00Kbyte/sec"),
            "action is malformed",
        ),
        (
            own("[carol] OK UPLOAD: Client \"\", \"/x\", 1.00Kbyte/sec"),
            "remote host is malformed",
        ),
        (
            own("[carol] OK UPLOAD: Client \"h"),
            "remote host is malformed",
        ),
        (
            own("[carol] OK UPLOAD: Client \"h\", 1.00Kbyte/sec"),
            "file name is missing",
        ),
        (
            own("[carol] OK UPLOAD: Client \"h\", \"\", 1.00Kbyte/sec"),
            "file name is malformed",
        ),
        (
            own("[carol] OK UPLOAD: Client \"h\", \"/x\""),
            "rate is missing",
        ),
        (
            own("[carol] OK UPLOAD: Client \"h\", \"/x\", 1.0Kbyte/sec"),
            "rate is malformed",
        ),
        (
            own("[carol] OK UPLOAD: Client \"h\", \"/x\", .00Kbyte/sec"),
            "rate is malformed",
        ),
        (
            own("[carol] OK UPLOAD: Client \"h\", \"/x\", 1 bytes, 1.00Kbyte"),
            "rate is malformed",
        ),
        (
            own("[carol] OK UPLOAD: Client \"h\", \"/x\", 1e3 bytes, 1.00Kbyte/sec"),
            "file size is malformed",
        ),
        (
            own("[carol] OK DELETE: Client \"h\", \"/x\", 1.00Kbyte/sec"),
            "file name is malformed",
        ),
    ]);
}

#[test]
fn nul_bytes_of_a_crash_give_no_entry() {
    let line = "1 h 1 /a b _ i r u ftp 0 * c";
    for zeros in [
        format!("{DATE} 1 h 1 /a\0\0\0 b _ i r u ftp 0 * c"),
        format!("\0{DATE}\0 {line}"),
        format!("{DATE} {line}\0"),
        "\0\0".to_owned(),
    ] {
        assert_eq!(read(&zeros), Err(ParseError::Nul), "{zeros:?}");
    }
}

#[test]
fn the_first_line_after_a_crash_is_read_behind_the_zeros() {
    let zeros = "\0".repeat(4096);
    assert_names(
        &format!("{zeros}{}", wu("/a b _ i r carol ftp 0 * c")),
        "/a",
        "carol",
    );
    let upload = own("[carol] OK UPLOAD: Client \"192.0.2.1\", \"/a\", 0.00Kbyte/sec");
    assert_names(&format!("{zeros}{upload}"), "/a", "carol");
}

/// Quadratic, this would take minutes.
#[test]
fn a_long_line_that_imitates_thousands_of_events_takes_no_time() {
    let events = "] OK UPLOAD: Client \"h\", \"".repeat(20_000);
    let figures = format!("\", {}", "9".repeat(500_000));
    let began = std::time::Instant::now();
    assert!(read(&own(&format!("[carol{events}{figures}"))).is_err());
    assert!(began.elapsed().as_secs() < 5, "{:?}", began.elapsed());
}
