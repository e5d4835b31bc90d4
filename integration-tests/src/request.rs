//! Asking and commanding a real node.

use serde_json::Value;

use crate::node::PATIENCE;
use crate::raw::{self, RawAnswer};
use crate::{Node, eventually};

/// An answer of the node.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body as it came.
    pub body: String,
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body)
            .unwrap_or_else(|error| panic!("{error} in the body {:?}", self.body))
    }

    /// The first header of this name (in lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

impl Node {
    /// Asks it.
    pub fn get(&self, path: &str) -> Answer {
        self.request("GET", path, &[], None)
    }

    /// Commands it, with a JSON body.
    pub fn post(&self, path: &str, body: &str) -> Answer {
        self.request(
            "POST",
            path,
            &[("Content-Type", "application/json")],
            Some(body),
        )
    }

    /// Any request.
    pub fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&str>,
    ) -> Answer {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .allow_non_standard_methods(true)
            .timeout_global(Some(PATIENCE))
            .proxy(None)
            .build()
            .into();
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut answer = match body {
            Some(body) => agent.run(request.body(body.to_owned()).unwrap()),
            None => agent.run(request.body(()).unwrap()),
        }
        .unwrap_or_else(|error| panic!("{method} {path}: {error}\n{}", self.stderr()));
        Answer {
            status: answer.status().as_u16(),
            headers: answer
                .headers()
                .iter()
                .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
                .collect(),
            body: answer.body_mut().read_to_string().unwrap(),
        }
    }

    /// The rows of a list.
    pub fn list(&self, path: &str) -> Vec<Value> {
        let answer = self.get(path);
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json().as_array().unwrap().clone()
    }

    /// What health says of the collectors of a kind.
    pub fn collectors(&self, kind: &str) -> Vec<Value> {
        let health = self.get("/api/v1/health").json();
        let is_of_kind = |row: &&Value| {
            let name = row["name"].as_str().unwrap();
            name.split(':').next() == Some(kind)
        };
        let collectors = health["collectors"].as_array().unwrap().iter();
        collectors.filter(is_of_kind).cloned().collect()
    }

    /// Sends these bytes to it as they are.
    pub fn exchange(&self, request: impl AsRef<[u8]>) -> RawAnswer {
        let address = self.url.strip_prefix("http://").unwrap();
        raw::exchange(address, request.as_ref())
    }

    /// The row of a list that has this value.
    pub fn row(&self, list: &str, key: &str, value: &str) -> Option<Value> {
        let mut rows = self.list(list).into_iter();
        rows.find(|row| row[key].as_str() == Some(value))
    }

    /// Waits for a row of a list that has this value and is as `wanted`.
    pub fn await_row(
        &self,
        (list, key, value): (&str, &str, &str),
        wanted: impl Fn(&Value) -> bool,
    ) -> Value {
        let what = format!("the row of {value} in {list} to be as wanted");
        eventually(&what, PATIENCE, || {
            self.row(list, key, value).filter(|row| wanted(row))
        })
    }
}
