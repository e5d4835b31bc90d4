//! JSON laid out for people without touching its values.

use std::borrow::Cow;
use std::fmt::Write as _;

use etlmon_shared::text::for_terminal;

/// Indents valid JSON by two spaces a level.
///
/// Numbers, strings and the order of fields stay as they came, but characters in strings that
/// could steer a terminal become `\uXXXX`, which means the same.
pub(crate) fn pretty(json: &str) -> String {
    let mut out = String::with_capacity(json.len().saturating_mul(2));
    let mut depth = 0_usize;
    let mut rest = json.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '"' => string(&mut rest, &mut out),
            '{' | '[' => {
                out.push(character);
                while rest.next_if(char::is_ascii_whitespace).is_some() {}
                if let Some(end) = rest.next_if(|next| matches!(next, '}' | ']')) {
                    out.push(end);
                } else {
                    depth = depth.saturating_add(1);
                    new_line(depth, &mut out);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                new_line(depth, &mut out);
                out.push(character);
            }
            ',' => {
                out.push(character);
                new_line(depth, &mut out);
            }
            ':' => out.push_str(": "),
            space if space.is_ascii_whitespace() => {}
            other => out.push(other),
        }
    }
    out.push('\n');
    out
}

/// Valid JSON on one line, with the same change to its strings.
pub(crate) fn line(json: &str) -> String {
    let mut out = String::with_capacity(json.len().saturating_add(1));
    let mut rest = json.chars();
    while let Some(character) = rest.next() {
        match character {
            '"' => string(&mut rest, &mut out),
            // Between values, line ends are mere space.
            '\n' | '\r' => out.push(' '),
            other => out.push(other),
        }
    }
    out.push('\n');
    out
}

fn new_line(depth: usize, out: &mut String) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth));
}

/// Copies a string whose opening quote was read, with its end.
fn string(rest: &mut impl Iterator<Item = char>, out: &mut String) {
    out.push('"');
    while let Some(character) = rest.next() {
        match for_terminal(character.encode_utf8(&mut [0; 4])) {
            Cow::Borrowed(text) => out.push_str(text),
            // Writing to a String does not fail.
            Cow::Owned(_) => drop(write!(out, "\\u{:04x}", u32::from(character))),
        }
        match character {
            '"' => return,
            // What it escapes, a quote perhaps, is no end.
            '\\' => out.extend(rest.next()),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    #[test]
    fn values_keep_their_digits_and_fields_their_order() {
        assert_eq!(
            pretty(r#"[{"z":1.50,"a":18446744073709551615, "e":[ ],"o":{},"n":null}]"#),
            "[\n  {\n    \"z\": 1.50,\n    \"a\": 18446744073709551615,\n    \"e\": [],\n    \
             \"o\": {},\n    \"n\": null\n  }\n]\n"
        );
    }

    #[test]
    fn strings_are_left_alone_but_for_what_steers_a_terminal() {
        assert_eq!(
            pretty(r#"["a, {\"b\": [\\"]"#),
            "[\n  \"a, {\\\"b\\\": [\\\\\"\n]\n"
        );
        assert_eq!(
            pretty("\"\u{9b}31m\u{202e}é\u{7f}\""),
            "\"\\u009b31m\\u202eé\\u007f\"\n"
        );
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                proptest::collection::vec((any::<String>(), inner), 0..5)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_meaning_never_changes(value in any_json()) {
            let pretty = pretty(&value.to_string());
            prop_assert!(pretty.lines().all(|line| for_terminal(line) == line));
            prop_assert_eq!(&serde_json::from_str::<Value>(&pretty).unwrap(), &value);
            let line = line(&pretty);
            prop_assert!(line.lines().count() == 1 && line.ends_with('\n'));
            prop_assert!(line.lines().all(|line| for_terminal(line) == line));
            prop_assert_eq!(serde_json::from_str::<Value>(&line).unwrap(), value);
        }
    }
}
