//! The record of every command, accepted or refused: who asked for what, and what became of it.
//!
//! A command's handler takes an [`Audit`] and begins it before it does anything: what can't be
//! recorded is not done. All others, refused by whatever part of the node, are recorded when they
//! are answered.

mod entry;
mod refusals;
mod routes;
mod table;

use std::cell::RefCell;
use std::future::{Ready, ready};
use std::rc::Rc;
use std::time::{Duration, Instant};

use actix::Addr;
use actix_web::body::MessageBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, web};

use crate::config::Config;
use crate::http::{ApiError, COMMAND, NodeState};
use crate::store::{Lease, RetentionRule, StoreError};
use crate::supervisor::{Record, Root};
use entry::{Entry, outcome};
use refusals::REFUSALS;
use table::Recording;

pub(crate) use routes::{__path_list, list};

/// How long a command waits for its record.
const PATIENCE: Duration = Duration::from_secs(5);

/// The record of the command that is being answered.
#[derive(Clone)]
pub struct Audit {
    entry: Rc<RefCell<Entry>>,
    root: Addr<Root>,
}

impl Audit {
    /// The record of a request; none of one that is no command.
    fn of(request: &ServiceRequest) -> Option<Self> {
        // The path as the router sees it, who has yet to come.
        let path = request.match_info().as_str();
        let name = request.resource_map().match_name(path);
        if *request.method() != Method::POST || name != Some(COMMAND) {
            return None;
        }
        let state = request.app_data::<web::Data<NodeState>>()?;
        Some(Self {
            entry: Rc::new(RefCell::new(Entry::new(path, request.peer_addr()))),
            root: state.root.clone(),
        })
    }

    /// Notes whose token came with it.
    pub fn comes_from(&self, who: Option<String>) {
        self.entry.borrow_mut().who = who;
    }

    /// Notes the command's own words.
    pub fn note(&self, detail: &str) {
        self.entry.borrow_mut().note(detail);
    }

    /// Records that the command is about to be carried out.
    ///
    /// # Errors
    /// `store_unavailable`; nothing may be done then.
    pub async fn begin(&self) -> Result<(), ApiError> {
        let entry = self.entry.borrow().clone();
        let id = write(&self.root, &entry, None).await?;
        self.entry.borrow_mut().id = id;
        Ok(())
    }

    /// Writes down how the command ended.
    async fn end(&self, status: StatusCode, outcome: String) {
        let entry = self.entry.borrow().clone();
        let is_refused = !status.is_success() && entry.id.is_none();
        let shared = is_refused.then(|| REFUSALS.count(Instant::now(), &entry, &outcome));
        let Some(shared) = shared.flatten() else {
            let stored = write(&self.root, &entry, Some(outcome.clone())).await;
            return tell(stored, &entry, &outcome);
        };
        while let Some((entry, outcome)) = shared.unwritten() {
            let stored = write(&self.root, &entry, Some(outcome.clone())).await;
            shared.written(stored.as_ref().ok().copied().flatten());
            tell(stored, &entry, &outcome);
        }
    }
}

/// Writes a command's row, or what is known now into the row that it has; the row's id.
async fn write(
    root: &Addr<Root>,
    entry: &Entry,
    outcome: Option<String>,
) -> Result<Option<i64>, StoreError> {
    let (recording, id) = Recording::new(entry, outcome);
    let lease = Lease::default();
    let record = Record {
        rows: Box::new(recording),
        lease: lease.clone(),
    };
    let stored = actix_rt::time::timeout(PATIENCE, root.send(record)).await;
    // So that no row comes late that says of a refused command that it is being carried out.
    lease.give_up();
    match stored {
        Ok(Ok(stored)) => stored?,
        Ok(Err(_)) => return Err(StoreError::WriterGone),
        Err(_) => return Err(StoreError::TimedOut { waited: PATIENCE }),
    }
    Ok(id.get().copied())
}

fn tell(stored: Result<Option<i64>, StoreError>, entry: &Entry, outcome: &str) {
    if let Err(error) = stored {
        log::error!("a command could not be recorded ({error}): {entry:?} {outcome}");
    }
}

impl FromRequest for Audit {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let audit = request.extensions().get::<Self>().cloned();
        ready(audit.ok_or_else(|| ApiError::internal("a command that would not be recorded")))
    }
}

/// Sees to it that every command is recorded. Once it is read it goes on to its end, also when the
/// one who sent it hangs up.
pub(crate) async fn record<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, actix_web::Error> {
    let Some(audit) = Audit::of(&request) else {
        return next.call(request).await;
    };
    let answered = actix_rt::spawn(async move {
        request.extensions_mut().insert(audit.clone());
        let answer = next.call(request).await;
        let (status, error) = match &answer {
            Ok(answer) => (answer.status(), answer.response().error()),
            Err(error) => (error.as_response_error().status_code(), Some(error)),
        };
        audit.end(status, outcome(status, error)).await;
        answer
    });
    let answered = answered.await;
    answered.map_err(|panic| ApiError::internal(panic.to_string()))?
}

/// What of the record is purged.
pub fn retention(config: &Config) -> RetentionRule {
    RetentionRule {
        table: "audit",
        time_column: "at",
        row_bytes: "octet_length(target) + coalesce(octet_length(detail), 0)",
        limit: config.retention.audit.clone(),
        dependants: &[],
    }
}
