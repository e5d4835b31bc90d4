//! What looking at processes costs: `cargo bench --bench processes [-- sample|steady]`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a benchmark prints, rounds and may panic"
)]

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use etlmon_node::collectors::processes::{Sampler, Selector};
use etlmon_node::config::{Pattern, ProcessRule};
use integration_tests::{NodeBuilder, Sleepers, cpu_time, eventually, is_wanted};
use nix::sys::resource::{UsageWho, getrusage};

/// Looks that are averaged.
const ROUNDS: u32 = 200;
/// Processes of a busy machine, and of an ordinary one.
const MANY: usize = 1_000;
const SOME: usize = 300;
/// For how long the node is watched.
const STEADY: Duration = Duration::from_secs(60);
/// Rules, none of which matches.
const RULES: usize = 20;

fn main() {
    // Built before anything is timed.
    integration_tests::etlmon();
    if is_wanted("sample") {
        sample();
    }
    if is_wanted("steady") {
        steady();
    }
}

fn pattern(number: usize) -> String {
    format!(r"com\.example\.Job{number}\b|unheard-of-{number}$")
}

/// Sampling and choosing, against reading the same files and nothing else.
fn sample() {
    let _sleepers = Sleepers::start(MANY, "sleep");
    let rule = |number| ProcessRule::Match {
        name: format!("rule {number}"),
        pattern: Pattern::new(&pattern(number)).unwrap(),
    };
    let rules = (0..RULES).map(rule).collect();
    let mut sampler = Sampler::new(Path::new("/proc")).unwrap();
    let passwd = PathBuf::from("/etc/passwd");
    let mut selector = Selector::new(rules, 20, Duration::from_secs(3_600), passwd);
    // The first look reads what is remembered later.
    let first = sampler.sample().unwrap();
    let count = first.processes.len();
    selector.select(sampler.proc_dir(), &first);
    let mut spent = [Duration::ZERO; 3];
    for _ in 0..ROUNDS {
        let began = own_cpu();
        bare();
        let read = own_cpu();
        let sample = sampler.sample().unwrap();
        let sampled = own_cpu();
        selector.select(sampler.proc_dir(), &sample);
        let parts = [read - began, sampled - read, own_cpu() - sampled];
        spent
            .iter_mut()
            .zip(parts)
            .for_each(|(sum, part)| *sum += part);
    }
    let [bare, sample, select] = spent.map(|sum| sum.as_secs_f64() * 1e3 / f64::from(ROUNDS));
    println!("sample: {count} processes, CPU of a look, mean of {ROUNDS}");
    println!("  bare loop {bare:.2} ms, sampling {sample:.2} ms, choosing {select:.2} ms");
    println!(
        "  sampling / bare loop {:.2}, sampling and choosing / bare loop {:.2}",
        sample / bare,
        (sample + select) / bare
    );
}

/// Reads the `stat` of every process.
fn bare() {
    let mut buffer = [0; 4096];
    for entry in std::fs::read_dir("/proc").unwrap() {
        let name = entry.unwrap().file_name();
        let name = name.to_str().unwrap();
        if name.bytes().all(|byte| byte.is_ascii_digit())
            && let Ok(mut file) = File::open(format!("/proc/{name}/stat"))
        {
            std::hint::black_box(file.read(&mut buffer).unwrap_or(0));
        }
    }
}

fn own_cpu() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_SELF).unwrap();
    [usage.user_time(), usage.system_time()]
        .map(|time| {
            let micros = time.tv_sec() * 1_000_000 + time.tv_usec();
            Duration::from_micros(micros.try_into().unwrap())
        })
        .iter()
        .sum()
}

/// The whole node, which looks at processes each 5 s, and one that never does.
fn steady() {
    let _sleepers = Sleepers::start(SOME, "sleep");
    let rule = |number| format!("{{ name: rule {number}, match: '{}' }}", pattern(number));
    let rules: Vec<String> = (0..RULES).map(rule).collect();
    let watching = format!("process_watch: [{}]", rules.join(", "));
    println!(
        "steady: {SOME} processes more, CPU of the node for {} s",
        STEADY.as_secs()
    );
    for (name, config) in [
        (
            "each 5 s",
            format!("refresh: {{ process: 5s, disk: 24h }}\n{watching}"),
        ),
        (
            "never",
            format!("refresh: {{ process: 24h, disk: 24h }}\n{watching}"),
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let node = NodeBuilder::new(folder.path()).config(&config).start();
        eventually("the second look", Duration::from_secs(30), || {
            let rows = node.list("/api/v1/processes");
            rows.iter()
                .any(|row| row["cpu_percent"].is_number())
                .then_some(())
        });
        let (cpu, began) = (cpu_time(node.pid()), Instant::now());
        std::thread::sleep(STEADY);
        let spent = (cpu_time(node.pid()) - cpu).as_secs_f64();
        let percent = spent / began.elapsed().as_secs_f64() * 100.0;
        println!("  {name}: {percent:.2} % of a core");
    }
}
