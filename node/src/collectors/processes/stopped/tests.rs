use std::sync::Arc;

use etlmon_shared::Timestamp;

use super::super::State;
use super::super::identity::Pid;
use super::*;

fn row(pid: u32) -> Row {
    Row {
        identity: identity(pid),
        process_name: "job".to_owned(),
        arguments: Arc::default(),
        user: "etl".to_owned(),
        start_time: Timestamp::from_millis(0),
        runtime: Duration::from_secs(5),
        cpu_percent: Some(7.0),
        mem_rss_bytes: 4_096,
        threads: 1,
        state: State::Sleeping,
        status: Status::Running,
        watch: Some("job".to_owned()),
        collected_at: Timestamp::from_millis(5),
    }
}

fn identity(pid: u32) -> Identity {
    Identity {
        pid: Pid::new(pid).unwrap(),
        start_ticks: 9,
    }
}

struct Book {
    stopped: Stopped,
    from: Instant,
}

impl Book {
    fn new() -> Self {
        Self {
            stopped: Stopped::new(Duration::from_secs(60)),
            from: Instant::now(),
        }
    }

    fn update(&mut self, sec: u64, running: &[u32], others: Presence) -> Vec<Row> {
        let rows: Vec<Row> = running.iter().map(|&pid| row(pid)).collect();
        let presence = |one| {
            let is_running = running.iter().any(|&pid| identity(pid) == one);
            if is_running { Presence::There } else { others }
        };
        let now = self.from + Duration::from_secs(sec);
        let ended = self.stopped.update(now, rows.iter(), presence);
        ended.cloned().collect()
    }
}

#[test]
fn what_has_ended_stays_for_its_time_with_its_last_figures() {
    let mut book = Book::new();
    assert!(book.update(0, &[7, 8], Presence::Gone).is_empty());
    let status = Status::Stopped;
    let expected = [Row { status, ..row(7) }];
    assert_eq!(book.update(5, &[8], Presence::Gone), expected);
    assert_eq!(book.update(64, &[8], Presence::Gone), expected);
    assert!(book.update(65, &[8], Presence::Gone).is_empty());
}

#[test]
fn what_is_there_but_matches_no_more_has_not_ended() {
    let mut book = Book::new();
    book.update(0, &[7], Presence::Gone);
    assert!(book.update(5, &[], Presence::There).is_empty());
    assert!(book.update(10, &[], Presence::Gone).is_empty());
}

#[test]
fn what_could_not_be_read_has_not_ended_yet() {
    let mut book = Book::new();
    book.update(0, &[7], Presence::Gone);
    assert!(book.update(5, &[], Presence::Unknown).is_empty());
    assert_eq!(book.update(10, &[], Presence::Gone).len(), 1);
}

#[test]
fn what_comes_back_was_not_gone() {
    let mut book = Book::new();
    book.update(0, &[7], Presence::Gone);
    assert_eq!(book.update(5, &[], Presence::Gone).len(), 1);
    assert!(book.update(10, &[7], Presence::Gone).is_empty());
}

#[test]
fn a_flood_of_ends_pushes_the_oldest_out() {
    let mut book = Book::new();
    let pids: Vec<u32> = (1..=1_500).collect();
    book.update(0, &pids, Presence::Gone);
    let ended = book.update(1, &[], Presence::Gone);
    assert_eq!(ended.len(), MOST);
    assert_eq!(ended.first().unwrap().identity, identity(501));
}

#[test]
fn what_was_kept_before_is_taken_over_with_its_age() {
    let mut book = Book::new();
    let now = Moment {
        monotonic: book.from + Duration::from_secs(30),
        since_boot: Duration::from_secs(30),
        wall: Timestamp::from_millis(100_000),
    };
    let ended = |pid, ended_ms| Row {
        status: Status::Stopped,
        collected_at: Timestamp::from_millis(ended_ms),
        ..row(pid)
    };
    let rows = [ended(1, 75_000), ended(2, 95_000), row(3), row(4)];
    book.stopped.resume(rows.into_iter(), &now);
    let pids = |rows: Vec<Row>| {
        rows.iter()
            .map(|row| row.identity.pid.get())
            .collect::<Vec<_>>()
    };
    // 4 still runs; 1 was seen last 25 s ago, 2 was 5 s ago, and 3 ended meanwhile.
    assert_eq!(pids(book.update(31, &[4], Presence::Gone)), [1, 2, 3]);
    assert_eq!(pids(book.update(65, &[4], Presence::Gone)), [2, 3]);
    assert_eq!(pids(book.update(90, &[4], Presence::Gone)), [3]);
}
