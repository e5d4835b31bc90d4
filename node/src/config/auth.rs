//! Section `auth`: who may read and who may send commands.

use std::fmt;

use serde::{Serialize, Serializer};

use super::item::{Item, Seen};

/// Section `auth`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AuthConfig {
    /// Who may send commands; no two have the same name or hash.
    pub tokens: Vec<Token>,
    /// Who may read.
    pub reads: Reads,
}

/// An item of `auth.tokens`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Token {
    /// Who holds it, for the audit trail.
    pub name: String,
    /// The token itself is never configured.
    pub sha256: TokenHash,
}

/// The SHA-256 of a token, written as 64 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenHash(pub [u8; 32]);

/// Whether reading needs a token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Reads {
    /// Everyone who reaches the node may read.
    #[default]
    Open,
    /// Only holders of a token may.
    Token,
}

impl TokenHash {
    fn parse(hex: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        let digits = hex.as_bytes().chunks(2);
        if hex.len() != 2 * bytes.len() || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        for (byte, pair) in bytes.iter_mut().zip(digits) {
            *byte = u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(Self(bytes))
    }

    fn read(item: &Item<'_>, seen: &mut Seen) -> Option<Self> {
        let Some(hash) = item.scalar_text().and_then(Self::parse) else {
            return item.refuse("the token's SHA-256 as 64 hexadecimal digits in quotes");
        };
        item.once(seen, &hash.to_string(), "a hash").map(|()| hash)
    }
}

impl fmt::Display for TokenHash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

impl Serialize for TokenHash {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(self)
    }
}

impl AuthConfig {
    pub(super) fn read(&mut self, item: &Item<'_>) -> Option<()> {
        item.table(|table| {
            let (mut names, mut hashes) = (Seen::default(), Seen::default());
            let tokens = table.get("tokens").map_or(Some(Vec::new()), |item| {
                item.list(|item| Token::read(item, &mut names, &mut hashes))
            });
            let reads = table.get("reads").map_or(Some(Reads::default()), |item| {
                let reads = Reads::read(&item)?;
                if reads == Reads::Token && tokens.as_ref().is_some_and(Vec::is_empty) {
                    return item.reject("found token, but auth.tokens is empty: nobody could read");
                }
                Some(reads)
            });
            *self = Self {
                tokens: tokens?,
                reads: reads?,
            };
            Some(())
        })
    }
}

impl Token {
    fn read(item: &Item<'_>, names: &mut Seen, hashes: &mut Seen) -> Option<Self> {
        item.table(|table| {
            let name = table.require("name", |item| item.unique_name(names));
            let sha256 = table.require("sha256", |item| TokenHash::read(item, hashes));
            Some(Self {
                name: name?,
                sha256: sha256?,
            })
        })
    }
}

impl Reads {
    fn read(item: &Item<'_>) -> Option<Self> {
        match item.scalar_text() {
            Some("open") => Some(Self::Open),
            Some("token") => Some(Self::Token),
            _ => item.refuse("open or token"),
        }
    }
}
