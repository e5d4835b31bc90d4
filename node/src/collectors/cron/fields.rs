//! The five time fields, accepted and rejected exactly where cron's `get_list` does.

use super::Dialect;
use super::reader::Reader;

/// What a field may hold.
#[derive(Clone, Copy)]
pub(super) struct Field {
    low: i32,
    high: i32,
    names: &'static [&'static str],
}

pub(super) const MINUTE: Field = numbers(0, 59);
pub(super) const HOUR: Field = numbers(0, 23);
pub(super) const DAY_OF_MONTH: Field = numbers(1, 31);
pub(super) const MONTH: Field = Field {
    low: 1,
    high: 12,
    names: &[
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ],
};
pub(super) const DAY_OF_WEEK: Field = Field {
    low: 0,
    high: 7,
    names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
};

const fn numbers(low: i32, high: i32) -> Field {
    Field {
        low,
        high,
        names: &[],
    }
}

/// A field that was read.
#[derive(Clone, Copy, Default)]
pub(super) struct Set {
    /// Bit n for the value n. A range that runs backwards (`22-2`) has none in Debian's cron.
    pub(super) bits: u64,
    /// It begins with `*`.
    pub(super) star: bool,
    /// cronie chose, or will choose, its value at random (`~`).
    pub(super) random: bool,
}

/// Reads fields one after the other. `None` is an error, wherever it comes from: cron tells no more.
pub(super) struct Fields<'r, 'a> {
    pub(super) reader: &'r mut Reader<'a>,
    pub(super) dialect: Dialect,
}

impl Fields<'_, '_> {
    /// Reads a list that begins with `byte`, and the blanks after it. Returns the first byte of what
    /// follows. Text between the list and the next blank Debian's cron passes over in silence.
    pub(super) fn list(&mut self, field: Field, mut byte: u8) -> Option<(Set, u8)> {
        let mut set = Set {
            star: byte == b'*',
            ..Set::default()
        };
        let mut after = loop {
            match self.range(field, byte, &mut set)? {
                b',' => byte = self.reader.next()?,
                other => break Some(other),
            }
        };
        while !matches!(after, Some(b'\t' | b' ' | b'\n') | None) {
            if self.dialect == Dialect::Cronie {
                return None;
            }
            after = self.reader.next();
        }
        let after = self.reader.skip_blanks(after);
        Some((set, self.as_char(after?)?))
    }

    /// `*`, a number, or two with `-` between, and a step; returns the byte after it.
    fn range(&mut self, field: Field, byte: u8, set: &mut Set) -> Option<u8> {
        let (first, last, mut after) = if byte == b'*' {
            (field.low, field.high, self.reader.next()?)
        } else if byte == b'~' && self.dialect == Dialect::Cronie {
            return self.random(field, field.low, set);
        } else {
            let (first, after) = self.number(field, byte, b",-~ \t\n")?;
            match after {
                b'-' => {
                    let byte = self.reader.next()?;
                    let (last, after) = self.number(field, byte, b"/, \t\n")?;
                    (first, last, after)
                }
                b'~' if self.dialect == Dialect::Cronie => return self.random(field, first, set),
                // a step needs a range, in Debian's cron too
                b'/' => return None,
                _ => {
                    self.fill(field, (first, first, 1), after, set)?;
                    return Some(after);
                }
            }
        };
        if first > last && self.dialect == Dialect::Cronie {
            return None;
        }
        let mut step = 1;
        if after == b'/' {
            let byte = self.reader.next()?;
            (step, after) = self.number(numbers(0, 0), byte, b", \t\n")?;
            if step == 0 || (step < 0 && self.dialect == Dialect::Debian) {
                return None;
            }
        }
        if self.dialect == Dialect::Debian {
            let valid = field.low..=field.high;
            if !valid.contains(&first) || !valid.contains(&last) {
                return None;
            }
        }
        self.fill(field, (first, last, step), after, set)?;
        self.as_char(after)
    }

    /// `low~high`, either of which may be missing (crontab(5) of cronie 1.6 and later).
    fn random(&mut self, field: Field, first: i32, set: &mut Set) -> Option<u8> {
        set.random = true;
        let byte = self.reader.next()?;
        let (last, after) = if byte.is_ascii_alphanumeric() {
            self.number(field, byte, b", \t\n")?
        } else {
            (field.high, byte)
        };
        let valid = field.low..=field.high;
        (valid.contains(&first) && valid.contains(&last) && first <= last).then_some(after)
    }

    /// Sets all values from `first` to `last`; one out of bounds is an error.
    fn fill(
        &mut self,
        field: Field,
        (first, last, step): (i32, i32, i32),
        after: u8,
        set: &mut Set,
    ) -> Option<()> {
        let mut value = first;
        while value <= last {
            if !(field.low..=field.high).contains(&value) {
                self.reader.put_back(after);
                return None;
            }
            set.bits |= 1 << value;
            // cron's own sum wraps round, and is out of bounds then
            value = value.wrapping_add(step);
        }
        Some(())
    }

    /// A number or a name, and the byte after it; cronie wants that byte to be one of `ends`.
    fn number(&mut self, field: Field, byte: u8, ends: &[u8]) -> Option<(i32, u8)> {
        let most = match self.dialect {
            Dialect::Debian => 999,
            Dialect::Cronie => 131_071,
        };
        let mut word = Vec::new();
        let mut next = Some(byte);
        while let Some(byte) = next.filter(u8::is_ascii_alphanumeric) {
            // cronie reads a number or a name, never a mixture
            let mixed = word.last().is_some_and(|last: &u8| {
                last.is_ascii_digit() != byte.is_ascii_digit() && self.dialect == Dialect::Cronie
            });
            if mixed || word.len() == most {
                break;
            }
            word.push(byte);
            next = self.reader.next();
        }
        let after = next?;
        let value = value(&word, field);
        let ended = match self.dialect {
            Dialect::Debian => !after.is_ascii_alphanumeric(),
            Dialect::Cronie => after == 0 || ends.contains(&after),
        };
        match value {
            Some(value) if ended => Some((value, self.as_char(after)?)),
            _ => {
                self.reader.put_back(after);
                None
            }
        }
    }

    /// Debian's functions return a `char`, where byte 255 is the same as the end of the file.
    fn as_char(&self, byte: u8) -> Option<u8> {
        (byte != 0xff || self.dialect == Dialect::Cronie).then_some(byte)
    }
}

/// The value of a word: a name of the field in any case, or digits as C's `atoi` reads them.
fn value(word: &[u8], field: Field) -> Option<i32> {
    let text = std::str::from_utf8(word).ok()?;
    let named = |name: &&str| name.eq_ignore_ascii_case(text);
    if let Some(index) = field.names.iter().position(named) {
        return Some(field.low + i32::try_from(index).ok()?);
    }
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // the lowest 32 bits of a long, which is the greatest one where the digits are too many
    let number: i64 = text.parse().unwrap_or(i64::MAX);
    let [a, b, c, d, ..] = number.to_le_bytes();
    Some(i32::from_le_bytes([a, b, c, d]))
}
