//! `openapi.json` says what the node answers, and the node answers what it says.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "all of this is test code"
)]

mod schema;

use integration_tests::{Node, eventually};
use schema::{assert_fits, collect_references, schema_of};
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
        ("/api/v1/logs", "get"),
        ("/api/v1/logs/{name}", "get"),
        ("/api/v1/logs/{name}/gaps", "get"),
        ("/api/v1/logs/{name}/pause", "post"),
        ("/api/v1/logs/{name}/resume", "post"),
        ("/api/v1/xferlog", "get"),
        ("/api/v1/xferlog/files", "get"),
        ("/api/v1/xferlog/damaged", "get"),
        ("/api/v1/xferlog/gaps", "get"),
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
