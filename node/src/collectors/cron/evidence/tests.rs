use std::fs;
use std::io::Write as _;
use std::process::Command;
use std::time::SystemTime;

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn evidence(root: &Path) -> Evidence {
    let mut evidence = Evidence::new(root, "h".to_owned());
    // The machine's own journal is no part of the test.
    evidence.journal_tried = Some(Instant::now());
    evidence
}

fn append(root: &Path, text: &str) {
    let path = root.join("var/log/syslog");
    let mut file = File::options()
        .append(true)
        .create(true)
        .open(path)
        .unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

#[test]
fn a_file_covers_time_from_the_first_line_of_cron_to_its_last_line_of_all() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir_all(root.path().join("var/log")).unwrap();
    let mut evidence = evidence(root.path());
    let start = at("2026-11-01T06:00:00Z");
    assert_eq!(evidence.look(start), []);
    assert_eq!(evidence.coverage(), None);
    append(root.path(), "2026-11-01T06:00:10Z h sshd[1]: x\n");
    assert_eq!(evidence.look(start), []);
    assert_eq!(evidence.coverage(), None);
    append(
        root.path(),
        "2026-11-01T06:01:00Z h CRON[2]: (root) CMD (a)\n2026-11-01T06:01:09Z h kernel: y\n",
    );
    assert_eq!(evidence.look(start).len(), 1);
    let covered = |since: &str, until: &str| {
        Some(Coverage {
            since: at(since),
            until: at(until),
        })
    };
    assert_eq!(
        evidence.coverage(),
        covered("2026-11-01T06:00:00Z", "2026-11-01T06:01:09Z")
    );
    append(
        root.path(),
        "2026-11-01T07:00:00Z h rsyslogd: [origin] start\n",
    );
    evidence.look(start);
    assert_eq!(
        evidence.coverage(),
        covered("2026-11-01T07:00:00Z", "2026-11-01T07:00:00Z")
    );
}

#[test]
fn of_a_long_past_only_whole_lines_of_the_last_part_are_read() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir_all(root.path().join("var/log")).unwrap();
    let line = "2026-11-01T06:01:00Z h CRON[2]: (root) CMD (a)\n";
    let count = 3 * usize::try_from(PAST_BYTES).unwrap() / line.len();
    append(root.path(), &line.repeat(count));
    let lines = evidence(root.path()).look(at("2026-11-01T07:00:00Z"));
    let expected = usize::try_from(PAST_BYTES).unwrap() / line.len();
    assert!(
        (expected - 1..=expected).contains(&lines.len()),
        "{}",
        lines.len()
    );
}

#[test]
fn a_journal_covers_time_up_to_the_last_write_of_journald() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("var/log/journal/0123abcd");
    fs::create_dir_all(&folder).unwrap();
    fs::create_dir(root.path().join("etc")).unwrap();
    fs::write(root.path().join("etc/machine-id"), "0123abcd\n").unwrap();
    let file = File::create(folder.join("system.journal")).unwrap();
    let write = |moment: &str| {
        let ms = u64::try_from(at(moment).as_millis()).unwrap();
        let moment = SystemTime::UNIX_EPOCH + Duration::from_millis(ms);
        file.set_modified(moment).unwrap();
    };
    write("2026-11-01T06:01:05Z");
    let mut evidence = evidence(root.path());
    // A journalctl that lives on, whatever becomes of journald.
    let mut journalctl = Command::new("sh");
    journalctl.args([
        "-c",
        r#"echo '{"__REALTIME_TIMESTAMP":"1793512860000000","SYSLOG_IDENTIFIER":"CRON","MESSAGE":"(root) CMD (a)"}'
        exec sleep 600"#,
    ]);
    evidence.journal = Some((Journal::start(journalctl).unwrap(), Witness::default()));
    let start = at("2026-11-01T06:01:10Z");
    let deadline = Instant::now() + Duration::from_secs(20);
    while evidence.look(start).is_empty() {
        assert!(Instant::now() < deadline, "the line has not come");
    }
    let covered = |until: &str| {
        Some(Coverage {
            since: start,
            until: at(until),
        })
    };
    assert_eq!(evidence.coverage(), covered("2026-11-01T06:01:05Z"));
    evidence.look(at("2026-11-01T08:00:00Z"));
    assert_eq!(evidence.coverage(), covered("2026-11-01T06:01:05Z"));
    write("2026-11-01T08:00:09Z");
    evidence.look(at("2026-11-01T08:00:10Z"));
    assert_eq!(evidence.coverage(), covered("2026-11-01T08:00:09Z"));
    // Nobody writes in the future: it is a clock that was set.
    write("2026-11-01T09:00:00Z");
    evidence.look(at("2026-11-01T08:00:20Z"));
    assert_eq!(evidence.coverage(), covered("2026-11-01T08:00:20Z"));
}
