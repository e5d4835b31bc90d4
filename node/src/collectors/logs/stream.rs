//! Following a log over HTTP: server-sent events (WHATWG HTML, section 9.2) out of the database.
//!
//! Every line comes from the database, in order, from where the reader was: a slow reader is only
//! late. It misses lines when retention deletes them before it had them, and is told how many.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE};
use actix_web::web::{Bytes, Data};
use etlmon_shared::log::{LogLine, MissedLines};
use futures_util::stream;
use rusqlite::Connection;
use tokio::sync::watch;
use tokio::time::Instant;

use super::missed;
use super::page::{Search, page};
use crate::http::{Cursor, NodeState};

/// From one sign of life to the next while nothing happens.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Lines of one answer of the database.
const PAGE: u32 = 500;
/// When the database does not answer.
const RETRY: Duration = Duration::from_secs(1);

/// A reader of the stream.
struct Reader {
    state: Data<NodeState>,
    name: String,
    search: Search,
    /// Every line up to this id is sent, or does not match.
    reached: i64,
    /// How many lines the log had up to there, whatever the search; none where that is not known.
    position: Option<u64>,
    news: watch::Receiver<()>,
    heartbeat: Instant,
}

/// The stream of a log's lines after `reached`.
pub(super) fn answer(
    state: Data<NodeState>,
    name: String,
    search: Search,
    reached: i64,
) -> HttpResponse {
    let reader = Reader {
        news: state.arrivals.listen(&name),
        state,
        name,
        search,
        reached,
        position: None,
        heartbeat: Instant::now(),
    };
    let events = stream::unfold(reader, |mut reader| async {
        let events = reader.next().await;
        Some((Ok::<_, actix_web::Error>(events), reader))
    });
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/event-stream"))
        .insert_header((CACHE_CONTROL, "no-store"))
        // A compressor would hold events back until it has enough of them.
        .insert_header((CONTENT_ENCODING, "identity"))
        .streaming(Box::pin(events))
}

impl Reader {
    /// Waits for the next events, or a sign of life.
    async fn next(&mut self) -> Bytes {
        loop {
            if self.heartbeat <= Instant::now() {
                self.heartbeat = Instant::now() + HEARTBEAT;
                // The id is for one who comes again: what did not match need not be searched again.
                return format!(": still here\nid: {}\n\n", self.reached).into();
            }
            self.news.mark_unchanged();
            let wait = match self.look().await {
                Some((events, _)) if !events.is_empty() => {
                    self.heartbeat = Instant::now() + HEARTBEAT;
                    return events;
                }
                // Its time was over before it found anything.
                Some((_, true)) => continue,
                Some((_, false)) => HEARTBEAT,
                None => RETRY,
            };
            let until = self.heartbeat.min(Instant::now() + wait);
            // Its sender stays as long as anybody listens.
            let _ = tokio::time::timeout_at(until, self.news.changed()).await;
        }
    }

    /// What is there beyond what the reader has, and whether there may be more; none when the
    /// database does not answer.
    async fn look(&mut self) -> Option<(Bytes, bool)> {
        let (name, search) = (self.name.clone(), self.search.clone());
        let (reached, position) = (self.reached, self.position);
        let found = self
            .state
            .reads
            .read_by(search.effort(), move |snapshot| {
                found(snapshot, &name, &search, reached, position)
            })
            .await
            .inspect_err(|error| log::warn!("a followed log could not be read: {error}"))
            .ok()?;
        let mut events = Vec::new();
        if let Some((up_to, missed)) = found.gap {
            event(&mut events, up_to, "gap", &MissedLines { missed });
        }
        for line in &found.lines {
            event(&mut events, line.id, "line", line);
        }
        (self.reached, self.position) = (found.reached, found.position);
        Some((events.into(), found.more))
    }
}

/// What a look finds.
struct Found {
    /// Up to which id lines are missing, and how many.
    gap: Option<(i64, Option<u64>)>,
    lines: Vec<LogLine>,
    more: bool,
    reached: i64,
    position: Option<u64>,
}

fn found(
    snapshot: &Connection,
    name: &str,
    search: &Search,
    reached: i64,
    position: Option<u64>,
) -> rusqlite::Result<Found> {
    let newest = missed::last_line_id(snapshot)?;
    let missed = if reached > newest {
        // The id is from another database, which was here before this one.
        None
    } else {
        missed::missed(snapshot, name, reached, position)?
    };
    let gap = (missed != Some(0)).then(|| {
        let kept_from = missed::oldest_line_id(snapshot)?;
        Ok::<_, rusqlite::Error>((newest.min(kept_from - 1), missed))
    });
    let gap = gap.transpose()?;
    let after = gap.map_or(reached, |(up_to, _)| up_to);
    let page = page(snapshot, name, search, Cursor::After(after), PAGE)?;
    let reached = page.scanned_to.max(after);
    Ok(Found {
        gap,
        lines: page.lines,
        more: page.more,
        reached,
        position: missed::position(snapshot, name, reached)?,
    })
}

fn event(events: &mut Vec<u8>, id: i64, kind: &str, data: &impl serde::Serialize) {
    events.extend_from_slice(format!("id: {id}\nevent: {kind}\ndata: ").as_bytes());
    // Writing to memory does not fail, and JSON holds no line end.
    let _ = serde_json::to_writer(&mut *events, data);
    events.extend_from_slice(b"\n\n");
}
