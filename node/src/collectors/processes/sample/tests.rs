use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::*;

/// A process that does nothing.
pub(in super::super) fn process(pid: u32, start_ticks: u64) -> Process {
    Process {
        identity: Identity {
            pid: Pid::new(pid).unwrap(),
            start_ticks,
        },
        ppid: 1,
        comm: "job".to_owned(),
        state: State::Sleeping,
        threads: 1,
        is_kernel_thread: false,
        cpu_percent: None,
        rss_estimate_bytes: 0,
        start_time: Timestamp::from_millis(0),
        runtime: Duration::from_secs(100),
        image: Image::default(),
    }
}

/// A directory like `/proc` that tests write.
pub(in super::super) struct Tree {
    root: tempfile::TempDir,
}

impl Tree {
    pub(in super::super) fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let random = root.path().join("sys/kernel/random");
        fs::create_dir_all(&random).unwrap();
        fs::write(random.join("boot_id"), "a-b-c\n").unwrap();
        Self { root }
    }

    pub(in super::super) fn path(&self) -> &Path {
        self.root.path()
    }

    fn directory(&self, pid: u32) -> PathBuf {
        self.root.path().join(pid.to_string())
    }

    /// Writes the files of a process; `image` is where its program lies, 0 = it has no memory.
    pub(in super::super) fn write(&self, pid: u32, stat: &Written<'_>) {
        let directory = self.directory(pid);
        fs::create_dir_all(&directory).unwrap();
        let Written {
            comm,
            state,
            ticks,
            start,
            image,
            ..
        } = stat;
        let zeros = "0 ".repeat(24);
        let line = format!(
            "{pid} ({comm}) {state} 1 1 1 0 -1 0 0 0 0 0 {ticks} 0 0 0 20 0 1 0 {start} 0 3 0 \
             {image} 0 {image} {zeros}\n"
        );
        fs::write(directory.join("stat"), line).unwrap();
        fs::write(directory.join("statm"), "9 4 1 1 0 1 0\n").unwrap();
        fs::write(directory.join("cmdline"), stat.cmdline).unwrap();
    }

    pub(in super::super) fn remove(&self, pid: u32) {
        fs::remove_dir_all(self.directory(pid)).unwrap();
    }
}

/// What a process of a [`Tree`] is written to be.
#[derive(Clone, Copy)]
pub(in super::super) struct Written<'w> {
    pub(in super::super) comm: &'w str,
    pub(in super::super) state: char,
    pub(in super::super) ticks: u64,
    pub(in super::super) start: u64,
    pub(in super::super) image: u64,
    pub(in super::super) cmdline: &'w str,
}

/// What most are.
pub(in super::super) const JOB: Written<'static> = Written {
    comm: "job",
    state: 'S',
    ticks: 0,
    start: 1_000,
    image: 4_096,
    cmdline: "job\0--all\0",
};

/// So many milliseconds after `from`, 1 000 s after the boot.
pub(in super::super) fn moment(from: Instant, ms: u64) -> Moment {
    let later = Duration::from_millis(ms);
    Moment {
        monotonic: from + later,
        since_boot: Duration::from_secs(1_000) + later,
        wall: Timestamp::from_millis(1_768_472_625_000).after(later),
    }
}

fn only(sample: Sample) -> Process {
    let [process] = <[Process; 1]>::try_from(sample.processes).unwrap();
    process
}

#[test]
fn captured_processes_with_odd_names_are_all_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/collectors/processes/testdata/odd");
    let sample = Sampler::new(&root).unwrap().sample().unwrap();
    let mut names = sample.processes.iter().map(|process| process.comm.as_str());
    assert!(names.by_ref().any(|name| name == ") R 1 ("));
    assert!(names.by_ref().any(|name| name == "new\nline"));
    assert!(names.by_ref().any(|name| name == "\\xff\\xfe\\xc3"));
    assert_eq!(sample.processes.len(), 15);
    assert!(sample.unreadable.is_empty());
}

#[test]
fn cpu_is_unknown_first_and_then_the_share_of_the_interval() {
    let (tree, from) = (Tree::new(), Instant::now());
    tree.write(7, &Written { ticks: 100, ..JOB });
    let mut sampler = Sampler::new(tree.path()).unwrap();
    let first = sampler.sample_at(moment(from, 0)).unwrap();
    assert_eq!(only(first).cpu_percent, None);
    tree.write(
        7,
        &Written {
            ticks: 1_100,
            ..JOB
        },
    );
    let second = sampler.sample_at(moment(from, 5_000)).unwrap();
    let percent = only(second).cpu_percent.unwrap();
    // The sample itself takes a moment, which counts.
    assert!((190.0..=200.5).contains(&percent), "{percent}");
    tree.write(7, &Written { ticks: 900, ..JOB });
    let third = sampler.sample_at(moment(from, 10_000)).unwrap();
    assert_eq!(only(third).cpu_percent, None);
}

#[test]
fn a_pid_given_out_again_is_another_process_and_begins_anew() {
    let (tree, from) = (Tree::new(), Instant::now());
    tree.write(7, &JOB);
    let mut sampler = Sampler::new(tree.path()).unwrap();
    let first = only(sampler.sample_at(moment(from, 0)).unwrap());
    tree.write(
        7,
        &Written {
            start: 100_100,
            ticks: 50,
            ..JOB
        },
    );
    let second = only(sampler.sample_at(moment(from, 5_000)).unwrap());
    assert_ne!(first.identity, second.identity);
    assert_eq!(second.cpu_percent, None);
    assert_ne!(first.start_time, second.start_time);
}

#[test]
fn the_start_never_changes_whatever_is_done_to_the_clock() {
    let (tree, from) = (Tree::new(), Instant::now());
    tree.write(7, &JOB);
    let mut sampler = Sampler::new(tree.path()).unwrap();
    let first = only(sampler.sample_at(moment(from, 0)).unwrap());
    // 990 s before the sample.
    assert_eq!(first.start_time, Timestamp::from_millis(1_768_471_635_000));
    assert_eq!(first.runtime, Duration::from_secs(990));
    let mut stepped = moment(from, 5_000);
    stepped.wall = stepped.wall.after(Duration::from_secs(3_600));
    let second = only(sampler.sample_at(stepped).unwrap());
    assert_eq!(second.start_time, first.start_time);
    assert_eq!(second.runtime, Duration::from_secs(995));
}

#[test]
fn a_process_that_starts_during_the_sample_is_no_younger_than_nothing() {
    let (tree, from) = (Tree::new(), Instant::now());
    tree.write(
        7,
        &Written {
            start: 100_001,
            ..JOB
        },
    );
    let mut sampler = Sampler::new(tree.path()).unwrap();
    let process = only(sampler.sample_at(moment(from, 0)).unwrap());
    assert_eq!(process.runtime, Duration::ZERO);
    let start = Timestamp::from_millis(1_768_472_625_010);
    assert_eq!(process.start_time, start);
}

#[test]
fn what_is_gone_is_left_out_and_what_cannot_be_read_is_named() {
    let (tree, from) = (Tree::new(), Instant::now());
    tree.write(7, &JOB);
    fs::create_dir(tree.directory(8)).unwrap();
    tree.write(9, &JOB);
    fs::write(tree.directory(9).join("stat"), "9 (job) S 1").unwrap();
    let mut sampler = Sampler::new(tree.path()).unwrap();
    let sample = sampler.sample_at(moment(from, 0)).unwrap();
    assert_eq!(sample.unreadable, [Pid::new(9).unwrap()]);
    assert_eq!(only(sample).identity.pid, Pid::new(7).unwrap());
}

#[test]
fn a_directory_without_processes_is_an_error_and_not_an_empty_machine() {
    let tree = Tree::new();
    let mut sampler = Sampler::new(tree.path()).unwrap();
    assert!(matches!(sampler.sample(), Err(ProcError::NoProcess(_))));
}

#[test]
fn processes_that_are_gone_are_forgotten() {
    let (tree, from) = (Tree::new(), Instant::now());
    tree.write(7, &JOB);
    tree.write(8, &JOB);
    let mut sampler = Sampler::new(tree.path()).unwrap();
    sampler.sample_at(moment(from, 0)).unwrap();
    tree.remove(8);
    sampler.sample_at(moment(from, 5_000)).unwrap();
    assert_eq!(sampler.memory.known.len(), 1);
}

#[test]
fn a_real_child_is_there_until_it_is_waited_for() {
    let mut child = Command::new("sleep").arg("60").spawn().unwrap();
    let pid = Pid::new(child.id()).unwrap();
    let mut sampler = Sampler::new(Path::new("/proc")).unwrap();
    let mut find = || {
        let mut processes = sampler.sample().unwrap().processes.into_iter();
        processes.find(|process| process.identity.pid == pid)
    };
    let before = find().unwrap();
    assert_eq!(before.ppid, std::process::id());
    assert!(before.runtime < Duration::from_secs(60));
    child.kill().unwrap();
    let ended = loop {
        let process = find().unwrap();
        if process.state == State::Zombie {
            break process;
        }
    };
    assert_eq!(ended.identity, before.identity);
    assert_eq!(ended.start_time, before.start_time);
    child.wait().unwrap();
    assert_eq!(find(), None);
}

#[test]
fn another_program_in_a_real_process_is_noticed_though_its_name_is_the_same() {
    let mut shell = Command::new("sh")
        .args(["-c", "read line; exec sh -c 'read line; exit'"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let pid = Pid::new(shell.id()).unwrap();
    let mut sampler = Sampler::new(Path::new("/proc")).unwrap();
    let mut find = || {
        let mut processes = sampler.sample().unwrap().processes.into_iter();
        let process = processes.find(|process| process.identity.pid == pid);
        process.unwrap()
    };
    // Until the shell runs, the process is a copy of this one.
    let before = loop {
        let process = find();
        if process.comm == "sh" && process.state == State::Sleeping {
            break process;
        }
    };
    let mut input = shell.stdin.take().unwrap();
    input.write_all(b"\n").unwrap();
    let after = loop {
        let process = find();
        assert_ne!(process.state, State::Zombie);
        // While it is being replaced there is no memory for a moment.
        if process.image.has_memory() && process.image != before.image {
            break process;
        }
    };
    assert_eq!(after.identity, before.identity);
    input.write_all(b"\n").unwrap();
    shell.wait().unwrap();
}

#[test]
fn a_start_that_was_told_before_is_told_again() {
    let (tree, from) = (Tree::new(), Instant::now());
    tree.write(7, &JOB);
    let mut sampler = Sampler::new(tree.path()).unwrap();
    let process = only(sampler.sample_at(moment(from, 0)).unwrap());
    let told = process.start_time.after(Duration::from_millis(3));
    let another = Identity {
        start_ticks: 999,
        ..process.identity
    };
    let mut next = Sampler::new(tree.path()).unwrap();
    next.resume([(another, process.start_time), (process.identity, told)]);
    assert_eq!(
        only(next.sample_at(moment(from, 5_000)).unwrap()).start_time,
        told
    );
    assert_eq!(
        only(next.sample_at(moment(from, 9_000)).unwrap()).start_time,
        told
    );
    // That of the pid's next process is its own.
    tree.write(
        7,
        &Written {
            start: 1_100,
            ..JOB
        },
    );
    let other = only(next.sample_at(moment(from, 9_500)).unwrap());
    assert_ne!(other.start_time, told);
}
