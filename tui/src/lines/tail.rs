//! Lines as they come, on a thread of their own, in a buffer that holds a bounded number of them.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use etlmon_shared::client::Event;
use etlmon_shared::log::{LogLine, MissedLines};
use etlmon_shared::{Client, ClientError, routes};

use super::HELD;
use crate::query::refusal;

/// Before a stream that broke off is begun again; doubles while that fails.
const SHORTEST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Whether lines come.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum TailState {
    /// They do, or will.
    #[default]
    Live,
    /// They don't, for this reason; it is tried again.
    Broken(String),
}

/// What has come since the last look.
#[derive(Debug, Default)]
pub struct Came {
    /// The lines.
    pub lines: VecDeque<LogLine>,
    /// Lines that were let go since nobody looked.
    pub overflowed: u64,
    /// Lines that the node could not send any more; `None` if nobody knows how many.
    pub missed: Option<u64>,
    /// Whether more will come.
    pub state: TailState,
}

/// What a thread that follows a log leaves for the screen. The thread ends when the screen lets
/// go of it.
#[derive(Debug, Default)]
pub struct Tail {
    came: Mutex<Came>,
    /// Whether the screen knows that something came.
    told: AtomicBool,
}

impl Tail {
    fn lock(&self) -> MutexGuard<'_, Came> {
        self.came.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What has come since the last call.
    pub fn drain(&self) -> Came {
        self.told.store(false, Ordering::Release);
        let mut came = self.lock();
        let state = came.state.clone();
        std::mem::replace(
            &mut *came,
            Came {
                state,
                missed: Some(0),
                ..Came::default()
            },
        )
    }

    /// Leaves a line; the oldest goes where there are too many.
    pub fn leave(&self, line: LogLine) {
        let mut came = self.lock();
        if came.lines.len() >= HELD {
            came.lines.pop_front();
            came.overflowed += 1;
        }
        came.lines.push_back(line);
    }

    fn miss(&self, lines: Option<u64>) {
        let mut came = self.lock();
        came.missed = came
            .missed
            .zip(lines)
            .map(|(all, new)| all.saturating_add(new));
    }
}

/// What to follow.
#[derive(Clone, Debug)]
pub struct Follow {
    /// The log's name.
    pub log: String,
    /// Only lines that match this; empty for all.
    pub filter: String,
    /// The lines behind this id.
    pub after: i64,
}

/// Starts a thread that leaves lines until nobody holds the tail; `tell` says that something came,
/// at most once between two looks, and answers whether anybody listens.
///
/// # Errors
/// When the system has no thread left.
pub fn start(
    client: Client,
    follow: Follow,
    tail: &Arc<Tail>,
    tell: impl Fn() -> bool + Send + 'static,
) -> std::io::Result<()> {
    tail.lock().missed = Some(0);
    let tail = Arc::downgrade(tail);
    let builder = thread::Builder::new().name("follower".to_owned());
    builder
        .spawn(move || run(&client, follow, &tail, &tell))
        .map(drop)
}

fn run(client: &Client, follow: Follow, tail: &Weak<Tail>, tell: &dyn Fn() -> bool) {
    let mut pause = SHORTEST_PAUSE;
    let mut last_id = follow.after.to_string();
    loop {
        let broken = pass_on(client, &follow, &mut last_id, tail, tell, &mut pause);
        let Some(left) = tail.upgrade() else {
            return;
        };
        left.lock().state = TailState::Broken(broken);
        drop(left);
        if !tell() {
            return;
        }
        thread::sleep(pause);
        pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
    }
}

/// Until the stream breaks off; why it did.
fn pass_on(
    client: &Client,
    follow: &Follow,
    last_id: &mut String,
    tail: &Weak<Tail>,
    tell: &dyn Fn() -> bool,
    pause: &mut Duration,
) -> String {
    let mut query = vec![("follow", "true")];
    if !follow.filter.is_empty() {
        query.push(("regex", &follow.filter));
    }
    let route = routes::log_lines(&follow.log);
    let mut stream = match client.follow(&route, &query, Some(last_id)) {
        Ok(stream) => stream,
        Err(error) => return refusal(&error),
    };
    while let Some(event) = stream.next_or_silence() {
        // Nobody looks any more: noticed with the next heartbeat at the latest.
        let Some(left) = tail.upgrade() else {
            return String::new();
        };
        let taken = event.and_then(|event| match event {
            Some(event) => take(client, &left, &event),
            None => Ok(()),
        });
        if let Err(error) = taken {
            return refusal(&error);
        }
        stream.last_event_id().clone_into(last_id);
        left.lock().state = TailState::Live;
        *pause = SHORTEST_PAUSE;
        if !left.told.swap(true, Ordering::AcqRel) && !tell() {
            return String::new();
        }
    }
    "the node ended the stream".to_owned()
}

fn take(client: &Client, tail: &Tail, event: &Event) -> Result<(), ClientError> {
    match event.event.as_str() {
        "line" => tail.leave(client.decode(&event.data)?),
        "gap" => {
            let MissedLines { missed } = client.decode(&event.data)?;
            tail.miss(missed);
        }
        // A later version may send more.
        _ => {}
    }
    Ok(())
}
