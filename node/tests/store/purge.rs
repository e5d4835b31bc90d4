//! Old rows go and the file shrinks while batches go on.

use std::sync::Arc;
use std::time::{Duration, Instant};

use etlmon_node::config::Limits;
use etlmon_node::store::{Persist, PersistError, Retain, RetentionRule};
use etlmon_shared::Timestamp;
use rusqlite::Connection;

use super::database::Database;

const PATIENCE: Duration = Duration::from_mins(5);
const KEPT: i64 = 1000;
const BATCH: i64 = 1000;
/// Enough for several full steps, however fast the machine.
const ROWS: i64 = 300_000;

/// A thousand lines.
struct Lines;

impl Persist for Lines {
    fn persist(&self, connection: &Connection) -> Result<(), PersistError> {
        let mut insert = connection.prepare_cached(
            "INSERT INTO log_lines (source_id, line, truncated, created_at) \
             VALUES (1, printf('%0120d', ?1), 0, ?2)",
        )?;
        let now = Timestamp::now().as_millis();
        for n in 0..BATCH {
            insert.execute((n, now))?;
        }
        Ok(())
    }
}

/// What a reader sees.
#[derive(Clone, Copy, Debug)]
struct Seen {
    first: i64,
    last: i64,
    pages: i64,
}

impl Seen {
    async fn now(database: &Database) -> Self {
        let sql = "SELECT (SELECT min(id) FROM log_lines), (SELECT max(id) FROM log_lines), \
                   (SELECT page_count FROM pragma_page_count)";
        let read = |row: &rusqlite::Row<'_>| {
            Ok(Self {
                first: row.get(0)?,
                last: row.get(1)?,
                pages: row.get(2)?,
            })
        };
        database
            .reads
            .read(move |snapshot| snapshot.query_row(sql, [], read))
            .await
            .unwrap()
    }

    fn rows(self) -> i64 {
        self.last - self.first + 1
    }
}

#[actix_rt::test]
async fn a_table_shrinks_to_its_limit_while_batches_go_on_and_its_file_with_it() {
    let database = Database::start();
    for _ in 0..ROWS / BATCH {
        database.send(Lines).await.unwrap();
    }
    let full = Seen::now(&database).await;
    assert_eq!((full.first, full.last), (1, ROWS));
    let rule = RetentionRule {
        table: "log_lines",
        time_column: "created_at",
        row_bytes: "octet_length(line)",
        limit: Limits {
            max_age: Duration::from_hours(24),
            max_rows: KEPT.unsigned_abs(),
        },
        dependants: &[],
    };
    database
        .writer
        .actor()
        .send(Retain(Arc::new([rule])))
        .await
        .unwrap();
    let begun = Instant::now();
    let (mut batches, mut slowest) = (ROWS / BATCH, Duration::ZERO);
    let mut seen = full;
    while seen.first == 1 {
        assert!(begun.elapsed() < PATIENCE, "no purge begins");
        let sent = Instant::now();
        database.send(Lines).await.unwrap();
        slowest = slowest.max(sent.elapsed());
        batches += 1;
        seen = Seen::now(&database).await;
        assert_eq!(seen.last, batches * BATCH);
    }
    assert!(
        seen.rows() > 2 * KEPT,
        "it gives no batch its turn: {seen:?}"
    );
    while seen.rows() > KEPT || seen.pages > full.pages / 4 {
        assert!(
            begun.elapsed() < PATIENCE,
            "the purge does not end: {seen:?}"
        );
        actix_rt::time::sleep(Duration::from_millis(20)).await;
        seen = Seen::now(&database).await;
    }
    assert_eq!((seen.rows(), seen.last), (KEPT, batches * BATCH));
    let took = begun.elapsed();
    println!("the slowest batch {slowest:?}; {full:?} became {seen:?} within {took:?}");
}
