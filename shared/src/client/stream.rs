//! Following an event stream of the node: what it sends, as it comes.

use std::collections::VecDeque;
use std::io::{self, Read};

use ureq::BodyReader;
use ureq::http::StatusCode;

use super::events::{Event, Parser};
use super::{Client, ClientError, media_type};

const READ_BYTES: usize = 64 << 10;

/// The events of a stream; each call of `next` waits for one.
///
/// It ends with `None` when the node closed the stream in order, and after an error. Either way
/// [`EventStream::last_event_id`] is where to resume.
pub struct EventStream {
    client: Client,
    reader: BodyReader<'static>,
    buffer: Vec<u8>,
    parser: Parser,
    ready: VecDeque<Event>,
    ended: bool,
    /// Told once, when `ready` is empty.
    error: Option<ClientError>,
}

impl Client {
    /// Begins to follow `route`, after the event with `last_event_id` where one is given.
    ///
    /// The timeout of the options holds for every step until the node begins to answer. From then
    /// on the stream may last for ever, but a node that sends nothing for 30 s, not even its
    /// heartbeat of every 15 s, is [`ClientError::Unreachable`].
    pub fn follow(
        &self,
        route: &str,
        query: &[(&str, &str)],
        last_event_id: Option<&str>,
    ) -> Result<EventStream, ClientError> {
        let mut request = self
            .question(route, query)
            .header("Accept", "text/event-stream");
        if let Some(id) = last_event_id {
            request = request.header("Last-Event-ID", id.as_bytes());
        }
        let step = Some(self.timeout);
        let sent = request
            .config()
            .timeout_global(None)
            .timeout_resolve(step)
            .timeout_connect(step)
            .timeout_send_request(step)
            .timeout_recv_response(step)
            .timeout_per_read(Some(self.silence))
            .build()
            .call();
        let response = sent.map_err(|error| self.failure(error))?;
        let status = response.status();
        if status != StatusCode::OK || media_type(&response) != "text/event-stream" {
            if !status.is_success() {
                self.answer(route, response)?;
            }
            return Err(self.strange("its answer is no event stream".to_owned()));
        }
        Ok(EventStream {
            client: self.clone(),
            reader: response.into_body().into_reader(),
            buffer: vec![0; READ_BYTES],
            parser: Parser::new(last_event_id.unwrap_or_default()),
            ready: VecDeque::new(),
            ended: false,
            error: None,
        })
    }
}

impl EventStream {
    /// The id to resume after, once the stream has ended: that of its last complete event, also
    /// of one without data, or the one that it was begun with; empty for none.
    pub fn last_event_id(&self) -> &str {
        self.parser.last_event_id()
    }

    /// As `next`, but gives nothing where the node only sent its heartbeat, so that a reader who
    /// is not needed any more learns of it in time.
    pub fn next_or_silence(&mut self) -> Option<Result<Option<Event>, ClientError>> {
        if self.ready.is_empty() {
            if self.ended {
                return self.error.take().map(Err);
            }
            self.read();
        }
        Some(Ok(self.ready.pop_front()))
    }

    fn read(&mut self) {
        let read = match self.reader.read(&mut self.buffer) {
            Ok(amount) => amount,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return,
            Err(error) => {
                self.ended = true;
                self.error = Some(self.client.failure(error.into()));
                return;
            }
        };
        let bytes = self.buffer.get(..read).unwrap_or_default();
        self.ended = bytes.is_empty();
        if self.parser.push(bytes, &mut self.ready).is_err() {
            self.ended = true;
            let reason = "an event in its stream is longer than 16 MiB".to_owned();
            self.error = Some(self.client.strange(reason));
        }
    }
}

impl Iterator for EventStream {
    type Item = Result<Event, ClientError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.next_or_silence() {
                Some(Ok(None)) => {}
                Some(Ok(Some(event))) => return Some(Ok(event)),
                Some(Err(error)) => return Some(Err(error)),
                None => return None,
            }
        }
    }
}
