//! One thread of a walk: depth first through its own stack of directories, and helpful to others.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::thread::{Builder, Scope};
use std::time::{Duration, Instant};

use rustix::io::Errno;

use super::WalkError;
use super::batch::Batch;
use super::measure::Child;
use super::node::Node;
use super::open::is_gone;
use super::read::{Block, Place, Reader};
use super::shared::Shared;
use super::team::Handed;

/// Directories that all threads together keep open to come back to: those met last. Others are
/// opened again.
const KEPT_OPEN: usize = 64;

/// When a directory has given so many bytes of names of directories, those are entered before it is
/// read on, so that a million directories in one need no more memory than this.
const NAMES_AT_ONCE: usize = 256 * 1024;

/// A walk needs little stack whatever the depth of the tree.
const STACK: usize = 256 * 1024;

/// A part of the walk still to be done.
pub(super) enum Job {
    /// A directory to read, or to read on: always one with a node.
    Read { node: Arc<Node>, fd: Arc<OwnedFd> },
    /// Directories to enter.
    Enter(Batch),
}

impl Job {
    /// About how long it will take, at least.
    fn worth(&self, now: Instant) -> Duration {
        match self {
            // Its first part was long.
            Job::Read { .. } => Duration::MAX,
            Job::Enter(batch) => batch.worth(now),
        }
    }
}

/// One thread of a walk.
pub(super) struct Worker<'scope, 'env> {
    shared: &'scope Shared<'scope>,
    scope: &'scope Scope<'scope, 'env>,
    reader: Reader,
    stack: Vec<Job>,
    kept_open: usize,
}

impl<'scope, 'env> Worker<'scope, 'env> {
    pub(super) fn new(shared: &'scope Shared<'scope>, scope: &'scope Scope<'scope, 'env>) -> Self {
        let kept_open = KEPT_OPEN
            .checked_div(shared.options.threads)
            .unwrap_or(KEPT_OPEN)
            .max(4);
        Self {
            shared,
            scope,
            reader: Reader::new(),
            stack: Vec::new(),
            kept_open,
        }
    }

    /// Works until the whole walk is done or has failed.
    pub(super) fn run(mut self, first: Option<Job>) {
        let _end = self.shared.team.end_on_panic();
        self.stack.extend(first);
        if let Err(failure) = self.work() {
            self.shared.fail(failure);
        }
        let (files, dirs, sums) = self.reader.totals();
        self.shared.settle(files, dirs, sums);
    }

    fn work(&mut self) -> Result<(), WalkError> {
        while let Some(job) = self.stack.pop().or_else(|| self.shared.team.next()) {
            match job {
                Job::Read { node, fd } => self.read_on(node, fd)?,
                Job::Enter(batch) => self.enter(batch)?,
            }
        }
        Ok(())
    }

    /// Enters the directories of a batch up to one that has directories of its own to enter first.
    fn enter(&mut self, mut batch: Batch) -> Result<(), WalkError> {
        let parent = match &batch.fd {
            Some(fd) => Arc::clone(fd),
            None => match self.reopen(&batch.node)? {
                Ok(fd) => fd,
                Err(errno) => {
                    self.lost(&batch, errno);
                    return Ok(());
                }
            },
        };
        batch.fd = Some(Arc::clone(&parent));
        while batch.advance() {
            let Some(fd) = self.open(parent.as_fd(), &batch)? else {
                continue;
            };
            let child = match &self.shared.measure {
                Some(measure) if batch.node.depth() == 0 => measure.child(batch.name()),
                _ => batch.node.child().cloned(),
            };
            let ended = self.read(
                fd.as_fd(),
                &mut Place::Present(&mut batch),
                child.as_deref(),
            )?;
            if ended && self.reader.names().is_empty() {
                continue;
            }
            let node = Node::below(&batch.node, batch.name().to_bytes(), child);
            if batch.left() > 0 {
                self.push(Job::Enter(batch));
            }
            self.push_found(Arc::new(node), Arc::new(fd), ended);
            return Ok(());
        }
        Ok(())
    }

    /// Opens a directory again, and on the way those that the next jobs on the stack are about:
    /// each job is about a directory at or above that of the job after it.
    fn reopen(&mut self, node: &Node) -> Result<rustix::io::Result<Arc<OwnedFd>>, WalkError> {
        let opener = &self.shared.opener;
        let open = |from: &OwnedFd, names: &[&[u8]]| {
            opener.descend(from.as_fd(), names, || self.shared.pace())
        };
        let (mut fd, mut depth) = (opener.root(), 0);
        let next = self.stack.len().saturating_sub(self.kept_open / 2);
        for job in self.stack.get_mut(next..).unwrap_or_default() {
            if let Job::Enter(batch) = job {
                if batch.fd.is_none() {
                    match open(&fd, &batch.node.names_from(depth))? {
                        Ok(opened) => batch.fd = Some(Arc::new(opened)),
                        Err(errno) => return Ok(Err(errno)),
                    }
                }
                fd = batch.fd.clone().unwrap_or(fd);
                depth = batch.node.depth();
            }
        }
        Ok(open(&fd, &node.names_from(depth))?.map(Arc::new))
    }

    /// Reads, or goes on to read, the root or a directory with very many directories.
    fn read_on(&mut self, node: Arc<Node>, fd: Arc<OwnedFd>) -> Result<(), WalkError> {
        let child = node.child().cloned();
        let ended = self.read(fd.as_fd(), &mut Place::Known(&node), child.as_deref())?;
        self.push_found(node, fd, ended);
        Ok(())
    }

    /// `None` for a directory that is not to be read after all.
    fn open(&self, parent: BorrowedFd<'_>, batch: &Batch) -> Result<Option<OwnedFd>, WalkError> {
        self.shared.pace()?;
        match self.shared.opener.open(parent, batch.name()) {
            Ok(fd) => return Ok(Some(fd)),
            Err(Errno::XDEV) => {}
            Err(errno) if is_gone(errno) => {}
            Err(errno) => self.shared.unreadable(1, &|| batch.path(), errno),
        }
        self.shared.check()?;
        Ok(None)
    }

    /// Reads a directory to its end, which it answers, or until it has given many names.
    fn read(
        &mut self,
        fd: BorrowedFd<'_>,
        place: &mut Place<'_>,
        child: Option<&Child>,
    ) -> Result<bool, WalkError> {
        self.reader.begin(self.shared, place);
        loop {
            let now = self.shared.check()?;
            self.share(place, now);
            self.shared.pace()?;
            match self.reader.read_block(self.shared, fd, place, child)? {
                Block::End => return Ok(true),
                Block::Failed(errno) if place.depth() == 0 => {
                    return Err(self.shared.root_failed(errno));
                }
                Block::Failed(errno) => {
                    if !is_gone(errno) {
                        self.shared.unreadable(1, &|| place.path(), errno);
                    }
                    return Ok(true);
                }
                Block::Read => {}
            }
            // A directory half read must stay open, so there may not be many.
            let may_pause = self.stack.len() < self.kept_open / 2;
            if may_pause && self.reader.names().len() >= NAMES_AT_ONCE {
                return Ok(false);
            }
        }
    }

    /// Puts off what was found in a directory, and the rest of it if there is more.
    fn push_found(&mut self, node: Arc<Node>, fd: Arc<OwnedFd>, ended: bool) {
        let names = self.reader.names();
        let found = (!names.is_empty())
            .then(|| Batch::new(Arc::clone(&node), Arc::clone(&fd), names, Instant::now()));
        if !ended {
            self.push(Job::Read { node, fd });
        }
        if let Some(found) = found {
            self.push(Job::Enter(found));
        }
    }

    /// Puts a job on the stack, and closes the directory that has now waited longest.
    fn push(&mut self, job: Job) {
        self.stack.push(job);
        let oldest = self.stack.len().checked_sub(self.kept_open + 1);
        if let Some(Job::Enter(batch)) = oldest.and_then(|oldest| self.stack.get_mut(oldest)) {
            batch.fd = None;
        }
    }

    /// Hands work over to a thread that has none: the job nearest the root, which is likely the
    /// longest, or else a part of the present batch.
    fn share(&mut self, place: &mut Place<'_>, now: Instant) {
        let Some(least) = self.shared.team.wants() else {
            return;
        };
        let job = match (self.stack.first(), place) {
            (Some(job), _) if job.worth(now) >= least => Some(self.stack.remove(0)),
            (None, Place::Present(batch)) if batch.worth(now) >= least => {
                batch.split(now).map(Job::Enter)
            }
            _ => None,
        };
        let Some(job) = job else {
            return;
        };
        if self.shared.team.hand_over(job) == Handed::StartMember {
            let (shared, scope) = (self.shared, self.scope);
            let started = Builder::new()
                .name("path-walk".to_owned())
                .stack_size(STACK)
                .spawn_scoped(scope, move || Worker::new(shared, scope).run(None));
            if started.is_err() {
                self.shared.team.lost_member();
            }
        }
    }

    /// Notes a batch whose directory cannot be opened again.
    fn lost(&self, batch: &Batch, errno: Errno) {
        if errno != Errno::XDEV && !is_gone(errno) {
            let count = u64::try_from(batch.left()).unwrap_or(u64::MAX);
            self.shared.unreadable(count, &|| batch.node.path(), errno);
        }
    }
}

#[cfg(test)]
mod tests;
