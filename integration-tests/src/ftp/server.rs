//! A real vsftpd in a folder of its own, with users, passwords and zone of its own.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::{FtpClient, ReservedPort, eventually, is_root, peer, skip};

/// Whom sessions of users act as: Debian's `nobody`.
const UID: u32 = 65534;

/// Whom anonymous sessions act as: someone else, since vsftpd refuses one that owns its root.
const ANONYMOUS_UID: u32 = 65533;

/// Any password will do.
const PAM: &str = "auth required pam_permit.so\n\
                   account required pam_permit.so\n\
                   session required pam_permit.so\n";

/// vsftpd refuses users with a space in their name.
const USERS: [&str; 2] = ["alice", "etl-batch"];

/// A vsftpd to be started.
pub struct VsftpdBuilder {
    folder: PathBuf,
    config: String,
    zone: String,
}

/// A vsftpd that runs; it is killed when this is dropped.
pub struct Vsftpd {
    child: Child,
    folder: PathBuf,
    port: ReservedPort,
}

impl VsftpdBuilder {
    /// A server of the files in `folder/home`, which logs in both layouts to `folder/vsftpd.log`
    /// and `folder/xferlog`. Users are `alice`, `etl-batch` and `anonymous`, with any password;
    /// the last may write in `home/incoming` alone.
    pub fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            config: String::new(),
            zone: "UTC".to_owned(),
        }
    }

    /// More lines of vsftpd.conf(5), which override the others: `guest_enable=YES`.
    #[must_use]
    pub fn config(mut self, lines: &str) -> Self {
        lines.clone_into(&mut self.config);
        self
    }

    /// The value of `TZ`; UTC otherwise.
    #[must_use]
    pub fn zone(mut self, zone: &str) -> Self {
        zone.clone_into(&mut self.zone);
        self
    }

    /// Starts it and waits until it listens. None, with the reason printed, where the machine
    /// cannot: it takes vsftpd, and root for a mount namespace with other users.
    pub fn start(&self) -> Option<Vsftpd> {
        if !(is_root() && peer("vsftpd") && peer("unshare")) {
            return None;
        }
        if !Path::new("/etc/pam.d/vsftpd").exists() {
            skip("/etc/pam.d/vsftpd does not exist");
            return None;
        }
        let namespace = Command::new("unshare")
            .args(["-m", "true"])
            .stderr(Stdio::null())
            .status();
        if !namespace.is_ok_and(|status| status.success()) {
            skip("no mount namespace");
            return None;
        }
        self.write_files();
        Some(self.run())
    }

    fn write_files(&self) {
        let folder = self.folder.display();
        // Sessions must get through to their home.
        fs::set_permissions(&self.folder, fs::Permissions::from_mode(0o755)).unwrap();
        for name in ["empty", "home", "home/incoming"] {
            fs::create_dir_all(self.folder.join(name)).unwrap();
        }
        chown(self.folder.join("home"), Some(UID), Some(UID)).unwrap();
        let incoming = self.folder.join("home/incoming");
        fs::set_permissions(incoming, fs::Permissions::from_mode(0o777)).unwrap();
        let mut passwd = String::new();
        for user in USERS {
            writeln!(passwd, "{user}:x:{UID}:{UID}::{folder}/home:/bin/sh").unwrap();
        }
        writeln!(passwd, "ftp:x:{ANONYMOUS_UID}:{UID}::{folder}/home:/bin/sh").unwrap();
        passwd.push_str(&fs::read_to_string("/etc/passwd").unwrap());
        fs::write(self.folder.join("passwd"), passwd).unwrap();
        fs::write(self.folder.join("pam"), PAM).unwrap();
    }

    fn run(&self) -> Vsftpd {
        let port = ReservedPort::any();
        let folder = self.folder.display();
        // Ports for data come from below those that the kernel gives out.
        let config = format!(
            "listen=YES\nlisten_address=127.0.0.1\nlisten_port={}\nbackground=NO\n\
             pasv_address=127.0.0.1\npasv_max_port=32767\nconnect_from_port_20=NO\nmax_per_ip=0\n\
             isolate=NO\nisolate_network=NO\nseccomp_sandbox=NO\n\
             local_enable=YES\nwrite_enable=YES\nlocal_umask=022\nlocal_root={folder}/home\n\
             chroot_local_user=YES\nallow_writeable_chroot=YES\nsecure_chroot_dir={folder}/empty\n\
             pam_service_name=vsftpd\ndelay_failed_login=0\n\
             anonymous_enable=YES\nftp_username=ftp\nanon_root={folder}/home\nanon_umask=022\n\
             anon_upload_enable=YES\nanon_mkdir_write_enable=YES\nanon_other_write_enable=YES\n\
             xferlog_enable=YES\ndual_log_enable=YES\n\
             vsftpd_log_file={folder}/vsftpd.log\nxferlog_file={folder}/xferlog\n{}\n",
            port.address.port(),
            self.config,
        );
        fs::write(self.folder.join("vsftpd.conf"), config).unwrap();
        let script = "mount --bind \"$1/passwd\" /etc/passwd && \
                      mount --bind \"$1/pam\" /etc/pam.d/vsftpd && \
                      exec vsftpd \"$1/vsftpd.conf\"";
        let mut child = Command::new("unshare")
            .args(["-m", "sh", "-c", script, "sh"])
            .arg(&self.folder)
            .env("TZ", &self.zone)
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        eventually("vsftpd to listen", Duration::from_secs(20), || {
            assert_eq!(child.try_wait().unwrap(), None, "vsftpd ended");
            listens(port.address.port()).then_some(())
        });
        Vsftpd {
            child,
            folder: self.folder.clone(),
            port,
        }
    }
}

impl Vsftpd {
    /// A client that has not logged in yet.
    pub fn connect(&self) -> FtpClient {
        FtpClient::connect(self.port.address)
    }

    /// A client that has logged in as this user.
    pub fn login(&self, user: &str) -> FtpClient {
        let mut client = self.connect();
        let reply = client.login(user, "guest@example.com");
        assert_eq!(reply.code, 230, "{}", reply.text);
        client
    }

    /// The folder that users see as `/`.
    pub fn home(&self) -> PathBuf {
        self.folder.join("home")
    }

    /// The log in vsftpd's own layout.
    pub fn own_log(&self) -> PathBuf {
        self.folder.join("vsftpd.log")
    }

    /// The log in the layout of xferlog(5).
    pub fn xferlog(&self) -> PathBuf {
        self.folder.join("xferlog")
    }
}

impl Drop for Vsftpd {
    fn drop(&mut self) {
        // It may have ended already. Its sessions end with their clients.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether a socket listens on this port. Asking by connecting would show in the log.
fn listens(port: u16) -> bool {
    let port = format!(":{port:04X}");
    ["/proc/net/tcp", "/proc/net/tcp6"].iter().any(|table| {
        let table = fs::read_to_string(table).unwrap_or_default();
        table.lines().any(|line| {
            // sl local_address rem_address st
            let mut words = line.split_ascii_whitespace().skip(1);
            let local = words.next().unwrap_or_default();
            local.ends_with(&port) && words.nth(1) == Some("0A")
        })
    })
}
