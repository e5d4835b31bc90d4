//! A real node: the real binary with its own folder, database and port.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use crate::{etlmon, eventually};

/// How long a node may take to start or to stop under a loaded test machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// A node to be started.
pub struct NodeBuilder {
    folder: PathBuf,
    config: String,
    listen: Option<String>,
    environment: Vec<(String, String)>,
    wrapper: Vec<String>,
}

/// A node that runs; it is killed when this is dropped.
pub struct Node {
    child: Child,
    stderr: Arc<Mutex<String>>,
    /// `http://127.0.0.1:PORT`; empty when it listens on no TCP address.
    pub url: String,
    _folder: Option<TempDir>,
    folder: PathBuf,
}

/// An answer of the node.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body as it came.
    pub body: String,
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body)
            .unwrap_or_else(|error| panic!("{error} in the body {:?}", self.body))
    }

    /// The first header of this name (in lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

impl NodeBuilder {
    /// A node whose configuration file, database and standard error lie in `folder`.
    pub fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            config: String::new(),
            listen: Some("127.0.0.1:0".to_owned()),
            environment: Vec::new(),
            wrapper: Vec::new(),
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

    /// A variable of its environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A command that runs it, such as `unshare -m`; it must not fork.
    #[must_use]
    pub fn wrapper(mut self, command: &[&str]) -> Self {
        self.wrapper = command.iter().map(|&word| word.to_owned()).collect();
        self
    }

    /// Where its configuration lies.
    pub fn config_path(&self) -> PathBuf {
        self.folder.join("node.yaml")
    }

    /// The command that starts it, after its configuration was written.
    pub fn command(&self) -> Command {
        std::fs::write(self.config_path(), &self.config).unwrap();
        let mut words = self.wrapper.clone();
        words.push(etlmon().display().to_string());
        let mut command = Command::new(&words[0]);
        command
            .args(&words[1..])
            .arg("node")
            .arg("-c")
            .arg(self.config_path());
        command.arg("--db-path").arg(self.folder.join("etlmon.db"));
        if let Some(listen) = &self.listen {
            command.args(["--listen", listen]);
        }
        command.env_remove("RUST_LOG").env_remove("NOTIFY_SOCKET");
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Starts it and waits until it listens.
    pub fn start(&self) -> Node {
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
        std::thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                let mut sink = sink.lock().unwrap();
                sink.push_str(&line);
                sink.push('\n');
            }
        });
        let mut node = Node {
            child,
            stderr,
            url: String::new(),
            _folder: None,
            folder: self.folder.clone(),
        };
        let addresses = eventually("the node to listen", PATIENCE, || {
            if let Some(status) = node.child.try_wait().unwrap() {
                panic!("the node ended with {status}: {}", node.stderr());
            }
            let stderr = node.stderr();
            let (_, rest) = stderr.split_once("listening on ")?;
            Some(rest.split_once(", database")?.0.to_owned())
        });
        let tcp = addresses
            .split(", ")
            .find(|address| !address.starts_with("unix:"));
        if let Some(port) = tcp.and_then(|address| address.rsplit(':').next()) {
            node.url = format!("http://127.0.0.1:{port}");
        }
        node
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

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Its database.
    pub fn database(&self) -> PathBuf {
        self.folder.join("etlmon.db")
    }

    /// What it has said so far.
    pub fn stderr(&self) -> String {
        self.stderr.lock().unwrap().clone()
    }

    /// Asks it.
    pub fn get(&self, path: &str) -> Answer {
        self.request("GET", path, &[], None)
    }

    /// Commands it, with a JSON body.
    pub fn post(&self, path: &str, body: &str) -> Answer {
        self.request(
            "POST",
            path,
            &[("Content-Type", "application/json")],
            Some(body),
        )
    }

    /// Any request.
    pub fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&str>,
    ) -> Answer {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .allow_non_standard_methods(true)
            .timeout_global(Some(PATIENCE))
            .proxy(None)
            .build()
            .into();
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut answer = match body {
            Some(body) => agent.run(request.body(body.to_owned()).unwrap()),
            None => agent.run(request.body(()).unwrap()),
        }
        .unwrap_or_else(|error| panic!("{method} {path}: {error}\n{}", self.stderr()));
        Answer {
            status: answer.status().as_u16(),
            headers: answer
                .headers()
                .iter()
                .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
                .collect(),
            body: answer.body_mut().read_to_string().unwrap(),
        }
    }

    /// The rows of a list.
    pub fn list(&self, path: &str) -> Vec<Value> {
        let answer = self.get(path);
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json().as_array().unwrap().clone()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits until it has ended.
    pub fn wait(&mut self) -> ExitStatus {
        eventually("the node to end", PATIENCE, || {
            self.child.try_wait().unwrap()
        })
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
