//! Tells root of every end of a child, an orderly one and one by panic alike.

use actix::{Message, Recipient};

/// A child, in one of its lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChildId {
    /// The database writer.
    Writer {
        /// Which life.
        incarnation: u64,
    },
    /// A collector.
    Collector {
        /// Its name.
        name: String,
        /// Which life.
        incarnation: u64,
    },
}

/// A child has ended.
#[derive(Clone, Debug, Message)]
#[rtype(result = "()")]
pub struct ChildExited {
    /// Which.
    pub child: ChildId,
    /// Why, when it was not asked to.
    pub cause: Option<String>,
}

/// Lives in a child and reports its end when it is dropped, which unwinding does too.
#[derive(Debug)]
pub struct ExitNotice {
    child: ChildId,
    root: Recipient<ChildExited>,
    cause: Option<String>,
}

impl ExitNotice {
    /// A notice for one life of a child.
    pub fn new(child: ChildId, root: Recipient<ChildExited>) -> Self {
        Self {
            child,
            root,
            cause: None,
        }
    }

    /// Why the child is about to end.
    pub fn set_cause(&mut self, cause: String) {
        self.cause = Some(cause);
    }
}

impl Drop for ExitNotice {
    fn drop(&mut self) {
        let cause = self.cause.take().or_else(|| {
            std::thread::panicking()
                .then(|| super::panics::last_panic().unwrap_or_else(|| "it panicked".to_owned()))
        });
        self.root.do_send(ChildExited {
            child: self.child.clone(),
            cause,
        });
    }
}
