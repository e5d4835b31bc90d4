//! When a rotated file is finished, and which handles are put away when there are too many.

use std::time::Instant;

use super::checkpoint::State;
use super::chunk::GapReason;
use super::follower::Follower;
use super::source::Source;
use super::writers::Writers;

impl Follower {
    /// A rotated file is finished when it is read, quiet, has a successor or no name, and nobody
    /// can write to it any more.
    pub(crate) fn finish_rotated(&mut self, now: Instant) {
        let mut quiet = Vec::new();
        for (index, file) in self.files.iter_mut().enumerate() {
            let Some(facts) = file.facts.filter(|_| file.is_following() && !file.live) else {
                continue;
            };
            let successor = self.slots.get(&file.slot).and_then(|slot| slot.present);
            let succeeded = successor.is_some();
            file.is_succeeded = successor.is_some_and(|facts| facts.size > 0);
            if file.source.as_ref().is_some_and(Source::is_plain)
                && file.drained_at == Some(facts.size)
                && now.saturating_duration_since(file.changed_at) >= self.settings.finish_after
                && (succeeded || facts.links == 0)
            {
                let is_read = file.mark.offset == facts.size;
                // Not when this look began: it may have been renamed since.
                file.left_at.get_or_insert_with(|| now.max(Instant::now()));
                quiet.push((index, file.identity, is_read && facts.links == 0));
            } else {
                file.left_at = None;
                file.seem_finished(false);
            }
        }
        for (index, identity, is_gone) in quiet {
            let Some(file) = self.files.get_mut(index) else {
                continue;
            };
            let settings = &self.settings;
            let scan = &settings.common.writers;
            let since = file.left_at.unwrap_or(now).max(file.changed_at);
            let writers = scan.of(identity, settings, now, since);
            file.finishing = match writers {
                Writers::None => true,
                Writers::Some => false,
                Writers::Unknown => {
                    now.saturating_duration_since(file.changed_at) >= self.settings.finish_unproven
                }
            };
            file.seem_finished(is_gone && writers == Writers::Unknown);
        }
    }

    /// Puts handles away when there are too many, or others wait for them: of files at rest at
    /// their path first, which are opened again when they change, then of the oldest rotated ones.
    pub(crate) fn limit_handles(&mut self) {
        if self.waiting {
            for file in self.files.iter_mut().filter(|file| file.is_at_rest()) {
                file.put_away();
            }
        }
        let open = self.files.iter().filter(|file| file.source.is_some());
        let excess = open
            .count()
            .saturating_sub(self.settings.max_open_files.max(1));
        if excess == 0 {
            return;
        }
        let mut at_rest: Vec<usize> = (0..self.files.len()).collect();
        at_rest.retain(|&index| {
            self.files.get(index).is_some_and(|file| {
                // A last line without its end is still to be read, and only with a handle.
                let is_read = file.drained_at == file.facts.map(|facts| facts.size);
                file.source.is_some() && is_read && (file.is_at_rest() || !file.live)
            })
        });
        at_rest.sort_by_key(|&index| {
            self.files
                .get(index)
                .map(|file| (!file.live, file.changed_at, file.sequence))
        });
        for index in at_rest.into_iter().take(excess) {
            let Some(file) = self.files.get_mut(index) else {
                continue;
            };
            file.put_away();
            if file.live {
                continue;
            }
            // One that has a name is found again if it grows; without one it is gone.
            file.mark.state = State::Finished;
            file.dirty = true;
            if file.facts.is_some_and(|facts| facts.links == 0) {
                self.gaps
                    .push(file.gap(file.mark.offset, GapReason::HandleLimit));
            }
        }
    }
}
