//! Nodes from which nothing new comes.

use std::time::Duration;

use super::{press, text};
use crate::frame::Size;
use crate::model::Report;
use crate::query::{Answer, Query};
use crate::samples::{self, now};
use crate::screens::Screen;

#[test]
fn a_node_that_is_down_says_why_and_when_it_is_tried_again_and_keeps_its_data() {
    let mut app = samples::app();
    app.show(Screen::Filesystems);
    let report = Report::Unreachable {
        reason: "no route to host".to_owned(),
        retry_in: Duration::from_secs(8),
    };
    app.take(0, report, now());
    let text = text(&mut app);
    assert!(text.contains("next try in 8s: no route to host"), "{text}");
    assert!(text.contains("/data/자료실"), "{text}");
}

#[test]
fn a_node_that_takes_long_to_answer_is_told_before_it_is_given_up() {
    let mut app = samples::app();
    app.show(Screen::Filesystems);
    app.take(0, Report::Asked, now());
    assert!(!text(&mut app).contains("SLOW"));
    let later = now().after(Duration::from_secs(3));
    let size = Size {
        width: 100,
        height: 24,
    };
    let shown = app.frame(size, later).text();
    assert!(
        shown.contains("SLOW") && shown.contains("no answer for 3s"),
        "{shown}"
    );
    app.take(
        0,
        Report::Answered(Box::new(Answer::Health(samples::health()))),
        later,
    );
    assert!(!app.frame(size, later).text().contains("SLOW"));
}

#[test]
fn a_node_that_refuses_says_so_and_keeps_its_data() {
    let mut app = samples::app();
    let reason = "refused: a token is needed".to_owned();
    app.take(0, Report::Refused(Query::Health, reason), now());
    let shown = text(&mut app);
    assert!(
        shown.contains("REFUSES") && shown.contains("a token is needed"),
        "{shown}"
    );
    press(&mut app, "3");
    assert!(text(&mut app).contains("/data/자료실"));
}
