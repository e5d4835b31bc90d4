//! The past of a file system: a row a step, within the span that is asked for.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "all of this is test code"
)]

use std::time::Duration;

use integration_tests::database::intruder;
use integration_tests::{Node, NodeBuilder, eventually};
use rustix::process::Signal;
use serde_json::Value;

const HISTORY: &str = "/api/v1/fs/history?mount_point=/";
const PATIENCE: Duration = Duration::from_secs(10);

#[test]
fn each_step_leaves_one_row() {
    let node = Node::start("refresh: {disk: 1s}\nfilesystem: {history_step: 1s}");
    node.await_row(("/api/v1/fs", "mount_point", "/"), |_| true);
    let start = node.get("/api/v1/health").json()["started_at"].clone();
    let since_the_start = format!("{HISTORY}&step=1s&from={}", start.as_str().unwrap());
    let rows = eventually("four rows", PATIENCE, || {
        Some(node.list(&since_the_start)).filter(|rows| rows.len() >= 4)
    });
    let now = node.row("/api/v1/fs", "mount_point", "/").unwrap();
    for row in &rows {
        assert_eq!(row["total_bytes"], now["total_bytes"]);
        assert!(row["used_percent"].is_number(), "{row}");
    }
    let seconds: Vec<&str> = rows
        .iter()
        .map(|row| &row["at"].as_str().unwrap()[..19])
        .collect();
    assert!(seconds.is_sorted_by(|one, two| one < two), "{seconds:?}");

    // With a step of a minute the same second after second is one row.
    let slow = Node::start("refresh: {disk: 1s}");
    let at = |node: &Node| node.collectors("filesystem")[0]["last_success_at"].clone();
    for _ in 0..2 {
        let before = at(&slow);
        eventually("another cycle", PATIENCE, || {
            (at(&slow) != before).then_some(())
        });
    }
    let rows = slow.list(HISTORY);
    assert!(rows.len() <= 2, "{rows:?}");
}

/// A node whose `/` has a row each minute from 10:00:30 to 10:59:30 on 15 January 2026, in which
/// `used_bytes` is the minute.
fn with_past() -> (tempfile::TempDir, Node) {
    let folder = tempfile::tempdir().unwrap();
    let builder = NodeBuilder::new(folder.path());
    let mut node = builder.start();
    node.end_by(Signal::TERM);
    intruder(&node.database())
        .execute_batch(
            "DELETE FROM filesystem_history; \
             INSERT INTO filesystem_history (mount_point, at, total_bytes, used_bytes, avail_bytes) \
             WITH RECURSIVE minutes (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM minutes WHERE n < 59) \
             SELECT '/', unixepoch('2026-01-15T10:00:30Z') * 1000 + n * 60000, 100, n, 100 - n FROM minutes",
        )
        .unwrap();
    let node = builder
        .config("retention: {filesystem_history: {max_age: 3650d}}")
        .start();
    (folder, node)
}

#[test]
fn a_span_and_a_step_choose_the_rows() {
    let (_folder, node) = with_past();
    let minutes = |query: &str| -> Vec<u64> {
        let rows = node.list(&format!("{HISTORY}&{query}"));
        rows.iter()
            .map(|row| row["used_bytes"].as_u64().unwrap())
            .collect()
    };
    let hour = "from=2026-01-15T10:00:00Z&to=2026-01-15T11:00:00Z";
    assert_eq!(minutes(hour), (0..60).collect::<Vec<u64>>());
    assert_eq!(minutes(&format!("{hour}&step=15m")), [14, 29, 44, 59]);
    assert_eq!(minutes(&format!("{hour}&step=900")), [14, 29, 44, 59]);
    assert_eq!(minutes(&format!("{hour}&step=1d")), [59]);
    assert_eq!(minutes(&format!("{hour}&step=18446744073709551615")), [59]);
    assert_eq!(minutes(&format!("{hour}&step=500ms")).len(), 60);
    // Both ends belong to the span, and an offset is only another way to write a time.
    assert_eq!(
        minutes("from=2026-01-15T10:05:30Z&to=2026-01-15T10:07:30Z"),
        [5, 6, 7]
    );
    assert_eq!(
        minutes("from=2026-01-15T10:05:30.001Z&to=2026-01-15T10:07:29.999Z"),
        [6]
    );
    assert_eq!(
        minutes("from=2026-01-15T19:05:30%2B09:00&to=2026-01-15T10:05:30Z"),
        [5]
    );
    // Without a beginning it is a day before the end; without an end it is now.
    assert_eq!(
        minutes("to=2026-01-16T10:30:00Z"),
        (30..60).collect::<Vec<u64>>()
    );
    assert_eq!(minutes("to=2026-01-15T10:00:00Z"), [0_u64; 0]);
    let all = node.list(&format!("{HISTORY}&from=0001-01-01T00:00:00Z&step=1000d"));
    assert!(!all.is_empty(), "{all:?}");
    let absurd = format!("{HISTORY}&from=0000-01-01T00:00:00Z&to=9999-12-31T23:59:59Z");
    assert_eq!(node.get(&absurd).status, 200);
    assert_eq!(node.get(&format!("{absurd}&step=1s")).status, 400);
}

#[test]
fn a_long_span_is_thinned_and_tells_how_it_may_be_refused() {
    let (_folder, node) = with_past();
    let answer = node.get(&format!(
        "{HISTORY}&from=2026-01-15T00:00:00Z&to=2026-03-15T00:00:00Z&step=1m"
    ));
    assert_eq!(answer.status, 400);
    let detail = answer.json()["detail"].as_str().unwrap().to_owned();
    assert!(
        detail.contains("10000 rows") && detail.contains("longer step"),
        "{detail}"
    );
    let thinned = node.list(&format!(
        "{HISTORY}&from=2026-01-15T00:00:00Z&to=2026-03-15T00:00:00Z"
    ));
    assert_eq!(thinned.last().unwrap()["used_percent"], Value::Null);
    assert!(
        (2..=3).contains(&thinned.len()),
        "59 days in steps of 43 minutes: {}",
        thinned.len()
    );
}

#[test]
fn steady_growth_foretells_when_it_is_full_and_a_fall_does_not() {
    for (growing, sign) in [(true, "-"), (false, "+")] {
        let folder = tempfile::tempdir().unwrap();
        let builder = NodeBuilder::new(folder.path())
            .config("refresh: {disk: 1s}\nfilesystem: {history_step: 1s}");
        let mut node = builder.start();
        let row = node.await_row(("/api/v1/fs", "mount_point", "/"), |_| true);
        assert_eq!(row["full_in_sec"], Value::Null);
        node.end_by(Signal::TERM);
        let avail = row["avail_bytes"].as_u64().unwrap();
        // An hour in which a share of what is available now has gone, or come, each minute.
        let statement = format!(
            "DELETE FROM filesystem_history; \
             INSERT INTO filesystem_history (mount_point, at, total_bytes, used_bytes, avail_bytes) \
             WITH RECURSIVE minutes (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM minutes WHERE n < 60) \
             SELECT '/', (unixepoch() - n * 60) * 1000, 9000000000000000, 0, {avail} {} n * {} FROM minutes",
            if growing { "+" } else { "-" },
            avail / 100,
        );
        intruder(&node.database())
            .execute_batch(&statement)
            .unwrap();
        let node = builder.start();
        let at = row["collected_at"].clone();
        let later = node.await_row(("/api/v1/fs", "mount_point", "/"), |row| {
            row["collected_at"] != at
        });
        if growing {
            let full = later["full_in_sec"].as_f64().unwrap();
            assert!((5_400.0..6_600.0).contains(&full), "{sign}: {later}");
        } else {
            assert_eq!(later["full_in_sec"], Value::Null, "{later}");
        }
    }
}
