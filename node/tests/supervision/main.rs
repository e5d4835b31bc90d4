//! A node whose collectors or writer panic, fail or hang: the rest goes on, health tells it, and
//! all of it recovers within the process.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "this is test code; it opens the node's database to look at it"
)]

mod faulty;
mod running;

use std::time::Duration;

use etlmon_node::collectors::{Kind, filesystem, paths};
use etlmon_node::config::PathConfig;
use etlmon_shared::health::{CollectorStatus, HealthStatus};

use faulty::{Fault, faulty_kind};
use running::Running;

const PATIENCE: Duration = Duration::from_secs(15);

/// Waits for the first cycle of `faulty` that succeeds; it is well then, after so many restarts.
#[track_caller]
fn recovers(node: &Running, what: &str, restarts: u64) {
    let faulty = node.eventually(what, |health| {
        Some(health.collector("faulty")).filter(|faulty| faulty.last_success_at.is_some())
    });
    assert_eq!(
        (faulty.status, faulty.restarts, faulty.last_error),
        (CollectorStatus::Running, restarts, None)
    );
}

#[test]
fn a_collector_that_panics_is_started_again_and_harms_no_other() {
    static FAULT: Fault = Fault::new();
    static KINDS: &[Kind] = &[filesystem::KIND, faulty_kind!("faulty", FAULT)];
    FAULT.panic_once();
    let node = Running::start(KINDS);
    let panicked = node.eventually("the panic to show", |health| {
        let faulty = health.collector("faulty");
        (faulty.status == CollectorStatus::Restarting).then_some(faulty)
    });
    assert_eq!(panicked.last_error.as_deref(), Some("panicked: as told"));
    assert_eq!(node.health().status, HealthStatus::Degraded);
    let before = node.health().collector("filesystem").last_success_at;
    recovers(&node, "a cycle after the restart", 1);
    let filesystem = node.health().collector("filesystem");
    assert!(filesystem.last_success_at > before, "it went on meanwhile");
    assert_eq!(filesystem.restarts, 0);
    assert_eq!(node.health().status, HealthStatus::Ok);
}

#[test]
fn restarts_wait_longer_each_time() {
    static FAULT: Fault = Fault::new();
    static KINDS: &[Kind] = &[filesystem::KIND, faulty_kind!("faulty", FAULT)];
    FAULT.panic_always();
    let node = Running::start(KINDS);
    let times = node.eventually("a third panic", |_| {
        let times = FAULT.began();
        (times.len() >= 3).then_some(times)
    });
    let waits: Vec<Duration> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(
        waits[0] >= Duration::from_secs(1) && waits[0] < Duration::from_secs(2),
        "{waits:?}"
    );
    assert!(
        waits[1] >= Duration::from_secs(2) && waits[1] < Duration::from_secs(4),
        "{waits:?}"
    );
}

#[test]
fn an_error_shows_in_health_and_the_next_tick_tries_again() {
    static FAULT: Fault = Fault::new();
    static KINDS: &[Kind] = &[filesystem::KIND, faulty_kind!("faulty", FAULT)];
    FAULT.fail(true);
    let node = Running::start(KINDS);
    let failed = node.eventually("the error to show", |health| {
        let faulty = health.collector("faulty");
        (faulty.status == CollectorStatus::Failed).then_some(faulty)
    });
    assert_eq!(failed.last_error.as_deref(), Some("no luck today"));
    assert!(failed.last_error_at.is_some() && failed.last_success_at.is_none());
    assert_eq!(node.health().status, HealthStatus::Degraded);
    FAULT.fail(false);
    recovers(&node, "a cycle without error", 0);
}

#[test]
fn a_collector_that_hangs_is_stalled_and_never_joined_by_a_second_job() {
    static FAULT: Fault = Fault::new();
    static KINDS: &[Kind] = &[filesystem::KIND, faulty_kind!("faulty", FAULT)];
    FAULT.hang(true);
    let node = Running::start(KINDS);
    node.eventually("the stall to show", |health| {
        let faulty = health.collector("faulty");
        (faulty.status == CollectorStatus::Stalled).then_some(faulty)
    });
    let before = node.health().collector("filesystem").last_success_at;
    let stalled = node.eventually("ticks to be skipped", |health| {
        Some(health.collector("faulty")).filter(|faulty| faulty.skipped_ticks >= 3)
    });
    assert!(
        stalled
            .last_error
            .is_some_and(|error| error.contains("has not returned"))
    );
    assert_eq!(FAULT.began().len(), 1, "one job, however many ticks");
    node.eventually("the file systems to be read meanwhile", |health| {
        (health.collector("filesystem").last_success_at > before).then_some(())
    });
    FAULT.hang(false);
    recovers(&node, "the late result", 0);
    assert_eq!(FAULT.most_at_once(), 1);
}

#[test]
fn a_job_that_goes_on_is_heard_of_after_five_seconds_misses_no_tick_and_stores_each_result() {
    static FAULT: Fault = Fault::new();
    // Nobody else stores anything, so that the job may.
    static KINDS: &[Kind] = &[faulty_kind!("faulty", FAULT, 5000, 2500)];
    FAULT.linger(true);
    let node = Running::start(KINDS);
    let runs = || {
        let began = FAULT.began();
        let runs = began.chunk_by(|one, next| *next - *one < Duration::from_millis(300));
        let runs = runs.map(|run| (run.len(), run[run.len() - 1] - run[0]));
        runs.collect::<Vec<_>>()
    };
    // A batch is left to the writer where that is busy, and the job with it.
    let went_on = |run: &(usize, Duration)| run.0 > 50 && run.1 > Duration::from_millis(4800);
    let runs = node.eventually("a job that goes on, and the next", |_| {
        let [all @ .., _] = &*runs() else { return None };
        all.iter().any(went_on).then(|| all.to_vec())
    });
    let longest = runs.iter().map(|run| run.1).max();
    assert!(longest < Some(Duration::from_millis(6000)), "{runs:?}");
    let faulty = node.health().collector("faulty");
    assert_eq!(
        (faulty.status, faulty.skipped_ticks, faulty.restarts),
        (CollectorStatus::Running, 0, 0)
    );
    assert!(faulty.last_success_at.is_some());
    FAULT.linger(false);
    let cycles = FAULT.began().len();
    let mut stored = node.eventually("the last to be stored", |_| {
        Some(node.stored_cycles()).filter(|stored| stored.len() >= cycles)
    });
    stored.sort_unstable();
    let all: Vec<i64> = (1..).take(cycles).collect();
    assert_eq!(stored.get(..cycles), Some(all.as_slice()));
}

#[test]
fn a_tick_waits_for_the_end_of_a_rest_and_is_not_skipped() {
    const REST: Duration = Duration::from_millis(400);
    static FAULT: Fault = Fault::new();
    static KINDS: &[Kind] = &[faulty_kind!("faulty", FAULT)];
    FAULT.rest(REST);
    let node = Running::start(KINDS);
    let began = node.eventually("four cycles", |_| {
        Some(FAULT.began()).filter(|began| began.len() >= 4)
    });
    let waits: Vec<Duration> = began.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(waits.iter().all(|wait| *wait >= REST), "{waits:?}");
    // One may come while a cycle runs.
    let skipped = node.health().collector("faulty").skipped_ticks;
    assert!(skipped <= 5, "{skipped}");
}

#[test]
fn a_job_that_goes_on_and_hangs_is_stalled_and_ends_when_it_is_not_wanted_any_more() {
    static FAULT: Fault = Fault::new();
    static KINDS: &[Kind] = &[faulty_kind!("faulty", FAULT, 50, 200)];
    FAULT.linger(true);
    let node = Running::start(KINDS);
    let goes_on = || {
        let cycles = FAULT.began().len();
        node.eventually("it to go on", |_| {
            let began = FAULT.began();
            let mut since = began.iter().skip(cycles).zip(began.iter().skip(cycles + 2));
            since
                .any(|(one, third)| *third - *one < Duration::from_millis(150))
                .then_some(())
        });
    };
    let is_well = |restarts| {
        node.eventually("it to be well", |health| {
            let faulty = health.collector("faulty");
            let is_running = faulty.status == CollectorStatus::Running;
            (is_running && faulty.restarts == restarts).then_some(())
        });
    };
    goes_on();
    FAULT.hang(true);
    node.eventually("the stall to show", |health| {
        let faulty = health.collector("faulty");
        (faulty.status == CollectorStatus::Stalled).then_some(())
    });
    let skipped = node.health().collector("faulty").skipped_ticks;
    node.eventually("ticks to be skipped", |health| {
        (health.collector("faulty").skipped_ticks > skipped + 2).then_some(())
    });
    FAULT.hang(false);
    is_well(0);
    goes_on();
    FAULT.fail(true);
    node.eventually("the error to show", |health| {
        let faulty = health.collector("faulty");
        (faulty.status == CollectorStatus::Failed).then_some(())
    });
    FAULT.fail(false);
    is_well(0);
    goes_on();
    FAULT.panic_once();
    is_well(1);
    goes_on();
    node.reload(|config| config.cron.enabled = false);
    let ended = node.eventually("the last cycle", |health| {
        health.find("faulty").is_none().then(|| FAULT.began().len())
    });
    // From one cycle to the next it takes but a moment.
    std::thread::sleep(Duration::from_millis(300));
    assert!(FAULT.began().len() <= ended + 1);
    assert_eq!(FAULT.most_at_once(), 1);
}

#[test]
fn hung_collectors_leave_the_threads_of_their_lane_to_the_others() {
    static HUNG: [Fault; 6] = [const { Fault::new() }; 6];
    static WELL: Fault = Fault::new();
    static KINDS: &[Kind] = &[
        faulty_kind!("hung0", HUNG[0]),
        faulty_kind!("hung1", HUNG[1]),
        faulty_kind!("hung2", HUNG[2]),
        faulty_kind!("hung3", HUNG[3]),
        faulty_kind!("hung4", HUNG[4]),
        faulty_kind!("hung5", HUNG[5]),
        faulty_kind!("well", WELL),
    ];
    HUNG.iter().for_each(|fault| fault.hang(true));
    let node = Running::start(KINDS);
    node.eventually("all six to stall", |health| {
        let stalled = |health: &running::Seen, n: usize| {
            health.collector(&format!("hung{n}")).status == CollectorStatus::Stalled
        };
        (0..6).all(|n| stalled(health, n)).then_some(())
    });
    let cycles = WELL.began().len();
    node.eventually("the seventh to go on", |_| {
        (WELL.began().len() > cycles + 2).then_some(())
    });
    HUNG.iter().for_each(|fault| fault.hang(false));
}

#[test]
fn silent_jobs_give_their_places_away_long_before_their_deadline() {
    static SILENT: [Fault; 4] = [const { Fault::new() }; 4];
    static WELL: Fault = Fault::new();
    static KINDS: &[Kind] = &[
        faulty_kind!("silent0", SILENT[0], 600_000),
        faulty_kind!("silent1", SILENT[1], 600_000),
        faulty_kind!("silent2", SILENT[2], 600_000),
        faulty_kind!("silent3", SILENT[3], 600_000),
        faulty_kind!("well", WELL),
    ];
    SILENT.iter().for_each(|fault| fault.hang(true));
    let node = Running::start(KINDS);
    node.eventually("the fifth to go on", |_| {
        (WELL.began().len() > 2).then_some(())
    });
    SILENT.iter().for_each(|fault| fault.hang(false));
}

#[test]
fn a_writer_that_panics_is_started_again_with_its_children() {
    static FAULT: Fault = Fault::new();
    static KINDS: &[Kind] = &[filesystem::KIND, faulty_kind!("faulty", FAULT)];
    let node = Running::start(KINDS);
    node.eventually("a first success", |health| {
        health.collector("faulty").last_success_at
    });
    FAULT.panic_in_writer_once();
    let failed = node.eventually("health to tell it", |health| {
        (health.status == HealthStatus::Failed).then(|| health.clone())
    });
    assert!(!failed.db.writable);
    assert!(
        failed
            .db
            .last_error
            .as_ref()
            .is_some_and(|e| e.contains("panicked")),
        "{failed:?}"
    );
    let before = failed.collector("filesystem").last_success_at;
    let recovered = node.eventually("everything to run again", |health| {
        let again = health.collector("filesystem").last_success_at > before;
        (again && health.status == HealthStatus::Ok).then(|| health.clone())
    });
    assert!(recovered.db.writable && recovered.db.last_error.is_none());
    assert_eq!(
        recovered.started_at, failed.started_at,
        "the process is the same"
    );
}

#[test]
fn a_collector_that_cannot_even_be_made_is_tried_again() {
    static FAULT: Fault = Fault::new();
    static KINDS: &[Kind] = &[filesystem::KIND, faulty_kind!("faulty", FAULT)];
    FAULT.panic_in_making_once();
    let node = Running::start(KINDS);
    recovers(&node, "a cycle after the restart", 1);
}

#[test]
fn a_database_that_was_removed_is_told_and_made_anew() {
    static KINDS: &[Kind] = &[filesystem::KIND];
    let node = Running::start(KINDS);
    node.eventually("a file system", |_| {
        (!node.filesystems().is_empty()).then_some(())
    });
    node.remove_database();
    let failed = node.eventually("health to tell it", |health| {
        (health.status == HealthStatus::Failed).then(|| health.clone())
    });
    assert!(
        failed
            .db
            .last_error
            .as_ref()
            .is_some_and(|error| error.contains("removed"))
    );
    node.eventually("a new database", |health| {
        let again = health.status == HealthStatus::Ok && node.database().exists();
        (again && !node.filesystems().is_empty()).then_some(())
    });
}

#[test]
fn what_waits_for_the_database_at_the_end_is_stored() {
    static FAULT: Fault = Fault::new();
    static KINDS: &[Kind] = &[faulty_kind!("faulty", FAULT)];
    let node = Running::start(KINDS);
    node.eventually("a first success", |health| {
        health.collector("faulty").last_success_at
    });
    let lock = node.lock_database();
    let cycles = FAULT.began().len();
    node.eventually("a batch to wait", |_| {
        (FAULT.began().len() > cycles).then_some(())
    });
    let waiting = i64::try_from(FAULT.began().len()).unwrap();
    let release = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(500));
        drop(lock);
    });
    let folder = node.stop_and_keep();
    release.join().unwrap();
    assert!(running::stored_cycles(folder.path()).contains(&waiting));
}

#[test]
fn a_removed_path_leaves_even_if_the_database_was_locked_just_then() {
    static KINDS: &[Kind] = &[filesystem::KIND, paths::KIND];
    let interval = Duration::from_secs(3600);
    let gone = PathConfig::new("/proc/none".into(), interval);
    let node = Running::start_with(KINDS, |config| config.paths = vec![gone]);
    node.eventually("the path", |_| (node.paths().len() == 1).then_some(()));
    let lock = node.lock_database();
    node.reload(|config| config.paths = Vec::new());
    node.eventually("health to tell of the lock", |health| {
        health
            .db
            .last_error
            .as_ref()
            .filter(|error| error.contains("locked"))
            .map(drop)
    });
    drop(lock);
    node.eventually("the path to leave", |_| {
        node.paths().is_empty().then_some(())
    });
}

#[test]
fn the_late_result_of_a_collector_that_was_removed_is_refused() {
    static FAULT: Fault = Fault::new();
    static KINDS: &[Kind] = &[filesystem::KIND, faulty_kind!("faulty", FAULT)];
    FAULT.hang(true);
    let node = Running::start(KINDS);
    node.eventually("the job to begin", |_| {
        (FAULT.began().len() == 1).then_some(())
    });
    node.reload(|config| config.cron.enabled = false);
    node.eventually("the collector to leave", |health| {
        health
            .names()
            .iter()
            .all(|name| name != "faulty")
            .then_some(())
    });
    // It comes back while its old job hangs: no second one may run beside that.
    node.reload(|config| config.cron.enabled = true);
    node.eventually("the stall of the new one", |health| {
        let faulty = health.find("faulty")?;
        (faulty.status == CollectorStatus::Stalled).then_some(())
    });
    assert_eq!(FAULT.began().len(), 1);
    assert_eq!(node.stored_cycles(), Vec::<i64>::new());
    FAULT.hang(false);
    node.eventually("the new one to work", |_| {
        node.stored_cycles().first().copied()
    });
    assert!(
        !node.stored_cycles().contains(&1),
        "the first cycle was given up"
    );
    assert_eq!(FAULT.most_at_once(), 1);
}

#[test]
fn a_node_ends_in_time_while_a_collector_hangs() {
    static FAULT: Fault = Fault::new();
    static KINDS: &[Kind] = &[filesystem::KIND, faulty_kind!("faulty", FAULT)];
    FAULT.hang(true);
    let node = Running::start(KINDS);
    node.eventually("the job to begin", |_| {
        (FAULT.began().len() == 1).then_some(())
    });
    let took = node.stop();
    assert!(took < Duration::from_secs(5), "{took:?}");
    FAULT.hang(false);
}
