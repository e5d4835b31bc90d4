//! How roles look: with 16 colours, without colours, and without relying on red and green.

use cursive::style::{BaseColor, Color, ColorStyle, Effect, Style};

use crate::frame::Role;

/// How the console is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Theme {
    /// The terminal's own 16 colours.
    #[default]
    Default,
    /// None: bold, dim, underlined and reversed text only.
    Mono,
    /// Blue for good and orange-yellow for bad, which every kind of colour vision tells apart; what
    /// is bad is bold too.
    Colourblind,
}

impl Theme {
    /// The names under which a configuration knows them.
    pub const NAMES: [(&'static str, Self); 3] = [
        ("default", Self::Default),
        ("mono", Self::Mono),
        ("colourblind", Self::Colourblind),
    ];

    /// The theme of this name.
    pub fn named(name: &str) -> Option<Self> {
        let found = Self::NAMES.iter().find(|(known, _)| *known == name);
        found.map(|(_, theme)| *theme)
    }

    /// The style of a role, on the chosen line or elsewhere.
    pub fn style(self, role: Role, chosen: bool) -> Style {
        let (colour, effect) = match self {
            Self::Default => coloured(role),
            Self::Mono => (Color::TerminalDefault, without_colours(role)),
            Self::Colourblind => colourblind(role),
        };
        let front = ColorStyle::new(colour, Color::TerminalDefault);
        let mut style = Style::from(front);
        if let Some(effect) = effect {
            style = style.combine(effect);
        }
        if chosen {
            style = style.combine(Effect::Reverse);
        }
        style
    }
}

fn coloured(role: Role) -> (Color, Option<Effect>) {
    let plain = Color::TerminalDefault;
    match role {
        Role::Plain => (plain, None),
        Role::Dim => (plain, Some(Effect::Dim)),
        Role::Title => (Color::Dark(BaseColor::Cyan), Some(Effect::Bold)),
        Role::Heading => (plain, Some(Effect::Bold)),
        Role::Good => (Color::Dark(BaseColor::Green), None),
        Role::Warn => (Color::Dark(BaseColor::Yellow), None),
        Role::Bad => (Color::Dark(BaseColor::Red), Some(Effect::Bold)),
        Role::Found => (Color::Dark(BaseColor::Yellow), Some(Effect::Reverse)),
        Role::Key => (Color::Dark(BaseColor::Cyan), None),
    }
}

fn without_colours(role: Role) -> Option<Effect> {
    match role {
        Role::Plain | Role::Good => None,
        Role::Dim => Some(Effect::Dim),
        Role::Title | Role::Heading | Role::Bad | Role::Key => Some(Effect::Bold),
        Role::Warn => Some(Effect::Underline),
        Role::Found => Some(Effect::Reverse),
    }
}

fn colourblind(role: Role) -> (Color, Option<Effect>) {
    match role {
        Role::Good => (Color::Light(BaseColor::Blue), None),
        Role::Warn => (Color::Dark(BaseColor::Yellow), None),
        Role::Bad => (Color::Light(BaseColor::Yellow), Some(Effect::Bold)),
        other => coloured(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_colours_none_is_sent() {
        for role in [Role::Plain, Role::Good, Role::Warn, Role::Bad, Role::Found] {
            let style = Theme::Mono.style(role, false);
            assert_eq!(
                style.color,
                ColorStyle::new(Color::TerminalDefault, Color::TerminalDefault)
            );
        }
    }

    #[test]
    fn good_and_bad_differ_in_every_theme() {
        for (_, theme) in Theme::NAMES {
            let [good, warn, bad] =
                [Role::Good, Role::Warn, Role::Bad].map(|role| theme.style(role, false));
            assert!(good != warn && warn != bad && good != bad, "{theme:?}");
        }
    }
}
