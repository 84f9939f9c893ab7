//! The tabs: which of them have room for their names. The drawing and the mouse read the same places.

use super::command::Command;
use super::model::Screen;

/// The room before the first tab.
const MARGIN: u16 = 1;

/// A tab where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tab {
    /// The screen that it leads to.
    pub screen: Screen,
    /// What a click on it runs.
    pub command: Command,
    /// The screen's name; absent where there is room for the key only.
    pub title: Option<&'static str>,
    /// Its first column.
    pub left: u16,
    /// Its columns: the key, the name and the room around them.
    pub width: u16,
}

/// The tabs in so many columns, of the screens that the project has something for. Where the names do not fit, only the
/// current screen keeps its own; where not even the keys do, it stands alone. So one always sees where one is.
pub fn tabs(columns: u16, current: Screen, is_there: impl Fn(Screen) -> bool) -> Vec<Tab> {
    let is_shown = |screen| screen == current || is_there(screen);
    let all = placed(is_shown, |_| true);
    let keys = || placed(is_shown, |screen| screen == current);
    let alone = || placed(|screen| screen == current, |_| true);
    let fits = |tabs: &Vec<Tab>| {
        tabs.last()
            .is_none_or(|tab| tab.left + tab.width <= columns)
    };
    [all, keys()].into_iter().find(fits).unwrap_or_else(alone)
}

/// The tab at a column.
pub fn at(columns: u16, current: Screen, is_there: impl Fn(Screen) -> bool, x: u16) -> Option<Tab> {
    let here = |tab: &Tab| x >= tab.left && x < tab.left + tab.width;
    tabs(columns, current, is_there).into_iter().find(here)
}

fn placed(is_shown: impl Fn(Screen) -> bool, is_named: impl Fn(Screen) -> bool) -> Vec<Tab> {
    let mut left = MARGIN;
    Screen::ALL
        .into_iter()
        .filter(|(screen, _, _)| is_shown(*screen))
        .map(|(screen, title, command)| {
            let title = is_named(screen).then_some(title);
            let width = 3 + title.map_or(0, |title| title.len() as u16 + 1);
            let tab = Tab {
                screen,
                command,
                title,
                left,
                width,
            };
            left += width;
            tab
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_current_tab_is_whole_at_any_width_that_has_room_for_it() {
        for (screen, title, _) in Screen::ALL {
            for columns in 16..200 {
                let tabs = tabs(columns, screen, |_| true);
                let current = tabs.iter().find(|tab| tab.screen == screen).unwrap();
                assert_eq!(current.title, Some(title), "{columns}");
                assert!(current.left + current.width <= columns, "{columns}");
            }
        }
    }

    #[test]
    fn a_click_finds_the_tab_that_is_drawn_there() {
        for columns in [20, 50, 80] {
            for tab in tabs(columns, Screen::Journal, |_| true) {
                for x in tab.left..tab.left + tab.width {
                    assert_eq!(at(columns, Screen::Journal, |_| true, x), Some(tab));
                }
            }
        }
        assert_eq!(at(80, Screen::Home, |_| true, 0), None);
        let few = tabs(200, Screen::Home, |screen| screen == Screen::Journal);
        assert_eq!(few.len(), 2, "the current screen, and those that are there");
    }
}
