//! The console's state, and what keys and answers do to it; nothing in here waits or draws.

mod draw;
mod press;
mod rows;
#[cfg(test)]
mod tests;
mod typing;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use etlmon_shared::Timestamp;
use etlmon_shared::process::Process;

use crate::command::{Command, Outcome};
use crate::config::Thresholds;
use crate::frame::Role;
use crate::input::Input;
use crate::kill::KillDialog;
use crate::lines::page::Page;
use crate::lines::{LinesView, Need};
use crate::model::{Node, Report};
use crate::query::{Query, TransferFilter};
use crate::screens::{Context, Screen, overview_queries};
use crate::table::{Table, TableState};
use crate::theme::Theme;

/// What an operator can't change with keys.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Whether commands are hidden.
    pub readonly: bool,
    /// The colours.
    pub theme: Theme,
    /// When a value needs a look.
    pub thresholds: Thresholds,
}

/// What lies over the screen.
#[derive(Clone, Debug, Default)]
pub enum Overlay {
    /// Nothing.
    #[default]
    None,
    /// The keys that work here, from this line on.
    Help(usize),
    /// All of the row with this id, from this line on.
    Detail(String, usize),
    /// A line that is being typed.
    Input(Input),
    /// The dialog that sends a signal.
    Kill(Box<KillDialog>),
}

/// Something to be told on the last line until the next key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Whether it is good.
    pub role: Role,
    /// What it is.
    pub text: String,
}

/// What a key wants done beyond the console's own state.
#[derive(Debug)]
pub enum Effect {
    /// Leave.
    Quit,
    /// Give the terminal to the shell for a while.
    Suspend,
    /// Draw all of the screen anew.
    Redraw,
    /// Ask the chosen node now.
    Refresh,
    /// Have the terminal copy a text.
    Copy(String),
    /// Have a node, by its place in the list, do something.
    Send(usize, Command),
    /// A page of a log, or its lines as they come.
    Lines(Need),
}

/// The console.
#[derive(Debug)]
pub struct App {
    /// All nodes; there is at least one.
    pub nodes: Vec<Node>,
    /// The settings.
    pub settings: Settings,
    /// The screen that is shown.
    pub screen: Screen,
    /// What lies over it.
    pub overlay: Overlay,
    /// What is to be told.
    pub notice: Option<Notice>,
    /// The log whose lines are shown instead of the list of logs.
    pub lines: Option<LinesView>,
    /// Which transfers the node is asked for.
    pub transfer_filter: TransferFilter,
    node: usize,
    /// By the place of their screen.
    tables: BTreeMap<usize, TableState>,
    /// Commands that were typed, the last one last.
    typed: Vec<String>,
    /// Lines above the screen's body when it was drawn last, and those of the body.
    above: usize,
    height: usize,
}

impl App {
    /// Begins with all nodes, or with the only one's overview.
    pub fn new(nodes: Vec<Node>, chosen: usize, settings: Settings) -> Self {
        let screen = if nodes.len() > 1 {
            Screen::Nodes
        } else {
            Screen::Overview
        };
        let mut app = Self {
            nodes,
            settings,
            screen,
            overlay: Overlay::None,
            notice: None,
            lines: None,
            transfer_filter: Vec::new(),
            node: 0,
            tables: BTreeMap::new(),
            typed: Vec::new(),
            above: 1,
            height: 10,
        };
        app.choose_node(chosen);
        app
    }

    /// The place of the chosen node.
    pub fn node_index(&self) -> usize {
        self.node
    }

    /// The chosen node.
    pub fn node(&self) -> &Node {
        static NONE: LazyLock<Node> = LazyLock::new(Node::default);
        self.nodes.get(self.node).unwrap_or(&NONE)
    }

    /// Chooses a node, also in the list of nodes.
    pub fn choose_node(&mut self, index: usize) {
        self.node = index.min(self.nodes.len().saturating_sub(1));
        let name = self.node().name.clone();
        self.tables.entry(Screen::Nodes.index()).or_default().chosen = Some(name);
        if self
            .lines
            .as_ref()
            .is_some_and(|lines| lines.node != self.node)
        {
            self.lines = None;
        }
    }

    /// Shows a screen.
    pub fn show(&mut self, screen: Screen) {
        self.screen = screen;
        self.overlay = Overlay::None;
        self.lines = None;
    }

    /// What the operator did to the table that is shown.
    pub fn table_state(&self) -> &TableState {
        static UNTOUCHED: TableState = TableState::new();
        self.tables.get(&self.screen.index()).unwrap_or(&UNTOUCHED)
    }

    fn table_state_mut(&mut self) -> &mut TableState {
        self.tables.entry(self.screen.index()).or_default()
    }

    /// What values are judged by.
    pub fn context(&self, now: Timestamp) -> Context<'_> {
        Context {
            thresholds: &self.settings.thresholds,
            now,
        }
    }

    /// The table that is shown, as the operator wants it; the overview has none.
    pub fn table(&self, now: Timestamp) -> Option<Table> {
        let mut table = self
            .screen
            .table(&self.nodes, self.node(), self.context(now))?;
        table.arrange(self.table_state());
        Some(table)
    }

    /// What to ask a node now.
    pub fn queries(&self, node: usize) -> BTreeSet<Query> {
        let mut queries = overview_queries();
        if node != self.node {
            return queries;
        }
        queries.extend(self.screen.queries());
        if self.screen == Screen::Transfers {
            queries.insert(Query::Transfers(self.transfer_filter.clone()));
        }
        if let (Screen::Paths, Overlay::Detail(path, _)) = (self.screen, &self.overlay) {
            queries.insert(Query::Top(path.clone()));
        }
        queries
    }

    /// Takes what came from a node; a node that answers again may be asked for a log's lines.
    pub fn take(&mut self, node: usize, report: Report, now: Timestamp) -> Option<Effect> {
        let answers = matches!(report, Report::Answered(_) | Report::Refused(..));
        self.nodes.get_mut(node)?.take(report, now);
        let lines = self.lines.as_mut();
        let lines = lines.filter(|lines| answers && lines.node == node)?;
        lines.try_again().map(Effect::Lines)
    }

    /// Takes a page of the log that is shown.
    pub fn take_page(&mut self, page: Page) -> Option<Effect> {
        self.lines.as_mut()?.take(page).map(Effect::Lines)
    }

    /// Takes what became of a command.
    pub fn done(&mut self, Outcome { command, result }: &Outcome) {
        if let Overlay::Kill(dialog) = &mut self.overlay
            && dialog.take(command, result)
        {
            return;
        }
        let (role, text) = match result {
            Ok(text) => (Role::Good, text.clone()),
            Err(text) => (Role::Bad, text.clone()),
        };
        self.notice = Some(Notice { role, text });
    }

    /// The process that the node lists under this pid now.
    pub fn process(&self, pid: u32) -> Option<&Process> {
        let rows = self.node().processes.rows.iter().flatten();
        // One that has ended and one that has its number now may both be listed.
        rows.filter(|row| row.pid == pid)
            .max_by_key(|row| row.start_time)
    }

    fn warn(&mut self, text: impl Into<String>) {
        let text = text.into();
        let role = Role::Warn;
        self.notice = Some(Notice { role, text });
    }
}
