//! One node: its database, listeners, actors and server, from start to stop.

use std::path::PathBuf;

use actix::Addr;
use actix_web::dev::ServerHandle;
use rusqlite::Connection;
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use crate::collector::Lanes;
use crate::collectors::{Arrivals, Kind, Means, plan};
use crate::config::{Config, ConfigError, ListenAddress, LiveConfig};
use crate::http::{BindError, Listeners, NodeState, serve};
use crate::store::{
    DatabaseLock, DatabaseStatus, DbWriter, Persist as _, PersistError, ReadPool, StoreError,
    WriterSettings,
};
use crate::supervisor::{Plan, Reload, Root, RootSettings, Shutdown};
use crate::tail::Crowd;
use crate::watch::Watcher;

/// Why a node does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration is refused.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The database can't be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An address can't be listened on.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The process can't be set up.
    #[error("cannot {action}: {source}")]
    System {
        /// What was tried.
        action: &'static str,
        /// What the system says.
        source: std::io::Error,
    },
}

/// A node that runs on the actix system of the calling thread.
pub struct Node {
    kinds: &'static [Kind],
    config: LiveConfig,
    means: Means,
    root: Addr<Root>,
    root_gone: mpsc::Receiver<()>,
    server: ServerHandle,
    addresses: Vec<String>,
    database: PathBuf,
    _lock: DatabaseLock,
}

impl Node {
    /// Takes the database and the addresses, and starts everything. When this returns, the
    /// node's API answers.
    ///
    /// # Errors
    /// Whatever of these can't be had; nothing is left running then.
    pub fn start(config: Config, kinds: &'static [Kind]) -> Result<Self, StartError> {
        let listen = config.node.listen.clone();
        let listeners = Listeners::bind(&listen)?;
        Self::start_on(listeners, config, kinds).inspect_err(|_| remove_sockets(&listen))
    }

    fn start_on(
        listeners: Listeners,
        config: Config,
        kinds: &'static [Kind],
    ) -> Result<Self, StartError> {
        let lock = DatabaseLock::take(&config.node.db_path)?;
        let database = lock.database().to_owned();
        let reads = ReadPool::new(&database);
        let means = Means {
            reads: reads.clone(),
            watcher: Watcher::new(Handle::current()),
            crowd: Crowd::default(),
            arrivals: Arrivals::default(),
        };
        let plan = plan(kinds, &config, &means);
        let writer = WriterSettings {
            path: database.clone(),
            status: DatabaseStatus::new(&database),
            reads: reads.clone(),
            retention: plan.retention.clone(),
        };
        let mut connection = DbWriter::open(&writer)?;
        // So that the first answer knows what is configured. Should it fail, root tries again.
        if let Err(error) = settle(&mut connection, &plan) {
            log::warn!("the tables are not those of the configuration yet: {error}");
        }
        let (gone, root_gone) = mpsc::channel(1);
        let settings = RootSettings {
            node_name: config.node.node_name.clone(),
            writer,
            lanes: Lanes::default(),
            plan,
            gone,
        };
        let root = Root::start(settings, connection);
        let config = LiveConfig::new(config);
        let addresses = listeners.addresses();
        let state = NodeState {
            root: root.clone(),
            reads,
            arrivals: means.arrivals.clone(),
            config: config.clone(),
        };
        let server = serve(kinds, state, listeners).map_err(|source| StartError::System {
            action: "serve the API",
            source,
        })?;
        let handle = server.handle();
        actix_rt::spawn(server);
        Ok(Self {
            kinds,
            config,
            means,
            root,
            root_gone,
            server: handle,
            addresses,
            database,
            _lock: lock,
        })
    }

    /// Where the API answers; port 0 has become a port.
    pub fn addresses(&self) -> &[String] {
        &self.addresses
    }

    /// The database.
    pub fn database(&self) -> &std::path::Path {
        &self.database
    }

    /// Returns when the root actor has ended by itself, which is the end of the node.
    pub async fn root_gone(&mut self) {
        // The channel closes when root is dropped.
        while self.root_gone.recv().await.is_some() {}
    }

    /// Goes on with another configuration: collectors whose part has changed are restarted.
    /// Answers the keys whose change needs a restart of the process.
    pub fn reload(&mut self, config: Config) -> Vec<&'static str> {
        self.root
            .do_send(Reload(plan(self.kinds, &config, &self.means)));
        let kept = self.config.get().node.clone();
        let changed = [
            ("node.listen", kept.listen != config.node.listen),
            ("node.node_name", kept.node_name != config.node.node_name),
            ("node.db_path", kept.db_path != config.node.db_path),
        ];
        self.config.replace(Config {
            node: kept,
            ..config
        });
        changed
            .iter()
            .filter(|(_, changed)| *changed)
            .map(|(key, _)| *key)
            .collect()
    }

    /// Takes no more ticks, stores what is waiting, answers open requests, and ends.
    pub async fn stop(self) {
        if self.root.send(Shutdown).await.is_err() {
            log::error!("the root actor was gone before the node ended");
        }
        self.server.stop(true).await;
        remove_sockets(&self.config.get().node.listen);
    }
}

/// Makes the tables those of a plan.
fn settle(connection: &mut Connection, plan: &Plan) -> Result<(), PersistError> {
    let transaction = connection.transaction()?;
    for tidy in &plan.tidies {
        tidy.persist(&transaction)?;
    }
    Ok(transaction.commit()?)
}

/// Removes the sockets that this node has bound in the file system.
fn remove_sockets(listen: &[ListenAddress]) {
    for address in listen {
        if let ListenAddress::Unix(path) = address
            && let Err(error) = std::fs::remove_file(path)
        {
            log::warn!("cannot remove {}: {error}", path.display());
        }
    }
}
