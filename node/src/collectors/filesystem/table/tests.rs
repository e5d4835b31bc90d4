//! The tables of a real database, cycle by cycle.

use super::super::history::{self, Span};
use super::*;
use crate::store::open;

const MINUTE: i64 = 60_000;
const NOON: i64 = 1_800_000_000_000 - 1_800_000_000_000 % (24 * 60 * MINUTE) + 12 * 60 * MINUTE;

struct Database {
    _folder: tempfile::TempDir,
    connection: Connection,
}

impl Database {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let connection = open::writer(&folder.path().join("etlmon.db")).unwrap();
        Self {
            _folder: folder,
            connection,
        }
    }

    fn cycle(&self, at_ms: i64, rows: Vec<Filesystem>) {
        let at = Timestamp::from_millis(at_ms);
        let batch = FilesystemBatch {
            rows,
            at,
            history_step: Duration::from_secs(60),
            stale_at: at.after(Duration::from_secs(51)),
        };
        batch.persist(&self.connection).unwrap();
    }

    fn only(&self) -> Filesystem {
        self.only_at(0)
    }

    fn only_at(&self, now_ms: i64) -> Filesystem {
        let mut rows = list(&self.connection, Timestamp::from_millis(now_ms)).unwrap();
        assert_eq!(rows.len(), 1);
        rows.remove(0)
    }

    fn history(&self, step: Duration) -> Vec<(i64, u64)> {
        let (from, to) = (Timestamp::from_millis(0), Timestamp::from_millis(NOON * 2));
        let samples = history::read(&self.connection, "/data", Span { from, to, step }).unwrap();
        samples
            .iter()
            .map(|sample| (sample.at.as_millis() - NOON, sample.used_bytes))
            .collect()
    }
}

fn fresh(at_ms: i64, used: u64) -> Filesystem {
    Filesystem {
        mount_point: "/data".to_owned(),
        device: "/dev/sdb1".to_owned(),
        fs_type: "xfs".to_owned(),
        total_bytes: Some(1_000_000),
        used_bytes: Some(used),
        avail_bytes: Some(1_000_000 - used),
        used_percent: Some(1.5),
        inodes_total: Some(u64::MAX),
        inodes_used: Some(7),
        inodes_used_percent: None,
        read_only: false,
        status: FilesystemStatus::Ok,
        error_message: None,
        full_in_sec: None,
        collected_at: Some(Timestamp::from_millis(at_ms)),
    }
}

fn stale() -> Filesystem {
    Filesystem {
        total_bytes: None,
        used_bytes: None,
        avail_bytes: None,
        used_percent: None,
        inodes_total: None,
        inodes_used: None,
        status: FilesystemStatus::Stale,
        error_message: Some("hangs".to_owned()),
        collected_at: None,
        ..fresh(0, 0)
    }
}

#[test]
fn a_row_comes_back_as_it_was_stored_and_a_huge_count_at_its_end() {
    let database = Database::new();
    database.cycle(NOON, vec![fresh(NOON, 5)]);
    let largest = Some(u64::try_from(i64::MAX).unwrap());
    assert_eq!(
        database.only(),
        Filesystem {
            inodes_total: largest,
            ..fresh(NOON, 5)
        }
    );
}

#[test]
fn a_file_system_that_does_not_answer_keeps_its_last_figures_and_their_time() {
    let database = Database::new();
    database.cycle(NOON, vec![fresh(NOON, 5)]);
    database.cycle(NOON + 15_000, vec![stale()]);
    let row = database.only();
    assert_eq!(
        (row.status, row.error_message.as_deref()),
        (FilesystemStatus::Stale, Some("hangs"))
    );
    assert_eq!(
        (row.used_bytes, row.collected_at),
        (Some(5), Some(Timestamp::from_millis(NOON)))
    );
    database.cycle(NOON + 30_000, vec![fresh(NOON + 30_000, 6)]);
    let row = database.only();
    assert_eq!(
        (row.status, row.error_message, row.used_bytes),
        (FilesystemStatus::Ok, None, Some(6))
    );
}

#[test]
fn one_that_never_answered_has_no_figures() {
    let database = Database::new();
    database.cycle(NOON, vec![stale()]);
    let row = database.only();
    assert_eq!(
        (row.total_bytes, row.used_percent, row.collected_at),
        (None, None, None)
    );
    assert!(database.history(Duration::from_secs(60)).is_empty());
}

#[test]
fn another_device_at_the_mount_point_takes_over_no_figures() {
    let database = Database::new();
    database.cycle(NOON, vec![fresh(NOON, 5)]);
    database.cycle(
        NOON,
        vec![Filesystem {
            device: "server:/x".to_owned(),
            ..stale()
        }],
    );
    let row = database.only();
    let known = (row.device.as_str(), row.used_bytes, row.collected_at);
    assert_eq!(known, ("server:/x", None, None));
    assert!(
        database.history(Duration::from_secs(60)).is_empty(),
        "the past was the other's"
    );
}

#[test]
fn what_is_no_longer_mounted_leaves_and_its_past_stays() {
    let database = Database::new();
    let other = Filesystem {
        mount_point: "/".to_owned(),
        ..fresh(NOON, 1)
    };
    database.cycle(NOON, vec![other.clone(), fresh(NOON, 5)]);
    database.cycle(NOON + 15_000, vec![other]);
    assert_eq!(database.only().mount_point, "/");
    assert_eq!(database.history(Duration::from_secs(60)).len(), 1);
    assert!(is_known(&database.connection, "/data").unwrap());
    assert!(!is_known(&database.connection, "/nowhere").unwrap());
}

#[test]
fn the_past_has_one_row_a_step_and_is_answered_in_longer_ones() {
    let database = Database::new();
    for (n, at) in (0..).zip((0..10 * MINUTE).step_by(15_000)) {
        database.cycle(NOON + at, vec![fresh(NOON + at, n)]);
    }
    let minutes = database.history(Duration::from_secs(60));
    assert_eq!(minutes.len(), 10);
    assert_eq!(minutes[..2], [(0, 0), (MINUTE, 4)]);
    // Of each step the last row.
    let fives = database.history(Duration::from_secs(300));
    assert_eq!(fives, [(4 * MINUTE, 16), (9 * MINUTE, 36)]);
}

#[test]
fn a_clock_that_was_set_back_neither_stops_nor_floods_the_past() {
    let database = Database::new();
    database.cycle(NOON + 60 * MINUTE, vec![fresh(NOON, 1)]);
    for (n, at) in (2..).zip((0..2 * MINUTE).step_by(15_000)) {
        database.cycle(NOON + at, vec![fresh(NOON + at, n)]);
    }
    let past = database.history(Duration::from_secs(60));
    assert_eq!(past, [(0, 2), (MINUTE, 6), (60 * MINUTE, 1)]);
}

#[test]
fn what_was_not_read_again_in_time_is_stale() {
    let database = Database::new();
    database.cycle(NOON, vec![fresh(NOON, 5)]);
    assert_eq!(database.only_at(NOON + 51_000).status, FilesystemStatus::Ok);
    let row = database.only_at(NOON + 51_001);
    assert_eq!(
        (row.status, row.used_bytes),
        (FilesystemStatus::Stale, Some(5))
    );
    assert!(
        row.error_message
            .is_some_and(|message| message.contains("health"))
    );
}

#[test]
fn the_forecast_follows_what_is_still_available() {
    let database = Database::new();
    // 6,000 bytes a minute, 100 a second.
    for minute in 0..60 {
        let at = NOON + minute * MINUTE;
        database.cycle(at, vec![fresh(at, u64::try_from(minute * 6000).unwrap())]);
    }
    let row = database.only();
    assert_eq!(row.full_in_sec, Some(row.avail_bytes.unwrap() / 100));
    // Between two rows of the past it stays; from a file system that is stale there is none.
    let later = NOON + 59 * MINUTE + 15_000;
    database.cycle(later, vec![fresh(later, 355_500)]);
    assert_eq!(database.only().full_in_sec, row.full_in_sec);
    database.cycle(later + 15_000, vec![stale()]);
    assert_eq!(database.only().full_in_sec, None);
}

#[test]
fn a_file_system_that_does_not_grow_has_no_forecast() {
    let database = Database::new();
    for minute in 0..60 {
        let at = NOON + minute * MINUTE;
        database.cycle(at, vec![fresh(at, 500_000)]);
    }
    assert_eq!(database.only().full_in_sec, None);
}
