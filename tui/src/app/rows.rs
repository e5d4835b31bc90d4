//! What keys do to the rows of a table.

use etlmon_shared::Timestamp;
use etlmon_shared::log::{LogFile, LogStatus};

use super::{App, Effect, Overlay};
use crate::command::Command;
use crate::input::{Input, Purpose};
use crate::keys::Action;
use crate::kill::KillDialog;
use crate::lines::LinesView;
use crate::screens::{Screen, logs, processes};

impl App {
    pub(super) fn act_on_table(&mut self, action: Action, now: Timestamp) -> Vec<Effect> {
        let Some(table) = self.table(now) else {
            return Vec::new();
        };
        let (rows, page) = (table.rows.len(), self.height.saturating_sub(1).max(1));
        let at = table.position(self.table_state());
        let last = rows.saturating_sub(1);
        let to = match action {
            Action::Down => at + 1,
            Action::Up => at.saturating_sub(1),
            Action::PageDown => at + page,
            Action::PageUp => at.saturating_sub(page),
            Action::First => 0,
            Action::Last => last,
            _ => at,
        };
        let to = to.min(last);
        let id = table.rows.get(to).map(|row| row.id.clone());
        let columns = table.columns.len();
        let state = self.table_state_mut();
        state.index = to;
        state.chosen.clone_from(&id);
        match action {
            Action::Sort => {
                let next = state.sort.map_or(0, |column| column + 1);
                state.sort = Some(next).filter(|column| *column < columns);
                state.inverted = false;
            }
            Action::Invert => state.inverted = !state.inverted,
            Action::Filter => {
                let input = Input::new(Purpose::Filter, &state.filter);
                self.overlay = Overlay::Input(input);
            }
            _ => {
                if let Some(id) = id {
                    return self.act_on_row(action, &id, now);
                }
            }
        }
        Vec::new()
    }

    fn act_on_row(&mut self, action: Action, id: &str, now: Timestamp) -> Vec<Effect> {
        match (action, self.screen) {
            (Action::Open, Screen::Nodes) => {
                let index = self.nodes.iter().position(|node| node.name == id);
                self.choose_node(index.unwrap_or(self.node));
                self.show(Screen::Overview);
            }
            (Action::Open, Screen::Logs) | (Action::Follow, _) => {
                let Some(name) = self.log(id).map(|log| log.name.clone()) else {
                    return Vec::new();
                };
                return vec![self.open_log(&name)];
            }
            (Action::Open, _) => self.overlay = Overlay::Detail(id.to_owned(), 0),
            (Action::Scan, Screen::Paths) => {
                return self.send(Command::Scan(Some(vec![id.to_owned()])));
            }
            (Action::Scan, _) => return self.send(Command::RefreshCron),
            (Action::PauseLog, _) => {
                if let Some(log) = self.log(id) {
                    let name = log.name.clone();
                    let is_paused = log.status == LogStatus::Paused;
                    return self.send(if is_paused {
                        Command::ResumeLog(name)
                    } else {
                        Command::PauseLog(name)
                    });
                }
            }
            (Action::Kill, _) => self.open_kill(id, now),
            _ => {}
        }
        Vec::new()
    }

    fn log(&self, id: &str) -> Option<&LogFile> {
        self.node()
            .logs
            .rows
            .iter()
            .flatten()
            .find(|log| logs::id(log) == id)
    }

    /// Shows the lines of a log.
    pub(crate) fn open_log(&mut self, name: &str) -> Effect {
        self.show(Screen::Logs);
        let (lines, need) = LinesView::new(self.node, name);
        self.lines = Some(lines);
        Effect::Lines(need)
    }

    /// Opens the dialog for the process of a row.
    pub(crate) fn open_kill(&mut self, id: &str, now: Timestamp) {
        let mut rows = self.node().processes.rows.iter().flatten();
        if let Some(process) = rows.find(|row| processes::id(row) == id).cloned() {
            self.overlay = Overlay::Kill(Box::new(KillDialog::new(process, now)));
        }
    }

    fn send(&self, command: Command) -> Vec<Effect> {
        vec![Effect::Send(self.node, command)]
    }
}
