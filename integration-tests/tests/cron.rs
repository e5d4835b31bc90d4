//! A real Debian cron with crontabs of its own, and what the node sees of it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "functions that tests share are test code too"
)]

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

use etlmon_shared::Timestamp;
use integration_tests::{Machine, Node, eventually, peer, skip};
use serde_json::Value;

const CRON: &str = "/api/v1/cron";
const JOURNALD: &str = "/usr/lib/systemd/systemd-journald";
const PATIENCE: Duration = Duration::from_secs(15);
/// To the end of a minute, and as long as a loaded machine needs.
const A_MINUTE: Duration = Duration::from_secs(85);

const JOBS: &str = "* * * * * root sleep 3; : each minute\n\
                    0 5 1 1 * root yearly --password=hunter2\n";

/// A machine whose crontabs, log and devices are its own; nobody else's cron reads them.
struct CronMachine {
    machine: Machine,
    cron: Option<Daemon>,
    journal: Option<Daemon>,
}

/// A daemon that is killed and waited for when this is dropped.
struct Daemon(Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl CronMachine {
    fn new() -> Option<Self> {
        if !peer("cron") {
            return None;
        }
        let machine = Machine::new()?;
        let [run, cron_d, spool, log, devices] =
            ["run", "cron.d", "spool", "log", "dev"].map(|name| machine.point(name));
        let crontab = machine.folder.path().join("crontab");
        fs::write(&crontab, "").unwrap();
        fs::create_dir(spool.join("crontabs")).unwrap();
        let socket = machine.folder.path().join("log.socket");
        write_log(UnixDatagram::bind(&socket).unwrap(), log.join("syslog"));
        symlink(&socket, devices.join("log")).unwrap();
        for device in ["null", "urandom"] {
            let point = devices.join(device);
            fs::write(&point, "").unwrap();
            bind(&machine, &Path::new("/dev").join(device), &point);
        }
        bind(&machine, &run, Path::new("/run"));
        bind(&machine, &cron_d, Path::new("/etc/cron.d"));
        bind(&machine, &crontab, Path::new("/etc/crontab"));
        bind(&machine, &spool, Path::new("/var/spool/cron"));
        bind(&machine, &log, Path::new("/var/log"));
        bind(&machine, &devices, Path::new("/dev"));
        Some(Self {
            machine,
            cron: None,
            journal: None,
        })
    }

    fn file(&self, name: &str) -> PathBuf {
        self.machine.folder.path().join(name)
    }

    fn write(&self, name: &str, mode: u32, text: &str) {
        fs::write(self.file(name), text).unwrap();
        fs::set_permissions(self.file(name), PermissionsExt::from_mode(mode)).unwrap();
    }

    fn start(&self, command: &[&str]) -> Daemon {
        let mut started = self.machine.namespace.command(command[0]);
        let started = started.args(&command[1..]).stdout(Stdio::null());
        Daemon(started.stderr(Stdio::null()).spawn().unwrap())
    }

    fn start_cron(&mut self) {
        self.cron = Some(self.start(&["cron", "-f"]));
        let pid_file = self.file("run/crond.pid");
        eventually("cron to run", PATIENCE, || {
            let pid = fs::read_to_string(&pid_file).ok()?;
            (!pid.is_empty()).then_some(())
        });
    }

    /// Sends the log to a journald, and not to the file.
    fn start_journal(&mut self) {
        let settings = self.file("run/systemd/journald.conf.d");
        fs::create_dir_all(&settings).unwrap();
        // Nothing of the kernel's, whose auditing it would switch on.
        let quiet = "[Journal]\nAudit=no\nReadKMsg=no\nForwardToWall=no\n";
        fs::write(settings.join("quiet.conf"), quiet).unwrap();
        fs::create_dir(self.file("run/systemd/journal")).unwrap();
        fs::remove_file(self.file("dev/log")).unwrap();
        symlink("/run/systemd/journal/dev-log", self.file("dev/log")).unwrap();
        self.journal = Some(self.start(&[JOURNALD]));
        let socket = self.file("run/systemd/journal/dev-log");
        eventually("journald to run", PATIENCE, || {
            fs::symlink_metadata(&socket).ok()
        });
    }
}

fn bind(machine: &Machine, what: &Path, point: &Path) {
    let [what, point] = [what, point].map(|path| path.to_str().unwrap());
    machine.namespace.run(&["mount", "--rbind", what, point]);
}

/// Does what rsyslog does with syslog(3)'s datagrams: `<78>Nov 21 06:25:01 CRON[1]: (root) CMD (x)`.
fn write_log(socket: UnixDatagram, path: PathBuf) {
    let mut file = File::create(path).unwrap();
    let host = rustix::system::uname()
        .nodename()
        .to_str()
        .unwrap()
        .to_owned();
    std::thread::spawn(move || {
        let mut datagram = [0; 8192];
        while let Ok(length) = socket.recv(&mut datagram) {
            let text = String::from_utf8_lossy(&datagram[..length]);
            let (_, line) = text.trim_end().split_once('>').unwrap();
            let (moment, message) = line.split_at(15);
            writeln!(file, "{moment} {host}{message}").unwrap();
        }
    });
}

fn row(node: &Node, command: &str) -> Option<Value> {
    node.row(CRON, "command", command)
}

fn await_row(node: &Node, command: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    node.await_row((CRON, "command", command), wanted)
}

fn refresh(node: &Node) -> (u64, u64) {
    let answer = node.post("/api/v1/cron/refresh", "{}");
    assert_eq!(answer.status, 200, "{}", answer.body);
    let counts = answer.json();
    let [jobs, errors] = ["jobs", "errors"].map(|key| counts[key].as_u64().unwrap());
    (jobs, errors)
}

/// Waits past the end of a minute.
fn within_a_minute(node: &Node, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    eventually(what, A_MINUTE, || {
        row(node, "sleep 3; : each minute").filter(|row| wanted(row))
    })
}

#[test]
fn what_a_real_cron_runs_is_seen_and_what_it_would_have_run_is_missed() {
    let (Some(mut alive), Some(dead)) = (CronMachine::new(), CronMachine::new()) else {
        return;
    };
    for machine in [&alive, &dead] {
        machine.write("cron.d/jobs", 0o644, JOBS);
    }
    alive.write(
        "cron.d/bad",
        0o644,
        "1 2 3 4 5 root good\n61 * * * * root bad\n",
    );
    alive.write("cron.d/old.bak", 0o644, "@daily root backup\n");
    alive.write("spool/crontabs/root", 0o600, "@reboot own\n");
    // syslog knows whole seconds.
    let began = Timestamp::now().before(Duration::from_secs(1));
    alive.start_cron();
    let node = alive.machine.node_with("");
    let idle = dead.machine.node_with("");

    let each_minute = await_row(&node, "sleep 3; : each minute", |row| {
        !row["next_run"].is_null()
    });
    assert_eq!(each_minute["source_path"], "/etc/cron.d/jobs");
    assert_eq!(each_minute["user"], "root");
    let yearly = row(&node, "yearly --password=***").unwrap();
    let next = yearly["next_run"].as_str().unwrap();
    assert!(next > each_minute["next_run"].as_str().unwrap(), "{next}");
    let own = row(&node, "own").unwrap();
    assert_eq!(
        (&own["source"], &own["next_run"]),
        (&Value::from("user"), &Value::Null)
    );
    for (command, reason) in [
        ("good", "cron ignores the whole file: line 2: bad minute"),
        (
            "61 * * * * root bad",
            "bad minute: `61` is not a list of 0-59",
        ),
        (
            "backup",
            "cron ignores the file: cron ignores files whose names",
        ),
    ] {
        let row = row(&node, command).unwrap();
        let told = row["error_message"].as_str().unwrap();
        assert!(told.starts_with(reason), "{told}");
        assert!(row["next_run"].is_null());
    }
    assert_eq!(refresh(&node), (3, 3));

    alive.write(
        "cron.d/jobs",
        0o644,
        &format!("# moved\n@weekly root new\n{JOBS}"),
    );
    assert_eq!(refresh(&node), (4, 3));
    let moved = row(&node, "sleep 3; : each minute").unwrap();
    assert_eq!(moved["job_id"], each_minute["job_id"]);
    assert_eq!(
        (&each_minute["line_number"], &moved["line_number"]),
        (&1.into(), &3.into())
    );

    let missed = std::thread::spawn(move || {
        let missed = |row: &Value| row["missed_count"].as_u64() >= Some(1);
        let row = within_a_minute(&idle, "a run without cron to be missed", missed);
        assert_eq!(row["error_message"], "cron is not running");
        assert!(
            row["next_run"].is_null() && row["last_missed_at"].is_string(),
            "{row}"
        );
        assert!(row["last_run_at"].is_null(), "{row}");
    });
    let ran = |row: &Value| !row["last_duration_ms"].is_null();
    let row = within_a_minute(&node, "a run and its end to be seen", ran);
    let took = row["last_duration_ms"].as_u64().unwrap();
    assert!((2_500..10_000).contains(&took), "{row}");
    assert_eq!(
        (&row["missed_count"], &row["has_evidence"]),
        (&0.into(), &true.into())
    );
    assert!(
        row["last_run_at"].as_str() >= Some(&*began.to_string()),
        "{row}"
    );
    assert!(
        row["next_run"].as_str() > row["last_run_at"].as_str(),
        "{row}"
    );
    missed.join().unwrap();

    alive.cron = None;
    assert_eq!(refresh(&node), (0, 7));
    let row = self::row(&node, "sleep 3; : each minute").unwrap();
    assert_eq!(
        (&row["error_message"], &row["next_run"]),
        (&"cron is not running".into(), &Value::Null)
    );
    assert!(!row["last_run_at"].is_null());
}

#[test]
fn a_run_that_only_the_journal_tells_of_is_seen() {
    if !["journalctl", JOURNALD, "setpriv", "logger"]
        .iter()
        .all(|program| peer(program))
    {
        return;
    }
    if !Path::new("/etc/machine-id").exists() {
        return skip("without a machine id a journal has no place");
    }
    let Some(mut cron) = CronMachine::new() else {
        return;
    };
    cron.write("cron.d/jobs", 0o644, &JOBS.replace("root", "nobody"));
    cron.start_journal();
    cron.start_cron();
    let node = cron.machine.node_with("");
    // Any user can log in cron's name.
    let nobody = "setpriv --reuid=65534 --clear-groups logger -t CRON";
    let mut forged: Vec<&str> = nobody.split(' ').collect();
    forged.push("(nobody) CMD (yearly --password=hunter2)");
    cron.machine.namespace.run(&forged);
    let row = within_a_minute(&node, "a run and its end to be seen", |row| {
        !row["last_duration_ms"].is_null() && row["has_evidence"] == true
    });
    let took = row["last_duration_ms"].as_u64().unwrap();
    assert!((2_500..10_000).contains(&took), "{row}");
    let forged = self::row(&node, "yearly --password=***").unwrap();
    assert!(forged["last_run_at"].is_null(), "{forged}");
}

#[test]
fn without_crontabs_to_read_there_is_nothing_to_show_and_nothing_to_refresh() {
    let node = Node::start("cron: { enabled: false }");
    assert_eq!(node.list(CRON).len(), 0);
    let json = ("Content-Type", "application/json");
    for (headers, body, status) in [
        (vec![json], None, 404),
        (vec![json], Some("{\"x\": 1}"), 400),
        (vec![], Some("{}"), 415),
    ] {
        let answer = node.request("POST", "/api/v1/cron/refresh", &headers, body);
        assert_eq!(answer.status, status, "{}", answer.body);
    }
    let answer = node.post("/api/v1/cron/refresh", "{}");
    assert_eq!(
        (answer.status, &answer.json()["code"]),
        (404, &"not_found".into())
    );
}

#[test]
fn a_configured_pattern_hides_secrets_of_crontabs_once_it_is_loaded() {
    let Some(cron) = CronMachine::new() else {
        return;
    };
    cron.write(
        "cron.d/jobs",
        0o644,
        "@daily root send CUST-777 && sleep 1\n",
    );
    let node = cron.machine.node_with("");
    await_row(&node, "send CUST-777 && sleep 1", |_| true);
    node.reconfigure("secrets: { patterns: ['CUST-\\d+'] }");
    await_row(&node, "send *** && sleep 1", |_| true);
    assert_eq!(node.list(CRON).len(), 1, "the other is gone");
}
