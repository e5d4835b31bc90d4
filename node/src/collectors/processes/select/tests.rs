use std::os::unix::fs::MetadataExt;
use std::time::Instant;

use super::super::sample::tests::{JOB, Tree, Written, moment};
use super::super::{Sampler, State};
use super::*;
use crate::config::Pattern;

fn rule(name: &str, pattern: &str) -> ProcessRule {
    ProcessRule::Match {
        name: name.to_owned(),
        pattern: Pattern::new(pattern).unwrap(),
    }
}

struct Machine {
    tree: Tree,
    sampler: Sampler,
    selector: Selector,
    from: Instant,
}

impl Machine {
    fn new(rules: Vec<ProcessRule>, top_n: usize) -> Self {
        let tree = Tree::new();
        let passwd = tree.path().join("passwd");
        let owner = std::fs::metadata(tree.path()).unwrap().uid();
        std::fs::write(&passwd, format!("etl:x:{owner}:0::/:/bin/sh\n")).unwrap();
        Self {
            sampler: Sampler::new(tree.path()).unwrap(),
            tree,
            selector: Selector::new(rules, top_n, Duration::from_secs(60), passwd),
            from: Instant::now(),
        }
    }

    fn snapshot(&mut self, sec: u64) -> Snapshot {
        let at = moment(self.from, sec * 1_000);
        let sample = self.sampler.sample_at(at).unwrap();
        self.selector.select(self.sampler.proc_dir(), &sample)
    }
}

fn told(snapshot: &Snapshot) -> Vec<(u32, Status, Option<&str>)> {
    let rows = snapshot.rows.iter();
    rows.map(|row| (row.identity.pid.get(), row.status, row.watch.as_deref()))
        .collect()
}

#[test]
fn a_row_tells_all_about_its_process() {
    let mut machine = Machine::new(vec![rule("jobs", "--all")], 0);
    machine.tree.write(7, &JOB);
    let snapshot = machine.snapshot(0);
    let [row] = snapshot.rows.as_slice() else {
        panic!("{snapshot:?}");
    };
    assert_eq!(row.process_name, "job");
    assert_eq!(*row.arguments, ["job", "--all"]);
    assert_eq!(row.user, "etl");
    assert_eq!(row.mem_rss_bytes, units::pages(4));
    assert_eq!(row.cpu_percent, None);
    assert_eq!(row.state, State::Sleeping);
    assert_eq!(row.runtime, Duration::from_secs(990));
    assert_eq!(row.collected_at, snapshot.taken_at);
}

#[test]
fn the_watched_and_the_busiest_are_kept_and_no_others() {
    let mut machine = Machine::new(vec![rule("wanted", "^wanted$"), rule("typo", "wnated")], 1);
    let write = |machine: &Machine, ticks| {
        machine.tree.write(
            5,
            &Written {
                comm: "idle",
                ..JOB
            },
        );
        let comm = "busy";
        machine.tree.write(6, &Written { comm, ticks, ..JOB });
        machine.tree.write(
            7,
            &Written {
                comm: "wanted",
                ..JOB
            },
        );
    };
    write(&machine, 0);
    machine.snapshot(0);
    write(&machine, 300);
    let snapshot = machine.snapshot(5);
    // The memory of all is the same, of which the lowest pid is kept.
    let expected = [
        (5, Status::Running, None),
        (6, Status::Running, None),
        (7, Status::Running, Some("wanted")),
    ];
    assert_eq!(told(&snapshot), expected);
    machine.tree.remove(5);
    write(&machine, 600);
    let counts: Vec<usize> = snapshot.rules.iter().map(|rule| rule.processes).collect();
    assert_eq!(counts, [1, 0]);
}

#[test]
fn a_restart_is_another_process_and_the_one_before_has_stopped() {
    let mut machine = Machine::new(vec![rule("jobs", "^job$")], 0);
    machine.tree.write(7, &JOB);
    let before = machine.snapshot(0);
    machine.tree.remove(7);
    machine.tree.write(
        7,
        &Written {
            start: 100_200,
            ..JOB
        },
    );
    let after = machine.snapshot(5);
    let expected = [
        (7, Status::Running, Some("jobs")),
        (7, Status::Stopped, Some("jobs")),
    ];
    assert_eq!(told(&after), expected);
    let stopped = &after.rows[1];
    assert_eq!(stopped.identity, before.rows[0].identity);
    assert_eq!(stopped.collected_at, before.taken_at);
    assert_eq!(after.rules[0].processes, 1);
    assert_eq!(told(&machine.snapshot(66)), expected[..1]);
}

#[test]
fn one_of_the_busiest_that_ends_is_gone() {
    let mut machine = Machine::new(vec![rule("none", "^none$")], 1);
    machine.tree.write(6, &JOB);
    machine.tree.write(7, &JOB);
    assert_eq!(told(&machine.snapshot(0)), [(6, Status::Running, None)]);
    machine.tree.remove(6);
    assert_eq!(told(&machine.snapshot(5)), [(7, Status::Running, None)]);
}

#[test]
fn a_process_that_vanishes_while_it_is_read_is_not_there() {
    let mut machine = Machine::new(vec![rule("jobs", "^job$")], 0);
    machine.tree.write(6, &JOB);
    machine.tree.write(7, &JOB);
    machine.snapshot(0);
    let sample = machine
        .sampler
        .sample_at(moment(machine.from, 5_000))
        .unwrap();
    machine.tree.remove(7);
    let snapshot = machine.selector.select(machine.sampler.proc_dir(), &sample);
    let expected = [
        (6, Status::Running, Some("jobs")),
        (7, Status::Stopped, Some("jobs")),
    ];
    assert_eq!(told(&snapshot), expected);
}

#[test]
fn a_zombie_is_still_there_and_keeps_its_arguments() {
    let mut machine = Machine::new(vec![rule("jobs", "--all")], 0);
    machine.tree.write(7, &JOB);
    machine.snapshot(0);
    let zombie = Written {
        state: 'Z',
        image: 0,
        cmdline: "",
        ..JOB
    };
    machine.tree.write(7, &zombie);
    let snapshot = machine.snapshot(5);
    assert_eq!(told(&snapshot), [(7, Status::Running, Some("jobs"))]);
    assert_eq!(snapshot.rows[0].state, State::Zombie);
    assert_eq!(*snapshot.rows[0].arguments, ["job", "--all"]);
}

#[test]
fn a_process_that_is_rid_of_its_rule_by_an_exec_is_let_go_without_having_stopped() {
    let mut machine = Machine::new(vec![rule("jobs", "--all")], 0);
    machine.tree.write(7, &JOB);
    machine.snapshot(0);
    let other = Written {
        image: 9_999,
        cmdline: "other\0",
        ..JOB
    };
    machine.tree.write(7, &other);
    assert_eq!(told(&machine.snapshot(5)), []);
}
