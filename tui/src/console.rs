//! The one view of the console: it draws the frame, passes keys on, and does what they ask for.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use cursive::event::{Event, EventResult};
use cursive::view::View;
use cursive::{CbSink, Cursive, Printer, Vec2};
use etlmon_shared::{Client, Timestamp};

use crate::app::{App, Effect};
use crate::clipboard;
use crate::frame::{Frame, Role, Size, width};
use crate::lines::tail::{self, Follow};
use crate::lines::{Need, page};
use crate::model::{Link, Node, Report};
use crate::poll::Poller;
use crate::screens::Screen;
use crate::theme::Theme;

/// The name under which callbacks find the view.
pub const NAME: &str = "console";

/// After a key, an answer is drawn as soon as it comes.
const AWAITED: Duration = Duration::from_secs(1);

/// The view.
pub struct Console {
    /// What is shown.
    pub app: App,
    /// One a node, in their order.
    clients: Vec<Client>,
    pollers: Vec<Poller>,
    wanted: Vec<BTreeSet<crate::query::Query>>,
    /// The screen and the node that the pollers know of.
    shown: (Screen, usize),
    sink: CbSink,
    frame: Frame,
    /// Whether something came since the last time it was drawn.
    changed: bool,
    pressed: bool,
    pressed_at: Option<Instant>,
    /// Whether the terminal should be given to the shell for a while.
    pub suspended: bool,
    /// Whether the terminal may show something else than what was drawn last.
    pub garbled: bool,
}

impl Console {
    /// Starts asking the nodes.
    ///
    /// # Errors
    /// When the system has no threads left.
    pub fn start(
        app: App,
        clients: Vec<Client>,
        interval: Duration,
        sink: CbSink,
    ) -> std::io::Result<Self> {
        let mut pollers = Vec::with_capacity(clients.len());
        for (index, client) in clients.iter().enumerate() {
            let to = sink.clone();
            let tell = move |report| {
                let take = move |console: &mut Console| {
                    console.changed |= !matches!(report, Report::Asked);
                    let effect = console.app.take(index, report, Timestamp::now());
                    if let Some(effect) = effect {
                        console.perform(effect);
                    }
                };
                with_console(&to, take)
            };
            pollers.push(Poller::start(client.clone(), interval, tell)?);
        }
        let wanted = vec![BTreeSet::new(); clients.len()];
        let mut console = Self {
            shown: (app.screen, app.node_index()),
            app,
            clients,
            pollers,
            wanted,
            sink,
            frame: Frame::default(),
            changed: true,
            pressed: false,
            pressed_at: None,
            suspended: false,
            garbled: false,
        };
        console.tell_pollers();
        Ok(console)
    }

    /// Whether it should be drawn now, when it was drawn so long ago.
    pub fn is_due(&self, since_drawn: Duration) -> bool {
        let awaited = self.pressed_at.is_some_and(|at| at.elapsed() < AWAITED);
        let patience = match (self.changed, awaited) {
            (true, true) => Duration::from_millis(20),
            (true, false) => Duration::from_millis(500),
            // Ages and countdowns go on.
            (false, _) => Duration::from_secs(1),
        };
        self.pressed || since_drawn >= patience
    }

    /// Has the pollers ask what is on the screen now, and at once if it was not before.
    fn tell_pollers(&mut self) {
        let shown = (self.app.screen, self.app.node_index());
        if std::mem::replace(&mut self.shown, shown) != shown {
            self.refresh(|node| node.link == Link::Up);
        }
        for (index, (poller, wanted)) in self.pollers.iter().zip(&mut self.wanted).enumerate() {
            let queries = self.app.queries(index);
            if *wanted != queries {
                poller.want(queries.clone());
                *wanted = queries;
            }
        }
    }

    fn press(&mut self, event: &Event) -> EventResult {
        self.pressed = true;
        self.pressed_at = Some(Instant::now());
        for effect in self.app.press(event, Timestamp::now()) {
            if matches!(effect, Effect::Quit) {
                return EventResult::with_cb(Cursive::quit);
            }
            self.perform(effect);
        }
        self.tell_pollers();
        EventResult::consumed()
    }

    fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Quit => {}
            Effect::Suspend => self.suspended = true,
            Effect::Redraw => self.garbled = true,
            Effect::Refresh => self.refresh(|_| true),
            Effect::Copy(text) => {
                let (role, said) = match clipboard::copy(&text) {
                    Ok(()) => (
                        Role::Good,
                        "copied, if the terminal allows it (OSC 52)".to_owned(),
                    ),
                    Err(error) => (Role::Warn, format!("not copied: {error}")),
                };
                self.app.notice = Some(crate::app::Notice { role, text: said });
            }
            Effect::Send(node, command) => self.apart(node, move |client| {
                let outcome = command.send(&client);
                move |console: &mut Self| {
                    console.app.done(&outcome);
                    // What the command changed should be seen.
                    console.perform(Effect::Refresh);
                }
            }),
            Effect::Lines(need) => self.fetch(need),
        }
    }

    /// Asks those of the nodes on the screen at once that are wanted.
    fn refresh(&self, is_wanted: impl Fn(&Node) -> bool) {
        let (all, chosen) = (self.app.screen == Screen::Nodes, self.app.node_index());
        for (at, (poller, node)) in self.pollers.iter().zip(&self.app.nodes).enumerate() {
            if (all || at == chosen) && is_wanted(node) {
                poller.refresh();
            }
        }
    }

    fn fetch(&mut self, need: Need) {
        match need {
            Need::Page(ask) => self.apart(ask.node, move |client| {
                let page: page::Page = ask.fetch(&client);
                move |console: &mut Self| {
                    if let Some(effect) = console.app.take_page(page) {
                        console.perform(effect);
                    }
                }
            }),
            Need::Tail(tail, after) => {
                let Some(lines) = &mut self.app.lines else {
                    return;
                };
                let Some(client) = self.clients.get(lines.node).cloned() else {
                    return;
                };
                let follow = Follow {
                    log: lines.log.clone(),
                    filter: lines.filter.clone(),
                    after,
                };
                let sink = self.sink.clone();
                let tell = move || with_console(&sink, |console| console.changed = true);
                if let Err(error) = tail::start(client, follow, &Arc::clone(&tail), tell) {
                    lines.trouble = Some(error.to_string());
                }
            }
        }
    }

    /// Has `ask` wait for the node on a thread of its own, and takes what it brings.
    fn apart<T>(&mut self, node: usize, ask: impl FnOnce(Client) -> T + Send + 'static)
    where
        T: FnOnce(&mut Self) + Send + 'static,
    {
        let Some(client) = self.clients.get(node).cloned() else {
            return;
        };
        let sink = self.sink.clone();
        let asker = thread::Builder::new()
            .name("asker".to_owned())
            .spawn(move || {
                let take = ask(client);
                with_console(&sink, |console| {
                    take(console);
                    console.changed = true;
                });
            });
        if let Err(error) = asker {
            let text = format!("cannot ask: {error}");
            self.app.notice = Some(crate::app::Notice {
                role: Role::Bad,
                text,
            });
        }
    }
}

/// Has the view do something on the thread of the screen; whether there still is one.
fn with_console(sink: &CbSink, act: impl FnOnce(&mut Console) + Send + 'static) -> bool {
    let call = Box::new(move |screen: &mut Cursive| {
        screen.call_on_name(NAME, act);
    });
    sink.send(call).is_ok()
}

/// Prints a frame.
pub fn draw(frame: &Frame, theme: Theme, printer: &Printer<'_, '_>) {
    for (y, line) in frame.lines.iter().enumerate() {
        let mut x = 0;
        for span in line.spans() {
            let style = theme.style(span.role(), line.chosen);
            printer.with_style(style, |printer| printer.print((x, y), span.text()));
            x += width(span.text());
        }
    }
}

impl View for Console {
    fn layout(&mut self, size: Vec2) {
        let (size, now) = (
            Size {
                width: size.x,
                height: size.y,
            },
            Timestamp::now(),
        );
        self.app.settle(size, now);
        self.frame = self.app.frame(size, now);
        self.changed = false;
        self.pressed = false;
    }

    fn draw(&self, printer: &Printer<'_, '_>) {
        draw(&self.frame, self.app.settings.theme, printer);
    }

    fn required_size(&mut self, constraint: Vec2) -> Vec2 {
        constraint
    }

    fn on_event(&mut self, event: Event) -> EventResult {
        match event {
            Event::Refresh | Event::FocusLost => EventResult::Ignored,
            Event::WindowResize => {
                self.garbled = true;
                EventResult::consumed()
            }
            event => self.press(&event),
        }
    }
}
