//! Transfers of FTP servers, and the lines that say none.

use std::time::Duration;

use etlmon_shared::transfer::{DamagedTransferLine, Transfer, TransferDirection, TransferStatus};

use super::Style;
use crate::human::{duration_ms, size};
use crate::table::Align::{Left, Right};
use crate::table::{Cell, Table, Tone};

/// The transfers, a line each.
pub(crate) fn transfers(rows: &[Transfer], style: Style) -> String {
    let mut table = Table::new([
        ("ENDED", Left),
        ("SIZE", Right),
        ("TOOK", Right),
        ("DIRECTION", Left),
        ("STATUS", Left),
        ("USER", Left),
        ("HOST", Left),
        ("FILE", Left),
    ]);
    for row in rows {
        let (status, tone) = match row.status {
            TransferStatus::Complete => ("complete", Tone::Plain),
            TransferStatus::Incomplete => ("incomplete", Tone::Warning),
        };
        table.push([
            Cell::new(row.log_time.to_string()),
            Cell::maybe(row.bytes, size),
            Cell::maybe(row.transfer_time_sec.and_then(milliseconds), duration_ms),
            Cell::new(match row.direction {
                TransferDirection::Upload => "upload",
                TransferDirection::Download => "download",
                TransferDirection::Delete => "delete",
            }),
            Cell::new(status).tone(tone),
            Cell::new(&row.username),
            Cell::new(&row.remote_host),
            Cell::new(&row.filename),
        ]);
    }
    table.render(style.colours)
}

/// None of a number that is no duration.
fn milliseconds(seconds: f64) -> Option<u64> {
    let duration = Duration::try_from_secs_f64(seconds).ok()?;
    u64::try_from(duration.as_millis()).ok()
}

/// The lines of transfer logs that can't be read.
pub(crate) fn damaged(rows: &[DamagedTransferLine], style: Style) -> String {
    let mut table = Table::new([
        ("READ", Left),
        ("LOG", Left),
        ("REASON", Left),
        ("LINE", Left),
    ]);
    for row in rows {
        table.push([
            Cell::new(row.detected_at.to_string()),
            Cell::new(&row.log_path),
            Cell::new(&row.reason),
            Cell::new(&row.line),
        ]);
    }
    table.render(style.colours)
}
