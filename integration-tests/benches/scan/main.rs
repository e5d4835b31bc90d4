//! Measures the directory walk beside the least that any counter must do, and beside `find` and `fd`.
//!
//! `cargo bench --bench scan`. The least is a bare `getdents64` loop with as many threads, the
//! directories dealt out beforehand. Each measurement runs in a process of its own, the programs
//! take turns, and the table shows medians.

mod bare;
mod trees;

use std::env;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use bare::bare_tree;
use etlmon_node::collectors::paths::walk::{Stop, WalkOptions, walk};
use nix::sys::resource::{UsageWho, getrusage};
use trees::{TREES, Tree};

/// Every error ends the program: it is a measurement, not a service.
type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn etlmon(root: &Path, threads: usize, measure_sizes: bool) -> Outcome<u64> {
    let options = WalkOptions {
        threads,
        measure_sizes,
        top_entries: 10,
        ..WalkOptions::default()
    };
    let stop = Stop::at(Instant::now() + Duration::from_secs(60));
    let tally = walk(root, &options, &stop)?;
    Ok(tally.file_count + tally.dir_count)
}

fn command(program: &str, root: &Path, threads: usize) -> Command {
    let mut command = Command::new(program);
    if program == "find" {
        command.arg(root).args(["-mindepth", "1", "-printf", ""]);
    } else {
        let threads = threads.to_string();
        command.args([
            "--unrestricted",
            "--no-ignore",
            "--hidden",
            "--threads",
            &threads,
        ]);
        command.arg(".").arg(root);
    }
    command
}

/// One program: its name, and its threads.
type Program = (&'static str, usize);

/// Runs a program `repeats` times and answers entries, then per run wall and CPU nanoseconds, then
/// KiB of memory at most.
fn measure((name, threads): Program, root: &Path, repeats: u32) -> Outcome<[u64; 4]> {
    let (who, repeats) = match name {
        // Starting a program takes a thousand times as long as a small walk.
        "find" | "fdfind" | "fd" => (UsageWho::RUSAGE_CHILDREN, repeats.div_ceil(10)),
        _ => (UsageWho::RUSAGE_SELF, repeats),
    };
    let memory = peak_kib()?;
    let (start, cpu) = (Instant::now(), cpu_time(who)?);
    let mut entries = 0;
    for _ in 0..repeats {
        entries = match name {
            "bare" => bare_tree(root, threads)?,
            "etlmon" => etlmon(root, threads, false)?,
            "etlmon, sizes" => etlmon(root, threads, true)?,
            _ => {
                let output = Stdio::null();
                command(name, root, threads).stdout(output).status()?;
                0
            }
        };
    }
    let per_run = |time: Duration| u64::try_from((time / repeats).as_nanos());
    let wall = per_run(start.elapsed())?;
    let cpu = per_run(cpu_time(who)?.saturating_sub(cpu))?;
    let memory = match who {
        UsageWho::RUSAGE_CHILDREN => u64::try_from(getrusage(who)?.max_rss())?,
        _ => peak_kib()? - memory,
    };
    Ok([entries, wall, cpu, memory])
}

fn cpu_time(who: UsageWho) -> Outcome<Duration> {
    let usage = getrusage(who)?;
    let micros = |time: nix::sys::time::TimeVal| {
        u64::try_from(time.tv_sec() * 1_000_000 + time.tv_usec()).map(Duration::from_micros)
    };
    Ok(micros(usage.user_time())? + micros(usage.system_time())?)
}

fn peak_kib() -> Outcome<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
    Ok(kib.ok_or("no VmHWM")?.trim().parse()?)
}

/// Measures in a process of its own.
fn measure_apart(program: Program, root: &Path, repeats: u32) -> Outcome<[u64; 4]> {
    let output = Command::new(env::current_exe()?)
        .args([
            OsStr::new("--measure"),
            program.0.as_ref(),
            program.1.to_string().as_ref(),
        ])
        .args([root.as_os_str(), repeats.to_string().as_ref()])
        .stderr(Stdio::inherit())
        .output()?;
    let line = String::from_utf8(output.stdout)?;
    let numbers: Vec<u64> = line
        .split_whitespace()
        .map(str::parse)
        .collect::<Result<_, _>>()?;
    numbers
        .try_into()
        .map_err(|_| format!("{program:?} failed").into())
}

fn median(mut values: Vec<u64>) -> f64 {
    values.sort_unstable();
    let middle = values.get(values.len() / 2).copied().unwrap_or(0);
    f64::from(u32::try_from(middle).unwrap_or(u32::MAX))
}

fn installed(program: &str) -> bool {
    Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .status()
        .is_ok()
}

fn table(tree: &Tree, programs: &[Program]) -> Outcome<String> {
    let root = tempfile::tempdir()?;
    let entries = (tree.make)(root.path())?;
    let mut runs = vec![Vec::new(); programs.len()];
    for _ in 0..tree.rounds {
        for (program, runs) in programs.iter().zip(&mut runs) {
            let run = measure_apart(*program, root.path(), tree.repeats)?;
            if run[0] != 0 && run[0] != entries {
                return Err(format!("{program:?} counted {} of {entries}", run[0]).into());
            }
            runs.push(run);
        }
    }
    let mut text = format!("\n{}\n", tree.name);
    writeln!(
        text,
        "  program        threads   wall ms    CPU ms  µs/entry  wall x   CPU x  peak KiB"
    )?;
    let column = |runs: &[[u64; 4]], n: usize| median(runs.iter().map(|run| run[n]).collect());
    let count = f64::from(u32::try_from(entries)?);
    for ((name, threads), of) in programs.iter().zip(&runs) {
        let base = programs
            .iter()
            .position(|program| *program == ("bare", *threads));
        let base = base.and_then(|base| runs.get(base)).ok_or("no bare run")?;
        let (wall, cpu) = (column(of, 1), column(of, 2));
        let wall_ratio = wall / column(base, 1);
        let cpu_ratio = cpu / column(base, 2);
        writeln!(
            text,
            "  {name:<15}{threads:>7}{:>10.3}{:>10.3}{:>10.3}{wall_ratio:>8.2}{cpu_ratio:>8.2}{:>10}",
            wall / 1e6,
            cpu / 1e6,
            cpu / 1e3 / count,
            column(of, 3),
        )?;
    }
    Ok(text)
}

fn main() -> Outcome<()> {
    let args: Vec<String> = env::args().collect();
    let mut out = io::stdout();
    if let [_, flag, name, threads, root, repeats] = args.as_slice()
        && flag == "--measure"
    {
        let names = ["bare", "etlmon", "etlmon, sizes", "find", "fdfind", "fd"];
        let name = names
            .into_iter()
            .find(|known| known == name)
            .ok_or("unknown program")?;
        let run = measure((name, threads.parse()?), Path::new(root), repeats.parse()?)?;
        writeln!(out, "{}", run.map(|number| number.to_string()).join(" "))?;
        return Ok(());
    }
    let many = thread::available_parallelism()?.get();
    let mut programs: Vec<Program> = vec![("bare", 1), ("etlmon", 1)];
    if many > 1 {
        programs.extend([("bare", many), ("etlmon", many)]);
    }
    programs.push(("etlmon, sizes", 1));
    let fd = ["fdfind", "fd"].into_iter().find(|fd| installed(fd));
    for (name, found) in [("find", installed("find").then_some("find")), ("fd", fd)] {
        match found {
            Some("find") => programs.push(("find", 1)),
            Some(fd) => programs.extend([(fd, 1), (fd, many)]),
            None => writeln!(out, "{name}: not installed")?,
        }
    }
    programs.dedup();
    writeln!(out, "x: beside the bare loop with as many threads")?;
    writeln!(out, "peak: growth of memory; for find and fd all of it")?;
    for tree in &TREES {
        let mut programs = programs.clone();
        programs.retain(|(name, _)| tree.sizes || *name != "etlmon, sizes");
        write!(out, "{}", table(tree, &programs)?)?;
    }
    Ok(())
}
