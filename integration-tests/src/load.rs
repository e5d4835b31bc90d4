//! What benchmarks put on a machine, and what it costs.

use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command};
use std::time::Duration;

/// Processes that sleep until this is dropped.
pub struct Sleepers(Vec<Child>);

impl Sleepers {
    /// Starts so many, which are called `title`.
    pub fn start(count: usize, title: &str) -> Self {
        let mut sleep = Command::new("sleep");
        sleep.arg0(title).arg("6000");
        Self((0..count).map(|_| sleep.spawn().unwrap()).collect())
    }
}

impl Drop for Sleepers {
    fn drop(&mut self) {
        for child in &mut self.0 {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}

/// What all threads of a process have used.
pub fn cpu_time(pid: u32) -> Duration {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    threads
        .map(|thread| {
            // Nanoseconds, where stat has ticks of 10 ms.
            let told = std::fs::read_to_string(thread.unwrap().path().join("schedstat")).unwrap();
            let nanos = told.split(' ').next().unwrap().parse().unwrap();
            Duration::from_nanos(nanos)
        })
        .sum()
}
