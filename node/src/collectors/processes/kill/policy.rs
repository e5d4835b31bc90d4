//! Which processes may be killed at all.

use rustix::io::Errno;

use super::super::identity::{Identity, Pid};
use super::super::proc_dir::ProcDir;
use super::super::stat;
use crate::config::{KillPolicy, Killable};

/// Bytes of a process's name; the kernel cuts off the rest.
const COMM: usize = 15;

/// Why a process is not to be killed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// The configuration permits no kill.
    #[error("killing is switched off")]
    SwitchedOff,
    /// It is the first process of the system or the container.
    #[error("it is the first process")]
    Init,
    /// It is etlmon.
    #[error("it is etlmon itself")]
    Itself,
    /// It is one that etlmon descends from.
    #[error("etlmon descends from it")]
    Ancestor,
    /// It is a thread of the kernel.
    #[error("it is a thread of the kernel")]
    KernelThread,
    /// Its name is on the list.
    #[error("the configuration denies {0}")]
    Listed(String),
    /// No rule matches it.
    #[error("it is not watched")]
    NotWatched,
    /// It belongs to a user whose processes are not to be killed.
    #[error("it belongs to {0}")]
    OtherUser(String),
}

/// What is known of the process that is to be killed.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) identity: Identity,
    pub(super) comm: Vec<u8>,
    /// Name of the file it executes; `None` where that may not be read.
    pub(super) program: Option<Vec<u8>>,
    pub(super) user_id: u32,
    pub(super) is_kernel_thread: bool,
}

impl Target {
    /// Reads it; `None` if it is gone.
    pub(super) fn find(proc_dir: &mut ProcDir, pid: Pid) -> Result<Option<Self>, Errno> {
        let program = proc_dir.program(pid).ok().flatten();
        let user_id = proc_dir.user_id(pid)?;
        let line = proc_dir.stat(pid)?;
        let (Some(user_id), Some(line)) = (user_id, line) else {
            return Ok(None);
        };
        let stat = stat::parse(line).map_err(|_| Errno::INVAL)?;
        Ok(Some(Self {
            identity: Identity {
                pid,
                start_ticks: stat.start_ticks,
            },
            comm: stat.comm.to_owned(),
            program,
            user_id,
            is_kernel_thread: stat.is_kernel_thread,
        }))
    }

    fn is_called(&self, name: &str) -> bool {
        let name = name.as_bytes();
        let cut = name.get(..COMM).unwrap_or(name);
        self.comm == cut || self.program.as_deref() == Some(name)
    }
}

/// Who kills.
#[derive(Debug)]
pub(super) struct Own {
    pub(super) pid: u32,
    /// Parent, its parent, and so on.
    pub(super) ancestors: Vec<u32>,
}

impl Own {
    /// Finds the calling process and those it descends from.
    pub(super) fn find(proc_dir: &mut ProcDir) -> Result<Self, Errno> {
        let pid = std::process::id();
        let mut ancestors = Vec::new();
        let mut child = Pid::new(pid);
        // A pid that is given out again while this goes on can't lead round in circles.
        while let Some(one) = child.take() {
            if let Some(line) = proc_dir.stat(one)? {
                let parent = stat::parse(line).map_err(|_| Errno::INVAL)?.ppid;
                child = Pid::new(parent).filter(|_| !ancestors.contains(&parent));
                ancestors.push(parent);
            }
        }
        Ok(Self { pid, ancestors })
    }
}

impl KillPolicy {
    /// Whether a process of this user may be killed.
    pub(super) fn judge(
        &self,
        target: &Target,
        user: &str,
        is_watched: bool,
        own: &Own,
    ) -> Result<(), Denied> {
        let pid = target.identity.pid;
        if self.allow == Killable::None {
            return Err(Denied::SwitchedOff);
        }
        if pid == Pid::INIT {
            return Err(Denied::Init);
        }
        if pid.get() == own.pid {
            return Err(Denied::Itself);
        }
        if own.ancestors.contains(&pid.get()) {
            return Err(Denied::Ancestor);
        }
        if target.is_kernel_thread {
            return Err(Denied::KernelThread);
        }
        if let Some(name) = self.deny.iter().find(|name| target.is_called(name)) {
            return Err(Denied::Listed(name.clone()));
        }
        if !is_watched {
            return Err(Denied::NotWatched);
        }
        match &self.allow {
            Killable::OfUsers(users) if !users.iter().any(|listed| listed == user) => {
                Err(Denied::OtherUser(user.to_owned()))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn target(comm: &[u8]) -> Target {
        Target {
            identity: Identity {
                pid: Pid::new(500).unwrap(),
                start_ticks: 9,
            },
            comm: comm.to_owned(),
            program: None,
            user_id: 1_001,
            is_kernel_thread: false,
        }
    }

    fn own() -> Own {
        Own {
            pid: 300,
            ancestors: vec![200, 1, 0],
        }
    }

    fn judge(policy: &KillPolicy, target: &Target) -> Result<(), Denied> {
        policy.judge(target, "etl", true, &own())
    }

    #[test]
    fn a_watched_process_may_be_killed() {
        assert_eq!(judge(&KillPolicy::default(), &target(b"job")), Ok(()));
    }

    #[test]
    fn some_processes_never_may_whatever_is_configured() {
        let policy = KillPolicy {
            deny: Vec::new(),
            ..KillPolicy::default()
        };
        let denied = |pid| {
            let mut target = target(b"job");
            target.identity.pid = Pid::new(pid).unwrap();
            judge(&policy, &target)
        };
        assert_eq!(denied(1), Err(Denied::Init));
        assert_eq!(denied(300), Err(Denied::Itself));
        assert_eq!(denied(200), Err(Denied::Ancestor));
        let is_kernel_thread = true;
        let thread = Target {
            is_kernel_thread,
            ..target(b"kswapd0")
        };
        assert_eq!(judge(&policy, &thread), Err(Denied::KernelThread));
        let unwatched = policy.judge(&target(b"job"), "etl", false, &own());
        assert_eq!(unwatched, Err(Denied::NotWatched));
    }

    #[test]
    fn a_listed_name_is_denied_by_comm_and_by_program() {
        let policy = KillPolicy::default();
        for name in ["sshd", "sshd-session", "systemd"] {
            let denied = Err(Denied::Listed(name.to_owned()));
            assert_eq!(judge(&policy, &target(name.as_bytes())), denied);
            let program = Some(name.as_bytes().to_owned());
            let renamed = Target {
                program,
                ..target(b"harmless")
            };
            assert_eq!(judge(&policy, &renamed), denied);
        }
        assert_eq!(judge(&policy, &target(b"sshd2")), Ok(()));
    }

    #[test]
    fn a_listed_name_longer_than_the_kernel_keeps_is_denied() {
        let name = "systemd-journald".to_owned();
        let policy = KillPolicy {
            deny: vec![name.clone()],
            ..KillPolicy::default()
        };
        let denied = judge(&policy, &target(b"systemd-journal"));
        assert_eq!(denied, Err(Denied::Listed(name)));
        assert_eq!(judge(&policy, &target(b"systemd-journa")), Ok(()));
    }

    #[test]
    fn only_listed_users_lose_processes_where_users_are_listed() {
        let allow = Killable::OfUsers(vec!["etl".to_owned(), "1007".to_owned()]);
        let policy = KillPolicy {
            allow,
            ..KillPolicy::default()
        };
        let of = |user, is_watched| policy.judge(&target(b"job"), user, is_watched, &own());
        assert_eq!(of("etl", true), Ok(()));
        assert_eq!(of("1007", true), Ok(()));
        assert_eq!(of("root", true), Err(Denied::OtherUser("root".to_owned())));
        assert_eq!(of("etl", false), Err(Denied::NotWatched));
    }

    #[test]
    fn nothing_is_killed_where_it_is_switched_off() {
        let policy = KillPolicy {
            allow: Killable::None,
            ..KillPolicy::default()
        };
        assert_eq!(judge(&policy, &target(b"job")), Err(Denied::SwitchedOff));
    }

    #[test]
    fn this_process_knows_its_parents() {
        let own = Own::find(&mut ProcDir::open(Path::new("/proc")).unwrap()).unwrap();
        let parent = std::os::unix::process::parent_id();
        assert_eq!(own.ancestors.first(), Some(&parent));
        assert_eq!(own.ancestors.last(), Some(&0));
        assert!(parent <= 1 || own.ancestors.contains(&1), "{own:?}");
    }
}
