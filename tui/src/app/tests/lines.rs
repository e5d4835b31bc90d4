//! The lines of a log on the console.

use cursive::event::{Event, Key};

use super::{press, text};
use crate::app::{App, Effect};
use crate::lines::page::{Page, Want};
use crate::lines::{Need, Way};
use crate::model::Report;
use crate::query::Answer;
use crate::samples::{self, now};

fn page(
    app: &mut App,
    want: Want,
    ids: std::ops::Range<i64>,
    found: Option<i64>,
) -> Option<Effect> {
    let number = app.lines.as_ref().unwrap().asked();
    let rows = ids
        .map(|id| samples::line(id, &format!("line {id}")))
        .collect();
    app.take_page(Page {
        number,
        want,
        rows: Ok(rows),
        newest: 0,
        found,
    })
}

#[test]
fn a_log_is_followed_and_scrolled_back_page_by_page() {
    let mut app = samples::app();
    let effects = press(&mut app, "5\n");
    assert!(
        matches!(&effects[..], [Effect::Lines(Need::Page(ask))] if matches!(ask.want, Want::Newest))
    );
    let Some(Effect::Lines(Need::Tail(tail, 999))) = page(&mut app, Want::Newest, 500..1000, None)
    else {
        panic!("it should follow after the last line");
    };
    for id in 1000..1100 {
        tail.leave(samples::line(id, &format!("line {id}")));
    }
    let shown = text(&mut app);
    assert!(
        shown.contains("line 1099") && shown.contains("following"),
        "{shown}"
    );
    assert!(shown.contains("came faster than shown"), "{shown}");
    let effects = (0..30)
        .flat_map(|_| app.press(&Event::Key(Key::PageUp), now()))
        .collect::<Vec<_>>();
    assert!(
        matches!(&effects[..], [Effect::Lines(Need::Page(ask))] if matches!(ask.want, Want::Before(500))),
        "{effects:?}"
    );
    assert!(page(&mut app, Want::Before(500), 1..500, None).is_none());
    press(&mut app, "g");
    assert!(page(&mut app, Want::First, 1..500, None).is_none());
    let shown = text(&mut app);
    assert!(
        shown.contains("line 1\n") && shown.contains("paused at the first line"),
        "{shown}"
    );
}

#[test]
fn a_log_that_could_not_be_asked_for_is_asked_for_again_when_the_node_answers() {
    let mut app = samples::app();
    press(&mut app, "5\n");
    let number = app.lines.as_ref().unwrap().asked();
    let page = Page {
        number,
        want: Want::Newest,
        rows: Err("connection refused".to_owned()),
        newest: 0,
        found: None,
    };
    assert!(app.take_page(page).is_none());
    assert!(text(&mut app).contains("connection refused"));
    let answer = || Report::Answered(Box::new(Answer::Logs(samples::logs())));
    let effect = app.take(0, answer(), now());
    assert!(
        matches!(effect, Some(Effect::Lines(Need::Page(_)))),
        "{effect:?}"
    );
    // Only once while it is under way.
    assert!(app.take(0, answer(), now()).is_none());
}

#[test]
fn a_search_goes_through_what_is_held_and_then_asks_for_more() {
    let mut app = samples::app();
    press(&mut app, "5\n");
    drop(page(&mut app, Want::Newest, 500..1000, None));
    text(&mut app);
    assert!(press(&mut app, "/line 7.0$\n").is_empty());
    assert_eq!(app.lines.as_ref().unwrap().found, Some(790));
    press(&mut app, "N");
    assert_eq!(app.lines.as_ref().unwrap().found, Some(780));
    press(&mut app, "nn");
    let effects = press(&mut app, "n");
    let [Effect::Lines(Need::Page(ask))] = &effects[..] else {
        panic!("{effects:?}");
    };
    let want = ask.want.clone();
    assert!(
        matches!(
            &want,
            Want::Find {
                way: Way::Newer,
                from: 999,
                ..
            }
        ),
        "{want:?}"
    );
    assert!(page(&mut app, want, 0..0, None).is_none());
    assert!(text(&mut app).contains("not found behind this"));
    assert!(press(&mut app, "/(\n").is_empty());
    assert!(text(&mut app).contains("no regular expression"));
}

#[test]
fn with_wrapped_lines_the_last_one_and_what_is_found_are_on_the_screen() {
    let mut app = samples::app();
    press(&mut app, "5\n");
    let number = app.lines.as_ref().unwrap().asked();
    let long = |id: i64| samples::line(id, &format!("begin {id} {} end {id}", "x".repeat(250)));
    let rows = Ok((1..=100).map(long).collect());
    drop(app.take_page(Page {
        number,
        want: Want::Newest,
        rows,
        newest: 100,
        found: None,
    }));
    for keys in ["w", "p"] {
        press(&mut app, keys);
        let shown = text(&mut app);
        assert!(shown.contains("end 100\n"), "{keys}: {shown}");
    }
    press(&mut app, "/begin 50 \n");
    let shown = text(&mut app);
    assert!(
        shown.contains("begin 50 ") && shown.contains("end 50\n"),
        "{shown}"
    );
    press(&mut app, "ww");
    assert!(text(&mut app).contains("begin 50 "));
    for _ in 0..100 {
        press(&mut app, "j");
    }
    let shown = text(&mut app);
    assert!(shown.contains("end 100\n"), "{shown}");
}
