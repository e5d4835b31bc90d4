//! The console on a screen of its own: every screen at every size, and what keys do.

mod lines;
mod silent;

use cursive::Cursive;
use cursive::Vec2;
use cursive::backends::puppet::Backend;
use cursive::backends::puppet::observed::ObservedScreen;
use cursive::event::{Event, Key};
use cursive::view::View;

use super::*;
use crate::frame::{Frame, Line, Size, width};
use crate::keys;
use crate::samples::{self, now};
use crate::screens::ALL;

const SIZES: [(usize, usize); 3] = [(80, 24), (120, 40), (20, 5)];

fn press(app: &mut App, keys: &str) -> Vec<Effect> {
    let mut effects = Vec::new();
    for key in keys.chars() {
        let event = match key {
            '\n' => Event::Key(Key::Enter),
            '\t' => Event::Key(Key::Tab),
            '\u{1b}' => Event::Key(Key::Esc),
            other => Event::Char(other),
        };
        effects.extend(app.press(&event, now()));
    }
    effects
}

fn frame(app: &mut App, (width, height): (usize, usize)) -> Frame {
    let size = Size { width, height };
    app.settle(size, now());
    app.frame(size, now())
}

fn text(app: &mut App) -> String {
    frame(app, (100, 24)).text()
}

/// Draws a frame as the console does.
struct Drawn(Frame);

impl View for Drawn {
    fn draw(&self, printer: &cursive::Printer<'_, '_>) {
        crate::console::draw(&self.0, Theme::Default, printer);
    }

    fn required_size(&mut self, constraint: Vec2) -> Vec2 {
        constraint
    }
}

/// What a terminal of this size shows.
fn on_terminal(frame: Frame, (width, height): (usize, usize)) -> Vec<String> {
    let backend = Backend::init(Some(Vec2::new(width, height)));
    let screens = backend.stream();
    let mut siv = Cursive::new();
    siv.add_fullscreen_layer(Drawn(frame));
    siv.runner(backend).refresh();
    let screen: ObservedScreen = screens.try_iter().last().unwrap();
    (0..height)
        .map(|y| {
            let cell = |x| screen[Vec2::new(x, y)].as_ref();
            let letters = (0..width)
                .filter_map(|x| cell(x).and_then(|cell| cell.letter.as_option().cloned()));
            letters.collect::<String>().trim_end().to_owned()
        })
        .collect()
}

#[test]
fn every_screen_is_of_use_at_every_size_and_a_terminal_shows_it_as_it_is() {
    for size in SIZES {
        for (index, screen) in ALL.into_iter().enumerate() {
            let mut app = samples::app();
            app.show(screen);
            let frame = frame(&mut app, size);
            assert_eq!(frame.lines.len(), size.1, "{screen:?} at {size:?}");
            let widest = frame.lines.iter().map(Line::width).max().unwrap();
            assert!(widest <= size.0, "{screen:?} at {size:?}");
            let text = frame.text();
            let word = [
                "etl-02", "/mnt", "/mnt", "/data", "app", "4711", "IN", "daily", "kill",
            ][index];
            assert!(text.contains(word), "{screen:?} at {size:?}:\n{text}");
            let shown = on_terminal(frame.clone(), size);
            let expected: Vec<_> = text.lines().map(str::to_owned).collect();
            assert_eq!(shown, expected, "{screen:?} at {size:?}");
        }
    }
}

#[test]
fn no_size_is_too_small_for_any_screen_or_overlay() {
    for keys in ["", "?", "6d", "3\n", "3/x", ":no", "5\n"] {
        for (width, height) in [(0, 0), (1, 1), (2, 3), (7, 2), (300, 100)] {
            let mut app = samples::app();
            press(&mut app, keys);
            let frame = frame(&mut app, (width, height));
            assert!(frame.lines.len() <= height);
        }
    }
}

#[test]
fn control_characters_in_names_are_shown_and_never_sent() {
    let mut app = samples::app();
    app.show(Screen::Filesystems);
    let text = frame(&mut app, (120, 40)).text();
    assert!(text.contains("/mnt/\\u{1b}[31mevil\\nname"), "{text}");
    assert!(!text.contains('\u{1b}'));
}

#[test]
fn no_character_of_a_name_breaks_the_screen_or_leaves_its_place() {
    let names = [
        "👨‍👩‍👧‍👦 family",
        "\u{301}alone",
        "zero\u{200b}width",
        "joined\u{200d}",
        "\u{202e}turned",
        "क्षि ﷽",
        "각각",
        "\u{fffd}\u{ad}\u{7f}\u{9b}31m",
    ];
    for name in names {
        let mut app = samples::app();
        let mut rows = samples::filesystems();
        rows[0].mount_point = format!("{name}|");
        let answer = Report::Answered(Box::new(crate::query::Answer::Filesystems(rows)));
        app.take(0, answer, now());
        app.show(Screen::Filesystems);
        let size = (120, 40);
        let shown = on_terminal(frame(&mut app, size), size);
        let line = |text: &str| {
            let mut lines = shown.iter().filter(|line| line.contains(text));
            lines.next().unwrap_or_else(|| panic!("{name}: {shown:#?}"))
        };
        let column = |text: &str, of: &str| width(line(of).split(text).next().unwrap());
        assert_eq!(column("TYPE", "MOUNT"), column("ext4", "|"), "{shown:#?}");
    }
}

#[test]
fn what_breaks_next_is_on_top_of_all_nodes() {
    let mut app = samples::app();
    let text = text(&mut app);
    let lines: Vec<_> = text
        .lines()
        .filter(|line| line.starts_with("etl-0"))
        .collect();
    assert!(
        lines[0].contains("DOWN") && lines[0].contains("Connection refused"),
        "{text}"
    );
    assert!(
        lines[1].contains("DEGRADED") && lines[1].contains("93% /data/자료실"),
        "{text}"
    );
}

#[test]
fn number_keys_and_tab_go_through_the_screens() {
    let mut app = samples::app();
    for (index, screen) in ALL.into_iter().enumerate() {
        press(&mut app, &(index + 1).to_string());
        assert_eq!(app.screen, screen);
    }
    press(&mut app, "\t");
    assert_eq!(app.screen, Screen::Nodes);
    app.press(&Event::Shift(Key::Tab), now());
    assert_eq!(app.screen, Screen::Audit);
}

#[test]
fn escape_and_a_quick_key_behind_it_are_two_keys() {
    let mut app = samples::app();
    press(&mut app, "3/x");
    app.press(&Event::AltChar('4'), now());
    assert_eq!(app.screen, Screen::Paths);
    assert!(matches!(app.overlay, Overlay::None));
}

#[test]
fn help_lists_exactly_the_keys_that_work_here() {
    let mut app = samples::app();
    press(&mut app, "6?");
    let text = frame(&mut app, (100, 90)).text();
    for key in keys::working(&keys::places(Screen::Processes, false), false) {
        assert!(text.contains(key.says), "{}\n{text}", key.says);
    }
    assert!(!text.contains("match: only lines"), "{text}");
    app.settings.readonly = true;
    let text = frame(&mut app, (100, 90)).text();
    assert!(!text.contains("kill"), "{text}");
    press(&mut app, "\u{1b}d");
    assert!(matches!(app.overlay, Overlay::None));
}

#[test]
fn a_filter_and_an_order_change_the_rows_and_escape_takes_the_filter_away() {
    let mut app = samples::app();
    press(&mut app, "6/post\n");
    let rows = |app: &App| -> Vec<String> {
        let table = app.table(now()).unwrap();
        table
            .rows
            .iter()
            .map(|row| row.cells[4].text.clone())
            .collect()
    };
    assert_eq!(rows(&app), ["postgres"]);
    press(&mut app, "\u{1b}s");
    assert_eq!(rows(&app), ["postgres", "loader", "etl_worker"]);
    press(&mut app, "S");
    assert_eq!(rows(&app), ["etl_worker", "loader", "postgres"]);
}

#[test]
fn the_biggest_entries_are_asked_for_only_while_they_are_looked_at() {
    let mut app = samples::app();
    press(&mut app, "4G\n");
    let top = Query::Top("/data/in".to_owned());
    assert!(app.queries(0).contains(&top));
    assert!(!app.queries(1).contains(&top));
    press(&mut app, "\u{1b}");
    assert!(!app.queries(0).contains(&top));
    assert!(app.queries(0).contains(&Query::Paths));
}

#[test]
fn a_signal_is_sent_only_after_it_is_confirmed_and_to_the_process_that_was_shown() {
    let mut app = samples::app();
    press(&mut app, "6jd");
    let before = text(&mut app);
    assert!(
        before.contains("etl_worker") && before.contains("--job 운영"),
        "{before}"
    );
    assert!(press(&mut app, "\nno\n").is_empty());
    let effects = press(&mut app, "yes\n");
    let [Effect::Send(0, command)] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    let Command::Kill(4711, request) = command else {
        panic!("{command:?}");
    };
    assert_eq!(
        (request.signal.as_str(), request.confirm),
        ("SIGTERM", true)
    );
    assert_eq!(request.start_time, Some(samples::processes()[0].start_time));
    // Meanwhile another process has got the number.
    let mut processes = samples::processes();
    processes[0].start_time = now();
    processes[0].process_name = "sshd".to_owned();
    app.take(
        0,
        Report::Answered(Box::new(crate::query::Answer::Processes(processes))),
        now(),
    );
    let result = Err("refused: the process is another one".to_owned());
    app.done(&Outcome {
        command: command.clone(),
        result,
    });
    let after = text(&mut app);
    for words in [
        "the process is another one",
        "etl_worker → sshd",
        "another process: started",
    ] {
        assert!(after.contains(words), "{after}");
    }
    press(&mut app, "x");
    assert!(matches!(app.overlay, Overlay::None));
}

#[test]
fn the_command_line_completes_and_does_what_it_says() {
    let mut app = samples::app();
    press(&mut app, ":pa");
    press(&mut app, "\t");
    assert!(text(&mut app).contains("paths  pause"));
    press(&mut app, "t\t\n");
    assert_eq!(app.screen, Screen::Paths);
    let effects = press(&mut app, ":scan /data/i\t\n");
    assert!(
        matches!(&effects[..], [Effect::Send(0, Command::Scan(Some(paths)))] if paths == &["/data/in"]),
        "{effects:?}"
    );
    press(&mut app, ":find user=alice direction=upload\n");
    let expected = [("user", "alice"), ("direction", "upload")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert!(
        app.queries(0)
            .contains(&Query::Transfers(expected.to_vec()))
    );
    press(&mut app, ":find colour=red\n");
    assert!(text(&mut app).contains("`colour=red` is none of"));
    press(&mut app, ":node etl-02\n");
    assert_eq!(app.node_index(), 1);
    assert!(matches!(press(&mut app, ":q\n")[..], [Effect::Quit]));
    app.settings.readonly = true;
    assert!(press(&mut app, ":scan\n").is_empty());
}
