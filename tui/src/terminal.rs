//! The terminal: entered, drawn to, given back whatever happens, and left to the shell by Ctrl-Z.

use std::cell::Cell;
use std::io;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use cursive::event::Event;
use cursive::style::{BorderStyle, Color, PaletteColor};
use cursive::theme::Theme;
use cursive::view::Nameable;
use cursive::{Cursive, CursiveRunner};
use rustix::process::{Signal, getpid, kill_process};
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGTERM, SIGTSTP};

use crate::ConsoleError;
use crate::backend::{self, Terminal};
use crate::console::{Console, NAME};

/// Between two looks at the keyboard.
const NAP: Duration = Duration::from_millis(15);

/// Messages of panics, which would be lost with the screen they are written to.
type Panics = Arc<Mutex<Vec<String>>>;

/// Signals that came.
struct Signals {
    end: Arc<AtomicBool>,
    stop: Arc<AtomicBool>,
    go_on: Arc<AtomicBool>,
}

impl Signals {
    fn listen() -> io::Result<Self> {
        let flag = |signals: &[i32]| {
            let flag = Arc::new(AtomicBool::new(false));
            for signal in signals {
                signal_hook::flag::register(*signal, Arc::clone(&flag))?;
            }
            io::Result::Ok(flag)
        };
        // The terminal is gone: there is nothing to give back, and reading from it never ends.
        let always = Arc::new(AtomicBool::new(true));
        signal_hook::flag::register_conditional_shutdown(SIGHUP, 128 + SIGHUP, always)?;
        // A second one ends what the first did not, whatever hangs.
        let end = Arc::new(AtomicBool::new(false));
        for signal in [SIGTERM, SIGINT] {
            let asked = Arc::clone(&end);
            signal_hook::flag::register_conditional_shutdown(signal, 128 + signal, asked)?;
            signal_hook::flag::register(signal, Arc::clone(&end))?;
        }
        Ok(Self {
            end,
            stop: flag(&[SIGTSTP])?,
            go_on: flag(&[SIGCONT])?,
        })
    }
}

/// Runs the console until it is left; `start` makes its view.
///
/// # Errors
/// There is no terminal, or the console panicked: then the terminal is as it was before.
pub fn run(start: impl FnOnce(&mut Cursive) -> io::Result<Console>) -> Result<(), ConsoleError> {
    let signals = Signals::listen().map_err(ConsoleError::Terminal)?;
    let panics = Panics::default();
    let kept = Arc::clone(&panics);
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |info| keep(&kept, info)));
    let ended = catch_unwind(AssertUnwindSafe(|| show(start, &signals, &panics)));
    panic::set_hook(usual);
    let mut messages = panics.lock().unwrap_or_else(PoisonError::into_inner);
    if !messages.is_empty() {
        return Err(ConsoleError::Panicked(messages.join("\n")));
    }
    messages.clear();
    ended.unwrap_or_else(|_| Err(ConsoleError::Panicked("for no known reason".to_owned())))
}

fn keep(panics: &Panics, info: &PanicHookInfo<'_>) {
    let message = info.payload_as_str().unwrap_or("a value that is no text");
    let place = info
        .location()
        .map(|at| format!(" at {at}"))
        .unwrap_or_default();
    let mut panics = panics.lock().unwrap_or_else(PoisonError::into_inner);
    panics.push(format!("{message}{place}"));
}

fn show(
    start: impl FnOnce(&mut Cursive) -> io::Result<Console>,
    signals: &Signals,
    panics: &Panics,
) -> Result<(), ConsoleError> {
    let mut screen = Cursive::new();
    screen.set_theme(bare_theme());
    // Cursive would keep both from the view, which draws all anew after a resize to the same size too.
    for event in [Event::CtrlChar('c'), Event::WindowResize] {
        screen.clear_global_callbacks(event);
    }
    let console = start(&mut screen).map_err(ConsoleError::Terminal)?;
    screen.add_fullscreen_layer(console.with_name(NAME));
    let is_garbled = Rc::new(Cell::new(false));
    let terminal = Terminal::take(Rc::clone(&is_garbled)).map_err(ConsoleError::Terminal)?;
    let mut runner = screen.runner(Box::new(terminal));
    loop {
        let left = until_left(&mut runner, signals, panics, &is_garbled);
        if matches!(left, Left::Ended) {
            return Ok(());
        }
        // After a stop that could not be caught, too: the shell may have changed the terminal.
        backend::give_back().map_err(ConsoleError::Terminal)?;
        if matches!(left, Left::Stopped) {
            // Not the signal that can be caught: that one is caught.
            kill_process(getpid(), Signal::STOP)
                .map_err(|error| ConsoleError::Terminal(error.into()))?;
        }
        backend::take_again().map_err(ConsoleError::Terminal)?;
        is_garbled.set(true);
    }
}

/// Why the terminal is to be given back.
enum Left {
    Ended,
    Stopped,
    /// After a stop that could not be caught: the shell may have changed the terminal.
    Continued,
}

fn until_left(
    runner: &mut CursiveRunner<&mut Cursive>,
    signals: &Signals,
    panics: &Panics,
    is_garbled: &Cell<bool>,
) -> Left {
    runner.refresh();
    let mut drawn = Instant::now();
    signals.go_on.store(false, Ordering::Release);
    while runner.is_running() {
        let busy = runner.process_events();
        let is_broken = !panics
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_empty();
        if signals.end.load(Ordering::Acquire) || is_broken {
            return Left::Ended;
        }
        let since_drawn = drawn.elapsed();
        let state = runner.call_on_name(NAME, |console: &mut Console| {
            (
                std::mem::take(&mut console.suspended),
                std::mem::take(&mut console.garbled),
                console.is_due(since_drawn),
            )
        });
        let (suspended, garbled, is_due) = state.unwrap_or_default();
        if suspended || signals.stop.swap(false, Ordering::AcqRel) {
            return Left::Stopped;
        }
        if signals.go_on.swap(false, Ordering::AcqRel) {
            return Left::Continued;
        }
        is_garbled.set(garbled);
        if garbled || is_due {
            runner.refresh();
            drawn = Instant::now();
        } else if !busy {
            thread::sleep(NAP);
        }
    }
    Left::Ended
}

/// The terminal's own background, without borders or shadows.
fn bare_theme() -> Theme {
    let mut theme = Theme {
        shadow: false,
        borders: BorderStyle::None,
        ..Theme::default()
    };
    for colour in [
        PaletteColor::Background,
        PaletteColor::View,
        PaletteColor::Primary,
    ] {
        theme.palette[colour] = Color::TerminalDefault;
    }
    theme
}

#[cfg(test)]
mod tests {
    use super::*;
    use integration_tests::{Console as Tmux, peer};

    /// Tells the test below that it runs on the terminal which it has made.
    const ON_TERMINAL: &str = "ETLMON_TEST_ON_TERMINAL";

    fn break_while_shown() {
        let ended = run(|screen| {
            let sink = screen.cb_sink().clone();
            let broken = Box::new(|_: &mut Cursive| panic!("out of luck"));
            sink.send(broken).unwrap();
            Console::start(
                crate::samples::app(),
                Vec::new(),
                Duration::from_secs(1),
                sink,
            )
        });
        println!("{}", ended.unwrap_err());
    }

    #[test]
    fn after_a_panic_the_terminal_is_given_back_and_the_message_is_on_it() {
        if std::env::var_os(ON_TERMINAL).is_some() {
            return break_while_shown();
        }
        if !peer("tmux") {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let own = std::env::current_exe().unwrap();
        let name = std::thread::current().name().unwrap().to_owned();
        let command = format!(
            "{ON_TERMINAL}=yes {} --exact {name} --nocapture",
            own.display()
        );
        let tmux = Tmux::run(folder.path(), &command, (100, 30));
        tmux.await_text(&["which is a defect: out of luck at ", "ENDED 0"]);
        tmux.await_given_back();
    }
}
