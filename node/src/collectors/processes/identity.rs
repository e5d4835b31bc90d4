//! What tells one process from every other: the boot, the pid, the moment it started.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::sync::Arc;

/// The greatest pid on 64-bit Linux: `PID_MAX_LIMIT` of proc(5), 2^22.
const GREATEST: u32 = 1 << 22;

/// A pid that a process can have: 1 to 4 194 304.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pid(NonZeroU32);

impl Pid {
    /// The first process of a pid namespace.
    pub const INIT: Self = Self(NonZeroU32::MIN);

    /// `None` for 0 and for what is beyond the kernel's range.
    #[must_use]
    pub fn new(pid: u32) -> Option<Self> {
        NonZeroU32::new(pid)
            .filter(|pid| pid.get() <= GREATEST)
            .map(Self)
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> u32 {
        self.0.get()
    }

    /// Reads a pid in the only way that the kernel writes it: no sign, no space, no leading zero.
    #[must_use]
    pub fn from_bytes(text: &[u8]) -> Option<Self> {
        let (first, _) = text.split_first()?;
        if *first == b'0' {
            return None;
        }
        super::stat::number(text)
            .and_then(|pid| u32::try_from(pid).ok())
            .and_then(Self::new)
    }
}

impl fmt::Display for Pid {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

/// The text is no pid that a process can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a pid is a whole number from 1 to 4194304")]
pub struct PidError;

impl FromStr for Pid {
    type Err = PidError;

    fn from_str(text: &str) -> Result<Self, PidError> {
        Self::from_bytes(text.as_bytes()).ok_or(PidError)
    }
}

/// One run of the kernel: `/proc/sys/kernel/random/boot_id`, as text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BootId(Arc<str>);

impl BootId {
    /// The boot that was written down with [`BootId::as_str`].
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One process among all of a boot. A pid alone does not tell: the kernel gives it out again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    /// Its pid, in the pid namespace of the `/proc` it was read from.
    pub pid: Pid,
    /// When it started, in clock ticks after the boot: `starttime` of `proc_pid_stat(5)`.
    pub start_ticks: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_pid_within_the_kernels_range_is_read() {
        for pid in [1, 7, 32_768, 4_194_304] {
            assert_eq!(pid.to_string().parse(), Ok(Pid::new(pid).unwrap()));
        }
    }

    #[test]
    fn what_the_kernel_would_take_for_many_processes_or_none_is_refused() {
        for text in [
            "",
            "0",
            "-1",
            "-5",
            "+5",
            "4194305",
            "4294967295",
            "4294967301",
            "18446744073709551615",
            "18446744073709551621",
            "05",
            " 5",
            "5 ",
            "5\n",
            "5.0",
            "0x5",
            "٥",
            "self",
        ] {
            assert_eq!(text.parse::<Pid>(), Err(PidError), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn a_text_that_is_read_is_written_the_same(text in "[0-9+ -]{0,12}|\\PC{0,4}") {
            if let Ok(pid) = text.parse::<Pid>() {
                prop_assert_eq!(pid.to_string(), text);
            }
        }

        #[test]
        fn only_numbers_of_the_range_are_pids(number in any::<u64>()) {
            let expected = (1..=4_194_304).contains(&number);
            prop_assert_eq!(number.to_string().parse::<Pid>().is_ok(), expected);
        }
    }
}
