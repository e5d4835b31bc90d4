//! Who hears of what: which event of which watch concerns which listener.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::mem;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;

use rustix::fs::inotify::ReadFlags;

/// A watch descriptor, as inotify_add_watch(2) gives it: one for each inode, never used again.
pub type Descriptor = i32;

/// One of those who listen.
pub type ListenerId = u64;

/// What a listener calls its own, by the watch that tells of it.
pub type Claims = BTreeMap<Descriptor, Claim>;

/// What tells a listener.
pub type Wake = Arc<dyn Fn(Word) + Send + Sync>;

/// What a listener is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// Something has happened, or may have.
    News,
    /// As [`Self::News`]; and [`Self::Rested`] comes at the end of the rest, a tenth of a second
    /// later, or when nobody attends to the queue any more in place of the watcher.
    NewsAndRest,
    /// Whatever else has happened since then is told now.
    Rested,
}

/// The events that mean a watch has gone, or tells of a directory that has left its path.
const LOST: ReadFlags = ReadFlags::IGNORED
    .union(ReadFlags::DELETE_SELF)
    .union(ReadFlags::MOVE_SELF)
    .union(ReadFlags::UNMOUNT);

/// What of a watched directory matters to a listener.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claim {
    /// How the names of entries begin of which it matters that they come, go or are renamed.
    pub entries: BTreeSet<OsString>,
    /// The files whose content matters.
    pub names: BTreeSet<OsString>,
    /// The entries that lead to a directory which is not there yet.
    pub awaited: BTreeSet<OsString>,
}

/// What new claims have changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Whether they are other claims than before.
    pub any: bool,
    /// Whether something is claimed that was not before.
    pub added: bool,
    /// The watches that nobody needs any more.
    pub unneeded: Vec<Descriptor>,
}

/// All listeners and their claims.
#[derive(Debug, Default)]
pub struct Registry {
    next_id: ListenerId,
    listeners: HashMap<ListenerId, Listener>,
    directories: HashMap<Descriptor, Directory>,
}

struct Listener {
    wake: Wake,
    claims: Claims,
    /// Whether its claims may no longer be what its targets need.
    is_stale: bool,
}

/// The claims to one watch, by what they are to.
#[derive(Debug, Default)]
struct Directory {
    listeners: BTreeSet<ListenerId>,
    entries: Names,
    names: Names,
    awaited: Names,
}

#[derive(Debug, Default)]
struct Names(HashMap<OsString, BTreeSet<ListenerId>>);

impl Registry {
    /// Takes in a listener that claims nothing yet.
    pub fn listen(&mut self, wake: Wake) -> ListenerId {
        let id = self.next_id;
        self.next_id += 1;
        let listener = Listener {
            wake,
            claims: Claims::new(),
            is_stale: false,
        };
        self.listeners.insert(id, listener);
        id
    }

    /// Forgets a listener; gives the watches that nobody needs any more.
    pub fn forget(&mut self, id: ListenerId) -> Vec<Descriptor> {
        let change = self.claim(id, Claims::new());
        self.listeners.remove(&id);
        change.unneeded
    }

    /// Whether the listener's claims may be out of date; asked again, they are not.
    pub fn take_stale(&mut self, id: ListenerId) -> bool {
        let listener = self.listeners.get_mut(&id);
        listener.is_some_and(|listener| mem::take(&mut listener.is_stale))
    }

    /// Lets a listener claim this, and nothing else.
    pub fn claim(&mut self, id: ListenerId, claims: Claims) -> Change {
        let Some(listener) = self.listeners.get_mut(&id) else {
            return Change::default();
        };
        if listener.claims == claims {
            return Change::default();
        }
        let mut change = Change {
            any: true,
            ..Change::default()
        };
        let nothing = Claim::default();
        for (wd, claim) in &claims {
            let before = listener.claims.get(wd);
            change.added |= before.is_none_or(|before| !before.covers(claim));
            let directory = self.directories.entry(*wd).or_default();
            directory.update(id, before.unwrap_or(&nothing), claim);
        }
        let before = mem::replace(&mut listener.claims, claims);
        for (wd, claim) in &before {
            if !listener.claims.contains_key(wd)
                && let Some(directory) = self.directories.get_mut(wd)
            {
                directory.update(id, claim, &nothing);
                directory.listeners.remove(&id);
                if directory.listeners.is_empty() {
                    self.directories.remove(wd);
                    change.unneeded.push(*wd);
                }
            }
        }
        change
    }

    /// Takes in an event; adds those whom it concerns to `woken`.
    pub fn hear(
        &mut self,
        wd: Descriptor,
        events: ReadFlags,
        name: Option<&OsStr>,
        woken: &mut BTreeSet<ListenerId>,
    ) {
        if events.contains(ReadFlags::QUEUE_OVERFLOW) {
            return self.hear_all(woken);
        }
        let Some(directory) = self.directories.get(&wd) else {
            return;
        };
        let mut stale = None;
        if events.intersects(LOST) {
            stale = Some(&directory.listeners);
        } else if let Some(name) = name {
            woken.extend(directory.names.of(name));
            if !events.intersects(ReadFlags::MODIFY | ReadFlags::ATTRIB) {
                woken.extend(directory.entries.of_beginnings(name));
                stale = directory.awaited.0.get(name);
            }
        } else {
            woken.extend(directory.entries.all());
        }
        for id in stale.into_iter().flatten() {
            woken.insert(*id);
            if let Some(listener) = self.listeners.get_mut(id) {
                listener.is_stale = true;
                if events.contains(ReadFlags::IGNORED) {
                    listener.claims.remove(&wd);
                }
            }
        }
        if events.contains(ReadFlags::IGNORED) {
            self.directories.remove(&wd);
        }
    }

    /// Events were lost: all listeners that claim something must look.
    pub fn hear_all(&mut self, woken: &mut BTreeSet<ListenerId>) {
        for (id, listener) in &mut self.listeners {
            if !listener.claims.is_empty() {
                listener.is_stale = true;
                woken.insert(*id);
            }
        }
    }

    /// What wakes these listeners, to be called when the registry is no longer locked.
    pub fn wakes(&self, woken: &BTreeSet<ListenerId>) -> BTreeMap<ListenerId, Wake> {
        let wake = |id: &ListenerId| Some((*id, Arc::clone(&self.listeners.get(id)?.wake)));
        woken.iter().filter_map(wake).collect()
    }
}

impl Claim {
    fn covers(&self, other: &Self) -> bool {
        self.entries.is_superset(&other.entries)
            && self.names.is_superset(&other.names)
            && self.awaited.is_superset(&other.awaited)
    }
}

impl Directory {
    fn update(&mut self, id: ListenerId, before: &Claim, after: &Claim) {
        self.listeners.insert(id);
        self.entries.update(id, &before.entries, &after.entries);
        self.names.update(id, &before.names, &after.names);
        self.awaited.update(id, &before.awaited, &after.awaited);
    }
}

impl Names {
    fn update(&mut self, id: ListenerId, before: &BTreeSet<OsString>, after: &BTreeSet<OsString>) {
        for name in before.difference(after) {
            if let Some(listeners) = self.0.get_mut(name) {
                listeners.remove(&id);
                if listeners.is_empty() {
                    self.0.remove(name);
                }
            }
        }
        for name in after.difference(before) {
            self.0.entry(name.clone()).or_default().insert(id);
        }
    }

    fn of(&self, name: &OsStr) -> impl Iterator<Item = &ListenerId> {
        self.0.get(name).into_iter().flatten()
    }

    fn of_beginnings<'a>(&'a self, name: &'a OsStr) -> impl Iterator<Item = &'a ListenerId> {
        let name = name.as_bytes();
        let lengths = if self.0.is_empty() { 0 } else { name.len() + 1 };
        let beginnings = (0..lengths).filter_map(|length| name.get(..length));
        beginnings.flat_map(|beginning| self.of(OsStr::from_bytes(beginning)))
    }

    fn all(&self) -> impl Iterator<Item = &ListenerId> {
        self.0.values().flatten()
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener")
            .field("claims", &self.claims)
            .field("is_stale", &self.is_stale)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
