//! What is wrong with a node, or will be: the worst first.

use etlmon_shared::filesystem::FilesystemStatus;
use etlmon_shared::health::{CollectorStatus, HealthStatus};
use etlmon_shared::human;
use etlmon_shared::log::LogStatus;
use etlmon_shared::path::PathStatus;
use etlmon_shared::process::ProcessStatus;

use super::{Context, falling, rising};
use crate::frame::Role;
use crate::model::{Link, Node};

/// Something that needs a look.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// The higher, the sooner.
    pub weight: f64,
    /// Whether it is bad or will be.
    pub role: Role,
    /// What it is.
    pub text: String,
}

/// All that is wrong with a node.
pub fn of(node: &Node, context: Context<'_>) -> Vec<Problem> {
    let mut found = Vec::new();
    if let Link::Down { reason, .. } = &node.link {
        found.push(bad(1000.0, reason.clone()));
    } else if let Some(since) = node.slow_since(context.now) {
        let waited = human::age(since, context.now);
        let text = format!("no answer for {waited}");
        found.push(Problem {
            weight: 600.0,
            role: Role::Warn,
            text,
        });
    }
    if let Some(reason) = &node.health.refused {
        found.push(bad(950.0, reason.clone()));
    }
    health(node, &mut found);
    filesystems(node, context, &mut found);
    lists(node, &mut found);
    found.sort_by(|a, b| b.weight.total_cmp(&a.weight));
    found
}

fn bad(weight: f64, text: String) -> Problem {
    let role = Role::Bad;
    Problem { weight, role, text }
}

fn health(node: &Node, found: &mut Vec<Problem>) {
    let Some(health) = &node.health.rows else {
        return;
    };
    if health.status == HealthStatus::Failed {
        found.push(bad(900.0, "node failed".to_owned()));
    }
    if !health.db.writable {
        let reason = health.db.last_error.as_deref().unwrap_or("unknown reason");
        found.push(bad(800.0, format!("database not writable: {reason}")));
    }
    for collector in &health.collectors {
        let state = match collector.status {
            CollectorStatus::Running => continue,
            CollectorStatus::Restarting => "restarting",
            CollectorStatus::Stalled => "stalled",
            CollectorStatus::Failed => "failed",
        };
        let reason = collector.last_error.as_deref();
        let reason = reason.map_or_else(String::new, |reason| format!(": {reason}"));
        found.push(bad(300.0, format!("{} {state}{reason}", collector.name)));
    }
}

fn filesystems(node: &Node, Context { thresholds, .. }: Context<'_>, found: &mut Vec<Problem>) {
    for row in node.filesystems.rows.iter().flatten() {
        let mount = &row.mount_point;
        match row.status {
            FilesystemStatus::Ok => {}
            FilesystemStatus::Stale => found.push(bad(700.0, format!("{mount} does not answer"))),
            FilesystemStatus::Error => {
                let reason = row.error_message.as_deref().unwrap_or("error");
                found.push(bad(690.0, format!("{mount}: {reason}")));
            }
        }
        let shares = [
            (row.used_percent, thresholds.disk_percent, "full"),
            (
                row.inodes_used_percent,
                thresholds.inode_percent,
                "of inodes used",
            ),
        ];
        for (share, limits, what) in shares {
            let role = rising(share, limits);
            if let Some(share) = share.filter(|_| role == Role::Bad || role == Role::Warn) {
                let weight = if role == Role::Bad { 400.0 } else { 100.0 } + share;
                let text = format!("{mount} {:.0}% {what}", share.ceil());
                found.push(Problem { weight, role, text });
            }
        }
        let role = falling(row.full_in_sec, thresholds.full_in);
        if let Some(left) = row
            .full_in_sec
            .filter(|_| role == Role::Bad || role == Role::Warn)
        {
            let weight = if role == Role::Bad { 550.0 } else { 150.0 };
            let text = format!("{mount} full in {}", human::duration(left));
            found.push(Problem { weight, role, text });
        }
    }
}

/// What is asked for less often, beside what is on the screen.
fn lists(node: &Node, found: &mut Vec<Problem>) {
    for row in node.paths.rows.iter().flatten() {
        if row.status == PathStatus::Error {
            let reason = row.error_message.as_deref().unwrap_or("error");
            found.push(bad(280.0, format!("{}: {reason}", row.path)));
        }
    }
    for row in node.logs.rows.iter().flatten() {
        if row.status == LogStatus::Error {
            let reason = row.error_message.as_deref().unwrap_or("error");
            found.push(bad(270.0, format!("log {}: {reason}", row.name)));
        }
    }
    for row in node.processes.rows.iter().flatten() {
        if row.status == ProcessStatus::Stopped {
            let name = row.watch.as_deref().unwrap_or(&row.process_name);
            found.push(bad(500.0, format!("{name} stopped (pid {})", row.pid)));
        }
    }
    for job in node.cron.rows.iter().flatten() {
        if let Some(reason) = &job.error_message {
            found.push(bad(200.0, format!("cron: {reason}: {}", job.command)));
        } else if job.missed_count.is_some_and(|missed| missed > 0) {
            found.push(bad(250.0, format!("cron missed: {}", job.command)));
        }
    }
}
