//! What a real vsftpd writes for real transfers, read back from both of its logs.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "functions that tests share are test code too"
)]

use std::path::Path;
use std::time::Duration;

use chrono::{FixedOffset, Utc};
use etlmon_node::collectors::xferlog::parse::{Entry, Parsed, parse};
use etlmon_shared::transfer::{TransferAccessMode, TransferDirection, TransferStatus};
use integration_tests::{VsftpdBuilder, eventually};

use TransferDirection::{Delete, Download, Upload};
use TransferStatus::{Complete, Incomplete};

/// A zone nine hours east, as TZ: a name that needs no zone files.
const ZONE: &str = "KST-9";

/// Direction, status, user, name, and size if it is certain.
type Seen<'a> = (
    TransferDirection,
    TransferStatus,
    &'a str,
    &'a str,
    Option<u64>,
);

fn entries(log: &Path) -> Vec<Entry> {
    let zone = FixedOffset::east_opt(9 * 3600).unwrap();
    let log = std::fs::read(log).unwrap_or_default();
    let mut entries = Vec::new();
    for line in log
        .split(|&byte| byte == b'\n')
        .filter(|line| !line.is_empty())
    {
        match parse(line, &zone) {
            Ok(Parsed::Transfer(entry)) => entries.push(entry),
            Ok(Parsed::Other) => {}
            Err(error) => panic!("{error}: {}", line.escape_ascii()),
        }
    }
    entries
}

/// Waits until the log has these entries, and no others: it is written after the client has its
/// answer.
fn assert_seen(log: &Path, expected: &[Seen]) -> Vec<Entry> {
    let entries = eventually("the log of all transfers", Duration::from_secs(10), || {
        Some(entries(log)).filter(|entries| entries.len() >= expected.len())
    });
    assert_eq!(entries.len(), expected.len(), "{entries:#?}");
    for (entry, (direction, status, user, name, bytes)) in entries.iter().zip(expected) {
        assert_eq!(
            (entry.direction, entry.status),
            (*direction, *status),
            "{entry:?}"
        );
        assert_eq!((&*entry.username, &*entry.filename), (*user, *name));
        assert!(bytes.is_none() || entry.bytes == *bytes, "{entry:?}");
        let age_ms = Utc::now().timestamp_millis() - entry.log_time.as_millis();
        assert!((0..60_000).contains(&age_ms), "{age_ms} ms: {entry:?}");
        assert_eq!(entry.remote_host, "127.0.0.1");
    }
    entries
}

#[test]
fn names_of_every_kind_are_as_the_server_shows_them() {
    let folder = tempfile::tempdir().unwrap();
    let Some(server) = VsftpdBuilder::new(folder.path()).zone(ZONE).start() else {
        return;
    };
    // As sent; in vsftpd.log, `?` for each byte that is not printable ASCII; in xferlog, with `_`
    // for each blank too.
    let names: [(&[u8], &str, &str); 10] = [
        (b"plain.csv", "/plain.csv", "/plain.csv"),
        (b"two  blanks", "/two  blanks", "/two__blanks"),
        (b" edges ", "/ edges ", "/_edges_"),
        ("한글.csv".as_bytes(), "/??????.csv", "/??????.csv"),
        (b"\xc7\xd1\xb1\xdb", "/????", "/????"),
        (
            "nbsp\u{a0}wide\u{3000}".as_bytes(),
            "/nbsp??wide???",
            "/nbsp??wide???",
        ),
        (b"q\"uo\"te\\", "/q\"uo\"te\\", "/q\"uo\"te\\"),
        (b"tab\tbell\x07", "/tab?bell?", "/tab?bell?"),
        (
            b"x] FAIL LOGIN: Client \"1.2.3.4",
            "/x] FAIL LOGIN: Client \"1.2.3.4",
            "/x]_FAIL_LOGIN:_Client_\"1.2.3.4",
        ),
        (
            b"x] OK DELETE: Client \"1.2.3.4\", \"y",
            "/x] OK DELETE: Client \"1.2.3.4\", \"y",
            "/x]_OK_DELETE:_Client_\"1.2.3.4\",_\"y",
        ),
    ];
    let mut alice = server.login("alice");
    for (name, ..) in names {
        assert_eq!(alice.upload("STOR", name, b"hello").code, 226);
    }
    let seen = |name| (Upload, Complete, "alice", name, Some(5));
    assert_seen(&server.own_log(), &names.map(|(_, own, _)| seen(own)));
    for entry in assert_seen(&server.xferlog(), &names.map(|(.., wu)| seen(wu))) {
        assert_eq!(entry.access_mode, Some(TransferAccessMode::Real));
        assert_eq!(entry.service.as_deref(), Some("ftp"));
    }
}

#[test]
fn transfers_that_are_resumed_broken_off_or_refused_are_told_apart() {
    const LARGE: usize = 32 << 20;
    let folder = tempfile::tempdir().unwrap();
    let Some(server) = VsftpdBuilder::new(folder.path()).zone(ZONE).start() else {
        return;
    };
    let mut alice = server.login("alice");
    alice.upload("STOR", b"empty", b"");
    alice.upload("STOR", b"a", b"hello");
    alice.upload("APPE", b"a", b"more");
    alice.command(b"REST 3");
    assert_eq!(alice.download(b"a").1, b"lomore");
    assert_eq!(alice.download(b"nothing").0.code, 550);
    assert_eq!(alice.upload("STOR", b"no/folder", b"x").code, 553);
    assert_eq!(alice.upload("STOR", b"large", &vec![b'x'; LARGE]).code, 226);
    assert_eq!(alice.break_download(b"large").code, 426);
    assert_eq!(alice.break_upload(b"broken", b"half").code, 426);
    for log in [server.xferlog(), server.own_log()] {
        let entries = assert_seen(
            &log,
            &[
                (Upload, Complete, "alice", "/empty", Some(0)),
                (Upload, Complete, "alice", "/a", Some(5)),
                (Upload, Complete, "alice", "/a", Some(4)),
                (Download, Complete, "alice", "/a", Some(6)),
                (Download, Incomplete, "alice", "/nothing", Some(0)),
                (Upload, Incomplete, "alice", "/no/folder", Some(0)),
                (Upload, Complete, "alice", "/large", Some(33_554_432)),
                (Download, Incomplete, "alice", "/large", None),
                (Upload, Incomplete, "alice", "/broken", None),
            ],
        );
        assert!(entries[7].bytes < Some(33_554_432), "{:?}", entries[7]);
        assert!(entries[8].bytes <= Some(4), "{:?}", entries[8]);
    }
}

#[test]
fn deletions_are_entries_and_logins_that_imitate_one_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let Some(server) = VsftpdBuilder::new(folder.path()).zone(ZONE).start() else {
        return;
    };
    for forged in [
        "x] OK UPLOAD: Client \"1.2.3.4\", \"/x\", 5 bytes, 1.00Kbyte/sec",
        "no body",
    ] {
        assert_eq!(server.connect().login(forged, "x").code, 530);
    }
    let mut alice = server.login("alice");
    alice.upload("STOR", b"a", b"hello");
    alice.command(b"MKD folder");
    alice.command(b"RNFR a");
    alice.command(b"RNTO folder/b c");
    alice.command(b"SITE CHMOD 600 folder/b c");
    assert_eq!(alice.delete(b"folder/b c").code, 250);
    assert_eq!(alice.delete(b"nothing").code, 550);
    alice.command(b"RMD folder");
    let expected = [
        (Upload, Complete, "alice", "/a", Some(5)),
        (Delete, Complete, "alice", "/folder/b c", None),
        (Delete, Incomplete, "alice", "/nothing", None),
    ];
    assert_seen(&server.own_log(), &expected);
    // The other layout has no deletions from vsftpd.
    assert_seen(&server.xferlog(), &expected[..1]);
}

#[test]
fn an_anonymous_user_has_its_password_for_a_name_in_xferlog_alone() {
    let folder = tempfile::tempdir().unwrap();
    let Some(server) = VsftpdBuilder::new(folder.path()).zone(ZONE).start() else {
        return;
    };
    let mut anonymous = server.login("anonymous");
    assert_eq!(anonymous.upload("STOR", b"incoming/a b", b"hi").code, 226);
    assert_eq!(anonymous.download(b"incoming/a b").1, b"hi");
    let seen =
        |user, name| [Upload, Download].map(|direction| (direction, Complete, user, name, Some(2)));
    assert_seen(&server.own_log(), &seen("ftp", "/incoming/a b"));
    let expected = seen("guest@example.com", "/incoming/a_b");
    for entry in assert_seen(&server.xferlog(), &expected) {
        assert_eq!(entry.access_mode, Some(TransferAccessMode::Anonymous));
    }
}

#[test]
fn a_client_of_an_ipv6_socket_has_its_ipv4_address_and_a_guest_is_one() {
    let folder = tempfile::tempdir().unwrap();
    let config = "listen=NO\nlisten_ipv6=YES\nlisten_address6=::ffff:127.0.0.1\n\
                  guest_enable=YES\nguest_username=alice\nvirtual_use_local_privs=YES\n\
                  log_ftp_protocol=YES";
    let server = VsftpdBuilder::new(folder.path()).config(config).zone(ZONE);
    let Some(server) = server.start() else {
        return;
    };
    let mut client = server.login("etl-batch");
    assert_eq!(client.upload("STOR", b"a.csv", b"hello").code, 226);
    let expected = [(Upload, Complete, "etl-batch", "/a.csv", Some(5))];
    assert_seen(&server.own_log(), &expected);
    let entries = assert_seen(&server.xferlog(), &expected);
    assert_eq!(entries[0].access_mode, Some(TransferAccessMode::Guest));
    for log in [server.xferlog(), server.own_log()] {
        assert!(
            std::fs::read_to_string(&log)
                .unwrap()
                .contains("::ffff:127.0.0.1")
        );
    }
}
