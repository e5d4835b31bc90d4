//! The terminal that cursive draws on, which is given back as it was found.

use std::cell::{Cell, RefCell};
use std::fs::File;
use std::io::{self, IsTerminal};
use std::mem::ManuallyDrop;
use std::os::fd::{AsFd, OwnedFd};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crossterm::cursor::{Hide, Show};
use crossterm::event::{DisableMouseCapture, EnableMouseCapture};
use crossterm::execute;
use crossterm::style::ResetColor;
use crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use cursive::Vec2;
use cursive::backend::Backend;
use cursive::backends::crossterm::Backend as Crossterm;
use cursive::event::Event;
use cursive::style::{Color, ColorPair, Effect};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use signal_hook::consts::SIGWINCH;

/// Cursive's own backend, mended in four points.
///
/// It wipes what the operator had on the screen before when it ends, and panics where the terminal
/// is gone then: so it is never dropped. One code ends bold and dim text alike, and cursive begins
/// the one before it ends the other. Nothing makes it draw cells that it believes to be there. And
/// its wait for an event is a busy one: so it is asked only when there is one.
pub struct Terminal {
    cursives: ManuallyDrop<Box<dyn Backend>>,
    effects: RefCell<Vec<Effect>>,
    is_garbled: Rc<Cell<bool>>,
    keyboard: OwnedFd,
    resized: Arc<AtomicBool>,
    /// Whether more events may have come with the last one.
    has_more: bool,
}

impl Terminal {
    /// Takes the terminal; what makes the next frame be drawn in full is set by the caller.
    ///
    /// # Errors
    /// There is no terminal.
    pub fn take(is_garbled: Rc<Cell<bool>>) -> io::Result<Self> {
        let terminal = Self {
            cursives: ManuallyDrop::new(Crossterm::init()?),
            effects: RefCell::default(),
            is_garbled,
            keyboard: keyboard()?,
            resized: Arc::default(),
            has_more: true,
        };
        // With its first look crossterm begins to hear of resizes. What is called in the order of
        // registration then sets the flag after crossterm has heard, and never before.
        crossterm::event::poll(Duration::from_millis(1))?;
        signal_hook::flag::register(SIGWINCH, Arc::clone(&terminal.resized))?;
        Ok(terminal)
    }

    /// Whether crossterm would find an event.
    fn has_event(&mut self) -> bool {
        let is_resized = self.resized.swap(false, Ordering::AcqRel);
        let mut keyboard = [PollFd::new(&self.keyboard, PollFlags::IN)];
        // An error, such as a signal, leaves what there is to the next look.
        let is_pressed = matches!(poll(&mut keyboard, Some(&Timespec::default())), Ok(1..));
        is_resized || is_pressed || std::mem::take(&mut self.has_more)
    }
}

/// What crossterm reads keys from.
fn keyboard() -> io::Result<OwnedFd> {
    let input = io::stdin();
    if input.is_terminal() {
        return input.as_fd().try_clone_to_owned();
    }
    Ok(File::open("/dev/tty")?.into())
}

/// Takes the terminal again after it was given back.
///
/// # Errors
/// Those of the terminal.
pub fn take_again() -> io::Result<()> {
    enable_raw_mode()?;
    execute!(
        File::create("/dev/tty")?,
        EnterAlternateScreen,
        EnableMouseCapture,
        Hide
    )
}

/// Leaves the terminal as it was found.
///
/// # Errors
/// Those of the terminal.
pub fn give_back() -> io::Result<()> {
    execute!(
        File::create("/dev/tty")?,
        DisableMouseCapture,
        ResetColor,
        Show,
        LeaveAlternateScreen
    )?;
    disable_raw_mode()
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // A terminal that is gone needs nothing.
        drop(give_back());
    }
}

impl Backend for Terminal {
    fn poll_event(&mut self) -> Option<Event> {
        let event = self.has_event().then(|| self.cursives.poll_event())??;
        self.has_more = true;
        Some(event)
    }

    fn set_title(&mut self, title: String) {
        self.cursives.set_title(title);
    }

    fn refresh(&mut self) {
        self.cursives.refresh();
        self.is_garbled.set(false);
    }

    fn has_colors(&self) -> bool {
        self.cursives.has_colors()
    }

    fn screen_size(&self) -> Vec2 {
        self.cursives.screen_size()
    }

    fn move_to(&self, position: Vec2) {
        self.cursives.move_to(position);
    }

    fn print(&self, text: &str) {
        self.cursives.print(text);
    }

    fn clear(&self, colour: Color) {
        self.cursives.clear(colour);
    }

    fn set_color(&self, colours: ColorPair) -> ColorPair {
        self.cursives.set_color(colours)
    }

    fn set_effect(&self, effect: Effect) {
        self.cursives.set_effect(effect);
        self.effects.borrow_mut().push(effect);
    }

    fn unset_effect(&self, effect: Effect) {
        self.cursives.unset_effect(effect);
        let mut effects = self.effects.borrow_mut();
        effects.retain(|set| *set != effect);
        for set in effects.iter() {
            self.cursives.set_effect(*set);
        }
    }

    fn is_persistent(&self) -> bool {
        !self.is_garbled.get()
    }
}
