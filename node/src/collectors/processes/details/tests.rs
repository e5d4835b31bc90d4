use super::super::sample::tests::{JOB, Tree, Written, moment};
use super::super::sample::{Sample, Sampler};
use super::*;
use crate::config::{Pattern, ProcessRule};

/// One process of a tree, watched by a rule that searches for `--wanted`.
struct Watched {
    tree: Tree,
    sampler: Sampler,
    details: Details,
    rules: Rules,
    from: Instant,
}

impl Watched {
    fn new() -> Self {
        let tree = Tree::new();
        Self {
            sampler: Sampler::new(tree.path()).unwrap(),
            tree,
            details: Details::default(),
            rules: Rules::new(vec![ProcessRule::Match {
                name: "wanted".to_owned(),
                pattern: Pattern::new("--wanted").unwrap(),
            }]),
            from: Instant::now(),
        }
    }

    /// Whether the rule matches, and the arguments, after the process was written anew.
    fn look(&mut self, sec: u64, written: &Written<'_>) -> (bool, String) {
        self.tree.write(7, written);
        let at = moment(self.from, sec * 1_000);
        let Sample { processes, .. } = self.sampler.sample_at(at).unwrap();
        let dir = self.sampler.proc_dir();
        let now = at.monotonic;
        let matched = self.details.matching(dir, &self.rules, &processes[0], now);
        let matches = matched == [0];
        let arguments = self.details.arguments(dir, &processes[0]);
        (matches, arguments.join(" "))
    }
}

fn found(matches: bool, line: &str) -> (bool, String) {
    (matches, line.to_owned())
}

const WANTED: Written<'static> = Written {
    cmdline: "job\0--wanted\0",
    ..JOB
};

#[test]
fn a_command_line_is_read_once() {
    let mut watched = Watched::new();
    assert_eq!(watched.look(0, &WANTED), found(true, "job --wanted"));
    assert_eq!(watched.look(5, &JOB), found(true, "job --wanted"));
}

#[test]
fn another_program_in_the_same_process_is_read_anew() {
    let mut watched = Watched::new();
    watched.look(0, &JOB);
    let image = JOB.image + 1;
    let exec = Written { image, ..WANTED };
    assert_eq!(watched.look(5, &exec), found(true, "job --wanted"));
    let comm = "other";
    let renamed = Written { comm, ..exec };
    let renamed = Written {
        cmdline: "b\0",
        ..renamed
    };
    assert_eq!(watched.look(10, &renamed), found(false, "b"));
}

#[test]
fn a_title_written_over_the_arguments_is_seen_within_a_minute_or_so() {
    let mut watched = Watched::new();
    watched.look(0, &JOB);
    assert_eq!(watched.look(59, &WANTED), found(false, "job --all"));
    assert_eq!(watched.look(76, &WANTED), found(true, "job --wanted"));
}

#[test]
fn a_young_process_is_read_again_as_soon_as_it_is_twice_as_old() {
    let mut watched = Watched::new();
    // 100 ms before the first sample.
    let start = 99_990;
    watched.look(0, &Written { start, ..JOB });
    let title = Written { start, ..WANTED };
    assert_eq!(watched.look(1, &title), found(true, "job --wanted"));
}

#[test]
fn memory_of_a_process_that_may_hang_is_not_looked_at_again() {
    let mut watched = Watched::new();
    watched.look(0, &JOB);
    let state = 'D';
    let hung = Written { state, ..WANTED };
    assert_eq!(watched.look(500, &hung), found(false, "job --all"));
    assert_eq!(watched.look(505, &WANTED), found(true, "job --wanted"));
}

#[test]
fn a_process_that_has_given_up_its_memory_keeps_its_command_line() {
    let mut watched = Watched::new();
    watched.look(0, &WANTED);
    let gone = Written {
        image: 0,
        cmdline: "",
        ..WANTED
    };
    assert_eq!(watched.look(5, &gone), found(true, "job --wanted"));
    let zombie = Written { state: 'Z', ..gone };
    assert_eq!(watched.look(500, &zombie), found(true, "job --wanted"));
}

#[test]
fn an_end_between_two_reads_keeps_the_command_line() {
    let mut watched = Watched::new();
    watched.look(0, &WANTED);
    let emptied = Written {
        cmdline: "",
        ..WANTED
    };
    assert_eq!(watched.look(500, &emptied), found(true, "job --wanted"));
}

#[test]
fn without_a_rule_that_searches_them_arguments_are_read_when_asked_for() {
    let mut watched = Watched::new();
    watched.rules = Rules::new(vec![ProcessRule::Pid { pid: 7 }]);
    assert_eq!(watched.look(0, &WANTED), found(true, "job --wanted"));
    assert_eq!(watched.look(5, &JOB), found(true, "job --wanted"));
    assert_eq!(watched.look(76, &JOB), found(true, "job --all"));
}

#[test]
fn only_what_is_wanted_is_remembered() {
    let mut watched = Watched::new();
    watched.look(0, &WANTED);
    watched.details.retain(|_| true);
    assert_eq!(watched.details.known.len(), 1);
    watched.details.retain(|_| false);
    assert!(watched.details.known.is_empty());
}
