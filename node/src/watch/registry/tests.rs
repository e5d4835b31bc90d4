//! Events and claims without a kernel.

use proptest::prelude::*;

use super::*;

fn registry(listeners: u64) -> Registry {
    let mut registry = Registry::default();
    for id in 0..listeners {
        assert_eq!(registry.listen(Arc::new(|_| ())), id);
    }
    registry
}

fn entries(names: &[&str]) -> Claim {
    Claim {
        entries: [OsString::new()].into(),
        names: names.iter().map(Into::into).collect(),
        awaited: BTreeSet::new(),
    }
}

fn awaiting(name: &str) -> Claim {
    Claim {
        awaited: [name.into()].into(),
        ..Claim::default()
    }
}

/// Who is woken by an event.
fn heard(registry: &mut Registry, wd: Descriptor, events: ReadFlags, name: &str) -> Vec<u64> {
    let mut woken = BTreeSet::new();
    let name = (!name.is_empty()).then_some(OsStr::new(name));
    registry.hear(wd, events, name, &mut woken);
    woken.into_iter().collect()
}

#[test]
fn a_write_concerns_those_who_named_the_file_and_a_new_entry_all_of_the_directory() {
    let mut registry = registry(3);
    registry.claim(0, [(1, entries(&["a"]))].into());
    registry.claim(1, [(1, entries(&["a", "b"]))].into());
    registry.claim(2, [(2, entries(&["a"]))].into());
    let mut heard = |events, name| heard(&mut registry, 1, events, name);
    assert_eq!(heard(ReadFlags::MODIFY, "a"), [0, 1]);
    assert_eq!(heard(ReadFlags::ATTRIB, "b"), [1]);
    assert!(heard(ReadFlags::MODIFY, "c").is_empty());
    for change in [
        ReadFlags::CREATE,
        ReadFlags::DELETE,
        ReadFlags::MOVED_FROM,
        ReadFlags::MOVED_TO,
    ] {
        assert_eq!(heard(change, "c"), [0, 1]);
    }
    assert_eq!(heard(ReadFlags::ATTRIB | ReadFlags::ISDIR, ""), [0, 1]);
    assert!((0..3).all(|id| !registry.take_stale(id)));
}

#[test]
fn an_entry_that_comes_concerns_those_who_have_named_its_beginning() {
    let mut registry = registry(3);
    for (id, begin) in [(0, "app"), (1, "app-1"), (2, "")] {
        let claim = Claim {
            entries: [begin.into()].into(),
            ..Claim::default()
        };
        registry.claim(id, [(1, claim)].into());
    }
    let mut heard = |events, name| heard(&mut registry, 1, events, name);
    assert_eq!(heard(ReadFlags::CREATE, "app-1.log.1"), [0, 1, 2]);
    assert_eq!(heard(ReadFlags::MOVED_TO, "app"), [0, 2]);
    assert_eq!(heard(ReadFlags::DELETE, "ap"), [2]);
    assert_eq!(heard(ReadFlags::MODIFY, "app"), [0; 0]);
    assert_eq!(heard(ReadFlags::ATTRIB | ReadFlags::ISDIR, ""), [0, 1, 2]);
}

#[test]
fn who_awaits_a_directory_is_woken_by_that_entry_alone_and_has_to_look_again() {
    let mut registry = registry(1);
    registry.claim(0, [(1, awaiting("a"))].into());
    assert!(heard(&mut registry, 1, ReadFlags::CREATE, "b").is_empty());
    assert!(heard(&mut registry, 1, ReadFlags::MODIFY, "a").is_empty());
    assert!(!registry.take_stale(0));
    assert_eq!(heard(&mut registry, 1, ReadFlags::MOVED_TO, "a"), [0]);
    assert!(registry.take_stale(0));
    assert!(!registry.take_stale(0));
}

#[test]
fn when_events_were_lost_all_who_watch_something_look_again() {
    let mut registry = registry(3);
    registry.claim(0, [(1, entries(&[]))].into());
    registry.claim(2, [(2, awaiting("a"))].into());
    assert_eq!(
        heard(&mut registry, -1, ReadFlags::QUEUE_OVERFLOW, ""),
        [0, 2]
    );
    assert!(registry.take_stale(0) && registry.take_stale(2) && !registry.take_stale(1));
}

#[test]
fn a_watch_that_has_gone_is_claimed_anew_and_told_as_new() {
    let mut registry = registry(2);
    let claims: Claims = [(1, entries(&["a"])), (2, entries(&[]))].into();
    assert!(registry.claim(0, claims.clone()).added);
    registry.claim(1, [(1, awaiting("x"))].into());
    assert_eq!(registry.claim(0, claims.clone()), Change::default());
    for lost in [
        ReadFlags::DELETE_SELF,
        ReadFlags::MOVE_SELF,
        ReadFlags::UNMOUNT,
        ReadFlags::IGNORED,
    ] {
        assert_eq!(heard(&mut registry, 1, lost, ""), [0, 1]);
        assert!(registry.take_stale(0) && registry.take_stale(1));
    }
    assert!(heard(&mut registry, 1, ReadFlags::CREATE, "x").is_empty());
    let change = registry.claim(0, claims);
    assert!(change.any && change.added && change.unneeded.is_empty());
}

#[test]
fn less_than_before_is_no_news_and_frees_what_nobody_needs() {
    let mut registry = registry(2);
    registry.claim(0, [(1, entries(&["a", "b"])), (2, entries(&[]))].into());
    registry.claim(1, [(2, entries(&[]))].into());
    let change = registry.claim(0, [(1, entries(&["b"]))].into());
    assert!(change.any && !change.added && change.unneeded.is_empty());
    assert_eq!(registry.forget(1), [2]);
    assert_eq!(registry.forget(0), [1]);
    assert!(registry.directories.is_empty() && registry.listeners.is_empty());
}

fn any_claims() -> impl Strategy<Value = Claims> {
    let names = || prop::collection::btree_set("[abc]".prop_map(OsString::from), 0..3);
    let entries = prop::collection::btree_set("[ab]{0,2}".prop_map(OsString::from), 0..3);
    let claim = (entries, names(), names()).prop_map(|(entries, names, awaited)| Claim {
        entries,
        names,
        awaited,
    });
    prop::collection::btree_map(0..4, claim, 0..4)
}

proptest! {
    #[test]
    fn whatever_is_claimed_exactly_those_whom_an_event_concerns_are_woken(
        claimed in prop::collection::vec((0..4u64, any_claims()), 0..20),
    ) {
        let mut registry = registry(4);
        let mut model: BTreeMap<u64, Claims> = (0..4).map(|id| (id, Claims::new())).collect();
        for (id, claims) in claimed {
            let old = model.insert(id, claims.clone()).unwrap();
            let needed = |wd: &i32| model.values().any(|claims| claims.contains_key(wd));
            let change = registry.claim(id, claims.clone());
            prop_assert_eq!(change.any, old != claims);
            let freed: Vec<_> = old.keys().copied().filter(|wd| !needed(wd)).collect();
            prop_assert_eq!(change.unneeded, freed);
            let mut watched: Vec<_> = registry.directories.keys().collect();
            watched.sort();
            let expected: BTreeSet<_> = model.values().flat_map(BTreeMap::keys).collect();
            prop_assert_eq!(watched, expected.into_iter().collect::<Vec<_>>());
        }
        for wd in 0..4 {
            for name in ["a", "b", "c", "ab", "ba", "abc"] {
                let whom = |concerns: fn(&Claim, &OsStr) -> bool| -> Vec<u64> {
                    let claims = model.iter().filter_map(|(id, claims)| Some((id, claims.get(&wd)?)));
                    claims.filter(|(_, c)| concerns(c, OsStr::new(name))).map(|(id, _)| *id).collect()
                };
                let written = heard(&mut registry, wd, ReadFlags::MODIFY, name);
                prop_assert_eq!(written, whom(|claim, name| claim.names.contains(name)));
                let made = heard(&mut registry, wd, ReadFlags::CREATE, name);
                prop_assert_eq!(made, whom(|claim, name| {
                    let begins = |with: &OsString| name.as_bytes().starts_with(with.as_bytes());
                    claim.entries.iter().any(begins) || claim.names.contains(name) || claim.awaited.contains(name)
                }));
            }
            let gone = heard(&mut registry, wd, ReadFlags::IGNORED, "");
            let claimed = model.iter().filter(|(_, claims)| claims.contains_key(&wd));
            prop_assert_eq!(gone, claimed.map(|(id, _)| *id).collect::<Vec<_>>());
        }
        prop_assert!(registry.directories.is_empty());
        prop_assert!(registry.listeners.values().all(|listener| listener.claims.is_empty()));
    }
}
