use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::super::{Process, Sampler};
use super::*;

fn lacks(what: &str) {
    assert!(
        std::env::var_os("ETLMON_REQUIRE_PEERS").is_none_or(|value| value != "1"),
        "{what} is missing"
    );
    println!("skipped: {what} is missing");
}

/// A process that is ended and waited for when this is dropped.
struct Started(Child);

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Started {
    fn new(command: &mut Command) -> Self {
        let command = command.stdin(Stdio::null()).stdout(Stdio::null());
        Self(command.spawn().unwrap())
    }

    fn sleeping() -> Self {
        Self::new(Command::new("sleep").arg("600"))
    }

    fn pid(&self) -> Pid {
        Pid::new(self.0.id()).unwrap()
    }

    fn runs(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }
}

/// What an operator has: the processes as they were, and the means to end one.
struct Operator {
    sampler: Sampler,
    policy: KillPolicy,
}

impl Operator {
    fn new() -> Self {
        Self {
            sampler: Sampler::new(Path::new("/proc")).unwrap(),
            policy: KillPolicy::default(),
        }
    }

    fn sees(&mut self, pid: Pid) -> Process {
        let mut processes = self.sampler.sample().unwrap().processes.into_iter();
        processes
            .find(|process| process.identity.pid == pid)
            .unwrap()
    }

    fn request(&mut self, identity: Identity, signal: KillSignal) -> KillRequest {
        KillRequest {
            boot_id: self.sampler.boot_id().clone(),
            identity,
            signal,
            is_watched: true,
        }
    }

    fn kill(&mut self, request: &KillRequest) -> Result<Killed, KillError> {
        let mut users = Users::new(PathBuf::from("/etc/passwd"));
        kill(self.sampler.proc_dir(), &mut users, &self.policy, request)
    }
}

#[test]
fn the_process_that_was_seen_is_ended() {
    let (mut operator, mut sleeping) = (Operator::new(), Started::sleeping());
    let seen = operator.sees(sleeping.pid());
    let request = operator.request(seen.identity, KillSignal::Term);
    let killed = operator.kill(&request).unwrap();
    assert!(killed.exited && killed.waited < WAIT);
    assert!(!sleeping.runs());
    // It has been waited for now, so it is gone altogether.
    let again = operator.kill(&request);
    assert!(
        matches!(again, Err(KillError::NoSuchProcess(_))),
        "{again:?}"
    );
}

#[test]
fn a_zombie_is_gone_already() {
    let (mut operator, mut sleeping) = (Operator::new(), Started::sleeping());
    let seen = operator.sees(sleeping.pid());
    sleeping.0.kill().unwrap();
    let pidfd = open(sleeping.pid()).unwrap();
    assert_eq!(
        ends_within(pidfd.as_fd(), Duration::from_secs(10)),
        Ok(true)
    );
    let request = operator.request(seen.identity, KillSignal::Kill);
    let killed = operator.kill(&request);
    assert!(
        matches!(killed, Err(KillError::NoSuchProcess(_))),
        "{killed:?}"
    );
}

#[test]
fn a_process_that_stays_is_told_after_a_moment() {
    let (mut operator, mut sleeping) = (Operator::new(), Started::sleeping());
    let seen = operator.sees(sleeping.pid());
    let request = operator.request(seen.identity, KillSignal::Cont);
    let killed = operator.kill(&request).unwrap();
    assert!(!killed.exited);
    assert_eq!(killed.waited, WAIT);
    assert!(sleeping.runs());
}

#[test]
fn another_start_time_or_another_boot_is_another_process() {
    let (mut operator, mut sleeping) = (Operator::new(), Started::sleeping());
    let seen = operator.sees(sleeping.pid()).identity;
    let request = operator.request(seen, KillSignal::Kill);
    let start_ticks = seen.start_ticks - 1;
    let older = KillRequest {
        identity: Identity {
            start_ticks,
            ..seen
        },
        ..request.clone()
    };
    let earlier = KillRequest {
        boot_id: BootId::new("b5d9dc0a-0000-0000-0000-000000000000"),
        ..request
    };
    for request in [older, earlier] {
        let killed = operator.kill(&request);
        assert!(
            matches!(killed, Err(KillError::IdentityChanged(_))),
            "{killed:?}"
        );
    }
    assert!(sleeping.runs());
}

#[test]
fn the_policy_is_asked_about_the_real_process() {
    let (mut operator, mut sleeping) = (Operator::new(), Started::sleeping());
    let seen = operator.sees(sleeping.pid()).identity;
    let denied = |operator: &mut Operator, identity, is_watched| {
        let request = operator.request(identity, KillSignal::Kill);
        match operator.kill(&KillRequest {
            is_watched,
            ..request
        }) {
            Err(KillError::Denied { reason, .. }) => reason,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(denied(&mut operator, seen, false), Denied::NotWatched);
    let own = operator
        .sees(Pid::new(std::process::id()).unwrap())
        .identity;
    assert_eq!(denied(&mut operator, own, true), Denied::Itself);
    let parent = Pid::new(std::os::unix::process::parent_id()).unwrap();
    if parent != Pid::INIT {
        let parent = operator.sees(parent).identity;
        assert_eq!(denied(&mut operator, parent, true), Denied::Ancestor);
    }
    let init = operator.sees(Pid::INIT).identity;
    assert_eq!(denied(&mut operator, init, true), Denied::Init);
    operator.policy.deny.push("sleep".to_owned());
    let listed = Denied::Listed("sleep".to_owned());
    assert_eq!(denied(&mut operator, seen, true), listed);
    assert!(sleeping.runs());
}

#[test]
fn a_directory_that_is_not_this_systems_proc_kills_nobody() {
    let (mut operator, mut sleeping) = (Operator::new(), Started::sleeping());
    let seen = operator.sees(sleeping.pid()).identity;
    let request = operator.request(seen, KillSignal::Kill);
    let root = tempfile::tempdir().unwrap();
    let killed = kill(
        &mut ProcDir::open(root.path()).unwrap(),
        &mut Users::new(PathBuf::from("/etc/passwd")),
        &KillPolicy::default(),
        &request,
    );
    assert!(
        matches!(killed, Err(KillError::OtherNamespace(_))),
        "{killed:?}"
    );
    assert!(sleeping.runs());
}

/// Says to a test that it runs again; the pid of a process for the test, if it needs one.
const AGAIN: &str = "ETLMON_TEST_AGAIN";

/// Runs the test `name` of this file again, by a command that takes the test's own arguments.
fn run_again(name: &str, mark: &str, command: &mut Command) {
    if !rustix::process::geteuid().is_root() {
        return lacks("root");
    }
    let module = module_path!().split_once("::").unwrap().1;
    let run = command
        .args(["--exact", &format!("{module}::{name}"), "--nocapture"])
        .env(AGAIN, mark)
        .output();
    let Ok(output) = run else {
        return lacks("unshare");
    };
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}{errors}"
    );
}

/// Runs the test again, alone in its process and in a pid namespace. Gives whether this process
/// is that one.
fn in_pid_namespace(name: &str) -> bool {
    if std::env::var_os(AGAIN).is_some() {
        return true;
    }
    let mut command = Command::new("unshare");
    command
        .args(["--fork", "--pid", "--mount-proc", "--kill-child"])
        .arg(std::env::current_exe().unwrap());
    run_again(name, "", &mut command);
    false
}

/// Starts a process that has this pid, which was another's before.
fn with_pid(pid: Pid) -> Started {
    loop {
        let last = (pid.get() - 1).to_string();
        std::fs::write("/proc/sys/kernel/ns_last_pid", last).unwrap();
        let started = Started::sleeping();
        if started.pid() == pid {
            return started;
        }
    }
}

#[test]
fn a_pid_given_out_again_between_listing_and_kill_hits_nobody() {
    if !in_pid_namespace("a_pid_given_out_again_between_listing_and_kill_hits_nobody") {
        return;
    }
    let (mut operator, victim) = (Operator::new(), Started::sleeping());
    let pid = victim.pid();
    let seen = operator.sees(pid).identity;
    drop(victim);
    let mut bystander = with_pid(pid);
    // Within one tick of the clock the two could not be told apart.
    while operator.sees(pid).identity == seen {
        drop(bystander);
        bystander = with_pid(pid);
    }
    let request = operator.request(seen, KillSignal::Kill);
    let killed = operator.kill(&request);
    assert!(
        matches!(killed, Err(KillError::IdentityChanged(_))),
        "{killed:?}"
    );
    assert!(bystander.runs());
}

#[test]
fn a_pid_given_out_again_during_the_kill_hits_nobody() {
    if !in_pid_namespace("a_pid_given_out_again_during_the_kill_hits_nobody") {
        return;
    }
    let (mut operator, victim) = (Operator::new(), Started::sleeping());
    let pid = victim.pid();
    let pidfd = open(pid).unwrap();
    drop(victim);
    let mut bystander = with_pid(pid);
    // The pidfd is of the one before, and everything in /proc is as requested.
    let seen = operator.sees(pid).identity;
    let request = operator.request(seen, KillSignal::Kill);
    let mut users = Users::new(PathBuf::from("/etc/passwd"));
    let policy = KillPolicy::default();
    let sent = send(
        &pidfd,
        operator.sampler.proc_dir(),
        &mut users,
        &policy,
        &request,
    );
    assert!(matches!(sent, Err(KillError::NoSuchProcess(_))), "{sent:?}");
    assert!(bystander.runs());
}

#[test]
fn a_process_of_another_user_is_not_permitted_and_said_so() {
    if let Ok(pid) = std::env::var(AGAIN) {
        let mut operator = Operator::new();
        let seen = operator.sees(pid.parse().unwrap()).identity;
        let request = operator.request(seen, KillSignal::Kill);
        let killed = operator.kill(&request);
        assert!(
            matches!(killed, Err(KillError::NotPermitted(_))),
            "{killed:?}"
        );
        return;
    }
    let mut sleeping = Started::sleeping();
    // Where the test lies may be closed to others.
    let directory = tempfile::tempdir().unwrap();
    std::fs::set_permissions(directory.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let copy = directory.path().join("test");
    std::fs::copy(std::env::current_exe().unwrap(), &copy).unwrap();
    let mut command = Command::new(copy);
    command.current_dir("/").uid(65_534).gid(65_534);
    run_again(
        "a_process_of_another_user_is_not_permitted_and_said_so",
        &sleeping.pid().to_string(),
        &mut command,
    );
    assert!(sleeping.runs());
}
