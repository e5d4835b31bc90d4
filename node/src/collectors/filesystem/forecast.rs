//! Foretells when a file system will be full, from how its use has grown.

/// How much was used at one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// Unix time in milliseconds.
    pub at_ms: i64,
    /// What was used then.
    pub used_bytes: u64,
}

/// With fewer samples a line through noise looks as good as one through growth.
const MIN_SAMPLES: usize = 6;
/// A file that is just being written is not a trend.
const MIN_SPAN_SEC: f64 = 600.0;
/// A slope counts from this many of its standard errors. Chance gives that once in 700 times with
/// many independent samples, once in 50 with the fewest.
const MIN_STANDARD_ERRORS: f64 = 3.0;
/// A year: samples of some hours say nothing about later.
const MAX_SEC: f64 = 365.0 * 86_400.0;
/// A fall by more than this share of the range of all samples is a purge, not noise.
const PURGE_SHARE: f64 = 0.25;

/// In how many seconds `avail_now` bytes will be used up if use goes on growing as a line through
/// the `samples` (least squares) does. The caller chooses the window, and gives samples of one
/// size of the file system; their order and spacing are free, and what is later than `now_ms` is
/// ignored.
///
/// None where no growth is seen: fewer than 6 samples or 10 minutes, a slope that isn't above
/// zero by three of its standard errors, more than a year to go, or samples that ended longer ago
/// than they span.
///
/// Where the use fell once in the window by more than a quarter of its range, somebody has made
/// room, and only what came after counts. Where it fell so more often, falls are part of how this
/// file system is used (a batch is written, handed on, removed), and the whole window counts: its
/// slope is what is left over from cycle to cycle.
#[must_use]
pub fn full_in_sec(samples: &[Sample], avail_now: u64, now_ms: i64) -> Option<u64> {
    let mut samples: Vec<Sample> = samples
        .iter()
        .copied()
        .filter(|sample| sample.at_ms <= now_ms)
        .collect();
    samples.sort_by_key(|sample| sample.at_ms);
    let origin = *samples.first()?;
    // Distances from the first sample: f64 holds them exactly where it doesn't hold the values.
    let points: Vec<Point> = samples
        .iter()
        .map(|sample| Point::from(*sample, origin))
        .collect();
    let points = since_purge(&points);

    let (first, last) = (points.first()?, points.last()?);
    let span = last.sec - first.sec;
    let since_last = i128::from(now_ms) - i128::from(origin.at_ms);
    let since_last = since_last as f64 / 1000.0 - last.sec;
    if points.len() < MIN_SAMPLES || span < MIN_SPAN_SEC || since_last > span {
        return None;
    }
    let sec = avail_now as f64 / growth(points)?;
    (sec <= MAX_SEC).then(|| whole(sec))
}

#[derive(Debug, Clone, Copy)]
struct Point {
    sec: f64,
    bytes: f64,
}

impl Point {
    fn from(sample: Sample, origin: Sample) -> Self {
        Self {
            sec: (i128::from(sample.at_ms) - i128::from(origin.at_ms)) as f64 / 1000.0,
            bytes: (i128::from(sample.used_bytes) - i128::from(origin.used_bytes)) as f64,
        }
    }
}

/// The points from the bottom of the only purge on, or all.
fn since_purge(points: &[Point]) -> &[Point] {
    let (low, high) = points
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), point| {
            (low.min(point.bytes), high.max(point.bytes))
        });
    let threshold = (high - low) * PURGE_SHARE;
    let mut purges = 0_u32;
    let mut bottom = 0;
    let mut falling = false;
    // The highest since the last bottom, or the lowest since the last top.
    let mut extreme = f64::NEG_INFINITY;
    for (index, point) in points.iter().enumerate() {
        if falling {
            if point.bytes <= extreme {
                (extreme, bottom) = (point.bytes, index);
            } else if point.bytes - extreme > threshold {
                (extreme, falling) = (point.bytes, false);
            }
        } else if point.bytes >= extreme {
            extreme = point.bytes;
        } else if extreme - point.bytes > threshold {
            (extreme, bottom, falling) = (point.bytes, index, true);
            purges = purges.saturating_add(1);
        }
    }
    if purges == 1 {
        points.get(bottom..).unwrap_or(points)
    } else {
        points
    }
}

/// Bytes a second, where that is surely more than none.
fn growth(points: &[Point]) -> Option<f64> {
    let count = points.len() as f64;
    let mean = |of: fn(&Point) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (mean_sec, mean_bytes) = (mean(|point| point.sec), mean(|point| point.bytes));
    let (mut time, mut both, mut total) = (0.0, 0.0, 0.0);
    for point in points {
        let (sec, bytes) = (point.sec - mean_sec, point.bytes - mean_bytes);
        time += sec * sec;
        both += sec * bytes;
        total += bytes * bytes;
    }
    let slope = both / time;
    let unexplained = (total - slope * both).max(0.0);
    let standard_error = (unexplained / (count - 2.0) / time).sqrt();
    (slope > 0.0 && slope >= standard_error * MIN_STANDARD_ERRORS).then_some(slope)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between nought and a year; `as` saturates, and there is no other conversion"
)]
fn whole(sec: f64) -> u64 {
    sec as u64
}

#[cfg(test)]
mod tests;
