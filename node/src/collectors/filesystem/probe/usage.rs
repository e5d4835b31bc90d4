//! The arithmetic of `df`: what statvfs(3) tells, in bytes and percent.

use rustix::fs::StatVfs;

/// How full a file system is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Usage {
    /// Size, as `df` shows it: without what the file system keeps for its own structures.
    pub total_bytes: u64,
    /// What is not free, the blocks reserved for root counted as free.
    pub used_bytes: u64,
    /// What somebody who isn't root can still write; 0 where even less than nothing is left.
    pub avail_bytes: u64,
    /// `used / (used + avail)`, which `df` shows rounded up; above 100 where `avail` is negative
    /// (root has written into the reserve of some file systems). None where `df` shows `-`.
    pub used_percent: Option<f64>,
    /// None where inodes are not limited in number (btrfs, vfat, many network file systems).
    pub inodes_total: Option<u64>,
    /// None likewise.
    pub inodes_used: Option<u64>,
    /// `used / total`; None likewise.
    pub inodes_used_percent: Option<f64>,
}

impl Usage {
    /// None where the file system has no size, or does not know it.
    pub(super) fn of(stat: &StatVfs) -> Option<Self> {
        let total = known(stat.f_blocks).filter(|&blocks| blocks > 0)?;
        let free = known(stat.f_bfree)?;
        let avail = signed(known(stat.f_bavail)?);
        let used = i128::from(total) - i128::from(free);
        let bytes = |blocks: u64| blocks.saturating_mul(stat.f_frsize);

        let inodes = known(stat.f_files).filter(|&files| files > 0);
        let inodes = inodes.and_then(|files| Some((files, known(stat.f_ffree)?)));
        let inodes_used = |(files, free): (u64, u64)| i128::from(files) - i128::from(free);
        Some(Self {
            total_bytes: bytes(total),
            used_bytes: bytes(total.saturating_sub(free)),
            avail_bytes: bytes(u64::try_from(avail).unwrap_or(0)),
            used_percent: percent(used, used + avail),
            inodes_total: inodes.map(|(files, _)| files),
            inodes_used: inodes.map(|(files, free)| files.saturating_sub(free)),
            inodes_used_percent: inodes
                .and_then(|inodes| percent(inodes_used(inodes), i128::from(inodes.0))),
        })
    }
}

/// The two highest numbers mean that the file system does not know.
fn known(count: u64) -> Option<u64> {
    (count < u64::MAX - 1).then_some(count)
}

/// A count of blocks that may be below zero, in two's complement.
fn signed(count: u64) -> i128 {
    i128::from(count.cast_signed())
}

/// None where there is nothing to take a share of, or the share would be negative.
fn percent(part: i128, whole: i128) -> Option<f64> {
    let hundredfold = part * 100;
    let (quotient, rest) = (
        hundredfold.checked_div(whole)?,
        hundredfold.checked_rem(whole)?,
    );
    // In two steps, so that a whole number stays one and nothing else becomes one: the screen
    // rounds up as `df` does.
    let percent = quotient as f64 + rest as f64 / whole as f64;
    (percent >= 0.0).then_some(percent)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stat(blocks: u64, bfree: u64, bavail: u64, files: u64, ffree: u64) -> StatVfs {
        StatVfs {
            f_bsize: 1 << 20,
            f_frsize: 4096,
            f_blocks: blocks,
            f_bfree: bfree,
            f_bavail: bavail,
            f_files: files,
            f_ffree: ffree,
            f_favail: ffree,
            f_fsid: 0,
            f_flag: rustix::fs::StatVfsMountFlags::empty(),
            f_namemax: 255,
        }
    }

    #[test]
    fn the_reserve_for_root_is_neither_used_nor_available() {
        let usage = Usage::of(&stat(1000, 400, 350, 64, 16)).unwrap();
        let expected = Usage {
            total_bytes: 4_096_000,
            used_bytes: 2_457_600,
            avail_bytes: 1_433_600,
            used_percent: Some(63.0 + 15.0 / 95.0),
            inodes_total: Some(64),
            inodes_used: Some(48),
            inodes_used_percent: Some(75.0),
        };
        assert_eq!(usage, expected);
    }

    #[test]
    fn what_has_no_size_has_no_usage() {
        assert_eq!(Usage::of(&stat(0, 0, 0, 0, 0)), None);
        assert_eq!(Usage::of(&stat(u64::MAX, 1, 1, 0, 0)), None);
        assert_eq!(Usage::of(&stat(10, u64::MAX - 1, 1, 0, 0)), None);
        assert_eq!(Usage::of(&stat(10, 1, u64::MAX, 0, 0)), None);
    }

    #[test]
    fn no_inodes_are_none_and_not_zero() {
        let usage = Usage::of(&stat(10, 5, 5, 0, 0)).unwrap();
        assert_eq!(
            (
                usage.inodes_total,
                usage.inodes_used,
                usage.inodes_used_percent
            ),
            (None, None, None)
        );
        let unknown = Usage::of(&stat(10, 5, 5, u64::MAX, u64::MAX)).unwrap();
        assert_eq!((unknown.inodes_total, unknown.inodes_used), (None, None));
    }

    #[test]
    fn an_overdrawn_reserve_is_more_than_full() {
        let usage = Usage::of(&stat(1000, 20, 0u64.wrapping_sub(20), 0, 0)).unwrap();
        assert_eq!(usage.avail_bytes, 0);
        assert_eq!(usage.used_percent, Some(102.0 + 80.0 / 960.0));
    }

    #[test]
    fn nothing_used_and_nothing_available_is_no_share() {
        let usage = Usage::of(&stat(10, 10, 0, 0, 0)).unwrap();
        assert_eq!((usage.used_bytes, usage.used_percent), (0, None));
        let full = Usage::of(&stat(10, 0, 0, 0, 0)).unwrap();
        assert_eq!(full.used_percent, Some(100.0));
    }

    #[test]
    fn more_free_than_there_is_does_not_wrap() {
        let usage = Usage::of(&stat(10, 30, 30, 5, 9)).unwrap();
        assert_eq!((usage.used_bytes, usage.avail_bytes), (0, 30 * 4096));
        assert_eq!((usage.used_percent, usage.inodes_used), (None, Some(0)));
        let huge = Usage::of(&stat(u64::MAX / 2, 0, 1 << 62, 0, 0)).unwrap();
        assert_eq!((huge.total_bytes, huge.avail_bytes), (u64::MAX, u64::MAX));
    }

    proptest! {
        #[test]
        fn rounded_up_the_share_is_the_one_of_df(used in 0u64..1 << 40, avail in 0u64..1 << 40) {
            prop_assume!(used > 0);
            let usage = Usage::of(&stat(used + avail, avail, avail, 0, 0)).unwrap();
            let df = (used * 100).div_ceil(used + avail);
            prop_assert_eq!(usage.used_percent.map(f64::ceil), Some(df as f64));
        }

        #[test]
        fn any_numbers_give_an_answer(
            blocks in any::<u64>(), bfree in any::<u64>(), bavail in any::<u64>(),
            files in any::<u64>(), ffree in any::<u64>(), frsize in any::<u64>(),
        ) {
            let stat = StatVfs { f_frsize: frsize, ..stat(blocks, bfree, bavail, files, ffree) };
            if let Some(usage) = Usage::of(&stat) {
                prop_assert!(usage.used_bytes <= usage.total_bytes);
                prop_assert!(usage.used_percent.is_none_or(|share| share >= 0.0));
                prop_assert!(usage.inodes_used_percent.is_none_or(|share| share <= 100.0));
            }
        }
    }
}
