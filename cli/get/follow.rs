//! `etlmon get log --follow`: the lines of a log as they come, each once, across broken connections.

#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::thread;
use std::time::{Duration, Instant};

use etlmon_shared::client::{Event, EventStream, Rows};
use etlmon_shared::log::{LogLine, MissedLines};
use etlmon_shared::{Client, ClientError, routes};

use super::answer::borrowed;
use crate::args::{LogArgs, Output};
use crate::exit::Exit;
use crate::output::Said;
use crate::{json, render};

/// Before a connection that broke off is made again; doubles while no line comes.
const SHORTEST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Says something; `Err` is the exit when there is no use in going on.
type Say<'a> = &'a mut dyn FnMut(Said) -> Result<(), Exit>;

/// Follows one log.
pub(super) struct Follower<'a> {
    client: &'a Client,
    log: &'a LogArgs,
    output: Output,
    /// How long the node may be gone.
    patience: Duration,
    route: String,
    query: Vec<(&'static str, String)>,
    pause: Duration,
}

/// Why following ends.
enum End {
    /// Nobody listens any more.
    Unheard(Exit),
    Failed(ClientError),
}

impl From<Exit> for End {
    fn from(exit: Exit) -> Self {
        Self::Unheard(exit)
    }
}

impl From<ClientError> for End {
    fn from(error: ClientError) -> Self {
        Self::Failed(error)
    }
}

impl<'a> Follower<'a> {
    /// Prints in the way of `output`, and gives up a node that is gone for longer than `patience`.
    pub(super) fn new(
        client: &'a Client,
        log: &'a LogArgs,
        output: Output,
        patience: Duration,
    ) -> Self {
        let mut query = vec![("follow", "true".to_owned())];
        query.extend(log.filters());
        Self {
            client,
            log,
            output,
            patience,
            route: routes::log_lines(&log.name),
            query,
            pause: SHORTEST_PAUSE,
        }
    }

    /// Says every line until nobody listens or the node is gone.
    pub(super) fn follow(mut self, say: Say<'_>) -> Result<Exit, ClientError> {
        match self.run(say) {
            Err(End::Unheard(exit)) => Ok(exit),
            Err(End::Failed(error)) => Err(error),
            Ok(never) => match never {},
        }
    }

    fn run(&mut self, say: Say<'_>) -> Result<Infallible, End> {
        let start = self.start()?.to_string();
        let mut stream = self.open(&start)?;
        loop {
            self.pass_on(&mut stream, say)?;
            stream = self.reopen(stream.last_event_id(), say)?;
        }
    }

    /// The id after which to begin.
    ///
    /// The past is asked only for where its last lines begin: the stream brings them and what
    /// follows in one piece, so nothing is lost or doubled between the two.
    fn start(&self) -> Result<i64, ClientError> {
        if let Some(after) = self.log.after() {
            return Ok(after);
        }
        // Asked first: what comes while the past is searched belongs to the stream.
        let newest: Rows<LogLine> = self.client.rows(&self.route, &[], None, 1)?;
        let newest = newest.rows.last().map_or(0, |line| line.id);
        let lines = self.log.lines();
        if lines == 0 {
            return Ok(newest);
        }
        let filters = self.log.past();
        let past: Rows<LogLine> =
            self.client
                .rows(&self.route, &borrowed(&filters), None, lines)?;
        let first = past.rows.first();
        Ok(first.map_or(newest, |line| line.id.saturating_sub(1)))
    }

    fn open(&self, last_event_id: &str) -> Result<EventStream, ClientError> {
        let query = borrowed(&self.query);
        self.client.follow(&self.route, &query, Some(last_event_id))
    }

    /// Until the stream ends or breaks off.
    fn pass_on(&mut self, stream: &mut EventStream, say: Say<'_>) -> Result<(), End> {
        for event in stream {
            match event {
                Ok(event) => {
                    self.pause = SHORTEST_PAUSE;
                    if let Some(said) = self.words_for(&event)? {
                        say(said)?;
                    }
                }
                Err(ClientError::Unreachable { .. }) => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// What an event says to people; nothing, if a later version of the node sends it.
    fn words_for(&self, event: &Event) -> Result<Option<Said>, ClientError> {
        Ok(match event.event.as_str() {
            "line" => {
                let line: LogLine = self.client.decode(&event.data)?;
                Some(Said::Answer(match self.output {
                    Output::Table => render::line(&line),
                    Output::Json => json::line(&event.data),
                }))
            }
            "gap" => {
                let MissedLines { missed } = self.client.decode(&event.data)?;
                let lines = match missed {
                    Some(1) => "1 line".to_owned(),
                    Some(missed) => format!("{missed} lines"),
                    None => "some lines, nobody knows how many,".to_owned(),
                };
                Some(Said::Remark(format!(
                    "missed {lines} of {}: deleted before they could be sent",
                    self.log.name
                )))
            }
            _ => None,
        })
    }

    fn reopen(&mut self, last_event_id: &str, say: Say<'_>) -> Result<EventStream, End> {
        let gone = Instant::now();
        let mut is_told = false;
        loop {
            let left = self.patience.saturating_sub(gone.elapsed());
            thread::sleep(self.pause.min(left));
            self.pause = self.pause.saturating_mul(2).min(LONGEST_PAUSE);
            match self.open(last_event_id) {
                Ok(stream) => return Ok(stream),
                Err(error) if is_final(&error) || gone.elapsed() >= self.patience => {
                    return Err(error.into());
                }
                Err(error) if !is_told => {
                    is_told = true;
                    let patience = humantime::format_duration(self.patience);
                    say(Said::Remark(format!("{error}; trying for {patience}")))?;
                }
                Err(_) => {}
            }
        }
    }
}

/// Whether asking again is no use: a node that starts refuses connections and is busy, but what it
/// does not know or allow stays so.
fn is_final(error: &ClientError) -> bool {
    matches!(error, ClientError::Problem(problem) if problem.status < 500)
}
