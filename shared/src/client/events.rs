//! The format of event streams (WHATWG HTML, section 9.2.6), read as the bytes come.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;

/// The longest line, and the most data of one event, that are kept.
const LIMIT_BYTES: usize = 16 << 20;

/// One event of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The id to resume after it; that of an earlier event if it has none of its own, and empty
    /// where there was none yet.
    pub id: String,
    /// Its type; `message` where the node gives none.
    pub event: String,
    /// Its data, lines parted by line feeds.
    pub data: String,
}

/// A line or an event is longer than [`LIMIT_BYTES`].
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLong;

/// What of a stream was read, but is not an event yet.
///
/// `retry` is left to the reader, who knows better how long to wait.
#[derive(Debug)]
pub(super) struct Parser {
    /// The id that a stream broken off here resumes after.
    last_event_id: String,
    /// The beginning of a line.
    line: Vec<u8>,
    /// Whether the next byte is the first one.
    at_start: bool,
    /// Whether the last byte was a carriage return: a line feed behind it ends no second line.
    after_return: bool,
    /// The fields of the event that is being read; each line of the data ends with a line feed.
    id: String,
    event: String,
    data: String,
}

impl Parser {
    /// At the beginning of a stream that resumes after this id; empty for none.
    pub(super) fn new(last_event_id: &str) -> Self {
        Self {
            last_event_id: last_event_id.to_owned(),
            line: Vec::new(),
            at_start: true,
            after_return: false,
            id: last_event_id.to_owned(),
            event: String::new(),
            data: String::new(),
        }
    }

    /// The id of the last complete event, also of one without data.
    pub(super) fn last_event_id(&self) -> &str {
        &self.last_event_id
    }

    /// Reads on; what was complete before an error is in `events`. Nothing can be read after one.
    pub(super) fn push(
        &mut self,
        bytes: &[u8],
        events: &mut VecDeque<Event>,
    ) -> Result<(), TooLong> {
        let mut rest = bytes;
        while !rest.is_empty() {
            if std::mem::take(&mut self.after_return) && rest.starts_with(b"\n") {
                rest = rest.get(1..).unwrap_or_default();
                continue;
            }
            let length = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            let length = length.unwrap_or(rest.len());
            let (part, behind) = rest.split_at_checked(length).unwrap_or((rest, &[]));
            if self.line.len().saturating_add(part.len()) > LIMIT_BYTES {
                return Err(TooLong);
            }
            self.line.extend_from_slice(part);
            let Some((end, behind)) = behind.split_first() else {
                return Ok(());
            };
            self.after_return = *end == b'\r';
            rest = behind;
            self.end_line(events)?;
        }
        Ok(())
    }

    fn end_line(&mut self, events: &mut VecDeque<Event>) -> Result<(), TooLong> {
        let mut bytes = std::mem::take(&mut self.line);
        let mut line = bytes.as_slice();
        if std::mem::take(&mut self.at_start) {
            line = line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line);
        }
        if line.is_empty() {
            events.extend(self.end_event());
        } else {
            self.field(&String::from_utf8_lossy(line))?;
        }
        // Its memory serves the next line.
        bytes.clear();
        self.line = bytes;
        Ok(())
    }

    fn field(&mut self, line: &str) -> Result<(), TooLong> {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "data" => {
                if self.data.len().saturating_add(value.len()) > LIMIT_BYTES {
                    return Err(TooLong);
                }
                self.data.push_str(value);
                self.data.push('\n');
            }
            "event" => value.clone_into(&mut self.event),
            "id" if !value.contains('\0') => value.clone_into(&mut self.id),
            // Comments have no name; unknown fields are for others.
            _ => {}
        }
        Ok(())
    }

    /// The event that a blank line ends; one without data only sets the id.
    fn end_event(&mut self) -> Option<Event> {
        self.id.clone_into(&mut self.last_event_id);
        let event = std::mem::take(&mut self.event);
        let mut data = std::mem::take(&mut self.data);
        data.pop()?;
        Some(Event {
            id: self.id.clone(),
            event: if event.is_empty() {
                "message".to_owned()
            } else {
                event
            },
            data,
        })
    }
}
