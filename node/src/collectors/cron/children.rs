//! The shells that cron has started, as proc(5) shows them, and when each of them ends.

use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

/// A shell of a job: the child of a child of cron.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shell {
    pub(super) pid: u32,
    /// As whom it runs.
    pub(super) user_id: u32,
    /// What follows `sh -c`; none once the shell has made way for its command.
    pub(super) command: Option<Vec<u8>>,
}

/// The shells of all jobs that run. Kernels without `CONFIG_PROC_CHILDREN` show none.
pub(super) fn shells(cron: u32) -> Vec<Shell> {
    let jobs = children(cron).into_iter().flat_map(children);
    jobs.filter_map(shell).collect()
}

fn children(pid: u32) -> Vec<u32> {
    let list = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
    let list = list.unwrap_or_default();
    let pids = list.split_ascii_whitespace();
    pids.filter_map(|pid| pid.parse().ok()).collect()
}

fn shell(pid: u32) -> Option<Shell> {
    let user_id = fs::metadata(format!("/proc/{pid}")).ok()?.uid();
    let arguments = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let mut arguments = arguments.split(|byte| *byte == 0).skip(1);
    let is_shell = arguments.next() == Some(b"-c");
    Some(Shell {
        pid,
        user_id,
        command: arguments.next().filter(|_| is_shell).map(<[u8]>::to_vec),
    })
}

/// A process that is waited for; its pid may be another's by the time it has ended.
#[derive(Debug)]
pub(super) struct Awaited(OwnedFd);

impl Awaited {
    /// None of a process that has ended, and of kernels before 5.3.
    pub(super) fn new(pid: u32) -> Option<Self> {
        let pid = Pid::from_raw(i32::try_from(pid).ok()?)?;
        pidfd_open(pid, PidfdFlags::empty()).ok().map(Self)
    }

    /// Whether it has ended.
    pub(super) fn has_ended(&self) -> bool {
        let mut handles = [PollFd::new(&self.0, PollFlags::IN)];
        let at_once = Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        poll(&mut handles, Some(&at_once)).is_ok_and(|ready| ready > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader, Write};
    use std::process::{Command, Stdio};

    #[test]
    fn the_shell_of_a_job_is_seen_and_its_end_too() {
        // This test is the cron, the outer shell its child, the inner one the job.
        let mut outer = Command::new("sh")
            .args(["-c", "sh -c 'echo here; read line; : done'; :"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut here = String::new();
        let mut output = BufReader::new(outer.stdout.take().unwrap());
        output.read_line(&mut here).unwrap();
        // Children are listed by thread, and the test has one of its own.
        let inner = children(outer.id()).into_iter().find_map(shell).unwrap();
        assert_eq!(
            inner.command.as_deref(),
            Some(&b"echo here; read line; : done"[..])
        );
        assert_eq!(inner.user_id, rustix::process::geteuid().as_raw());
        let awaited = Awaited::new(inner.pid).unwrap();
        assert!(!awaited.has_ended());
        outer.stdin.take().unwrap().write_all(b"\n").unwrap();
        outer.wait().unwrap();
        assert!(awaited.has_ended());
        assert_eq!(shell(inner.pid), None);
    }
}
