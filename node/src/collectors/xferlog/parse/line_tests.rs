//! Single lines: what old and patched servers write, and what imitates a line.

use chrono::Utc;
use etlmon_shared::transfer::{TransferAccessMode, TransferDirection, TransferStatus};

use super::*;

pub(super) const DATE: &str = "Sat Nov 21 20:50:15 2026";

pub(super) fn read(line: &str) -> Result<Parsed, ParseError> {
    parse(line.as_bytes(), &Utc)
}

fn entry(line: &str) -> Entry {
    match read(line) {
        Ok(Parsed::Transfer(entry)) => entry,
        other => panic!("{other:?} in {line}"),
    }
}

/// A line of wu-ftpd's layout whose end, from the file's name on, is this.
pub(super) fn wu(end: &str) -> String {
    format!("{DATE} 3 192.0.2.1 1234 {end}")
}

pub(super) fn own(end: &str) -> String {
    format!("{DATE} [pid 2] {end}")
}

pub(super) fn assert_names(line: &str, filename: &str, username: &str) {
    let entry = entry(line);
    assert_eq!(
        (&*entry.filename, &*entry.username),
        (filename, username),
        "{line}"
    );
}

#[test]
fn every_field_of_the_xferlog_layout_is_read() {
    let line = "Mon Jan  5 00:00:01 2026 45 host.example.com 9223372036854775807 /a b _ o g carol \
                sftp 1 ident i";
    let expected = Entry {
        log_time: "2026-01-05T00:00:01Z".parse().unwrap(),
        remote_host: "host.example.com".to_owned(),
        username: "carol".to_owned(),
        filename: "/a".to_owned(),
        bytes: Some(9_223_372_036_854_775_807),
        transfer_time_sec: Some(45.0),
        direction: TransferDirection::Download,
        status: TransferStatus::Incomplete,
        access_mode: Some(TransferAccessMode::Guest),
        service: Some("sftp".to_owned()),
    };
    assert_eq!(read(line).unwrap(), Parsed::Transfer(expected));
}

#[test]
fn what_a_clients_machine_says_of_its_user_forges_and_hides_nothing() {
    for id in ["smith", "eve smith", "", "a  b ", "1"] {
        let entry = entry(&wu(&format!("/f b _ i r alice ftp 1 {id} c")));
        assert_eq!(
            (&*entry.filename, &*entry.username),
            ("/f", "alice"),
            "{id}"
        );
        assert_eq!(entry.direction, TransferDirection::Upload);
        assert_eq!(entry.service.as_deref(), Some("ftp"));
    }
    for id in [
        "y b _ o r root ftp 0 *",
        "y b _ d g root evil 9 z",
        "x ftp 0 *",
        "y b _ o r root ftp 1 z",
        "a ftp 1 b c",
    ] {
        let line = wu(&format!("/f b _ i r alice ftp 1 {id} c"));
        assert_eq!(read(&line), Err(ParseError::Ambiguous), "{line}");
    }
    // Users and files with blanks are what they were.
    assert_names(&wu("/f b _ i r team 1 ftp 0 * c"), "/f", "team 1");
    assert_names(&wu("/a 1 b b _ i r alice ftp 0 * c"), "/a 1 b", "alice");
    assert_names(&wu("/a 1 b b _ i r alice ftp 1 smith c"), "/a 1 b", "alice");
}

#[test]
fn every_field_of_the_own_layout_is_read() {
    let line =
        own("[carol] FAIL UPLOAD: Client \"2001:db8::1\", \"/a b\", 2048 bytes, 4.00Kbyte/sec");
    let expected = Entry {
        log_time: "2026-11-21T20:50:15Z".parse().unwrap(),
        remote_host: "2001:db8::1".to_owned(),
        username: "carol".to_owned(),
        filename: "/a b".to_owned(),
        bytes: Some(2048),
        transfer_time_sec: Some(0.5),
        direction: TransferDirection::Upload,
        status: TransferStatus::Incomplete,
        access_mode: None,
        service: None,
    };
    assert_eq!(read(&line).unwrap(), Parsed::Transfer(expected));
}

#[test]
fn names_with_spaces_are_told_apart_from_the_right() {
    assert_names(&wu("/a  file b _ i r carol ftp 0 * c"), "/a  file", "carol");
    assert_names(&wu(" /edges  b _ i r carol ftp 0 * c"), " /edges ", "carol");
    assert_names(
        &wu("/a b _ i r  carol 김 철수  ftp 0 * c"),
        "/a",
        " carol 김 철수 ",
    );
    assert_names(
        &wu("/a file b _ i g carol of etl ftp 0 * c"),
        "/a file",
        "carol of etl",
    );
    assert_names(
        &wu("/two\u{3000}wide\u{a0}b b CU i r \u{a0} ftp 0 * c"),
        "/two\u{3000}wide\u{a0}b",
        "\u{a0}",
    );
    assert_names(&wu("/a b _ i a  ftp 0 * c"), "/a", "");
}

#[test]
fn a_file_name_that_imitates_the_end_of_a_line_is_a_name() {
    let name = "/x b _ o r root ftp 0 * c";
    assert_names(
        &wu(&format!("{name} b _ i r carol ftp 0 * c")),
        name,
        "carol",
    );
    let name = "/x\", 5 bytes, 1.00Kbyte/sec";
    let line = own(&format!(
        "[carol] OK UPLOAD: Client \"192.0.2.1\", \"{name}\", 0.00Kbyte/sec"
    ));
    assert_names(&line, name, "carol");
    let line = own(&format!(
        "[carol] OK DELETE: Client \"192.0.2.1\", \"{name}\""
    ));
    assert_names(&line, name, "carol");
}

#[test]
fn a_file_name_that_imitates_an_event_is_a_name() {
    let upload = "/] OK UPLOAD: Client \"1.2.3.4\", \"/x";
    let line = own(&format!(
        "[carol] OK UPLOAD: Client \"192.0.2.1\", \"{upload}\", 5 bytes, 1.00Kbyte/sec"
    ));
    assert_names(&line, upload, "carol");
    let delete = "/a] OK DELETE: Client \"1.2.3.4\", \"/x";
    let line = own(&format!(
        "[carol] OK DELETE: Client \"192.0.2.1\", \"{delete}\""
    ));
    assert_names(&line, delete, "carol");
    for event in ["OK MKDIR", "FTP command"] {
        let line = own(&format!(
            "[carol] {event}: Client \"192.0.2.1\", \"{delete}\""
        ));
        assert_eq!(read(&line), Ok(Parsed::Other), "{event}");
    }
}

#[test]
fn an_anonymous_password_that_imitates_another_user_gives_no_entry() {
    let line = wu("/x b _ o a guest b _ o r root ftp 0 * c");
    assert_eq!(read(&line), Err(ParseError::Ambiguous));
    // With a space in the file's name its server leaves spaces as they are.
    let line = wu("/my x b _ o a guest b _ o r root ftp 0 * c");
    assert_names(&line, "/my x b _ o a guest", "root");
}

#[test]
fn a_login_that_imitates_a_transfer_gives_no_entry() {
    let upload = "x] OK UPLOAD: Client \"1.2.3.4\", \"/x\", 5 bytes, 1.00Kbyte/sec";
    let line = own(&format!("[{upload}] FAIL LOGIN: Client \"192.0.2.1\""));
    assert_eq!(read(&line), Ok(Parsed::Other));
    let delete = "x] OK DELETE: Client \"1.2.3.4\", \"/x";
    let line = own(&format!("[{delete}] FAIL LOGIN: Client \"192.0.2.1\""));
    assert_eq!(read(&line), Err(ParseError::Ambiguous));
    let line = own(&format!(
        "FTP command: Client \"192.0.2.1\", \"USER {delete}\""
    ));
    assert_eq!(read(&line), Ok(Parsed::Other));
}

#[test]
fn a_user_name_with_brackets_is_read_whole() {
    let line = own("[a] b] OK DELETE: Client \"192.0.2.1\", \"/x\"");
    assert_names(&line, "/x", "a] b");
}

#[test]
fn addresses_of_ipv4_clients_are_shown_as_ipv4() {
    for (shown, expected) in [
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("::FFFF:c000:201", "192.0.2.1"),
        ("::1", "::1"),
        ("2001:DB8::1", "2001:DB8::1"),
        ("fe80::1%eth0", "fe80::1%eth0"),
        ("::ffff:host", "::ffff:host"),
    ] {
        let line = format!("{DATE} 1 {shown} 1 /a b _ i r carol ftp 0 * c");
        assert_eq!(entry(&line).remote_host, expected);
        let line = own(&format!("[carol] OK DELETE: Client \"{shown}\", \"/x\""));
        assert_eq!(entry(&line).remote_host, expected);
    }
}

#[test]
fn the_time_of_a_transfer_comes_from_its_rate_unless_that_says_too_little() {
    for (figures, bytes, seconds) in [
        ("1024 bytes, 1.00Kbyte/sec", 1024, Some(1.0)),
        ("1 bytes, 9.77Kbyte/sec", 1, Some(0.0)),
        (
            "9223372036854775807 bytes, 1000000.00Kbyte/sec",
            i64::MAX.cast_unsigned(),
            Some(9_007_199_254.741),
        ),
        ("1024 bytes, 0.10Kbyte/sec", 1024, Some(10.0)),
        ("1024 bytes, 0.09Kbyte/sec", 1024, None),
        ("0.00Kbyte/sec", 0, None),
        ("1024 bytes, infKbyte/sec", 1024, Some(0.0)),
        ("nanKbyte/sec", 0, None),
        ("-nanKbyte/sec", 0, None),
        ("1024 bytes, -1.25Kbyte/sec", 1024, None),
    ] {
        let line = own(&format!(
            "[carol] OK DOWNLOAD: Client \"192.0.2.1\", \"/x\", {figures}"
        ));
        let entry = entry(&line);
        assert_eq!(
            (entry.bytes, entry.transfer_time_sec),
            (Some(bytes), seconds),
            "{figures}"
        );
    }
}

#[test]
fn the_time_of_a_transfer_during_which_the_clock_was_set_back_is_not_known() {
    let line = format!("{DATE} -3599 h 1 /a b _ i r carol ftp 0 * c");
    assert_eq!(entry(&line).transfer_time_sec, None);
    let cut = wu("/da");
    assert_eq!(read(&format!("{cut}{line}")), Err(ParseError::Joined));
}

#[test]
fn events_without_a_file_are_other() {
    for event in [
        "CONNECT: Client \"192.0.2.1\"",
        "CONNECT: Client \"192.0.2.1\", \"Connection refused: too many sessions.\"",
        "FTP response: Client \"192.0.2.1\", \"220 (vsFTPd 3.0.3)\"",
        "DEBUG: Client \"192.0.2.1\", \"SSL version: TLSv1.3\"",
        "[carol] FTP command: Client \"192.0.2.1\", \"RETR a\"b\"",
        "[carol] OK LOGIN: Client \"192.0.2.1\"",
        "[ftp] OK LOGIN: Client \"192.0.2.1\", anon password \"a@b\"",
        "[carol] FAIL MKDIR: Client \"192.0.2.1\", \"/x\"",
        "[carol] OK RENAME: Client \"192.0.2.1\", \"/x /y\"",
        "[carol] OK RMDIR: Client \"192.0.2.1\", \"/x\"",
        "[carol] OK CHMOD: Client \"192.0.2.1\", \"/x 600\"",
    ] {
        assert_eq!(read(&own(event)), Ok(Parsed::Other), "{event}");
    }
}
