//! Whether an answer is as its schema in `openapi.json` says.

use std::collections::BTreeSet;

use serde_json::Value;

/// The schema that a `$ref` leads to.
fn resolve<'c>(contract: &'c Value, schema: &'c Value) -> &'c Value {
    match schema["$ref"].as_str() {
        Some(reference) => contract.pointer(&reference[1..]).expect(reference),
        None => schema,
    }
}

/// The schema's type names: it may be one, or a list of which one is `null`.
fn types(schema: &Value) -> BTreeSet<&str> {
    match &schema["type"] {
        Value::String(one) => BTreeSet::from([one.as_str()]),
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => BTreeSet::new(),
    }
}

/// Fails unless `value` is as `schema` says: same keys, right types, known words.
pub fn assert_fits(contract: &Value, schema: &Value, value: &Value, place: &str) {
    let schema = resolve(contract, schema);
    if let Some(choices) = schema["oneOf"].as_array() {
        let null = choices.iter().any(|choice| choice["type"] == "null");
        let other = choices.iter().find(|choice| choice["type"] != "null");
        if !(null && value.is_null()) {
            assert_fits(contract, other.unwrap(), value, place);
        }
        return;
    }
    if let Some(words) = schema["enum"].as_array() {
        assert!(
            words.contains(value),
            "{place}: {value} is none of {words:?}"
        );
    }
    let name = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let types = types(schema);
    let fits = types.contains(name) || name == "integer" && types.contains("number");
    assert!(fits, "{place}: {value} is not {types:?}");
    match value {
        Value::Array(items) => {
            for item in items {
                assert_fits(contract, &schema["items"], item, place);
            }
        }
        Value::Object(fields) => {
            let properties = schema["properties"].as_object().expect(place);
            let documented: BTreeSet<&String> = properties.keys().collect();
            let real: BTreeSet<&String> = fields.keys().collect();
            assert_eq!(real, documented, "{place}");
            for (key, field) in fields {
                let place = format!("{place}.{key}");
                assert_fits(contract, &properties[key], field, &place);
                assert_unit(key, field, &place);
                if properties[key]["format"] == "date-time" {
                    assert!(
                        field.is_null() || is_time(field.as_str().unwrap()),
                        "{place}: {field}"
                    );
                }
            }
        }
        _ => {}
    }
}

/// Fails unless a field's name says the unit, or the kind of thing, that its value is.
fn assert_unit(key: &str, value: &Value, place: &str) {
    let time = key.ends_with("_at") || key.ends_with("mtime") || key == "at";
    if let (true, Some(text)) = (time, value.as_str()) {
        assert!(is_time(text), "{place}: {text}");
    }
    assert!(!(time && value.is_number()), "{place}: {value}");
    // Of a process, 100 is one core.
    if key.ends_with("_percent") && key != "cpu_percent" && !value.is_null() {
        assert!(
            (0.0..=100.0).contains(&value.as_f64().unwrap()),
            "{place}: {value}"
        );
    }
}

/// Whether it is RFC 3339 in UTC with milliseconds: `2026-01-15T10:23:45.000Z`.
fn is_time(text: &str) -> bool {
    let shape: String = text
        .chars()
        .map(|c| if c.is_ascii_digit() { '0' } else { c })
        .collect();
    shape == "0000-00-00T00:00:00.000Z"
}

/// The schema of an answer.
pub fn schema_of<'c>(contract: &'c Value, route: &str, method: &str, status: &str) -> &'c Value {
    let answer = &contract["paths"][route][method]["responses"][status];
    let content = answer["content"]
        .as_object()
        .unwrap_or_else(|| panic!("{route} {status}: {answer}"));
    &content.values().next().unwrap()["schema"]
}

/// All `$ref`s below a value.
pub fn collect_references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(
                fields
                    .get("$ref")
                    .and_then(Value::as_str)
                    .map(str::to_owned),
            );
            fields
                .values()
                .for_each(|field| collect_references(field, found));
        }
        Value::Array(items) => items
            .iter()
            .for_each(|item| collect_references(item, found)),
        _ => {}
    }
}
