//! What the collector of a follower is made of, and made anew of after a panic.

use std::sync::Arc;

use super::crowd::Crowd;
use super::settings::{Budget, TailSettings};
use crate::store::ReadPool;
use crate::watch::Watcher;

/// What a follower's collector is made of.
pub struct TailSetup<D> {
    /// The kind of its follower.
    pub kind: &'static str,
    /// The follower's name.
    pub name: String,
    /// What to follow, and how.
    pub settings: TailSettings,
    /// Lines a batch at most.
    pub budget: Budget,
    /// Whether to go on when what was there at the start is read.
    pub follow: bool,
    /// Where its lines go.
    pub lines: Arc<D>,
    /// Where its checkpoints are read.
    pub reads: ReadPool,
    /// Who tells it of changes.
    pub watcher: Watcher,
    /// With whom it shares what may be used.
    pub crowd: Crowd,
}

impl<D> Clone for TailSetup<D> {
    fn clone(&self) -> Self {
        Self {
            kind: self.kind,
            name: self.name.clone(),
            settings: self.settings.clone(),
            budget: self.budget,
            follow: self.follow,
            lines: Arc::clone(&self.lines),
            reads: self.reads.clone(),
            watcher: self.watcher.clone(),
            crowd: self.crowd.clone(),
        }
    }
}
