//! What is asked of root.

use std::sync::Arc;

use actix::Message;
use etlmon_shared::health::Health;

use super::spec::Spec;
use crate::collector::Collecting;
use crate::store::{Lease, Persist, RetentionRule, StoreError};

/// What is to run.
#[derive(Default)]
pub struct Plan {
    /// The collectors.
    pub specs: Vec<Spec>,
    /// What rids the tables of rows that no collector of these keeps.
    pub tidies: Vec<Arc<dyn Persist + Sync>>,
    /// What is purged.
    pub retention: Arc<[RetentionRule]>,
}

/// Asks for the node's state.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "Health")]
pub struct GetHealth;

/// Runs another plan: what is the same goes on, the rest is ended, started or restarted.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Reload(pub Plan);

/// Stores what is waiting and ends everything.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
pub struct Shutdown;

/// Begins a cycle now in collectors of one kind.
#[derive(Clone, Debug, Message)]
#[rtype(result = "Triggered")]
pub struct Trigger {
    /// The kind.
    pub kind: &'static str,
    /// Their subjects, that of the only one of its kind being empty; all when none are given.
    pub subjects: Option<Vec<String>>,
}

/// Writes something for one collector and wakes it.
#[derive(Message)]
#[rtype(result = "Ordered")]
pub struct Order {
    /// The kind.
    pub kind: &'static str,
    /// The collector's subject.
    pub subject: String,
    /// What it is told, as rows.
    pub rows: Box<dyn Persist>,
}

/// Writes rows that are no collector's; the answer comes when they are committed.
#[derive(Message)]
#[rtype(result = "Result<(), StoreError>")]
pub struct Record {
    /// The rows.
    pub rows: Box<dyn Persist>,
    /// Given up when nobody wants them any more.
    pub lease: Lease,
}

/// What became of an [`Order`].
#[derive(Debug)]
pub enum Ordered {
    /// It is stored.
    Done,
    /// No collector of that kind has this subject.
    NoSuchSubject,
    /// The database did not take it.
    Refused(StoreError),
}

/// What became of a [`Trigger`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Triggered {
    /// What each collector said.
    Done(Vec<(String, Collecting)>),
    /// No collector of that kind has this subject; none was asked.
    NoSuchSubject(String),
    /// This collector is being restarted; none was asked.
    Restarting(String),
}
