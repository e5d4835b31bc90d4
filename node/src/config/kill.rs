//! Section `process.kill`: which processes may be sent signals.

use serde::{Serialize, Serializer};

use super::item::{Item, Seen};

/// Section `process.kill`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KillPolicy {
    /// Whose processes.
    pub allow: Killable,
    /// Names of processes, or of their programs, that never may be.
    pub deny: Vec<String>,
    /// Signals within a minute at most, 1 to 1000.
    pub per_minute: u32,
}

/// Whose processes may be sent signals. They must be watched in any case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Killable {
    /// Every watched process.
    Watched,
    /// The watched processes of these users: names, or numbers of those that have none.
    OfUsers(Vec<String>),
    /// None.
    None,
}

impl Default for KillPolicy {
    fn default() -> Self {
        // The last is what a login's own process is called since OpenSSH 9.8.
        let deny = ["systemd", "sshd", "sshd-session"];
        Self {
            allow: Killable::Watched,
            deny: deny.map(str::to_owned).to_vec(),
            per_minute: 30,
        }
    }
}

impl KillPolicy {
    pub(super) fn read(&mut self, item: &Item<'_>) -> Option<()> {
        item.table(|table| {
            table.set("allow", &mut self.allow, Killable::read);
            table.set("deny", &mut self.deny, |item| {
                item.list(words(&mut Seen::default()))
            });
            table.set("per_minute", &mut self.per_minute, |item| {
                item.whole(1..=1_000)
            });
            Some(())
        })
    }
}

impl Killable {
    fn read(item: &Item<'_>) -> Option<Self> {
        match item.scalar_text() {
            Some("watched") => Some(Self::Watched),
            Some("none") => Some(Self::None),
            Some(_) => item.refuse("watched, none, or a list of users"),
            None => item
                .one_or_list(words(&mut Seen::default()))
                .map(Self::OfUsers),
        }
    }
}

/// Reads texts of which no two are equal.
fn words<'s>(seen: &'s mut Seen) -> impl FnMut(&Item<'_>) -> Option<String> + 's {
    |item| {
        let word = item.text()?;
        item.once(seen, word, word).map(|()| word.to_owned())
    }
}

impl Serialize for Killable {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Watched => out.serialize_str("watched"),
            Self::None => out.serialize_str("none"),
            Self::OfUsers(users) => users.serialize(out),
        }
    }
}
