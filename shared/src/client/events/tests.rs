//! Event streams as the standard has them, and in whatever pieces they come.

use proptest::prelude::*;

use super::*;

fn event(id: &str, event: &str, data: &str) -> Event {
    Event {
        id: id.to_owned(),
        event: event.to_owned(),
        data: data.to_owned(),
    }
}

/// The events of a stream that comes in these pieces, and the id that it resumes after.
fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Event>, String) {
    let mut parser = Parser::new("");
    let mut events = VecDeque::new();
    for piece in pieces {
        parser.push(piece, &mut events).unwrap();
    }
    (events.into(), parser.last_event_id().to_owned())
}

fn events(stream: &str) -> Vec<Event> {
    read([stream.as_bytes()]).0
}

/// The examples of WHATWG HTML, section 9.2.6.
#[test]
fn the_examples_of_the_standard_are_read_as_it_says() {
    assert_eq!(
        events("data: YHOO\ndata: +2\ndata: 10\n\n"),
        [event("", "message", "YHOO\n+2\n10")]
    );
    assert_eq!(
        events(
            ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n"
        ),
        [
            event("1", "message", "first event"),
            event("", "message", "second event"),
            event("", "message", " third event"),
        ]
    );
    assert_eq!(
        events("data\n\ndata\ndata\n\ndata:"),
        [event("", "message", ""), event("", "message", "\n")]
    );
    assert_eq!(
        events("data:test\n\ndata: test\n\n"),
        [event("", "message", "test"), event("", "message", "test")]
    );
}

#[test]
fn every_line_end_ends_one_line() {
    let expected = [event("7", "line", "a\nb")];
    for end in ["\n", "\r", "\r\n"] {
        let stream = ["id: 7", "event: line", "data: a", "data: b", "", ""].join(end);
        assert_eq!(events(&stream), expected, "{end:?}");
    }
}

#[test]
fn an_event_is_complete_with_a_carriage_return() {
    // Waiting for the line feed that may follow would hold every event back until the next one.
    assert_eq!(events("data: a\r\n\r"), [event("", "message", "a")]);
}

#[test]
fn a_type_holds_for_one_event_and_an_id_for_those_that_follow() {
    assert_eq!(
        events("id: 5\nevent: gap\ndata: a\n\ndata: b\n\nevent: gap\n\ndata: c\n\n"),
        [
            event("5", "gap", "a"),
            event("5", "message", "b"),
            event("5", "message", "c"),
        ]
    );
}

#[test]
fn an_id_with_a_nul_is_ignored() {
    assert_eq!(
        events("id: 5\nid: 6\0\ndata: a\n\n"),
        [event("5", "message", "a")]
    );
}

#[test]
fn a_stream_resumes_after_its_last_complete_event() {
    // The line of id 6 never came: resuming after it would lose it.
    let (events, resume) = read([&b"id: 5\ndata: a\n\nid: 6\ndata: b\n"[..]]);
    assert_eq!(events, [event("5", "message", "a")]);
    assert_eq!(resume, "5");
    let (events, resume) = read([&b"id: 5\ndata: a\n\nid: 9\n\n"[..]]);
    assert_eq!((events.len(), resume.as_str()), (1, "9"));
    assert_eq!(Parser::new("3").last_event_id(), "3");
}

#[test]
fn one_byte_order_mark_is_left_out_at_the_beginning() {
    let expected = [event("", "message", "\u{feff}")];
    assert_eq!(events("\u{feff}data: \u{feff}\n\n"), expected);
    assert_eq!(events("\u{feff}\u{feff}data: a\n\n"), []);
    assert_eq!(events("\n\u{feff}data: a\n\n"), []);
}

#[test]
fn bytes_that_are_not_utf8_are_replaced() {
    let (events, _) = read([&b"data: a\xff\xed\n\n"[..]]);
    assert_eq!(events, [event("", "message", "a\u{fffd}\u{fffd}")]);
}

#[test]
fn what_is_too_long_is_an_error_and_costs_no_memory() {
    let piece = vec![b'x'; 1 << 20];
    for start in [":", "data: ", "id: "] {
        let mut parser = Parser::new("");
        let mut found = VecDeque::new();
        parser
            .push(format!("data: a\n\n{start}").as_bytes(), &mut found)
            .unwrap();
        let taken = (0..64).take_while(|_| parser.push(&piece, &mut found).is_ok());
        assert_eq!(taken.count(), 15, "{start}");
        assert_eq!(found.len(), 1);
    }
    let mut parser = Parser::new("");
    let line = [b"data: ", piece.as_slice(), b"\n"].concat();
    let taken = (0..64).take_while(|_| parser.push(&line, &mut VecDeque::new()).is_ok());
    assert_eq!(taken.count(), 15);
}

fn streams() -> impl Strategy<Value = Vec<u8>> {
    const WORDS: [&[u8]; 15] = [
        b"data",
        b"event",
        b"id",
        b"retry",
        b":",
        b": ",
        b"\n",
        b"\r",
        b"\r\n",
        b"\n\n",
        b"\0",
        b"x",
        b"\xff",
        "\u{feff}".as_bytes(),
        "한".as_bytes(),
    ];
    let word = proptest::sample::select(&WORDS[..]);
    proptest::collection::vec(word, 0..60).prop_map(|words| words.concat())
}

/// An event as a node may send it, with an id of its own.
fn written() -> impl Strategy<Value = Event> {
    ("[^\0\r\n]{1,8}", "[^\r\n]{1,8}", "[^\r]{0,20}").prop_map(|(id, name, data)| Event {
        id,
        event: name,
        data,
    })
}

proptest! {
    #[test]
    fn any_split_of_the_bytes_gives_the_same_events(
        stream in streams(),
        splits in proptest::collection::vec(any::<proptest::sample::Index>(), 0..20),
    ) {
        let mut ends: Vec<_> = splits.iter().map(|split| split.index(stream.len() + 1)).collect();
        ends.sort_unstable();
        ends.push(stream.len());
        let mut from = 0;
        let pieces: Vec<&[u8]> = ends
            .iter()
            .map(|end| &stream[std::mem::replace(&mut from, *end)..*end])
            .collect();
        let whole = read([stream.as_slice()]);
        prop_assert_eq!(read(pieces), whole.clone());
        prop_assert_eq!(read(stream.chunks(1)), whole);
    }

    #[test]
    fn what_a_node_writes_is_read(
        sent in proptest::collection::vec(written(), 0..8),
        end in prop_oneof![Just("\n"), Just("\r"), Just("\r\n")],
    ) {
        let mut stream = String::new();
        for Event { id, event, data } in &sent {
            stream += &format!(": alive{end}{end}id: {id}{end}event: {event}{end}");
            stream.extend(data.split('\n').map(|line| format!("data: {line}{end}")));
            stream += end;
        }
        prop_assert_eq!(events(&stream), sent);
    }
}
