//! Read connections for the API: a bounded number, each unable to write, none waited for long.

use std::path::Path;
use std::time::Duration;

use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::Transaction;

use super::{StoreError, open};

/// Read connections; also how many queries run at once.
const CONNECTIONS: u32 = 4;
/// How long a query waits for a connection.
const CHECKOUT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a handler waits for a query; a database that hangs must not hold its callers.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// The pool of read connections.
#[derive(Clone)]
pub struct ReadPool(r2d2::Pool<SqliteConnectionManager>);

impl ReadPool {
    /// A pool on a database that exists; connections are opened as they are needed.
    pub fn new(path: &Path) -> Self {
        Self(
            r2d2::Pool::builder()
                .max_size(CONNECTIONS)
                .min_idle(Some(0))
                .test_on_check_out(false)
                .connection_timeout(CHECKOUT_TIMEOUT)
                .build_unchecked(open::reader(path)),
        )
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
        let pool = self.0.clone();
        let job = actix_rt::task::spawn_blocking(move || {
            let mut connection = pool.get()?;
            let sql = |source| StoreError::Sql {
                operation: "a query",
                source,
            };
            let snapshot = connection.transaction().map_err(sql)?;
            query(&snapshot).map_err(sql)
        });
        match actix_rt::time::timeout(ANSWER_TIMEOUT, job).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(StoreError::QueryPanicked),
            Err(_) => Err(StoreError::TimedOut {
                waited: ANSWER_TIMEOUT,
            }),
        }
    }
}
