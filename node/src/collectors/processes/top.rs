//! The busiest processes by CPU and by memory.

use std::cmp::Ordering;

use super::sample::Process;

/// Marks, in the order of the processes, those that are among the `top_n` of most CPU or the
/// `top_n` of most memory. What uses none is never among them; of equals the lower pid is.
pub fn busiest(processes: &[Process], top_n: usize) -> Vec<bool> {
    let mut marks = vec![false; processes.len()];
    mark(&mut marks, processes, top_n, |process| {
        process.cpu_percent.unwrap_or_default()
    });
    mark(&mut marks, processes, top_n, |process| {
        process.rss_estimate_bytes
    });
    marks
}

fn mark<K: PartialOrd + Default>(
    marks: &mut [bool],
    processes: &[Process],
    top_n: usize,
    key: impl Fn(&Process) -> K,
) {
    let keys = processes.iter().map(key).enumerate();
    let mut busy: Vec<(usize, K)> = keys.filter(|(_, key)| *key > K::default()).collect();
    if top_n < busy.len() {
        busy.select_nth_unstable_by(top_n, |(a, left), (b, right)| {
            let by_key = right.partial_cmp(left).unwrap_or(Ordering::Equal);
            by_key.then(a.cmp(b))
        });
    }
    for (index, _) in busy.into_iter().take(top_n) {
        if let Some(mark) = marks.get_mut(index) {
            *mark = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::tests::process;
    use super::*;

    fn marked(figures: &[(Option<f64>, u64)], top_n: usize) -> Vec<usize> {
        let processes: Vec<Process> = (1..)
            .zip(figures)
            .map(|(pid, &(cpu_percent, rss_estimate_bytes))| Process {
                cpu_percent,
                rss_estimate_bytes,
                ..process(pid, 1)
            })
            .collect();
        let marks = busiest(&processes, top_n);
        (0..marks.len()).filter(|&index| marks[index]).collect()
    }

    #[test]
    fn both_lists_are_kept_and_what_is_on_both_is_kept_once() {
        let figures = [
            (Some(90.0), 10),
            (Some(80.0), 900),
            (Some(1.0), 800),
            (Some(2.0), 20),
            (None, 700),
        ];
        assert_eq!(marked(&figures, 1), [0, 1]);
        assert_eq!(marked(&figures, 2), [0, 1, 2]);
        assert_eq!(marked(&figures, 3), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn what_uses_nothing_is_never_busy() {
        let figures = [(None, 0), (Some(0.0), 0), (Some(0.1), 0), (None, 1)];
        assert_eq!(marked(&figures, 10), [2, 3]);
    }

    #[test]
    fn none_wanted_gives_none() {
        assert!(marked(&[(Some(5.0), 5)], 0).is_empty());
        assert!(marked(&[], 5).is_empty());
    }

    #[test]
    fn of_equals_the_lower_pid_is_kept_each_time() {
        assert_eq!(marked(&[(Some(5.0), 0); 50], 3), [0, 1, 2]);
    }
}
