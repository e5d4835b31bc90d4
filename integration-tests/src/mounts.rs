//! Mounts that no other process sees, and one that never answers.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::{Node, NodeBuilder, eventually, is_root, peer, skip};

/// A mount namespace of its own; its mounts go when this is dropped.
pub struct MountNamespace {
    holder: Child,
}

impl MountNamespace {
    /// None, with the reason printed, where this machine does not allow it.
    pub fn new() -> Option<Self> {
        if !is_root() || !peer("unshare") || !peer("nsenter") {
            return None;
        }
        let own = namespace_of(std::process::id());
        let holder = Command::new("unshare")
            .args(["--mount", "--propagation", "private"])
            .args(["sleep", "infinity"])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut namespace = Self { holder };
        let made = eventually("a mount namespace", Duration::from_secs(10), || {
            if namespace.holder.try_wait().unwrap().is_some() {
                return Some(false);
            }
            let held = namespace_of(namespace.holder.id());
            (held.is_some() && held != own).then_some(true)
        });
        if !made {
            skip("unshare --mount is refused");
            return None;
        }
        Some(namespace)
    }

    /// What runs a command inside: the words before it. The command is run by exec.
    pub fn wrapper(&self) -> Vec<String> {
        let target = format!("--target={}", self.holder.id());
        vec!["nsenter".to_owned(), target, "--mount".to_owned()]
    }

    /// A command to be run inside.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let words = self.wrapper();
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).arg(program.as_ref());
        command
    }

    /// Runs a command inside, which must succeed.
    pub fn run<S: AsRef<OsStr>>(&self, words: &[S]) -> Output {
        let output = self.command(&words[0]).args(&words[1..]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        output
    }

    /// Mounts a tmpfs; `options` as in mount(8).
    pub fn tmpfs(&self, source: &str, point: &Path, options: &str) {
        let point = point.as_os_str();
        let words = ["mount", "-t", "tmpfs", "-o", options, source];
        let words: Vec<&OsStr> = words.iter().map(OsStr::new).chain([point]).collect();
        self.run(&words);
    }

    /// Mounts a FUSE file system whose server never answers; it is dead once this is dropped.
    pub fn hung(&self, point: &Path) -> Option<HungMount> {
        if !Path::new("/dev/fuse").exists() {
            skip("there is no /dev/fuse");
            return None;
        }
        let script = "exec 3<>/dev/fuse && \
             mount -i -t fuse -o fd=3,rootmode=40000,user_id=0,group_id=0 hung \"$1\" && \
             echo mounted && exec sleep infinity";
        let mut server = self
            .command("sh")
            .args(["-c", script, "sh"])
            .arg(point)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = [0; 8];
        let mut stdout = server.stdout.take().unwrap();
        std::io::Read::read_exact(&mut stdout, &mut line).expect("a FUSE mount");
        Some(HungMount { server })
    }
}

impl Drop for MountNamespace {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

/// See [`MountNamespace::hung`].
pub struct HungMount {
    server: Child,
}

impl Drop for HungMount {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// A mount namespace, and a folder to mount in.
pub struct Machine {
    /// Where its mounts are.
    pub namespace: MountNamespace,
    /// Where it mounts, and where its node keeps what it has.
    pub folder: TempDir,
}

impl Machine {
    /// None where [`MountNamespace::new`] gives none.
    pub fn new() -> Option<Self> {
        Some(Self {
            namespace: MountNamespace::new()?,
            folder: tempfile::tempdir().unwrap(),
        })
    }

    /// A new directory to mount on.
    pub fn point(&self, name: impl AsRef<OsStr>) -> PathBuf {
        let point = self.folder.path().join(name.as_ref());
        std::fs::create_dir(&point).unwrap();
        point
    }

    /// A node that looks every second; `filesystem` is that section.
    pub fn node(&self, filesystem: &str) -> Node {
        self.node_with(&format!(
            "refresh: {{disk: 1s}}\nfilesystem: {{{filesystem}}}"
        ))
    }

    /// A node with this configuration.
    pub fn node_with(&self, config: &str) -> Node {
        NodeBuilder::new(self.folder.path())
            .config(config)
            .wrapper(&self.namespace.wrapper())
            .start()
    }
}

fn namespace_of(pid: u32) -> Option<PathBuf> {
    std::fs::read_link(format!("/proc/{pid}/ns/mnt")).ok()
}
