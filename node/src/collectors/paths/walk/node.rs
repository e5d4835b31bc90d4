//! The chain of names from a directory up to the root of a walk.

use std::sync::Arc;

use super::measure::Child;

/// A directory that has directories of its own to enter. It holds no descriptor, so that any
/// number of levels may be under way.
pub(super) struct Node {
    parent: Option<Arc<Node>>,
    /// Without a NUL; empty for the root.
    name: Box<[u8]>,
    depth: u32,
    /// The direct child of the root that this directory is in, where those are summed up.
    child: Option<Arc<Child>>,
}

impl Node {
    pub(super) fn root() -> Self {
        Self {
            parent: None,
            name: Box::default(),
            depth: 0,
            child: None,
        }
    }

    pub(super) fn below(parent: &Arc<Node>, name: &[u8], child: Option<Arc<Child>>) -> Self {
        let depth = parent.depth.saturating_add(1);
        Self {
            parent: Some(Arc::clone(parent)),
            name: name.into(),
            depth,
            child,
        }
    }

    /// Levels below the root, which is 0.
    pub(super) fn depth(&self) -> u32 {
        self.depth
    }

    pub(super) fn child(&self) -> Option<&Arc<Child>> {
        self.child.as_ref()
    }

    /// The names that lead here from the directory above that is `depth` levels below the root.
    pub(super) fn names_from(&self, depth: u32) -> Vec<&[u8]> {
        let mut names = Vec::new();
        let mut node = self;
        while let Some(parent) = node.parent.as_ref().filter(|_| node.depth > depth) {
            names.push(&*node.name);
            node = parent;
        }
        names.reverse();
        names
    }

    /// The path relative to the root, empty for the root. It may be longer than `PATH_MAX`: good
    /// for matching and for messages, not for system calls.
    pub(super) fn path(&self) -> Vec<u8> {
        self.names_from(0).join(&b'/')
    }
}

impl Drop for Node {
    /// Frees a chain of any length without recursion.
    fn drop(&mut self) {
        let mut next = self.parent.take();
        while let Some(node) = next {
            next = Arc::into_inner(node).and_then(|mut node| node.parent.take());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_from_the_root_down() {
        let root = Arc::new(Node::root());
        assert_eq!(root.path(), b"");
        let a = Arc::new(Node::below(&root, b"a", None));
        let b = Node::below(&a, b"b\xff", None);
        assert_eq!(b.path(), b"a/b\xff");
        assert_eq!(b.depth(), 2);
        assert_eq!(b.names_from(1), [b"b\xff"]);
        assert!(b.names_from(2).is_empty());
    }

    #[test]
    fn a_chain_of_a_million_directories_is_freed_on_a_small_stack() {
        let free = || {
            let mut node = Arc::new(Node::root());
            for _ in 0..1_000_000 {
                node = Arc::new(Node::below(&node, b"d", None));
            }
            drop(node);
        };
        std::thread::Builder::new()
            .stack_size(64 * 1024)
            .spawn(free)
            .unwrap()
            .join()
            .unwrap();
    }
}
