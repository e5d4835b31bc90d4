//! What the time of a crontab line means: a schedule, the start of the machine, or a secret of cronie.

use super::Schedule;
use super::fields::Set;

/// When a job is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// At the times of a schedule.
    At(Schedule),
    /// Once, when cron starts after the machine did (`@reboot`).
    Reboot,
    /// At a time that cronie chooses when it reads the line (`~`) or when it begins
    /// (`RANDOM_DELAY`); nobody else can know it.
    Random,
}

/// The schedule behind a word after `@`.
pub(super) fn nickname(word: &[u8]) -> Option<When> {
    let all = Schedule {
        minutes: 1,
        hours: 1,
        days: !1,
        months: 0b1_1111_1111_1110,
        weekdays: 0b111_1111,
        both_days: true,
        wildcard: false,
    };
    Some(When::At(match word {
        b"reboot" => return Some(When::Reboot),
        b"yearly" | b"annually" => Schedule {
            days: 0b10,
            months: 0b10,
            ..all
        },
        b"monthly" => Schedule { days: 0b10, ..all },
        b"weekly" => Schedule { weekdays: 1, ..all },
        b"daily" | b"midnight" => all,
        b"hourly" => Schedule {
            hours: 0xff_ffff,
            wildcard: true,
            ..all
        },
        _ => return None,
    }))
}

/// What the five fields mean together, with 7 for Sunday made 0. No field's bits are beyond its set.
pub(super) fn fields([minute, hour, day, month, weekday]: [Set; 5]) -> Option<When> {
    if [minute, hour, day, month, weekday]
        .iter()
        .any(|set| set.random)
    {
        return Some(When::Random);
    }
    let weekdays = (weekday.bits | weekday.bits >> 7) & 0b111_1111;
    Some(When::At(Schedule {
        minutes: minute.bits,
        hours: u32::try_from(hour.bits).ok()?,
        days: u32::try_from(day.bits).ok()?,
        months: u16::try_from(month.bits).ok()?,
        weekdays: u8::try_from(weekdays).ok()?,
        both_days: day.star || weekday.star,
        wildcard: minute.star || hour.star,
    }))
}
