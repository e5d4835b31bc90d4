//! `openapi.json` says what the node answers, and the node answers what it says.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "all of this is test code"
)]

use std::collections::BTreeSet;

use integration_tests::{Node, eventually};
use serde_json::Value;

const PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);

/// A node with every kind of row, and the path it watches.
fn node() -> (tempfile::TempDir, Node, String) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "content").unwrap();
    let path = folder.path().display().to_string();
    let node = Node::start(&format!(
        "paths: [{{path: {path}, measure_sizes: true}}]\n\
         logs: [{{name: app, path: {path}/file, from_beginning: true, partial_after: 100ms}}]\n\
         process_watch: [{{name: all, match: .}}]"
    ));
    node.await_lines("app", &["content"]);
    node.await_row(("/api/v1/paths", "path", &path), |row| {
        row["status"] == "OK"
    });
    node.await_row(("/api/v1/fs", "mount_point", "/"), |_| true);
    node.await_row(("/api/v1/processes", "status", "RUNNING"), |_| true);
    (folder, node, path)
}

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
fn assert_fits(contract: &Value, schema: &Value, value: &Value, place: &str) {
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
fn schema_of<'c>(contract: &'c Value, route: &str, method: &str, status: &str) -> &'c Value {
    let answer = &contract["paths"][route][method]["responses"][status];
    let content = answer["content"]
        .as_object()
        .unwrap_or_else(|| panic!("{route} {status}: {answer}"));
    &content.values().next().unwrap()["schema"]
}

#[test]
fn the_contract_is_openapi_3_1_and_lists_every_route() {
    let (_folder, node, _) = node();
    let answer = node.get("/api/v1/openapi.json");
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let contract = answer.json();
    assert!(contract["openapi"].as_str().unwrap().starts_with("3.1."));
    assert_eq!(
        contract["info"]["version"],
        node.get("/api/v1/health").json()["version"]
    );
    for (route, method) in [
        ("/api/v1/health", "get"),
        ("/api/v1/fs", "get"),
        ("/api/v1/fs/history", "get"),
        ("/api/v1/paths", "get"),
        ("/api/v1/paths/top", "get"),
        ("/api/v1/paths/scan", "post"),
        ("/api/v1/processes", "get"),
        ("/api/v1/processes/rules", "get"),
        ("/api/v1/processes/{pid}/kill", "post"),
        ("/api/v1/audit", "get"),
        ("/api/v1/cron", "get"),
        ("/api/v1/cron/refresh", "post"),
        ("/api/v1/openapi.json", "get"),
    ] {
        let operation = &contract["paths"][route][method];
        assert!(operation["responses"].is_object(), "{method} {route}");
    }
    let mut references = Vec::new();
    collect_references(&contract, &mut references);
    assert!(references.len() > 10);
    for reference in references {
        assert!(
            contract.pointer(&reference[1..]).is_some(),
            "{reference} leads nowhere"
        );
    }
}

fn collect_references(value: &Value, found: &mut Vec<String>) {
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

#[test]
fn every_answer_has_exactly_the_documented_fields() {
    let (_folder, node, path) = node();
    let contract = node.get("/api/v1/openapi.json").json();
    let answer = node.post("/api/v1/paths/scan", "{}").json();
    let schema = schema_of(&contract, "/api/v1/paths/scan", "post", "202");
    assert_fits(&contract, schema, &answer, "scan");
    let answer = node.post("/api/v1/cron/refresh", "{}").json();
    let schema = schema_of(&contract, "/api/v1/cron/refresh", "post", "200");
    assert_fits(&contract, schema, &answer, "refresh");
    // A machine without a cron has no rows.
    let schema = schema_of(&contract, "/api/v1/cron", "get", "200");
    assert_fits(&contract, schema, &node.get("/api/v1/cron").json(), "cron");
    let history = "/api/v1/fs/history?mount_point=/";
    eventually("a row of history", PATIENCE, || {
        (!node.list(history).is_empty()).then_some(())
    });
    for (route, query) in [
        ("/api/v1/health", String::new()),
        ("/api/v1/fs", String::new()),
        ("/api/v1/fs/history", "?mount_point=/".to_owned()),
        ("/api/v1/paths", String::new()),
        ("/api/v1/paths/top", format!("?path={path}")),
        ("/api/v1/logs", String::new()),
        ("/api/v1/logs/{name}", String::new()),
        ("/api/v1/xferlog/files", String::new()),
        ("/api/v1/processes", String::new()),
        ("/api/v1/processes/rules", String::new()),
        ("/api/v1/audit", String::new()),
    ] {
        let answer = node.get(&format!("{}{query}", route.replace("{name}", "app")));
        let answer = answer.json();
        assert!(
            answer.as_array().is_none_or(|rows| !rows.is_empty()),
            "{route}"
        );
        assert_fits(
            &contract,
            schema_of(&contract, route, "get", "200"),
            &answer,
            route,
        );
    }
    for (route, query) in [
        ("/api/v1/health", "?x=1"),
        ("/api/v1/fs", "?x=1"),
        ("/api/v1/fs/history", ""),
        ("/api/v1/paths", "?limit=0"),
        ("/api/v1/paths/top", "?path=/&limit=0"),
        ("/api/v1/processes", "?x=1"),
        ("/api/v1/audit", "?after=1&before=2"),
    ] {
        let problem = node.get(&format!("{route}{query}")).json();
        let schema = schema_of(&contract, route, "get", "default");
        assert_fits(&contract, schema, &problem, route);
    }
}

#[test]
fn every_documented_parameter_is_accepted_and_no_other() {
    let (_folder, node, path) = node();
    let contract = node.get("/api/v1/openapi.json").json();
    let sample = |name: &str| match name {
        "limit" => "5".to_owned(),
        "offset" => "0".to_owned(),
        "path" => path.clone(),
        "mount_point" => "/".to_owned(),
        "from" => "2026-01-01T00:00:00Z".to_owned(),
        "to" => "2026-01-01T09:00:00%2B09:00".to_owned(),
        "step" => "5m".to_owned(),
        "after" | "before" | "lines" => "7".to_owned(),
        "follow" => "false".to_owned(),
        "direction" => "upload".to_owned(),
        "status" => "complete".to_owned(),
        "contains" | "regex" | "user" | "host" | "filename" => "word".to_owned(),
        other => panic!("a parameter without a sample: {other}"),
    };
    for (route, methods) in contract["paths"].as_object().unwrap() {
        let Some(parameters) = methods["get"]["parameters"].as_array() else {
            continue;
        };
        let route = route.replace("{name}", "app");
        let of_query = parameters.iter().filter(|one| one["in"] == "query");
        let (required, optional): (Vec<_>, Vec<_>) = of_query
            .map(|one| (one["name"].as_str().unwrap(), one["required"] == true))
            .partition(|(_, required)| *required);
        let with = |name: &str| format!("&{name}={}", sample(name));
        let required: String = required.iter().map(|(name, _)| with(name)).collect();
        // One by one: some exclude each other.
        let each = optional.iter().map(|(name, _)| with(name));
        for asked in each.chain([String::new()]) {
            let accepted = format!("{route}?{}", format!("{required}{asked}").trim_matches('&'));
            assert_eq!(node.get(&accepted).status, 200, "{accepted}");
            let refused = format!("{accepted}&another=1");
            assert_eq!(node.get(&refused).status, 400, "{refused}");
        }
    }
}

#[test]
fn what_is_not_known_is_null_and_there() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing").display().to_string();
    let node = Node::start(&format!("paths: [{{path: {missing}}}]"));
    let row = node.await_row(("/api/v1/paths", "path", &missing), |row| {
        row["status"] == "ERROR"
    });
    for key in [
        "file_count",
        "dir_count",
        "total_bytes",
        "newest_mtime",
        "oldest_mtime",
        "scan_duration_ms",
        "unreadable_count",
        "collected_at",
    ] {
        assert_eq!(row.get(key), Some(&Value::Null), "{key} of {row}");
    }
    assert!(
        row["error_message"].as_str().unwrap().contains(&missing),
        "{row}"
    );
    let root = node.await_row(("/api/v1/fs", "mount_point", "/"), |_| true);
    assert_eq!(root.get("full_in_sec"), Some(&Value::Null), "{root}");
    assert_eq!(root.get("error_message"), Some(&Value::Null), "{root}");
    let health = node.get("/api/v1/health").json();
    let collectors = health["collectors"].as_array().unwrap();
    let scanner = collectors
        .iter()
        .find(|row| row["name"].as_str().unwrap().starts_with("paths:"))
        .unwrap();
    assert_eq!(
        scanner.get("last_success_at"),
        Some(&Value::Null),
        "{scanner}"
    );
    assert!(scanner["last_error_at"].is_string(), "{scanner}");
}
