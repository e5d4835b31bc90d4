//! What it costs to watch a file that is written to all the time.

use super::*;

/// CPU time of this process's threads of that name so far (proc_pid_schedstat, nanoseconds).
fn cpu_time(thread: &str) -> Duration {
    let tasks = fs::read_dir("/proc/self/task")
        .unwrap()
        .map(|task| task.unwrap().path());
    let named =
        tasks.filter(|task| fs::read_to_string(task.join("comm")).unwrap().trim() == thread);
    let spent = named.map(|task| {
        let stat = fs::read_to_string(task.join("schedstat")).unwrap();
        Duration::from_nanos(stat.split(' ').next().unwrap().parse().unwrap())
    });
    spent.sum()
}

/// Writes lines at this rate for ten seconds, to the files in turn; the share of a core that the
/// watching thread has taken, in percent.
fn share_percent(files: &mut [File], rate: u32) -> f64 {
    let (begin, spent) = (Instant::now(), cpu_time("etlmon-watch"));
    for (line, at) in (1..=10 * rate).zip((0..files.len()).cycle()) {
        files[at].write_all(&[b'x'; 120]).unwrap();
        let due = begin + Duration::from_secs(1) * line / rate;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
    }
    let (took, spent) = (begin.elapsed(), cpu_time("etlmon-watch") - spent);
    let share = 100.0 * spent.as_secs_f64() / took.as_secs_f64();
    let files = files.len();
    println!("{rate} writes/s to {files} files for {took:.1?}: {spent:.1?} of CPU ({share:.3} %)");
    share
}

#[test]
#[ignore = "takes 20 s and wants the machine for itself"]
fn a_busy_log_costs_the_watching_thread_next_to_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let file = File::create(dir.path().join("a")).unwrap();
    let (watcher, bell) = (Watcher::start(), Bell::default());
    let _watch = bell.watching(&watcher, dir.path(), &["a"]);
    let mut files = [file];
    for rate in [500, 5_000] {
        assert!(share_percent(&mut files, rate) < 0.5);
        println!("{} wakes", bell.take());
    }
}

#[test]
#[ignore = "takes 20 s and wants the machine for itself"]
fn five_hundred_names_or_listeners_in_one_directory_are_cheap() {
    let dir = tempfile::tempdir().unwrap();
    let names: Vec<String> = (0..500).map(|at| format!("log{at}")).collect();
    let create = |name: &String| File::create(dir.path().join(name)).unwrap();
    let mut files: Vec<File> = names.iter().map(create).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let (watcher, bell) = (Watcher::start(), Bell::default());
    let one = bell.watching(&watcher, dir.path(), &names);
    assert!(share_percent(&mut files, 5_000) < 5.0);
    drop(one);
    let begin = Instant::now();
    let watch = |name| (name, bell.watching(&watcher, dir.path(), &[name]));
    let many: Vec<(&str, Watch)> = names.into_iter().map(watch).collect();
    println!("500 listeners: {:.1?} to start", begin.elapsed());
    let targets = many
        .iter()
        .map(|(name, watch)| (watch, vec![target(dir.path(), &[name])]));
    let targets: Vec<_> = targets.collect();
    let begin = Instant::now();
    for (watch, targets) in targets {
        watch.set(targets);
    }
    println!("500 listeners: {:.1?} to set again", begin.elapsed());
    assert!(share_percent(&mut files, 5_000) < 5.0);
}
