//! The node's state as a whole, from that of its parts.

use etlmon_shared::health::{CollectorHealth, CollectorStatus, DatabaseHealth, HealthStatus};

/// `failed` when nothing can be stored or no collector works, `degraded` when something does not.
pub(super) fn judge(db: &DatabaseHealth, collectors: &[CollectorHealth]) -> HealthStatus {
    let works = |collector: &CollectorHealth| collector.status == CollectorStatus::Running;
    let working = collectors
        .iter()
        .filter(|collector| works(collector))
        .count();
    if !db.writable || (working == 0 && !collectors.is_empty()) {
        HealthStatus::Failed
    } else if working < collectors.len() {
        HealthStatus::Degraded
    } else {
        HealthStatus::Ok
    }
}
