//! A machine with a cron of its own.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use integration_tests::{Machine, eventually, peer};

use super::{JOURNALD, PATIENCE};

/// A machine whose crontabs, log and devices are its own; nobody else's cron reads them.
pub struct CronMachine {
    /// Where its processes and nodes run.
    pub machine: Machine,
    /// Its cron, once started.
    pub cron: Option<Daemon>,
    journal: Option<Daemon>,
}

/// A daemon that is killed and waited for when this is dropped.
pub struct Daemon(Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl CronMachine {
    /// None where something is missing; that is told.
    pub fn new() -> Option<Self> {
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

    /// Writes a file of the machine.
    pub fn write(&self, name: &str, mode: u32, text: &str) {
        fs::write(self.file(name), text).unwrap();
        fs::set_permissions(self.file(name), PermissionsExt::from_mode(mode)).unwrap();
    }

    fn start(&self, command: &[&str]) -> Daemon {
        let mut started = self.machine.namespace.command(command[0]);
        let started = started.args(&command[1..]).stdout(Stdio::null());
        Daemon(started.stderr(Stdio::null()).spawn().unwrap())
    }

    /// Starts cron, and waits until it runs.
    pub fn start_cron(&mut self) {
        self.cron = Some(self.start(&["cron", "-f"]));
        let pid_file = self.file("run/crond.pid");
        eventually("cron to run", PATIENCE, || {
            let pid = fs::read_to_string(&pid_file).ok()?;
            (!pid.is_empty()).then_some(())
        });
    }

    /// Sends the log to a journald, and not to the file.
    pub fn start_journal(&mut self) {
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
