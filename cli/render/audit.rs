//! The record of commands.

use etlmon_shared::audit::AuditEntry;

use super::Style;
use crate::table::Align::{Left, Right};
use crate::table::{Cell, Table, Tone};

/// The commands, a line each.
pub(crate) fn audit(rows: &[AuditEntry], style: Style) -> String {
    let mut table = Table::new([
        ("ID", Right),
        ("AT", Left),
        ("WHO", Left),
        ("FROM", Left),
        ("ACTION", Left),
        ("TARGET", Left),
        ("OUTCOME", Left),
        ("DETAIL", Left),
    ]);
    for row in rows {
        let tone = if row.outcome == "done" {
            Tone::Plain
        } else {
            Tone::Warning
        };
        table.push([
            Cell::new(row.id.to_string()),
            Cell::new(row.at.to_string()),
            Cell::maybe(row.who.as_ref(), |who| who),
            Cell::new(&row.remote),
            Cell::new(&row.action),
            Cell::new(&row.target),
            Cell::new(&row.outcome).tone(tone),
            Cell::maybe(row.detail.as_ref(), |detail| detail),
        ]);
    }
    table.render(style.colours)
}
