//! Logs that real servers wrote for real transfers, in a zone nine hours east.
//!
//! vsftpd 3.0.3, proftpd 1.3.8 and pure-ftpd 1.0.50, as Debian builds them, driven with names of
//! every odd kind, broken-off transfers, and passwords and logins that imitate lines.

use std::fmt::Write as _;

use chrono::FixedOffset;

use super::*;

/// Every line in short, entries and errors alike.
fn summary(log: &[u8]) -> String {
    let zone = FixedOffset::east_opt(9 * 3600).unwrap();
    let mut summary = String::new();
    for line in log
        .strip_suffix(b"\n")
        .unwrap()
        .split(|&byte| byte == b'\n')
    {
        match parse(line, &zone) {
            Ok(Parsed::Transfer(entry)) => writeln!(summary, "{}", short(&entry)).unwrap(),
            Ok(Parsed::Other) => summary.push_str("other\n"),
            Err(error) => writeln!(summary, "error: {error}").unwrap(),
        }
    }
    summary
}

fn short(entry: &Entry) -> String {
    let or_dash = |text: Option<String>| text.unwrap_or("-".to_owned());
    format!(
        "{} {:?} {:?} {} by {:?} ({}) of {} in {} from {} through {}",
        entry.log_time,
        entry.direction,
        entry.status,
        entry.filename,
        entry.username,
        or_dash(entry.access_mode.map(|mode| format!("{mode:?}"))),
        or_dash(entry.bytes.map(|bytes| bytes.to_string())),
        or_dash(entry.transfer_time_sec.map(|seconds| seconds.to_string())),
        entry.remote_host,
        or_dash(entry.service.clone()),
    )
}

macro_rules! captured {
    ($test:ident, $log:literal) => {
        #[test]
        fn $test() {
            let log = include_bytes!(concat!("../testdata/", $log));
            let expected = include_str!(concat!("../testdata/", $log, ".expected"));
            assert_eq!(summary(log), expected);
        }
    };
}

captured!(vsftpd_in_its_own_layout, "vsftpd.log");
captured!(
    vsftpd_in_its_own_layout_with_every_command,
    "vsftpd-protocol.log"
);
captured!(vsftpd_in_the_xferlog_layout, "vsftpd.xferlog");
captured!(
    vsftpd_with_guests_in_the_xferlog_layout,
    "vsftpd-guest.xferlog"
);
captured!(proftpd, "proftpd.xferlog");
captured!(pure_ftpd, "pure-ftpd.xferlog");
