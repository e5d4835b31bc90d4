//! Every field of a row, as the API names it, with its value as people read it.

use std::fmt;

use etlmon_shared::{Timestamp, human};
use serde::Serialize;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use super::{Context, Screen, logs, moment, paths, problems, processes};
use crate::frame::{Line, Role};
use crate::model::Node;

/// The fields of the row with this id; none where it is gone.
pub fn lines(
    screen: Screen,
    nodes: &[Node],
    node: &Node,
    id: &str,
    context: Context<'_>,
) -> Option<Vec<Line>> {
    let now = context.now;
    match screen {
        Screen::Nodes | Screen::Overview => {
            let chosen = nodes.iter().find(|node| node.name == id);
            Some(of_node(chosen.unwrap_or(node), context))
        }
        Screen::Filesystems => find(
            node.filesystems.rows.iter().flatten(),
            |row| row.mount_point == id,
            now,
        ),
        Screen::Paths => {
            let mut lines = find(node.paths.rows.iter().flatten(), |row| row.path == id, now)?;
            lines.extend(paths::more(node, id, now));
            Some(lines)
        }
        Screen::Logs => find(
            node.logs.rows.iter().flatten(),
            |row| logs::id(row) == id,
            now,
        ),
        Screen::Processes => find(
            node.processes.rows.iter().flatten(),
            |row| processes::id(row) == id,
            now,
        ),
        Screen::Cron => find(
            node.cron.rows.iter().flatten(),
            |row| row.job_id.to_string() == id,
            now,
        ),
        Screen::Transfers => {
            let rows = node.transfers.rows.iter().flat_map(|(_, rows)| rows);
            find(rows, |row| row.id.to_string() == id, now)
        }
        Screen::Audit => find(
            node.audit.rows.iter().flatten(),
            |row| row.id.to_string() == id,
            now,
        ),
    }
}

fn find<'a, T: Serialize + 'a>(
    mut rows: impl Iterator<Item = &'a T>,
    is_it: impl Fn(&T) -> bool,
    now: Timestamp,
) -> Option<Vec<Line>> {
    rows.find(|row| is_it(row)).map(|row| fields(row, now))
}

fn of_node(node: &Node, context: Context<'_>) -> Vec<Line> {
    let mut lines = vec![Line::new(
        Role::Title,
        &format!("{}  {}", node.name, node.address),
    )];
    for problem in problems::of(node, context) {
        lines.push(Line::new(problem.role, &problem.text));
    }
    if let Some(health) = &node.health.rows {
        lines.push(Line::default());
        lines.extend(fields(&health.db, context.now));
        for collector in &health.collectors {
            lines.push(Line::default());
            lines.extend(fields(collector, context.now));
        }
    }
    lines
}

/// One line a field.
fn fields<T: Serialize>(row: &T, now: Timestamp) -> Vec<Line> {
    // A noun that does not serialise would not have come.
    let json = serde_json::to_string(row).unwrap_or_default();
    let Fields(fields) = serde_json::from_str(&json).unwrap_or_default();
    let widest = fields.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let line = |(name, value): &(String, Value)| {
        let mut line = Line::new(Role::Key, name);
        line.pad_to(widest + 2);
        let role = if value.is_null() {
            Role::Dim
        } else {
            Role::Plain
        };
        line.push(role, &shown(name, value, now));
        line
    };
    fields.iter().map(line).collect()
}

fn shown(name: &str, value: &Value, now: Timestamp) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => match text.parse::<Timestamp>() {
            Ok(at) if at > now => format!("{}Z (in {})", moment(at), human::age(now, at)),
            Ok(at) => format!("{}Z ({} ago)", moment(at), human::age(at, now)),
            Err(_) => text.clone(),
        },
        Value::Number(number) => match number.as_u64() {
            Some(bytes) if name.ends_with("_bytes") => format!("{} ({bytes})", human::size(bytes)),
            Some(seconds) if name.ends_with("_sec") => human::duration(seconds),
            Some(ms) if name.ends_with("_ms") => human::duration_ms(ms),
            _ => number.to_string(),
        },
        other => other.to_string(),
    }
}

/// The fields of a JSON object in their own order.
#[derive(Default)]
struct Fields(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut pairs: A) -> Result<Fields, A::Error> {
        let mut fields = Vec::new();
        while let Some(pair) = pairs.next_entry()? {
            fields.push(pair);
        }
        Ok(Fields(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    #[test]
    fn fields_come_in_the_order_of_the_api_with_units() {
        let lines = fields(&samples::filesystems()[0], samples::now());
        let text: Vec<_> = lines.iter().map(Line::text).collect();
        assert!(text[0].starts_with("mount_point          /"), "{text:?}");
        assert!(
            text.contains(&"total_bytes          100Gi (107374182400)".to_owned()),
            "{text:?}"
        );
        assert!(text.last().unwrap().ends_with("(5s ago)"), "{text:?}");
    }
}
