//! YAML text to a tree in which every value knows its line and column; nothing is typed or checked yet.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::options::NonFiniteFloatPolicy;
use serde_saphyr::{DefaultMessageFormatter, Error, MessageFormatter, Spanned};

use super::error::{Place, Problem, one_line};

/// A configuration is four levels deep. Reading recurses, and a thread's stack is small.
pub(super) const DEEPEST: usize = 8;

/// One value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    pub(super) value: Value,
    pub(super) place: Place,
}

/// A value as the YAML core schema sees it.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Null,
    Flag(bool),
    Integer(i128),
    Decimal(f64),
    Text(String),
    /// A variable's text: any scalar type, since an environment has no quotes to tell them apart.
    Variable(String),
    List(Vec<Tree>),
    Table(Vec<Entry>),
}

/// A key and its value; keys are unique within a table.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) place: Place,
    pub(super) tree: Tree,
}

impl Tree {
    pub(super) fn empty(place: Place) -> Self {
        Self {
            value: Value::Null,
            place,
        }
    }

    /// The value for an error message, one short line.
    pub(super) fn found(&self) -> String {
        match &self.value {
            Value::Null => "nothing".to_owned(),
            Value::Flag(flag) => flag.to_string(),
            Value::Integer(number) => number.to_string(),
            Value::Decimal(number) => format!("{number:?}"),
            Value::Text(text) | Value::Variable(text) => quoted(text),
            Value::List(_) => "a list".to_owned(),
            Value::Table(_) => "a mapping".to_owned(),
        }
    }
}

/// The text in quotes, escaped, cut to a length that fits an error message.
pub(super) fn quoted(text: &str) -> String {
    const LONGEST: usize = 60;
    match text.char_indices().nth(LONGEST) {
        None => format!("{text:?}"),
        Some((end, _)) => format!("{:?}…", text.get(..end).unwrap_or_default()),
    }
}

/// Reads one YAML document; an empty one, or one of comments only, is `Null`.
///
/// # Errors
/// The first syntax error, duplicate key, second document, or excess of depth or alias expansion.
pub(super) fn parse(yaml: &str) -> Result<Tree, Problem> {
    let options = serde_saphyr::options! {
        with_snippet: false,
        budget: serde_saphyr::budget! { max_depth: DEEPEST, flow_nesting_limit: DEEPEST },
        alias_limits: serde_saphyr::alias_limits! { max_replay_stack_depth: DEEPEST },
        strict_booleans: true,
        non_finite_float_policy: NonFiniteFloatPolicy::PassThrough,
    };
    serde_saphyr::from_str_with_options(yaml, options).map_err(|error| {
        let (line, column) = error
            .location()
            .map_or((1, 1), |at| (at.line(), at.column()));
        Problem {
            place: Place::File { line, column },
            key: String::new(),
            message: one_line(&describe(error.without_snippet())),
        }
    })
}

fn describe(error: &Error) -> String {
    match error {
        Error::DuplicateMappingKey { key: Some(key), .. } => {
            format!("the key {} is given twice in this mapping", quoted(key))
        }
        Error::MultipleDocuments { .. } => {
            "a second YAML document begins here; a configuration is a single one".to_owned()
        }
        Error::Budget { .. } | Error::AliasReplayLimitExceeded { .. } => {
            "the YAML is nested too deeply, or too large once its aliases are expanded".to_owned()
        }
        Error::UnknownAnchor { .. } => {
            "a * begins the name of an anchor, and there is none of this name; put a glob such as \
             \"*.tmp\" in quotes"
                .to_owned()
        }
        Error::AliasError { error, .. } => describe(error),
        other => format!("YAML: {}", DefaultMessageFormatter.format_message(other)),
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Value>::deserialize(deserializer)?;
        let (line, column) = (spanned.referenced.line(), spanned.referenced.column());
        Ok(Self {
            value: spanned.value,
            place: Place::File { line, column },
        })
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("any YAML value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Flag(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Integer(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Integer(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Decimal(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut pairs: A) -> Result<Value, A::Error> {
        let mut table = Vec::new();
        while let Some(key) = pairs.next_key::<Tree>()? {
            // A key of another type than text is kept by its looks, to be refused as unknown.
            let found = key.found();
            let name = if let Value::Text(text) = key.value {
                text
            } else {
                found
            };
            table.push(Entry {
                name,
                place: key.place,
                tree: pairs.next_value()?,
            });
        }
        Ok(Value::Table(table))
    }
}
