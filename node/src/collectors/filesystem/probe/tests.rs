use std::ffi::CString;
use std::fs::{self, File};
use std::os::fd::AsRawFd;
use std::process::Command;

use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};

use super::super::mountinfo::parse;
use super::*;

const TIMEOUT: Duration = Duration::from_millis(400);
/// Nothing here should wait for it.
const NEVER: Duration = Duration::from_secs(60);

fn at(mount_id: u32, point: &Path) -> Mount {
    let line = format!("{mount_id} 0 0:1 / /x rw - ext4 /dev/x rw\n");
    Mount {
        mount_point: point.to_owned(),
        ..parse(line.as_bytes()).0.remove(0)
    }
}

/// The threads of all probers in this process.
fn threads() -> usize {
    let tasks = fs::read_dir("/proc/self/task").unwrap().flatten();
    let names = tasks.filter_map(|task| fs::read(task.path().join("comm")).ok());
    names.filter(|name| name == b"statvfs\n").count()
}

#[track_caller]
fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(30);
    while !holds() {
        assert!(Instant::now() < end, "never: {what}");
        thread::sleep(Duration::from_millis(1));
    }
}

fn lacks(what: &str) {
    assert!(
        std::env::var_os("ETLMON_REQUIRE_PEERS").is_none_or(|value| value != "1"),
        "{what} is missing"
    );
    println!("skipped: {what} is missing");
}

/// Runs the test `name` of this file again, alone in its process and in a mount namespace.
/// Gives whether this process is that one.
fn in_own_namespace(name: &str) -> bool {
    const MARK: &str = "ETLMON_TEST_IN_NAMESPACE";
    if std::env::var_os(MARK).is_some() {
        return true;
    }
    if !Path::new("/dev/fuse").exists() || !rustix::process::geteuid().is_root() {
        lacks("/dev/fuse or root");
        return false;
    }
    let module = module_path!().split_once("::").unwrap().1;
    let run = Command::new("unshare")
        .arg("--mount")
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", &format!("{module}::{name}"), "--nocapture"])
        .env(MARK, "1")
        .output();
    let Ok(output) = run else {
        lacks("unshare");
        return false;
    };
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}{errors}"
    );
    false
}

/// A FUSE file system whose daemon never answers; it is dead once this is dropped.
struct Hung {
    mount: Mount,
    _daemon: File,
}

impl Hung {
    fn new(mount_id: u32, point: &Path) -> Self {
        fs::create_dir(point).unwrap();
        let daemon = File::options()
            .read(true)
            .write(true)
            .open("/dev/fuse")
            .unwrap();
        let fd = daemon.as_raw_fd();
        let data = format!("fd={fd},rootmode=40000,user_id=0,group_id=0");
        let data = CString::new(data).unwrap();
        mount("hung", point, "fuse", MountFlags::empty(), data.as_c_str()).unwrap();
        Self {
            mount: at(mount_id, point),
            _daemon: daemon,
        }
    }
}

#[test]
fn answers_come_in_the_order_of_the_mounts() {
    let mounts = [
        at(1, Path::new("/nonexistent/mount point")),
        at(2, Path::new("/")),
        at(3, Path::new("/proc")),
        at(2, Path::new("/")),
    ];
    let mut prober = Prober::default();
    for _ in 0..3 {
        let probes = prober.probe(&mounts, NEVER);
        let [gone, root, proc, again] = probes.as_slice() else {
            panic!("{probes:?}")
        };
        assert_eq!(gone, &Probe::Failed(ProbeError::Statvfs(Errno::NOENT)));
        assert!(matches!(root, Probe::Usage(usage) if usage.total_bytes > 0));
        assert_eq!(proc, &Probe::Sizeless);
        assert_eq!(again, root);
    }
    assert_eq!(prober.probe(&[], NEVER), []);
}

#[test]
fn a_disk_with_a_reserve_agrees_with_df() {
    if !in_own_namespace("a_disk_with_a_reserve_agrees_with_df") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let (image, point) = (
        directory.path().join("image"),
        directory.path().join("disk"),
    );
    File::create(&image).unwrap().set_len(16 << 20).unwrap();
    fs::create_dir(&point).unwrap();
    let run = |program: &str, options: &[&str], paths: &[&Path]| {
        Command::new(program).args(options).args(paths).output()
    };
    let formatted = run("mkfs.ext4", &["-q", "-m", "10"], &[&image]);
    let mounted = run("mount", &["-o", "loop,ro,noload"], &[&image, &point]);
    let worked = [formatted, mounted]
        .into_iter()
        .all(|run| run.is_ok_and(|run| run.status.success()));
    if !worked {
        return lacks("mkfs.ext4 or a loop device");
    }
    let fields = "--output=size,used,avail,pcent,itotal,iused,ipcent";
    let df = run("df", &["-B1", fields], &[&point]).unwrap();
    let df = String::from_utf8(df.stdout).unwrap().replace('%', "");

    let probes = Prober::default().probe(&[at(1, &point)], NEVER);
    let [Probe::Usage(usage)] = probes.as_slice() else {
        panic!("{probes:?}")
    };
    let ours = [
        usage.total_bytes.to_string(),
        usage.used_bytes.to_string(),
        usage.avail_bytes.to_string(),
        usage.used_percent.unwrap().ceil().to_string(),
        usage.inodes_total.unwrap().to_string(),
        usage.inodes_used.unwrap().to_string(),
        usage.inodes_used_percent.unwrap().ceil().to_string(),
    ];
    assert_eq!(
        df.lines()
            .nth(1)
            .unwrap()
            .split_whitespace()
            .collect::<Vec<_>>(),
        ours
    );
    assert!(usage.avail_bytes < usage.total_bytes - usage.used_bytes);
    unmount(&point, UnmountFlags::empty()).unwrap();
}

#[test]
fn a_mount_that_hangs_is_stale_and_nothing_else_is() {
    if !in_own_namespace("a_mount_that_hangs_is_stale_and_nothing_else_is") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let hung = Hung::new(7, &directory.path().join("hung"));
    let mounts = [
        at(1, Path::new("/")),
        hung.mount.clone(),
        at(2, Path::new("/dev")),
    ];
    let mut prober = Prober::default();
    assert_eq!(threads(), 0);

    let start = Instant::now();
    let probes = prober.probe(&mounts, TIMEOUT);
    assert!(start.elapsed() >= TIMEOUT);
    assert!(start.elapsed() < TIMEOUT * 4, "{:?}", start.elapsed());
    let [Probe::Usage(_), Probe::Stale { since }, Probe::Usage(_)] = probes.as_slice() else {
        panic!("{probes:?}");
    };
    assert!(*since >= start);
    until("one thread hangs and one is parked", || threads() == 2);

    // While the call hangs there is no second one, and no waiting for it.
    for _ in 0..20 {
        let start = Instant::now();
        let again = prober.probe(&mounts, NEVER);
        assert!(start.elapsed() < NEVER);
        let [Probe::Usage(_), stale, Probe::Usage(_)] = again.as_slice() else {
            panic!("{again:?}");
        };
        assert_eq!(stale, &Probe::Stale { since: *since });
    }
    until("one thread hangs and one is parked", || threads() == 2);

    // Another mount on the same mount point does not wait for the hung one.
    let other = Mount {
        mount_id: 8,
        mount_point: "/".into(),
        ..hung.mount.clone()
    };
    assert!(matches!(
        prober.probe(&[other], NEVER).as_slice(),
        [Probe::Usage(_)]
    ));

    drop(hung);
    until("the thread whose call returned goes away", || {
        threads() == 1
    });
    let probes = prober.probe(&mounts, NEVER);
    let [Probe::Usage(_), dead, Probe::Usage(_)] = probes.as_slice() else {
        panic!("{probes:?}");
    };
    assert_eq!(dead, &Probe::Failed(ProbeError::Statvfs(Errno::NOTCONN)));
    unmount(&mounts.get(1).unwrap().mount_point, UnmountFlags::DETACH).unwrap();

    drop(prober);
    until("no thread is left", || threads() == 0);
}

#[test]
fn a_dead_server_with_fifty_mounts_takes_about_one_timeout() {
    if !in_own_namespace("a_dead_server_with_fifty_mounts_takes_about_one_timeout") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let hung: Vec<Hung> = (0..50)
        .map(|id| Hung::new(100 + id, &directory.path().join(id.to_string())))
        .collect();
    let mut mounts: Vec<Mount> = hung.iter().map(|hung| hung.mount.clone()).collect();
    mounts.push(at(1, Path::new("/")));
    let mut prober = Prober::default();

    let start = Instant::now();
    let probes = prober.probe(&mounts, TIMEOUT);
    let first = start.elapsed();
    assert!(first < TIMEOUT * 6, "{first:?}");
    println!("first round {first:?}");
    let stale = |probes: &[Probe]| {
        probes
            .iter()
            .filter(|probe| matches!(probe, Probe::Stale { .. }))
            .count()
    };
    assert_eq!(stale(&probes), 50);
    assert!(matches!(probes.last(), Some(Probe::Usage(_))));
    until("a thread for each hung mount and one more", || {
        threads() == 51
    });
    let again = prober.probe(&mounts, NEVER);
    assert_eq!(stale(&again), 50);
    assert_eq!(again.get(..50), probes.get(..50));

    drop(prober);
    until("only threads in a call are left", || threads() == 50);
    drop(hung);
    until("no thread is left", || threads() == 0);
    for mount in mounts.iter().take(50) {
        unmount(&mount.mount_point, UnmountFlags::DETACH).unwrap();
    }
}
