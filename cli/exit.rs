//! What the command's exit status says to scripts.

use std::process::ExitCode;

/// The exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0: done, and all is well.
    Ok,
    /// 1: not well, or refused by the node.
    NotOk,
    /// 2: asked wrongly; the parser of the arguments leaves with it too.
    Usage,
    /// 3: no node answers there.
    Unreachable,
}

impl Exit {
    /// The number.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::NotOk => 1,
            Self::Usage => 2,
            Self::Unreachable => 3,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
