//! A sign of life of work that may take long, so that it is not taken for hung.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts up while a job makes progress.
#[derive(Clone, Debug, Default)]
pub struct Pulse(Arc<AtomicU64>);

impl Pulse {
    /// The counter itself, for loops that know nothing of collectors: they add to it.
    pub fn counter(&self) -> &AtomicU64 {
        &self.0
    }

    /// How often it has beaten.
    pub(super) fn beats(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
