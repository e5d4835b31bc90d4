//! How wide the columns of a table are, and which are dropped.

use super::{Column, GAP, Row, Table};
use crate::frame::width;

impl Table {
    /// The width of each column; none for those that there is no room for.
    pub(super) fn widths(
        &self,
        shown: &[Row],
        sorted: Option<usize>,
        room: usize,
    ) -> Vec<Option<usize>> {
        let wanted = |(index, column): (usize, &Column)| {
            let cells = shown.iter().filter_map(|row| row.cells.get(index));
            let widest = cells.map(|cell| safe_width(&cell.text)).max().unwrap_or(0);
            // One more for the mark of the order.
            let mark = usize::from(sorted == Some(index));
            Some(widest.max(width(column.title) + mark))
        };
        let mut widths: Vec<_> = self.columns.iter().enumerate().map(wanted).collect();
        loop {
            let excess = total(&widths).saturating_sub(room);
            if excess == 0 || self.shrink(&mut widths, excess, |column| column.least) {
                return widths;
            }
            let columns = self.columns.iter().enumerate();
            let kept = columns.filter(|(index, _)| matches!(widths.get(*index), Some(Some(_))));
            let Some((index, column)) = kept.max_by_key(|(_, column)| column.priority) else {
                return widths;
            };
            if column.priority == 0 {
                // These are never dropped, and share what there is.
                self.shrink(&mut widths, excess, |_| 4);
                return widths;
            }
            if let Some(width) = widths.get_mut(index) {
                *width = None;
            }
        }
    }

    /// Takes the excess from columns that are wider than they need; whether that was enough.
    fn shrink(
        &self,
        widths: &mut [Option<usize>],
        excess: usize,
        least: impl Fn(&Column) -> usize,
    ) -> bool {
        let spare = |(column, width): (&Column, &Option<usize>)| {
            width.map_or(0, |width| width.saturating_sub(least(column).max(1)))
        };
        if self
            .columns
            .iter()
            .zip(widths.iter())
            .map(spare)
            .sum::<usize>()
            < excess
        {
            return false;
        }
        let mut left = excess;
        while left > 0 {
            let spares = self.columns.iter().zip(widths.iter()).map(spare);
            let Some((index, most)) = spares.enumerate().max_by_key(|(_, spare)| *spare) else {
                return false;
            };
            let Some(Some(width)) = widths.get_mut(index).filter(|_| most > 0) else {
                return false;
            };
            *width -= 1;
            left -= 1;
        }
        true
    }
}

fn total(widths: &[Option<usize>]) -> usize {
    let kept = widths.iter().flatten().count();
    widths.iter().flatten().sum::<usize>() + GAP * kept.saturating_sub(1)
}

fn safe_width(text: &str) -> usize {
    width(&etlmon_shared::text::for_terminal(text))
}
