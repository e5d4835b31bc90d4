//! What benchmarks put on a machine, and what it costs.

use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command};
use std::time::Duration;

use nix::time::clock_getcpuclockid;
use nix::unistd::Pid;

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

/// What all threads of a process have used, those that have ended included.
pub fn cpu_time(pid: u32) -> Duration {
    let clock = clock_getcpuclockid(Pid::from_raw(pid.try_into().unwrap())).unwrap();
    clock.now().unwrap().into()
}
