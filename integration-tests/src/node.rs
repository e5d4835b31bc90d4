//! A real node: the real binary with its own folder, database and port.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::{etlmon, eventually};

/// How long a node may take to start or to stop under a loaded test machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A node to be started.
pub struct NodeBuilder {
    folder: PathBuf,
    config: String,
    listen: Option<String>,
    db_path: Option<PathBuf>,
    environment: Vec<(String, String)>,
    wrapper: Vec<String>,
    binary: Option<PathBuf>,
}

/// A node that runs; it is killed when this is dropped.
pub struct Node {
    child: Child,
    stderr: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
    /// `http://127.0.0.1:PORT`; empty when it listens on no TCP address.
    pub url: String,
    _folder: Option<TempDir>,
    folder: PathBuf,
    database: PathBuf,
}

impl NodeBuilder {
    /// A node whose configuration file, database and standard error lie in `folder`.
    pub fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            config: String::new(),
            listen: Some("127.0.0.1:0".to_owned()),
            db_path: Some(folder.join("etlmon.db")),
            environment: Vec::new(),
            wrapper: Vec::new(),
            binary: None,
        }
    }

    /// Its configuration as YAML, without `node.listen` and `node.db_path`, which flags say.
    #[must_use]
    pub fn config(mut self, yaml: &str) -> Self {
        yaml.clone_into(&mut self.config);
        self
    }

    /// Another address than a free port of 127.0.0.1; none to leave it to the configuration.
    #[must_use]
    pub fn listen(mut self, address: Option<&str>) -> Self {
        self.listen = address.map(str::to_owned);
        self
    }

    /// Another database than `etlmon.db` in the folder; none to leave it to the configuration.
    #[must_use]
    pub fn db_path(mut self, path: Option<&Path>) -> Self {
        self.db_path = path.map(Path::to_owned);
        self
    }

    /// A variable of its environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A command that runs it, such as `unshare -m`; it must not fork.
    #[must_use]
    pub fn wrapper<S: AsRef<str>>(mut self, command: &[S]) -> Self {
        self.wrapper = command
            .iter()
            .map(|word| word.as_ref().to_owned())
            .collect();
        self
    }

    /// Runs it as a user without rights; the folder must let that user in. It gets a copy of the
    /// binary, since it may not enter the folder of the build.
    #[must_use]
    pub fn unprivileged(mut self) -> Self {
        let copy = self.folder.join("etlmon");
        if !copy.exists() {
            std::fs::copy(etlmon(), &copy).unwrap();
            std::fs::set_permissions(&copy, PermissionsExt::from_mode(0o755)).unwrap();
        }
        self.binary = Some(copy);
        self.wrapper(&[
            "setpriv",
            "--reuid=65534",
            "--regid=65534",
            "--clear-groups",
        ])
    }

    /// Where its configuration lies.
    pub fn config_path(&self) -> PathBuf {
        self.folder.join("node.yaml")
    }

    /// The command that starts it, after its configuration was written.
    pub fn command(&self) -> Command {
        std::fs::write(self.config_path(), &self.config).unwrap();
        let mut words = self.wrapper.clone();
        let binary = self.binary.clone().unwrap_or_else(etlmon);
        words.push(binary.display().to_string());
        let mut command = Command::new(&words[0]);
        command
            .args(&words[1..])
            .arg("node")
            .arg("-c")
            .arg(self.config_path());
        if let Some(db_path) = &self.db_path {
            command.arg("--db-path").arg(db_path);
        }
        if let Some(listen) = &self.listen {
            command.args(["--listen", listen]);
        }
        command.env_remove("RUST_LOG").env_remove("NOTIFY_SOCKET");
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Starts it where it must refuse to start; answers its exit status and what it said.
    pub fn refused(&self) -> (Option<i32>, String) {
        let mut node = self.spawn();
        let status = node.wait();
        (status.code(), node.stderr())
    }

    /// Starts it and waits until it listens.
    pub fn start(&self) -> Node {
        let mut node = self.spawn();
        node.await_start();
        node
    }

    /// Starts it and does not wait.
    pub fn spawn(&self) -> Node {
        let mut child = self
            .command()
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = Arc::new(Mutex::new(String::new()));
        let (lines, sink) = (
            BufReader::new(child.stderr.take().unwrap()),
            Arc::clone(&stderr),
        );
        let reader = std::thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                let mut sink = sink.lock().unwrap();
                sink.push_str(&line);
                sink.push('\n');
            }
        });
        Node {
            child,
            stderr,
            reader: Some(reader),
            url: String::new(),
            _folder: None,
            folder: self.folder.clone(),
            database: self.db_path.clone().unwrap_or_default(),
        }
    }
}

impl Node {
    /// Starts a node with this configuration in a folder of its own.
    pub fn start(config: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut node = NodeBuilder::new(folder.path()).config(config).start();
        node._folder = Some(folder);
        node
    }

    /// Starts a node with so many configured paths, which are empty directories, and waits until
    /// it knows the file system of `/`.
    pub fn with_paths(count: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = String::from("paths:\n");
        for n in 0..count {
            let path = folder.path().join(format!("path {n:02}"));
            std::fs::create_dir(&path).unwrap();
            config.push_str(&format!("  - path: {}\n", path.display()));
        }
        let config = if count == 0 { "" } else { &config };
        let mut node = NodeBuilder::new(folder.path()).config(config).start();
        node._folder = Some(folder);
        node.await_row(("/api/v1/fs", "mount_point", "/"), |_| true);
        node
    }

    fn await_start(&mut self) {
        let addresses = eventually("the node to listen", PATIENCE, || {
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("the node ended with {status}: {}", self.stderr());
            }
            let stderr = self.stderr();
            let (_, rest) = stderr.split_once("listening on ")?;
            Some(rest.split_once(", database")?.0.to_owned())
        });
        let tcp = addresses
            .split(", ")
            .find(|address| !address.starts_with("unix:"));
        if let Some(port) = tcp.and_then(|address| address.rsplit(':').next()) {
            self.url = format!("http://127.0.0.1:{port}");
        }
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Its database.
    pub fn database(&self) -> PathBuf {
        self.database.clone()
    }

    /// Gives it another configuration, to be read at SIGHUP.
    pub fn reconfigure(&self, yaml: &str) {
        std::fs::write(self.folder.join("node.yaml"), yaml).unwrap();
        self.signal(Signal::HUP);
    }

    /// What it has said so far.
    pub fn stderr(&self) -> String {
        self.stderr.lock().unwrap().clone()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits until it has ended, and all that it said has been read.
    pub fn wait(&mut self) -> ExitStatus {
        let status = eventually("the node to end", PATIENCE, || {
            self.child.try_wait().unwrap()
        });
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
        status
    }

    /// Sends it a signal and waits until it has ended; answers how it did and how long it took.
    pub fn end_by(&mut self, signal: Signal) -> (ExitStatus, Duration) {
        let began = Instant::now();
        self.signal(signal);
        (self.wait(), began.elapsed())
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
