//! Reads `/proc/[pid]/stat` (`proc_pid_stat(5)`).

/// `PF_KTHREAD` of the kernel's `sched.h`: a thread of the kernel itself.
const KERNEL_THREAD: u64 = 0x0020_0000;

/// What the one line tells, as far as it is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat<'l> {
    /// The name, of any bytes: 15 at most, or up to 63 for a thread of the kernel.
    pub comm: &'l [u8],
    /// What the main thread does.
    pub state: State,
    /// The parent's pid; 0 where it has none, or none in this pid namespace.
    pub ppid: u32,
    /// Whether this is a thread of the kernel.
    pub is_kernel_thread: bool,
    /// Time on a processor, in user mode and in the kernel, in clock ticks.
    pub cpu_ticks: u64,
    /// Threads; 0 of a process that is about to be gone.
    pub threads: u32,
    /// When it started, in clock ticks after the boot.
    pub start_ticks: u64,
    /// Pages in memory, estimated: since Linux 6.2 each processor keeps some of the count to
    /// itself. `statm` adds them up.
    pub rss_pages: u64,
    /// Which program it runs.
    pub image: Image,
}

/// Where in memory a program and its arguments lie: elsewhere after each execve(2), as addresses
/// are random. The same for all programs of which it may not be told, for want of ptrace(2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Image {
    start_code: u64,
    start_stack: u64,
    arg_start: u64,
    arg_end: u64,
}

/// What the main thread of a process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// On a processor, or waiting for one.
    Running,
    /// Waits, and a signal wakes it.
    Sleeping,
    /// Waits, mostly for a disk, and no signal wakes it.
    DiskSleep,
    /// Ended, and its parent has not asked how.
    Zombie,
    /// Stopped by a signal.
    Stopped,
    /// Stopped by a debugger.
    Traced,
    /// About to be gone.
    Dead,
    /// A thread of the kernel that has nothing to do.
    Idle,
    /// Parked, woken or otherwise between two states, or what kernels yet to come may have.
    Other(char),
}

impl Image {
    /// Whether there is any: a thread of the kernel, a zombie and a process about to become one have no memory.
    pub fn has_memory(&self) -> bool {
        // 1 stands for a place that may not be told.
        self.start_code != 0
    }
}

impl State {
    /// The state that `ps` and `top` show by this letter.
    pub(super) fn from_letter(letter: u8) -> Option<Self> {
        Some(match letter {
            b'R' => Self::Running,
            b'S' => Self::Sleeping,
            b'D' => Self::DiskSleep,
            b'Z' => Self::Zombie,
            b'T' => Self::Stopped,
            b't' => Self::Traced,
            b'X' | b'x' => Self::Dead,
            b'I' => Self::Idle,
            other if other.is_ascii_alphabetic() => Self::Other(other.into()),
            _ => return None,
        })
    }

    /// The letter that `ps` and `top` show.
    #[must_use]
    pub fn letter(self) -> char {
        match self {
            Self::Running => 'R',
            Self::Sleeping => 'S',
            Self::DiskSleep => 'D',
            Self::Zombie => 'Z',
            Self::Stopped => 'T',
            Self::Traced => 't',
            Self::Dead => 'X',
            Self::Idle => 'I',
            Self::Other(letter) => letter,
        }
    }
}

/// The line is not as the kernel writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// There are no parentheses.
    #[error("no name in parentheses")]
    NoName,
    /// The line ends before this field.
    #[error("no {0}")]
    Missing(&'static str),
    /// This field is not what it should be.
    #[error("{0} is odd")]
    Odd(&'static str),
}

/// Reads one line. The name may hold spaces, parentheses and newlines, but what follows it are
/// numbers, so it ends at the last `)` of all.
///
/// # Errors
/// What is wrong with the line.
pub fn parse(line: &[u8]) -> Result<Stat<'_>, Damage> {
    let opens = line.iter().position(|&byte| byte == b'(');
    let closes = line.iter().rposition(|&byte| byte == b')');
    let (opens, closes) = opens.zip(closes).ok_or(Damage::NoName)?;
    let comm = line
        .get(opens.saturating_add(1)..closes)
        .ok_or(Damage::NoName)?;
    let rest = line.get(closes.saturating_add(1)..).unwrap_or_default();

    let mut fields = Fields(rest.trim_ascii());
    let state = match fields.next("state")? {
        [letter] => State::from_letter(*letter).ok_or(Damage::Odd("state"))?,
        _ => return Err(Damage::Odd("state")),
    };
    let ppid = small(fields.number("ppid")?, "ppid")?;
    fields.skip(4, "flags")?;
    let flags = fields.number("flags")?;
    fields.skip(4, "utime")?;
    let user = fields.number("utime")?;
    let system = fields.number("stime")?;
    fields.skip(4, "num_threads")?;
    let threads = small(fields.number("num_threads")?, "num_threads")?;
    fields.skip(1, "starttime")?;
    let start_ticks = fields.number("starttime")?;
    fields.skip(1, "rss")?;
    let rss_pages = fields.number("rss")?;
    Ok(Stat {
        comm,
        state,
        ppid,
        is_kernel_thread: flags & KERNEL_THREAD != 0,
        cpu_ticks: user.saturating_add(system),
        threads,
        start_ticks,
        rss_pages,
        image: fields.image().unwrap_or_default(),
    })
}

/// Fields with one space between them.
struct Fields<'l>(&'l [u8]);

impl<'l> Fields<'l> {
    fn next(&mut self, name: &'static str) -> Result<&'l [u8], Damage> {
        if self.0.is_empty() {
            return Err(Damage::Missing(name));
        }
        let end = self.0.iter().position(|&byte| byte == b' ');
        let (field, rest) = match end.and_then(|end| self.0.split_at_checked(end)) {
            Some((field, rest)) => (field, rest.get(1..).unwrap_or_default()),
            None => (self.0, &[][..]),
        };
        self.0 = rest;
        Ok(field)
    }

    fn number(&mut self, name: &'static str) -> Result<u64, Damage> {
        number(self.next(name)?).ok_or(Damage::Odd(name))
    }

    /// Passes over fields, which may be negative, before the one named.
    fn skip(&mut self, count: usize, before: &'static str) -> Result<(), Damage> {
        for _ in 0..count {
            self.next(before)?;
        }
        Ok(())
    }

    /// What follows the RSS. A kernel before 3.5 lacks the last two.
    fn image(mut self) -> Result<Image, Damage> {
        self.skip(1, "startcode")?;
        let start_code = self.number("startcode")?;
        self.skip(1, "startstack")?;
        let start_stack = self.number("startstack")?;
        self.skip(19, "arg_start")?;
        Ok(Image {
            start_code,
            start_stack,
            arg_start: self.number("arg_start")?,
            arg_end: self.number("arg_end")?,
        })
    }
}

fn small(number: u64, name: &'static str) -> Result<u32, Damage> {
    u32::try_from(number).map_err(|_| Damage::Odd(name))
}

/// Decimal digits and nothing else.
pub(super) fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |number, byte| {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number.checked_mul(10)?.checked_add(digit.into())
    })
}

#[cfg(test)]
mod tests;
