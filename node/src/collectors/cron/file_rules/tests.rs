//! What a real Debian cron 3.0pl1-162 said of such files: `testdata/debian_files.sh` and its log.

use super::*;

const GOOD: Facts = Facts {
    kind: FileKind::Regular,
    mode: 0o644,
    uid: 0,
    links: 1,
    link_owner: None,
};

/// The user of the spool files below.
const USER: u32 = 65534;

fn etc(facts: Facts) -> Option<Ignored> {
    ignored_for_facts(Dialect::Debian, Place::CronD, &facts, None)
}

fn spool(facts: Facts) -> Option<Ignored> {
    ignored_for_facts(Dialect::Debian, Place::Spool, &facts, Some(USER))
}

#[test]
fn debian_reads_files_of_cron_d_with_plain_names_only() {
    let name = |name: &str| ignored_for_name(Dialect::Debian, Place::CronD, name.as_bytes());
    for good in ["good", "UPPER", "under_score", "dash-", "-lead", "9"] {
        assert_eq!(name(good), None, "{good}");
    }
    for bad in [
        "dotted.name",
        "tilde~",
        "#hash",
        "sp ace",
        "plus+",
        "uml-ä",
        "dpkg.dpkg-old",
    ] {
        assert_eq!(name(bad), Some(Ignored::Name), "{bad}");
    }
    assert_eq!(name(".hidden"), Some(Ignored::Hidden));
    let spool = |name: &str| ignored_for_name(Dialect::Debian, Place::Spool, name.as_bytes());
    assert_eq!(spool("first.last"), None);
    assert_eq!(spool(".nobody"), Some(Ignored::Hidden));
    assert_eq!(
        ignored_for_name(Dialect::Debian, Place::EtcCrontab, b"x.y"),
        None
    );
}

#[test]
fn debian_wants_files_of_etc_to_be_changed_by_root_only() {
    for mode in [0o644, 0o600, 0o000, 0o4644, 0o755, 0o400, 0o1644] {
        assert_eq!(etc(Facts { mode, ..GOOD }), None, "{mode:o}");
    }
    for mode in [0o664, 0o646, 0o622] {
        assert_eq!(etc(Facts { mode, ..GOOD }), Some(Ignored::Writable(mode)));
    }
    assert_eq!(
        etc(Facts { uid: USER, ..GOOD }),
        Some(Ignored::NotRoots(USER))
    );
    assert_eq!(etc(Facts { links: 2, ..GOOD }), Some(Ignored::HardLinks(2)));
    let other = Facts {
        kind: FileKind::Other,
        links: 2,
        mode: 0o775,
        ..GOOD
    };
    assert_eq!(etc(other), Some(Ignored::NotRegular));
}

#[test]
fn debian_follows_links_of_root_in_etc_and_none_in_the_spool() {
    let link = |link_owner, facts| Facts {
        link_owner: Some(link_owner),
        ..facts
    };
    assert_eq!(etc(link(0, GOOD)), None);
    assert_eq!(etc(link(USER, GOOD)), Some(Ignored::SymlinkOwner));
    assert_eq!(
        etc(link(0, Facts { uid: USER, ..GOOD })),
        Some(Ignored::NotRoots(USER))
    );
    assert_eq!(
        etc(link(
            0,
            Facts {
                mode: 0o664,
                ..GOOD
            }
        )),
        Some(Ignored::Writable(0o664))
    );
    let missing = Facts {
        kind: FileKind::Missing,
        ..GOOD
    };
    assert_eq!(etc(link(0, missing)), Some(Ignored::Dangling));
    assert_eq!(
        spool(link(
            0,
            Facts {
                mode: 0o600,
                ..GOOD
            }
        )),
        Some(Ignored::Symlink)
    );
}

#[test]
fn debian_wants_spool_files_of_mode_0600_and_of_their_user_or_root() {
    let own = Facts {
        mode: 0o600,
        uid: USER,
        ..GOOD
    };
    assert_eq!(spool(own), None);
    assert_eq!(spool(Facts { uid: 0, ..own }), None);
    assert_eq!(spool(Facts { uid: 3, ..own }), Some(Ignored::NotUsers(3)));
    for mode in [0o644, 0o400, 0o660, 0o700] {
        assert_eq!(spool(Facts { mode, ..own }), Some(Ignored::SpoolMode(mode)));
    }
    assert_eq!(
        spool(Facts { links: 2, ..own }),
        Some(Ignored::HardLinks(2))
    );
    assert_eq!(
        spool(Facts {
            kind: FileKind::Other,
            ..own
        }),
        Some(Ignored::NotRegular)
    );
    let nobody = ignored_for_facts(Dialect::Debian, Place::Spool, &own, None);
    assert_eq!(nobody, Some(Ignored::NoSuchUser));
}

#[test]
fn cronie_has_rules_of_its_own() {
    let name = |name: &str| ignored_for_name(Dialect::Cronie, Place::CronD, name.as_bytes());
    assert_eq!(name("dotted.name"), None);
    assert_eq!(name(".cron.hostname"), Some(Ignored::Hidden));
    for bad in ["a~", "#a", "a.rpmsave", "a.rpmorig", "a.rpmnew"] {
        assert_eq!(name(bad), Some(Ignored::BackupName), "{bad}");
    }
    let facts = |place, facts| ignored_for_facts(Dialect::Cronie, place, &facts, Some(USER));
    for mode in [0o600, 0o644, 0o400, 0o444] {
        assert_eq!(
            facts(Place::Spool, Facts { mode, ..GOOD }),
            None,
            "{mode:o}"
        );
    }
    for mode in [0o755, 0o664, 0o200, 0o4644, 0o1644, 0o646] {
        assert_eq!(
            facts(Place::CronD, Facts { mode, ..GOOD }),
            Some(Ignored::Mode(mode))
        );
    }
    let two = Facts { links: 2, ..GOOD };
    assert_eq!(facts(Place::Spool, two), Some(Ignored::HardLinks(2)));
    assert_eq!(facts(Place::CronD, two), None);
    assert_eq!(
        facts(Place::CronD, Facts { uid: USER, ..GOOD }),
        Some(Ignored::NotRoots(USER))
    );
    assert_eq!(facts(Place::Spool, Facts { uid: USER, ..GOOD }), None);
    assert_eq!(
        facts(
            Place::Spool,
            Facts {
                link_owner: Some(7),
                ..GOOD
            }
        ),
        None
    );
}
