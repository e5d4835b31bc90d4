//! Ends the right process: the signal goes through a pidfd whose process was checked, so that a
//! pid that was given out again can't be hit.

mod policy;
mod signal;

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use etlmon_shared::text;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{PidfdFlags, pidfd_open, pidfd_send_signal};

use super::identity::{BootId, Identity, Pid};
use super::proc_dir::{ProcDir, ProcError};
use super::users::Users;
use crate::config::KillPolicy;
pub use policy::Denied;
use policy::{Own, Target};
pub use signal::{KillSignal, UnknownSignal};

/// For how long the end of the process is waited for.
const WAIT: Duration = Duration::from_millis(500);

/// Which process gets which signal.
#[derive(Clone, Debug)]
pub struct KillRequest {
    /// The boot in which the process was seen.
    pub boot_id: BootId,
    /// The process, as it was seen.
    pub identity: Identity,
    /// What it is sent.
    pub signal: KillSignal,
    /// Whether a rule matched it when it was seen.
    pub is_watched: bool,
}

/// The signal was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Killed {
    /// Its name at that moment.
    pub process_name: String,
    /// Whether it has ended since. A zombie has, though its parent still has it on its list.
    pub exited: bool,
    /// How long that was waited for: 500 ms at most.
    pub waited: Duration,
}

/// No signal was sent.
#[derive(Debug, thiserror::Error)]
pub enum KillError {
    /// The process has ended, and none has its pid.
    #[error("there is no process {0}")]
    NoSuchProcess(Pid),
    /// The pid belongs to another process than the one that was seen.
    #[error("process {0} is not the one that was seen: that one has ended")]
    IdentityChanged(Pid),
    /// The policy forbids it.
    #[error("process {pid} is not to be killed: {reason}")]
    Denied {
        /// The process.
        pid: Pid,
        /// Why not.
        reason: Denied,
    },
    /// The kernel does not let this user signal that process.
    #[error("the kernel does not permit etlmon to signal process {0}")]
    NotPermitted(Pid),
    /// The kernel (before 5.3), or a seccomp filter, has no pidfd. A signal by pid could hit
    /// another process, so none is sent.
    #[error("this system has no pidfd_open, without which a signal could hit another process")]
    Unsupported,
    /// The directory shows another pid namespace than the one that signals are sent in.
    #[error("{} shows the processes of another pid namespace", .0.display())]
    OtherNamespace(PathBuf),
    /// The process can't be examined, so nobody knows whether it is the right one.
    #[error("cannot examine process {pid}")]
    Examine {
        /// The process.
        pid: Pid,
        /// Why not.
        source: std::io::Error,
    },
    /// The boot can't be told.
    #[error("cannot tell which boot this is")]
    Boot(#[from] ProcError),
}

/// Sends a signal to the process that was seen, and to no other, and waits a moment for its end.
///
/// # Errors
/// Whatever kept the signal from being sent.
pub fn kill(
    proc_dir: &mut ProcDir,
    users: &mut Users,
    policy: &KillPolicy,
    request: &KillRequest,
) -> Result<Killed, KillError> {
    let pidfd = open(request.identity.pid)?;
    send(&pidfd, proc_dir, users, policy, request)
}

/// Why a process that nobody watches is not sent a signal.
pub fn refusal(
    proc_dir: &mut ProcDir,
    users: &mut Users,
    policy: &KillPolicy,
    pid: Pid,
) -> KillError {
    let failed = |errno| examine(pid, errno);
    let found = Own::find(proc_dir).and_then(|own| Ok((own, Target::find(proc_dir, pid)?)));
    match found.map_err(failed) {
        Ok((own, Some(target))) => {
            // Without the file, users are numbers.
            let _ = users.refresh();
            let judged = policy.judge(&target, &users.name(target.user_id), false, &own);
            let reason = judged.err().unwrap_or(Denied::NotWatched);
            KillError::Denied { pid, reason }
        }
        Ok((_, None)) => KillError::NoSuchProcess(pid),
        Err(error) => error,
    }
}

fn open(pid: Pid) -> Result<OwnedFd, KillError> {
    let raw = i32::try_from(pid.get()).ok();
    let raw = raw.and_then(rustix::process::Pid::from_raw);
    let raw = raw.ok_or(KillError::NoSuchProcess(pid))?;
    pidfd_open(raw, PidfdFlags::empty()).map_err(|errno| match errno {
        // EINVAL, or ENOENT of late, says that it is a thread and no process.
        Errno::SRCH | Errno::INVAL | Errno::NOENT => KillError::NoSuchProcess(pid),
        // pidfd_open(2) asks for no right, so EPERM is the word of a seccomp filter.
        Errno::NOSYS | Errno::PERM => KillError::Unsupported,
        errno => examine(pid, errno),
    })
}

/// As [`kill`], through a pidfd that was opened by the pid of the request.
fn send(
    pidfd: &OwnedFd,
    proc_dir: &mut ProcDir,
    users: &mut Users,
    policy: &KillPolicy,
    request: &KillRequest,
) -> Result<Killed, KillError> {
    let pid = request.identity.pid;
    let failed = |errno| examine(pid, errno);
    let own = Own::find(proc_dir).map_err(failed)?;
    let target = Target::find(proc_dir, pid).map_err(failed)?;
    // As long as the process of the pidfd has the pid, nobody else can have had it: what was just
    // read is about that process.
    match proc_dir.pid_of(pidfd.as_fd()).map_err(failed)? {
        Some(shown) if shown == i64::from(pid.get()) => {}
        Some(-1) => return Err(KillError::NoSuchProcess(pid)),
        _ => return Err(KillError::OtherNamespace(proc_dir.root().to_owned())),
    }
    let target = target.ok_or(KillError::NoSuchProcess(pid))?;
    if target.identity != request.identity || proc_dir.boot_id()? != request.boot_id {
        return Err(KillError::IdentityChanged(pid));
    }
    if ends_within(pidfd.as_fd(), Duration::ZERO).map_err(failed)? {
        return Err(KillError::NoSuchProcess(pid));
    }
    // Without the file, users are numbers.
    let _ = users.refresh();
    let user = users.name(target.user_id);
    let denied = |reason| KillError::Denied { pid, reason };
    let judged = policy.judge(&target, &user, request.is_watched, &own);
    judged.map_err(denied)?;
    pidfd_send_signal(pidfd, request.signal.number()).map_err(|errno| match errno {
        Errno::SRCH => KillError::NoSuchProcess(pid),
        Errno::PERM => KillError::NotPermitted(pid),
        Errno::NOSYS => KillError::Unsupported,
        errno => examine(pid, errno),
    })?;
    let sent_at = Instant::now();
    // The signal is sent, so an error here is no error of the whole.
    let exited = ends_within(pidfd.as_fd(), WAIT).unwrap_or(false);
    Ok(Killed {
        process_name: text::from_bytes(&target.comm).into_owned(),
        exited,
        waited: sent_at.elapsed().min(WAIT),
    })
}

fn examine(pid: Pid, errno: Errno) -> KillError {
    KillError::Examine {
        pid,
        source: errno.into(),
    }
}

/// Whether the process of a pidfd has ended, or does so in time.
fn ends_within(pidfd: BorrowedFd<'_>, time: Duration) -> Result<bool, Errno> {
    let until = Instant::now() + time;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let left = Timespec::try_from(left).map_err(|_| Errno::INVAL)?;
        let mut fds = [PollFd::from_borrowed_fd(pidfd, PollFlags::IN)];
        match poll(&mut fds, Some(&left)) {
            Err(Errno::INTR) => {}
            other => return other.map(|ready| ready > 0),
        }
    }
}

#[cfg(test)]
mod tests;
