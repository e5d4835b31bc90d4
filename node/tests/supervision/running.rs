//! A node within the test's process, asked over HTTP as everybody asks it.

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use etlmon_node::Node;
use etlmon_node::collectors::Kind;
use etlmon_node::config::{Config, ListenAddress};
use etlmon_shared::client::ClientOptions;
use etlmon_shared::filesystem::Filesystem;
use etlmon_shared::health::{CollectorHealth, Health};
use etlmon_shared::path::PathStats;
use etlmon_shared::{Client, ClientError, ProblemCode, routes};
use tempfile::TempDir;
use tokio::sync::mpsc;

use crate::PATIENCE;

enum Order {
    Reload(Box<Config>),
    Stop(std::sync::mpsc::Sender<()>),
}

/// A node on a thread of its own.
pub struct Running {
    folder: TempDir,
    config: Config,
    client: Client,
    orders: mpsc::UnboundedSender<Order>,
    _thread: JoinHandle<()>,
}

/// Health with questions.
pub struct Seen(Health);

impl Deref for Seen {
    type Target = Health;

    fn deref(&self) -> &Health {
        &self.0
    }
}

impl Seen {
    pub fn find(&self, name: &str) -> Option<CollectorHealth> {
        self.0
            .collectors
            .iter()
            .find(|collector| collector.name == name)
            .cloned()
    }

    pub fn collector(&self, name: &str) -> CollectorHealth {
        self.find(name)
            .unwrap_or_else(|| panic!("no collector {name} in {:?}", self.0))
    }

    pub fn names(&self) -> Vec<String> {
        self.0
            .collectors
            .iter()
            .map(|collector| collector.name.clone())
            .collect()
    }

    pub fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl std::fmt::Debug for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl Running {
    pub fn start(kinds: &'static [Kind]) -> Self {
        Self::start_with(kinds, |_| {})
    }

    pub fn start_with(kinds: &'static [Kind], change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        config.node.listen = vec![ListenAddress::Tcp("127.0.0.1:0".parse().unwrap())];
        config.node.db_path = folder.path().join("etlmon.db");
        config.refresh.disk = Duration::from_millis(50);
        change(&mut config);
        let (tell, told) = std::sync::mpsc::channel();
        let (orders, mut inbox) = mpsc::unbounded_channel();
        let first = config.clone();
        let thread = std::thread::spawn(move || {
            actix::System::new().block_on(async move {
                let mut node = Node::start(first, kinds).unwrap();
                tell.send(node.addresses()[0].clone()).unwrap();
                while let Some(order) = inbox.recv().await {
                    match order {
                        Order::Reload(config) => assert!(node.reload(*config).is_empty()),
                        Order::Stop(done) => {
                            node.stop().await;
                            return done.send(()).unwrap();
                        }
                    }
                }
            });
        });
        let address = told.recv().unwrap();
        let options = ClientOptions {
            timeout: PATIENCE,
            token: None,
        };
        let client = Client::new(&address, options).unwrap();
        Self {
            folder,
            config,
            client,
            orders,
            _thread: thread,
        }
    }

    pub fn health(&self) -> Seen {
        loop {
            let asked = Instant::now();
            let answer = self.client.health();
            // What hangs in these tests hangs for ever; a busy machine takes its time.
            assert!(
                asked.elapsed() < Duration::from_secs(5),
                "health must not wait"
            );
            match answer {
                // The backtrace of a panic on root's own thread takes a debug build long to print.
                Err(ClientError::Problem(problem)) if problem.code == ProblemCode::Busy => {}
                answer => return Seen(answer.unwrap()),
            }
        }
    }

    pub fn eventually<T>(&self, what: &str, probe: impl Fn(&Seen) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let health = self.health();
            if let Some(found) = probe(&health) {
                return found;
            }
            assert!(
                Instant::now() < deadline,
                "waited in vain for {what}: {health:#?}"
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub fn reload(&self, change: impl FnOnce(&mut Config)) {
        let mut config = self.config.clone();
        change(&mut config);
        self.orders
            .send(Order::Reload(Box::new(config)))
            .ok()
            .unwrap();
    }

    pub fn filesystems(&self) -> Vec<Filesystem> {
        // A node without a database answers with a problem.
        self.client.get(routes::FS, &[]).unwrap_or_default()
    }

    pub fn paths(&self) -> Vec<PathStats> {
        self.client.get(routes::PATHS, &[]).unwrap()
    }

    pub fn database(&self) -> PathBuf {
        self.folder.path().join("etlmon.db")
    }

    pub fn remove_database(&self) {
        for suffix in ["", "-wal", "-shm"] {
            let file = format!("{}{suffix}", self.database().display());
            std::fs::remove_file(file).unwrap();
        }
    }

    /// Keeps the writer out until it is dropped.
    pub fn lock_database(&self) -> rusqlite::Connection {
        let operator = rusqlite::Connection::open(self.database()).unwrap();
        operator.busy_timeout(PATIENCE).unwrap();
        operator.execute_batch("BEGIN IMMEDIATE").unwrap();
        operator
    }

    pub fn stored_cycles(&self) -> Vec<i64> {
        stored_cycles(self.folder.path())
    }

    /// Ends the node; how long that took.
    pub fn stop(self) -> Duration {
        let asked = Instant::now();
        self.stop_and_keep();
        asked.elapsed()
    }

    /// Ends the node; its folder.
    pub fn stop_and_keep(self) -> TempDir {
        let (done, ended) = std::sync::mpsc::channel();
        self.orders.send(Order::Stop(done)).ok().unwrap();
        ended.recv_timeout(PATIENCE).unwrap();
        self.folder
    }
}

/// Which cycles of the faulty collector are in the database.
pub fn stored_cycles(folder: &Path) -> Vec<i64> {
    let database = rusqlite::Connection::open(folder.join("etlmon.db")).unwrap();
    database
        .prepare("SELECT value FROM meta WHERE key LIKE 'cycle %' ORDER BY 1")
        .unwrap()
        .query_map([], |row| row.get::<_, String>(0))
        .unwrap()
        .map(|value| value.unwrap().parse().unwrap())
        .collect()
}
