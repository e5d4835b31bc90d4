//! One look at all processes, by one read of `stat` each.

use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, Instant};

use etlmon_shared::{Timestamp, text};
use rustix::time::{ClockId, clock_gettime};

use super::cpu::CpuMeter;
use super::identity::{BootId, Identity, Pid};
use super::proc_dir::{ProcDir, ProcError};
use super::stat::{self, Image, Stat, State};
use super::units;

/// One moment on three clocks.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// For how long something took.
    pub monotonic: Instant,
    /// Since the boot, with the time asleep: the clock that processes' starts are counted on.
    pub since_boot: Duration,
    /// For people.
    pub wall: Timestamp,
}

impl Moment {
    /// The present one.
    #[must_use]
    pub fn now() -> Self {
        let boot = clock_gettime(ClockId::Boottime);
        Self {
            monotonic: Instant::now(),
            since_boot: Duration::try_from(boot).unwrap_or_default(),
            wall: Timestamp::now(),
        }
    }
}

/// What `stat` tells of one process.
#[derive(Clone, Debug, PartialEq)]
pub struct Process {
    /// Which process it is.
    pub identity: Identity,
    /// The parent's pid; 0 where it has none, or none that can be seen.
    pub ppid: u32,
    /// The name, 15 bytes at most, `\xHH` for each that is not UTF-8.
    pub comm: String,
    /// What its main thread does.
    pub state: State,
    /// Threads.
    pub threads: u32,
    /// Whether it is a thread of the kernel.
    pub is_kernel_thread: bool,
    /// 100 = one core busy since the sample before; `None` in the first that has the process.
    pub cpu_percent: Option<f64>,
    /// Memory in use as the kernel quickly estimates it: good for comparing processes.
    pub rss_estimate_bytes: u64,
    /// When it started. It never changes, whatever is done to the clock.
    pub start_time: Timestamp,
    /// How long ago that was.
    pub runtime: Duration,
    /// Which program it runs; another after each execve(2).
    pub(super) image: Image,
}

/// All processes at one moment.
#[derive(Clone, Debug)]
pub struct Sample {
    /// When it began.
    pub taken_at: Moment,
    /// By pid.
    pub processes: Vec<Process>,
    /// Those that exist but may not be read, as under `hidepid=1`, or whose `stat` is damaged; by
    /// pid.
    pub unreadable: Vec<Pid>,
}

impl Sample {
    /// Whether this very process was there and could be read.
    pub(super) fn has(&self, identity: Identity) -> bool {
        let processes = &self.processes;
        processes
            .binary_search_by_key(&identity, |process| process.identity)
            .is_ok()
    }

    /// Whether a process with its pid was there, of which nothing could be read.
    pub(super) fn is_unreadable(&self, identity: Identity) -> bool {
        self.unreadable.binary_search(&identity.pid).is_ok()
    }
}

/// Takes samples, and knows the one before.
pub struct Sampler {
    proc_dir: ProcDir,
    boot_id: BootId,
    pids: Vec<Pid>,
    memory: Memory,
}

impl Sampler {
    /// Samples the processes of a directory such as `/proc`.
    ///
    /// # Errors
    /// The directory, or the id of the boot in it, cannot be read.
    pub fn new(root: &Path) -> Result<Self, ProcError> {
        let mut proc_dir = ProcDir::open(root)?;
        Ok(Self {
            boot_id: proc_dir.boot_id()?,
            proc_dir,
            pids: Vec::new(),
            memory: Memory::default(),
        })
    }

    /// The boot that all identities are of.
    #[must_use]
    pub fn boot_id(&self) -> &BootId {
        &self.boot_id
    }

    /// The directory, to read more of single processes.
    pub fn proc_dir(&mut self) -> &mut ProcDir {
        &mut self.proc_dir
    }

    /// Takes over when processes of this boot started, as it was told before: with the pid, that
    /// names them to those who have seen it. Worked out anew it might differ by a millisecond.
    pub fn resume(&mut self, told: impl IntoIterator<Item = (Identity, Timestamp)>) {
        self.memory.told.extend(told);
    }

    /// Looks at all processes.
    ///
    /// # Errors
    /// The directory cannot be read, or shows no process.
    pub fn sample(&mut self) -> Result<Sample, ProcError> {
        self.sample_at(Moment::now())
    }

    pub(super) fn sample_at(&mut self, taken_at: Moment) -> Result<Sample, ProcError> {
        let began = Instant::now();
        self.memory.samples = self.memory.samples.wrapping_add(1);
        self.proc_dir.list(&mut self.pids)?;
        let mut processes = Vec::with_capacity(self.pids.len());
        let mut unreadable = Vec::new();
        for &pid in &self.pids {
            match self.proc_dir.stat(pid).map(|line| line.map(stat::parse)) {
                Ok(Some(Ok(stat))) => {
                    // The look itself takes time, all the more on a busy machine.
                    let read_at = taken_at.monotonic + began.elapsed();
                    processes.push(self.memory.follow(pid, &stat, &taken_at, read_at));
                }
                Ok(None) => {}
                Ok(Some(Err(_))) | Err(_) => unreadable.push(pid),
            }
        }
        self.memory.forget();
        if processes.is_empty() {
            return Err(ProcError::NoProcess(self.proc_dir.root().to_owned()));
        }
        Ok(Sample {
            taken_at,
            processes,
            unreadable,
        })
    }
}

/// What is remembered from sample to sample.
#[derive(Default)]
struct Memory {
    known: HashMap<Pid, Known>,
    /// Starts that were told before the first sample.
    told: HashMap<Identity, Timestamp>,
    /// How many there were.
    samples: u64,
}

/// What is remembered of a process.
struct Known {
    start_ticks: u64,
    start_time: Timestamp,
    cpu: CpuMeter,
    /// The last sample that had it.
    seen: u64,
}

impl Known {
    fn new(stat: &Stat<'_>, sample: &Moment, read_at: Instant, told: Option<Timestamp>) -> Self {
        let started = units::ticks(stat.start_ticks);
        let start_time = match sample.since_boot.checked_sub(started) {
            Some(ago) => sample.wall.before(ago),
            // It started while the sample was taken.
            None => sample.wall.after(started.saturating_sub(sample.since_boot)),
        };
        Self {
            start_ticks: stat.start_ticks,
            start_time: told.unwrap_or(start_time),
            cpu: CpuMeter::new(stat.cpu_ticks, read_at),
            seen: 0,
        }
    }
}

impl Memory {
    fn follow(&mut self, pid: Pid, stat: &Stat<'_>, sample: &Moment, read_at: Instant) -> Process {
        let identity = Identity {
            pid,
            start_ticks: stat.start_ticks,
        };
        let new = || Known::new(stat, sample, read_at, self.told.get(&identity).copied());
        let known = self.known.entry(pid).or_insert_with(new);
        if known.start_ticks != stat.start_ticks {
            *known = new();
        }
        let cpu_percent = known.cpu.read(stat.cpu_ticks, read_at);
        known.seen = self.samples;
        Process {
            identity,
            ppid: stat.ppid,
            comm: text::from_bytes(stat.comm).into_owned(),
            state: stat.state,
            threads: stat.threads,
            is_kernel_thread: stat.is_kernel_thread,
            cpu_percent,
            rss_estimate_bytes: units::pages(stat.rss_pages),
            start_time: known.start_time,
            runtime: sample
                .since_boot
                .saturating_sub(units::ticks(stat.start_ticks)),
            image: stat.image,
        }
    }

    fn forget(&mut self) {
        self.known.retain(|_, known| known.seen == self.samples);
        self.told = HashMap::new();
    }
}

#[cfg(test)]
pub(super) mod tests;
