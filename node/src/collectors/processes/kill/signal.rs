//! The signals that an operator may send.

use std::fmt;
use std::str::FromStr;

use rustix::process::Signal;

/// A signal of signal(7) that ends a process, stops it, or that programs take as a command. Left
/// out are those by which the kernel tells of faults, and job control by a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KillSignal {
    /// Asks it to end.
    Term,
    /// Ends it.
    Kill,
    /// As Ctrl-C does.
    Int,
    /// Asks it to end with a core dump; Java writes its threads down and goes on.
    Quit,
    /// Asks many daemons to read their configuration.
    Hup,
    /// As the program likes.
    Usr1,
    /// As the program likes.
    Usr2,
    /// Stops it until it is told to go on.
    Stop,
    /// Lets it go on.
    Cont,
}

impl KillSignal {
    /// All there are.
    pub const ALL: [Self; 9] = [
        Self::Term,
        Self::Kill,
        Self::Int,
        Self::Quit,
        Self::Hup,
        Self::Usr1,
        Self::Usr2,
        Self::Stop,
        Self::Cont,
    ];

    /// Such as `SIGTERM`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Term => "SIGTERM",
            Self::Kill => "SIGKILL",
            Self::Int => "SIGINT",
            Self::Quit => "SIGQUIT",
            Self::Hup => "SIGHUP",
            Self::Usr1 => "SIGUSR1",
            Self::Usr2 => "SIGUSR2",
            Self::Stop => "SIGSTOP",
            Self::Cont => "SIGCONT",
        }
    }

    pub(super) fn number(self) -> Signal {
        match self {
            Self::Term => Signal::TERM,
            Self::Kill => Signal::KILL,
            Self::Int => Signal::INT,
            Self::Quit => Signal::QUIT,
            Self::Hup => Signal::HUP,
            Self::Usr1 => Signal::USR1,
            Self::Usr2 => Signal::USR2,
            Self::Stop => Signal::STOP,
            Self::Cont => Signal::CONT,
        }
    }
}

impl fmt::Display for KillSignal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

/// The text names no signal that may be sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is none of SIGTERM, SIGKILL, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2, SIGSTOP, SIGCONT"
)]
pub struct UnknownSignal(String);

impl FromStr for KillSignal {
    type Err = UnknownSignal;

    fn from_str(text: &str) -> Result<Self, UnknownSignal> {
        let mut signals = Self::ALL.into_iter();
        signals
            .find(|signal| signal.name() == text)
            .ok_or_else(|| UnknownSignal(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_signal_is_read_by_its_name_and_told_to_those_who_err() {
        let message = UnknownSignal("x".to_owned()).to_string();
        for signal in KillSignal::ALL {
            assert_eq!(signal.to_string().parse(), Ok(signal));
            assert!(message.contains(signal.name()));
        }
    }

    #[test]
    fn the_numbers_are_those_of_the_names() {
        let numbers = KillSignal::ALL.map(|signal| signal.number().as_raw());
        assert_eq!(numbers, [15, 9, 2, 3, 1, 10, 12, 19, 18]);
    }

    #[test]
    fn numbers_other_signals_and_other_spellings_are_refused() {
        for text in [
            "", "0", "9", "SIG", "SIG0", "sigterm", "TERM", "SIGTERM ", "SIGSEGV", "SIGRTMIN",
        ] {
            assert!(text.parse::<KillSignal>().is_err(), "{text:?}");
        }
    }
}
