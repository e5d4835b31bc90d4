//! The next time cron will run a job, with daylight saving as cron's own loop handles it.

use super::Schedule;
use chrono::{DateTime, Offset, TimeDelta, TimeZone, Utc};

/// How far ahead a run is looked for: the 29th of February comes to the same weekday again after 40
/// years at most, and a run that the clock's change swallows may need a few turns of that.
const HORIZON_MIN: i64 = 200 * 366 * DAY_MIN;

/// How much of the future is looked at in one step.
const DAY_MIN: i64 = 24 * 60;

/// A change of more than this is a clock that was put right, and not daylight saving.
const LARGEST_CHANGE_MIN: i64 = 180;

/// After a jump ahead by no more than this cron runs every job of every minute left out.
const LATE_MIN: i64 = 4;

/// The farthest that a zone's wall clock is from UTC (with a margin), and the farthest it ever jumped.
const FARTHEST_MIN: i64 = 25 * 60;

/// A zone's offset from UTC at any moment.
pub trait Zone {
    /// Seconds east of UTC at a Unix time.
    fn offset_sec(&self, unix_sec: i64) -> i64;
}

impl<Z: TimeZone> Zone for Z {
    fn offset_sec(&self, unix_sec: i64) -> i64 {
        let at = DateTime::from_timestamp(unix_sec, 0).unwrap_or_default();
        let offset = self.offset_from_utc_datetime(&at.naive_utc()).fix();
        i64::from(offset.local_minus_utc())
    }
}

/// The first run of a schedule after a moment, in the zone of the machine (`chrono::Local`).
///
/// Jobs whose minute or hour begins with `*` follow the wall clock. The others run for each time they
/// name: one that the clock leaves out right after the jump, one that comes twice only the first time.
/// This holds for changes by up to three hours; a greater one loses what it leaves out, and repeats
/// what comes twice. `None`: never, within two centuries. Zones whose offsets have seconds (none has
/// since 1972) are taken at the full minute.
#[must_use]
pub fn next_after<Z: Zone>(
    schedule: &Schedule,
    after: DateTime<Utc>,
    zone: &Z,
) -> Option<DateTime<Utc>> {
    let search = Search {
        schedule,
        zone,
        changes: true,
    };
    from_minute(search.first(first_minute(after)?)?)
}

/// The first run of a job under cronie's `CRON_TZ`: `job` is that zone, `machine` the machine's.
///
/// cronie knows no daylight saving there: a time left out has no run, one that comes twice has two.
/// While the machine's own clock repeats an hour, jobs without `*` in minute and hour do not run.
#[must_use]
pub fn next_after_in<J: Zone, M: Zone>(
    schedule: &Schedule,
    after: DateTime<Utc>,
    job: &J,
    machine: &M,
) -> Option<DateTime<Utc>> {
    let search = Search {
        schedule,
        zone: job,
        changes: false,
    };
    let mut from = first_minute(after)?;
    loop {
        let run = search.first(from)?;
        match repeated_until(machine, run) {
            Some(end) if !schedule.wildcard => from = end,
            _ => return from_minute(run),
        }
    }
}

/// If the wall clock of a zone shows at `minute` what it had shown before, the minute at which it
/// shows something new again. Minutes count from the epoch.
fn repeated_until<Z: Zone>(zone: &Z, minute: i64) -> Option<i64> {
    let changes = changes(zone, minute - LARGEST_CHANGE_MIN, minute + 1);
    let ends = changes.iter().filter_map(Change::repeats_until);
    ends.filter(|end| *end > minute).max()
}

fn first_minute(after: DateTime<Utc>) -> Option<i64> {
    let minute = after.timestamp().div_euclid(60) + 1;
    // what is beyond chrono's years has no next run
    DateTime::<Utc>::MAX_UTC
        .checked_sub_signed(TimeDelta::minutes(HORIZON_MIN + 2 * DAY_MIN))
        .filter(|last| minute < last.timestamp() / 60)
        .map(|_| minute)
}

fn from_minute(minute: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(minute * 60, 0)
}

fn offset_min<Z: Zone>(zone: &Z, minute: i64) -> i64 {
    zone.offset_sec(minute * 60).div_euclid(60)
}

/// A change of a zone's offset; all in minutes.
#[derive(Clone, Copy)]
struct Change {
    /// The first minute with the new offset, from the epoch.
    at: i64,
    before: i64,
    after: i64,
}

impl Change {
    /// How far the wall clock jumps ahead.
    fn ahead(&self) -> i64 {
        self.after - self.before
    }

    /// The minute until which the wall clock shows times that fixed jobs have already run for.
    fn repeats_until(&self) -> Option<i64> {
        (-LARGEST_CHANGE_MIN..0)
            .contains(&self.ahead())
            .then(|| self.at - self.ahead())
    }
}

/// The changes of a zone's offset after `from` and up to `to`. Two within one hour are seen as one.
fn changes<Z: Zone>(zone: &Z, from: i64, to: i64) -> Vec<Change> {
    let mut found = Vec::new();
    let (mut here, mut offset) = (from, offset_min(zone, from));
    while here < to {
        let next = (here + 60).min(to);
        let next_offset = offset_min(zone, next);
        if next_offset != offset {
            let (mut old, mut new) = (here, next);
            while new - old > 1 {
                let middle = old + (new - old) / 2;
                if offset_min(zone, middle) == offset {
                    old = middle;
                } else {
                    new = middle;
                }
            }
            let after = offset_min(zone, new);
            found.push(Change {
                at: new,
                before: offset,
                after,
            });
            (here, offset) = (new, after);
        } else {
            here = next;
        }
    }
    found
}

struct Search<'s, Z> {
    schedule: &'s Schedule,
    zone: &'s Z,
    /// Handle changes of the clock as cron does for the machine's own zone.
    changes: bool,
}

impl<Z: Zone> Search<'_, Z> {
    /// The first run at or after a minute.
    fn first(&self, start: i64) -> Option<i64> {
        if !self.schedule.can_match() {
            return None;
        }
        let end = start + HORIZON_MIN;
        let mut from = start;
        while from < end {
            let to = from + DAY_MIN;
            if let Some(run) = self.between(from, to) {
                return Some(run);
            }
            // whatever the offset will be, nothing is due before this
            let wall = to + offset_min(self.zone, to) - FARTHEST_MIN;
            let due = self.schedule.next_on_wall(wall, end + FARTHEST_MIN)?;
            from = to.max(due - FARTHEST_MIN);
        }
        None
    }

    /// The first run from one minute up to another.
    fn between(&self, from: i64, to: i64) -> Option<i64> {
        let start = from - LARGEST_CHANGE_MIN - 1;
        let changes = changes(self.zone, start, to);
        let mut segment = (start, offset_min(self.zone, start), None);
        for change in changes.iter().map(Some).chain([None]) {
            let (begin, offset, opening) = segment;
            let end = change.map_or(to, |change| change.at.min(to));
            if end > from {
                let run = self.in_segment(begin.max(from), end, offset, opening);
                if run.is_some() {
                    return run;
                }
            }
            if let Some(change) = change {
                segment = (change.at, change.after, Some(*change));
            }
        }
        None
    }

    /// The first run while the offset stays the same, since `opening`.
    fn in_segment(&self, from: i64, to: i64, offset: i64, opening: Option<Change>) -> Option<i64> {
        let mut first = from;
        if let Some(change) = opening.filter(|_| self.changes) {
            if change.at == from && self.makes_up_for(change.ahead()) {
                let left_out = (from + change.before, from + change.after);
                if self.schedule.next_on_wall(left_out.0, left_out.1).is_some() {
                    return Some(from);
                }
            }
            if let Some(end) = change.repeats_until().filter(|_| !self.schedule.wildcard) {
                first = first.max(end);
            }
        }
        let wall = self.schedule.next_on_wall(first + offset, to + offset)?;
        Some(wall - offset)
    }

    /// Whether the job runs after a jump ahead for a time that was left out.
    fn makes_up_for(&self, ahead: i64) -> bool {
        let longest = if self.schedule.wildcard {
            LATE_MIN
        } else {
            // the jump and the minute that passed may be three hours together
            LARGEST_CHANGE_MIN - 1
        };
        (1..=longest).contains(&ahead)
    }
}

#[cfg(test)]
mod tests;
