//! Which way one goes through the audit list.

/// Which way a page goes from its cursor.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum PageDirection {
    /// Towards older rows, the order of the list.
    #[default]
    Older,
    /// Towards newer rows; the page is still ordered newest first.
    Newer,
}
