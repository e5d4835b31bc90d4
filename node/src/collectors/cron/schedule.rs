//! When a job is due by the wall clock: the five fields as sets, and the next minute in them.

use chrono::Datelike;

/// Minutes in a day.
const DAY: i64 = 24 * 60;

/// Days from 0001-01-01 (day 1 in chrono's count) to 1970-01-01.
const EPOCH_FROM_CE: i64 = 719_163;

/// The five fields of a crontab line. Bit n of a set stands for the value n.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Minutes, bits 0-59.
    pub minutes: u64,
    /// Hours, bits 0-23.
    pub hours: u32,
    /// Days of the month, bits 1-31.
    pub days: u32,
    /// Months, bits 1-12.
    pub months: u16,
    /// Days of the week, bits 0-6 from Sunday.
    pub weekdays: u8,
    /// One of the two day fields begins with `*`, so that both must match; else one is enough.
    pub both_days: bool,
    /// Minute or hour begins with `*`: the job follows the wall clock through its changes. Other
    /// jobs are run once for each time that they name.
    pub wildcard: bool,
}

impl Schedule {
    /// Whether any date and time matches: `0 0 30 2 *` and `0 22-2 * * *` never do.
    #[must_use]
    pub fn can_match(&self) -> bool {
        let some_day = (1..=12u32)
            .filter(|month| self.months >> month & 1 == 1)
            .any(|month| self.days & days_of(month) != 0);
        let date = match (some_day, self.weekdays != 0) {
            (day, weekday) if self.both_days => day && weekday,
            (day, weekday) => day || weekday,
        };
        self.minutes != 0 && self.hours != 0 && self.months != 0 && date
    }

    /// The first matching minute from `from` on and before `before`, both counted from 1970-01-01
    /// 00:00 on the wall.
    pub(super) fn next_on_wall(&self, from: i64, before: i64) -> Option<i64> {
        let (mut day, mut minute) = (from.div_euclid(DAY), from.rem_euclid(DAY));
        while day * DAY < before {
            let date = date_of(day)?;
            if self.months >> date.month() & 1 == 0 {
                // to the last day of the month at most: never past a day of the next one
                day += i64::from(28_u32.saturating_sub(date.day()));
            } else if self.has_day(date.day(), day)
                && let Some(found) = self.in_day(minute)
            {
                let at = day * DAY + found;
                return (at < before).then_some(at);
            }
            day += 1;
            minute = 0;
        }
        None
    }

    /// Whether a day of the month is one of the schedule's; `day` counts from 1970-01-01.
    fn has_day(&self, day_of_month: u32, day: i64) -> bool {
        let in_month = self.days >> day_of_month & 1 == 1;
        // 1970-01-01 was a Thursday
        let in_week = self.weekdays >> (day + 4).rem_euclid(7) & 1 == 1;
        if self.both_days {
            in_month && in_week
        } else {
            in_month || in_week
        }
    }

    /// The first minute of a day from `from` on, whatever the day.
    fn in_day(&self, from: i64) -> Option<i64> {
        let (hour, minute) = (from / 60, from % 60);
        let lowest = |minutes: u64| (minutes != 0).then(|| i64::from(minutes.trailing_zeros()));
        if self.hours >> hour & 1 == 1
            && let Some(later) = lowest(self.minutes >> minute)
        {
            return Some(hour * 60 + minute + later);
        }
        let next_hour = hour + 1 + lowest(u64::from(self.hours) >> (hour + 1))?;
        Some(next_hour * 60 + lowest(self.minutes)?)
    }
}

/// The days that a month can have, as bits 1-31.
fn days_of(month: u32) -> u32 {
    let last = match month {
        2 => 29,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    (u32::MAX >> (31 - last)) & !1
}

/// The date of a day counted from 1970-01-01; `None` beyond chrono's quarter of a million years.
fn date_of(day: i64) -> Option<chrono::NaiveDate> {
    let day = i32::try_from(day.checked_add(EPOCH_FROM_CE)?).ok()?;
    chrono::NaiveDate::from_num_days_from_ce_opt(day)
}
