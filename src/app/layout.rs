//! Where things are on screen. The drawing and the mouse use the same rectangles, so they cannot disagree.
//!
//! ```text
//! ┌ header: project · identity, role, RLS sign · freshness ┐
//! │ notice: what is wrong, since when, the key that helps  │
//! │ tabs: 1 Home  2 Migrations  3 Seeds …                  │
//! │ body: list │ detail (side by side, stacked, or one)    │
//! └ footer: the keys that apply now                        ┘
//! ```

use ratatui::layout::Rect;

/// The places of the frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Areas {
    /// One line: project, identity, freshness.
    pub header: Rect,
    /// What is wrong; empty while all is well.
    pub notice: Rect,
    /// One line of screen names; empty on a very low terminal.
    pub tabs: Rect,
    /// What the screen shows.
    pub body: Rect,
    /// One line of keys; empty on a very low terminal.
    pub footer: Rect,
}

/// The two halves of a screen that has a list and its details.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Panes {
    /// The list; empty when there is room for the details only.
    pub list: Rect,
    /// The details; empty when there is room for the list only.
    pub detail: Rect,
}

/// How a list and its details stand side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sides {
    /// The list's share of the width, in percent.
    pub share: u16,
    /// The width from which on there is room for both.
    pub from: u16,
}

impl Sides {
    /// Side by side from the usual width on.
    pub const fn of(share: u16) -> Self {
        Self { share, from: WIDE }
    }
}

/// From this width on list and details usually stand side by side.
const WIDE: u16 = 96;
/// From this height on a narrow screen stacks the details under the list.
const HIGH: u16 = 14;

/// Divides the terminal.
pub fn areas(width: u16, height: u16, notice_rows: u16) -> Areas {
    let tabs_height = u16::from(height >= 8);
    let footer_height = u16::from(height >= 5);
    let header_height = height.min(1);
    let free = height.saturating_sub(header_height + tabs_height + footer_height);
    let notice_height = notice_rows.min(free);
    let body_height = free - notice_height;
    let tabs_top = header_height + notice_height;
    Areas {
        header: Rect::new(0, 0, width, header_height),
        notice: Rect::new(0, header_height, width, notice_height),
        tabs: Rect::new(0, tabs_top, width, tabs_height),
        body: Rect::new(0, tabs_top + tabs_height, width, body_height),
        footer: Rect::new(
            0,
            height.saturating_sub(footer_height),
            width,
            footer_height,
        ),
    }
}

/// Divides the body of a screen into its list and its details. Stacked, a list of few `rows` leaves the details what it
/// does not need.
pub fn panes(body: Rect, sides: Sides, rows: usize, is_detail_focused: bool) -> Panes {
    if body.width >= sides.from {
        let width = share(body.width, sides.share);
        return Panes {
            list: Rect { width, ..body },
            detail: Rect {
                x: body.x + width,
                width: body.width - width,
                ..body
            },
        };
    }
    if body.height >= HIGH {
        let need = u16::try_from(rows).unwrap_or(u16::MAX).saturating_add(3);
        let height = share(body.height, 45).min(need.max(6));
        return Panes {
            list: Rect { height, ..body },
            detail: Rect {
                y: body.y + height,
                height: body.height - height,
                ..body
            },
        };
    }
    let nothing = Rect::new(body.x, body.y, 0, 0);
    if is_detail_focused {
        Panes {
            list: nothing,
            detail: body,
        }
    } else {
        Panes {
            list: body,
            detail: nothing,
        }
    }
}

/// Divides the body between the grid of a table and the row that is read: the grid has all of it until then.
pub fn grid_panes(body: Rect, is_row_read: bool) -> Panes {
    if is_row_read {
        return panes(
            body,
            Sides {
                share: 45,
                from: 110,
            },
            usize::MAX,
            true,
        );
    }
    Panes {
        list: body,
        detail: Rect::new(body.x, body.y, 0, 0),
    }
}

/// So many percent of a length.
fn share(length: u16, percent: u16) -> u16 {
    (u32::from(length) * u32::from(percent) / 100) as u16
}

/// The inside of a pane: one line of heading above, one column of room at the left.
pub fn inside(pane: Rect) -> Rect {
    Rect {
        x: pane.x + pane.width.min(1),
        y: pane.y + pane.height.min(1),
        width: pane.width.saturating_sub(2),
        height: pane.height.saturating_sub(1),
    }
}

/// The inside of a list pane without its line of column names.
pub fn rows(pane: Rect) -> Rect {
    let inside = inside(pane);
    Rect {
        y: inside.y + inside.height.min(1),
        height: inside.height.saturating_sub(1),
        ..inside
    }
}

/// The columns of the window of a result.
pub fn result_width(width: u16) -> u16 {
    width.saturating_sub(4).min(104)
}

/// The columns of text in the window of a result.
pub fn result_columns(width: u16) -> usize {
    usize::from(result_width(width).saturating_sub(4))
}

/// The columns of the window of help.
pub fn help_width(width: u16) -> u16 {
    width.min(96)
}

/// The columns of text in the window of help.
pub fn help_columns(width: u16) -> usize {
    usize::from(help_width(width).saturating_sub(4))
}

/// The lines to read that a window as high as the screen allows has room for.
pub fn reading_rows(height: u16) -> usize {
    usize::from(height.saturating_sub(6))
}

/// Whether a place is inside an area.
pub fn holds(area: Rect, x: u16, y: u16) -> bool {
    x >= area.x && x < area.right() && y >= area.y && y < area.bottom()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_size_is_covered_without_overlap() {
        for width in [0, 1, 20, 80, 120, 300] {
            for height in 0..60 {
                let areas = areas(width, height, u16::from(width > 80) * 2);
                let sum = areas.header.height
                    + areas.notice.height
                    + areas.tabs.height
                    + areas.body.height
                    + areas.footer.height;
                assert_eq!(sum, height, "{width}x{height}");
                let panes = panes(areas.body, Sides::of(45), 9, false);
                assert!(panes.detail.bottom() <= height && panes.detail.right() <= width);
                assert!(rows(panes.list).bottom() <= height);
            }
        }
    }
}
