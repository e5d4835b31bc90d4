//! Numbers as people read them: sizes, shares, durations and ages.

use std::time::Duration;

use crate::Timestamp;

/// What stands for a value that is not known.
pub const UNKNOWN: &str = "-";

/// A size as `df -h` shows it, with the unit's binary prefix written out: rounded up, one decimal
/// below ten (`512B`, `1.5Gi`, `41Gi`).
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
    if bytes < 1024 {
        return format!("{bytes}B");
    }
    let bytes = u128::from(bytes);
    let mut scale = 1_u128;
    for unit in UNITS {
        scale *= 1024;
        let tenths = (bytes * 10).div_ceil(scale);
        if tenths < 100 {
            return format!("{}.{}{unit}", tenths / 10, tenths % 10);
        }
        // 1024 of a unit after rounding are 1.0 of the next.
        if bytes.div_ceil(scale) < 1024 {
            return format!("{}{unit}", bytes.div_ceil(scale));
        }
    }
    // Not reached: a u64 holds less than 16 Ei.
    format!("{bytes}B")
}

/// `part` of `whole` in percent, rounded up as `df` does; nothing of nothing is not known.
pub fn percent(part: u64, whole: u128) -> Option<u64> {
    let percent = (u128::from(part) * 100).checked_div(whole)?;
    let rest = u128::from(u128::from(part) * 100 % whole != 0);
    u64::try_from(percent + rest).ok()
}

/// The two biggest units of a duration: `45s`, `5m 3s`, `3d 4h`, `1y 20d`.
pub fn duration(seconds: u64) -> String {
    const UNITS: [(&str, u64); 5] = [
        ("y", 365 * 86_400),
        ("d", 86_400),
        ("h", 3_600),
        ("m", 60),
        ("s", 1),
    ];
    let mut units = UNITS.iter().skip_while(|(_, length)| *length > seconds);
    let Some((unit, length)) = units.next() else {
        return "0s".to_owned();
    };
    let biggest = format!("{}{unit}", seconds / length);
    match units
        .next()
        .map(|(unit, next)| (unit, seconds % length / next))
    {
        Some((unit, count)) if count > 0 => format!("{biggest} {count}{unit}"),
        _ => biggest,
    }
}

/// A duration that may be short: `350ms`, `1.2s`, then as [`duration`].
pub fn duration_ms(ms: u64) -> String {
    match ms {
        0..1_000 => format!("{ms}ms"),
        1_000..10_000 => format!("{}.{}s", ms / 1_000, ms % 1_000 / 100),
        _ => duration(ms / 1_000),
    }
}

/// How long before `now` a moment was; none at all if the node's clock is ahead of ours.
pub fn age(moment: Timestamp, now: Timestamp) -> String {
    let ms = now.as_millis().saturating_sub(moment.as_millis());
    duration(Duration::from_millis(u64::try_from(ms).unwrap_or(0)).as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_of_df() {
        for (bytes, text) in [
            (0, "0B"),
            (1_023, "1023B"),
            (1_024, "1.0Ki"),
            (1_025, "1.1Ki"),
            (10_137, "9.9Ki"),
            (10_138, "10Ki"),
            (1_023 << 10, "1023Ki"),
            ((1_023 << 10) + 1, "1.0Mi"),
            (1_610_612_736, "1.5Gi"),
            (u64::MAX, "16Ei"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }

    #[test]
    fn shares_are_rounded_up() {
        assert_eq!(percent(1, 1_000), Some(1));
        assert_eq!(percent(45, 100), Some(45));
        assert_eq!(percent(0, 5), Some(0));
        assert_eq!(percent(0, 0), None);
        assert_eq!(percent(u64::MAX, u128::from(u64::MAX)), Some(100));
    }

    #[test]
    fn durations_show_two_units() {
        for (seconds, text) in [
            (0, "0s"),
            (59, "59s"),
            (60, "1m"),
            (303, "5m 3s"),
            (3_600 + 59, "1h"),
            (3 * 86_400 + 4 * 3_600 + 1, "3d 4h"),
            (385 * 86_400, "1y 20d"),
        ] {
            assert_eq!(duration(seconds), text);
        }
        assert!(duration(u64::MAX).ends_with('d'));
    }

    #[test]
    fn short_durations_show_parts_of_a_second() {
        for (ms, text) in [
            (0, "0ms"),
            (999, "999ms"),
            (1_250, "1.2s"),
            (61_000, "1m 1s"),
        ] {
            assert_eq!(duration_ms(ms), text);
        }
    }

    #[test]
    fn a_clock_that_is_ahead_gives_no_negative_age() {
        let moment = Timestamp::from_millis(5_000);
        assert_eq!(age(moment, Timestamp::from_millis(8_500)), "3s");
        assert_eq!(age(moment, Timestamp::from_millis(0)), "0s");
    }
}
