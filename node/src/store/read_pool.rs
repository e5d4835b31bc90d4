//! Read connections for the API: a bounded number, each unable to write, none waited for long.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::Transaction;
use tokio::sync::Semaphore;

use super::{StoreError, open};

/// Read connections; also how many queries run at once.
const CONNECTIONS: u32 = 4;
/// How many of them may be long ones, so that the others find a connection.
const LONG_QUERIES: usize = 2;
/// How long a query waits for a connection.
const CHECKOUT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a handler waits for a query; a database that hangs must not hold its callers.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// The pool of read connections.
#[derive(Clone)]
pub struct ReadPool {
    path: PathBuf,
    pool: Arc<RwLock<Option<Pool>>>,
    long: Arc<Semaphore>,
}

/// How long a query may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// It ends soon by itself.
    Short,
    /// Nobody knows, and nobody can end it.
    Long,
}

type Pool = r2d2::Pool<SqliteConnectionManager>;

impl ReadPool {
    /// A pool for a database that need not exist yet: until [`ReadPool::renew`] it is closed.
    pub fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            pool: Arc::default(),
            long: Arc::new(Semaphore::new(LONG_QUERIES)),
        }
    }

    /// Opens the pool anew on the file that is there now. One connection is opened at once, since
    /// opening one may hang when the disk does; the others as they are needed.
    pub fn renew(&self) {
        let pool = r2d2::Pool::builder()
            .max_size(CONNECTIONS)
            .min_idle(Some(1))
            .test_on_check_out(false)
            .connection_timeout(CHECKOUT_TIMEOUT)
            .build_unchecked(open::reader(&self.path));
        *self.pool.write().unwrap_or_else(PoisonError::into_inner) = Some(pool);
    }

    /// Runs a query off the caller's thread, all of it on one snapshot of the database.
    ///
    /// # Errors
    /// `Pool` when no connection is to be had, `Sql` when a statement fails, `TimedOut` when the
    /// database hangs.
    pub async fn read<T, Q>(&self, query: Q) -> Result<T, StoreError>
    where
        T: Send + 'static,
        Q: FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    {
        let reads = self.clone();
        let job = actix_rt::task::spawn_blocking(move || reads.read_here(query));
        match actix_rt::time::timeout(ANSWER_TIMEOUT, job).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(StoreError::QueryPanicked),
            Err(_) => Err(StoreError::TimedOut {
                waited: ANSWER_TIMEOUT,
            }),
        }
    }

    /// As [`ReadPool::read`]; of long queries only some run at once, until they really end.
    ///
    /// # Errors
    /// As [`ReadPool::read`], and `Crowded` when no place for a long one comes free.
    pub async fn read_by<T, Q>(&self, effort: Effort, query: Q) -> Result<T, StoreError>
    where
        T: Send + 'static,
        Q: FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    {
        if effort == Effort::Short {
            return self.read(query).await;
        }
        let place = Arc::clone(&self.long).acquire_owned();
        let Ok(place) = actix_rt::time::timeout(CHECKOUT_TIMEOUT, place).await else {
            return Err(StoreError::Crowded);
        };
        self.read(move |snapshot| {
            let _place = place;
            query(snapshot)
        })
        .await
    }

    /// Runs a query on the caller's thread, which may have to wait for it.
    ///
    /// # Errors
    /// `Pool` when no connection is to be had, `Sql` when a statement fails.
    pub fn read_here<T, Q>(&self, query: Q) -> Result<T, StoreError>
    where
        Q: FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    {
        let pool = self
            .pool
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let mut connection = pool.ok_or(StoreError::WriterGone)?.get()?;
        let sql = |source| StoreError::Sql {
            operation: "a query",
            source,
        };
        let snapshot = connection.transaction().map_err(sql)?;
        query(&snapshot).map_err(sql)
    }
}
