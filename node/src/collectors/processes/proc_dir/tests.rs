use super::*;
use rustix::process::PidfdFlags;
use std::fs;

fn tree() -> (tempfile::TempDir, ProcDir) {
    let root = tempfile::tempdir().unwrap();
    for directory in ["7", "4194304", "4194305", "0", "007", "-3", "self", "sys"] {
        fs::create_dir(root.path().join(directory)).unwrap();
    }
    let dir = ProcDir::open(root.path()).unwrap();
    (root, dir)
}

fn pid(pid: u32) -> Pid {
    Pid::new(pid).unwrap()
}

#[test]
fn only_pids_are_listed_and_each_time_anew() {
    let (root, mut dir) = tree();
    let mut pids = Vec::new();
    dir.list(&mut pids).unwrap();
    assert_eq!(pids, [pid(7), pid(4_194_304)]);
    fs::remove_dir(root.path().join("7")).unwrap();
    dir.list(&mut pids).unwrap();
    assert_eq!(pids, [pid(4_194_304)]);
}

#[test]
fn what_is_gone_is_no_error() {
    let (_root, mut dir) = tree();
    assert_eq!(dir.stat(pid(8)), Ok(None));
    assert_eq!(dir.cmdline(pid(7)), Ok(None));
    assert_eq!(dir.user_id(pid(8)), Ok(None));
    assert_eq!(dir.resident_pages(pid(7)), Ok(None));
    assert_eq!(dir.program(pid(7)), Ok(None));
}

#[test]
fn a_long_command_line_is_read_whole_and_an_endless_one_is_cut() {
    let (root, mut dir) = tree();
    let file = root.path().join("7/cmdline");
    for length in [0, 1, STAT - 1, STAT, STAT + 1, 4 * STAT, 100_000, CMDLINE] {
        fs::write(&file, vec![b'x'; length]).unwrap();
        assert_eq!(dir.cmdline(pid(7)).unwrap().unwrap().len(), length);
    }
    fs::write(&file, vec![b'x'; 10 * CMDLINE]).unwrap();
    assert_eq!(dir.cmdline(pid(7)).unwrap().unwrap().len(), CMDLINE);
}

#[test]
fn a_missing_boot_id_names_its_file() {
    let (root, mut dir) = tree();
    let error = dir.boot_id().unwrap_err().to_string();
    let path = root.path().join("sys/kernel/random/boot_id");
    assert_eq!(error, format!("cannot read {}", path.display()));
}

#[test]
fn the_program_is_named_even_after_an_update_replaced_it() {
    let (root, mut dir) = tree();
    std::os::unix::fs::symlink("/usr/sbin/sshd (deleted)", root.path().join("7/exe")).unwrap();
    assert_eq!(dir.program(pid(7)), Ok(Some(b"sshd".to_vec())));
}

#[test]
fn the_real_one_shows_this_process() {
    let mut dir = ProcDir::open(Path::new("/proc")).unwrap();
    let own = pid(std::process::id());
    let mut pids = Vec::new();
    dir.list(&mut pids).unwrap();
    assert!(pids.contains(&own));
    let pidfd = rustix::process::pidfd_open(rustix::process::getpid(), PidfdFlags::empty());
    let pid = dir.pid_of(pidfd.unwrap().as_fd());
    assert_eq!(pid, Ok(Some(own.get().into())));
    let user = rustix::process::geteuid().as_raw();
    assert_eq!(dir.user_id(own), Ok(Some(user)));
    assert!(dir.boot_id().is_ok());
}
