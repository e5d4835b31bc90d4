use proptest::prelude::*;

use super::*;

const NOW_MS: i64 = 1_790_000_000_000;
const GIB: u64 = 1 << 30;

/// Samples every minute up to now.
fn minutes(used: impl IntoIterator<Item = u64, IntoIter: ExactSizeIterator>) -> Vec<Sample> {
    let used = used.into_iter();
    let first_ms = NOW_MS - 60_000 * i64::try_from(used.len() - 1).unwrap();
    let at_ms = (0..).map(|index| first_ms + 60_000 * index);
    at_ms
        .zip(used)
        .map(|(at_ms, used_bytes)| Sample { at_ms, used_bytes })
        .collect()
}

/// The same every time, spread over 0..`amplitude`.
fn noise(index: u64, amplitude: u64) -> u64 {
    (index.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 33) % amplitude
}

fn ramp(count: u64, start: u64, step: u64) -> Vec<Sample> {
    minutes(
        (0..count)
            .map(|index| start + step * index)
            .collect::<Vec<_>>(),
    )
}

#[test]
fn a_steady_growth_is_carried_on() {
    assert_eq!(
        full_in_sec(&ramp(360, 7 * GIB, GIB), 60 * GIB, NOW_MS),
        Some(3600)
    );
    assert_eq!(full_in_sec(&ramp(360, 7 * GIB, GIB), 0, NOW_MS), Some(0));
}

#[test]
fn too_few_samples_or_too_short_a_time_say_nothing() {
    assert_eq!(full_in_sec(&[], GIB, NOW_MS), None);
    assert_eq!(full_in_sec(&ramp(5, 0, GIB), GIB, NOW_MS), None);
    assert_eq!(full_in_sec(&ramp(10, 0, GIB), GIB, NOW_MS), None);
    assert_eq!(full_in_sec(&ramp(11, 0, GIB), GIB, NOW_MS), Some(60));
    let hours: Vec<Sample> = ramp(360, 0, GIB).into_iter().step_by(80).collect();
    assert_eq!(hours.len(), 5);
    assert_eq!(full_in_sec(&hours, GIB, NOW_MS), None);
}

#[test]
fn noise_around_a_level_is_no_growth() {
    let used = (0..360)
        .map(|index| 50 * GIB + noise(index, GIB))
        .collect::<Vec<_>>();
    assert_eq!(full_in_sec(&minutes(used), GIB, NOW_MS), None);
}

#[test]
fn growth_is_seen_through_noise() {
    let used = (0..360)
        .map(|index| index * (GIB / 100) + noise(index, GIB))
        .collect::<Vec<_>>();
    let sec = full_in_sec(&minutes(used), 36 * GIB, NOW_MS).unwrap();
    assert!(sec.abs_diff(3600 * 60) < 3600 * 6, "{sec}");
}

#[test]
fn a_year_is_as_far_as_it_looks() {
    let step = 600_000;
    let year_in_minutes = 365 * 1440;
    let near = full_in_sec(&ramp(360, 0, step), step * (year_in_minutes - 1), NOW_MS);
    assert_eq!(near, Some(60 * (year_in_minutes - 1)));
    assert_eq!(
        full_in_sec(&ramp(360, 0, step), step * (year_in_minutes + 1), NOW_MS),
        None
    );
}

#[test]
fn after_a_purge_only_what_came_since_counts() {
    let grown = (0..240).map(|index| 100 * GIB + index * GIB);
    let purging = (0..5).map(|index| 280 * GIB - index * 40 * GIB);
    let since = (0..60).map(|index| 120 * GIB + index * GIB);
    let used: Vec<u64> = grown.chain(purging).chain(since).collect();
    let sec = full_in_sec(&minutes(used.clone()), 60 * GIB, NOW_MS).unwrap();
    assert!(sec.abs_diff(3600) <= 60, "{sec}");
    let just_purged = minutes(used.get(..250).unwrap().to_vec());
    assert_eq!(full_in_sec(&just_purged, 60 * GIB, NOW_MS), None);
}

#[test]
fn a_purge_that_nothing_follows_is_no_growth() {
    let used = (0..240).map(|index| if index < 60 { 90 * GIB } else { 10 * GIB });
    assert_eq!(
        full_in_sec(&minutes(used.collect::<Vec<_>>()), GIB, NOW_MS),
        None
    );
}

#[test]
fn a_cycle_of_filling_and_emptying_is_no_growth() {
    for phase in 0..60 {
        let used = (0..360).map(|index| 100 * GIB + (index + phase) % 60 * GIB);
        let sec = full_in_sec(&minutes(used.collect::<Vec<_>>()), 1000 * GIB, NOW_MS);
        // A part of a cycle at either end tilts the line a little.
        assert!(
            sec.is_none_or(|sec| sec > 10 * 3600),
            "phase {phase}: {sec:?}"
        );
    }
}

#[test]
fn what_a_cycle_leaves_behind_is_growth() {
    let used = (0..360).map(|index| index / 30 * GIB + index % 30 * (GIB / 2));
    let sec = full_in_sec(&minutes(used.collect::<Vec<_>>()), 120 * GIB, NOW_MS).unwrap();
    assert!(sec.abs_diff(3600 * 60) < 3600 * 15, "{sec}");
}

#[test]
fn samples_from_long_ago_or_from_the_future_say_nothing() {
    let samples = ramp(61, 0, GIB);
    assert_eq!(full_in_sec(&samples, GIB, NOW_MS + 3_600_000), Some(60));
    assert_eq!(full_in_sec(&samples, GIB, NOW_MS + 3_600_001), None);
    assert_eq!(full_in_sec(&samples, GIB, NOW_MS - 3_300_000), None);
    assert_eq!(full_in_sec(&samples, GIB, i64::MIN), None);
}

fn any_samples() -> impl Strategy<Value = Vec<Sample>> {
    let any = (any::<i64>(), any::<u64>()).boxed();
    let likely = (0..40_000_000i64, 0..1_000_000_000_000u64).boxed();
    let sample = prop_oneof![any, likely];
    let sample = sample.prop_map(|(at_ms, used_bytes)| Sample { at_ms, used_bytes });
    prop::collection::vec(sample, 0..40)
}

/// Irregular times in order, at least 10 minutes of them.
fn times() -> impl Strategy<Value = Vec<i64>> {
    prop::collection::vec(100i64..900, 6..60).prop_map(|steps| {
        let ends = steps.into_iter().scan(0, |at, step| {
            *at += step;
            Some(*at * 1000)
        });
        ends.collect()
    })
}

proptest! {
    #[test]
    fn any_samples_give_an_answer(
        samples in any_samples(), avail in any::<u64>(), now_ms in any::<i64>(),
    ) {
        for now_ms in [now_ms, 40_000_000, i64::MAX, i64::MIN] {
            let sec = full_in_sec(&samples, avail, now_ms);
            prop_assert!(sec.is_none_or(|sec| sec <= 365 * 86_400));
        }
    }

    #[test]
    fn a_ramp_is_exact_whatever_its_spacing(
        times in times(), start in 0u64..1 << 60, rate in 1u64..1 << 20, sec in 0u64..30_000_000,
    ) {
        prop_assume!(times.last().unwrap() - times.first().unwrap() >= 600_000);
        let sample = |&at_ms: &i64| Sample {
            at_ms,
            used_bytes: start + rate * u64::try_from(at_ms / 1000).unwrap(),
        };
        let mut samples: Vec<Sample> = times.iter().map(sample).collect();
        let now_ms = *times.last().unwrap();
        let found = full_in_sec(&samples, rate * sec, now_ms).unwrap();
        prop_assert!(found.abs_diff(sec) <= 1, "{} {}", found, sec);
        samples.reverse();
        prop_assert_eq!(full_in_sec(&samples, rate * sec, now_ms), Some(found));
    }

    #[test]
    fn what_stays_or_shrinks_is_never_full(
        times in times(), start in (1u64 << 40)..1 << 60, rate in 0u64..1 << 20, avail in 1u64..,
    ) {
        let sample = |&at_ms: &i64| Sample {
            at_ms,
            used_bytes: start - rate * u64::try_from(at_ms / 1000).unwrap(),
        };
        let samples: Vec<Sample> = times.iter().map(sample).collect();
        prop_assert_eq!(full_in_sec(&samples, avail, *times.last().unwrap()), None);
    }

    #[test]
    fn neither_the_clock_nor_the_level_nor_the_unit_matters(
        times in times(), used in prop::collection::vec(0u64..1 << 30, 60), growth in 0u64..1 << 26,
        shift_ms in 0i64..1 << 50, level in 0u64..1 << 45, avail in 0u64..1 << 40,
    ) {
        let used = used.iter().zip(0..).map(|(used, index)| used + growth * index);
        let samples: Vec<Sample> =
            times.iter().zip(used).map(|(&at_ms, used_bytes)| Sample { at_ms, used_bytes }).collect();
        let now_ms = *times.last().unwrap();
        let found = full_in_sec(&samples, avail, now_ms);
        let moved: Vec<Sample> = samples
            .iter()
            .map(|sample| Sample {
                at_ms: sample.at_ms + shift_ms,
                used_bytes: sample.used_bytes + level,
            })
            .collect();
        prop_assert_eq!(full_in_sec(&moved, avail, now_ms + shift_ms), found);
        let scaled: Vec<Sample> = samples
            .iter()
            .map(|sample| Sample { used_bytes: sample.used_bytes * 1024, ..*sample })
            .collect();
        prop_assert_eq!(full_in_sec(&scaled, avail * 1024, now_ms), found);
    }
}
