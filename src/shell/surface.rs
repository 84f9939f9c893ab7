//! What the deck is drawn on: a terminal, or a buffer in memory for screenshots and tests.

use crate::domain::problem::Problem;
use ratatui::Frame;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;

/// Something to draw on.
pub(super) trait Surface {
    /// Draws a frame.
    fn draw(&mut self, draw: &mut dyn FnMut(&mut Frame)) -> Result<(), Problem>;
    /// Writes a control sequence past the drawing.
    fn write(&mut self, bytes: &[u8]) -> Result<(), Problem>;
    /// Forgets what is on the screen, so that all of it is drawn again.
    fn redraw(&mut self) -> Result<(), Problem>;
    /// Stops the process until it is continued, and tells the size since then: nothing else does.
    fn suspend(&mut self) -> Result<(u16, u16), Problem>;
}

/// A buffer in memory.
pub(super) struct BufferBackend {
    inner: Terminal<TestBackend>,
}

impl BufferBackend {
    /// A buffer of so many columns and rows.
    pub(super) fn new(size: (u16, u16)) -> Self {
        let Ok(inner) = Terminal::new(TestBackend::new(size.0, size.1));
        Self { inner }
    }

    /// What was drawn last.
    pub(super) fn into_buffer(self) -> Buffer {
        self.inner.backend().buffer().clone()
    }
}

impl Surface for BufferBackend {
    fn draw(&mut self, draw: &mut dyn FnMut(&mut Frame)) -> Result<(), Problem> {
        let Ok(_) = self.inner.draw(|frame| draw(frame));
        Ok(())
    }

    fn write(&mut self, _: &[u8]) -> Result<(), Problem> {
        Ok(())
    }

    fn redraw(&mut self) -> Result<(), Problem> {
        let Ok(()) = self.inner.clear();
        Ok(())
    }

    fn suspend(&mut self) -> Result<(u16, u16), Problem> {
        let area = self.inner.backend().buffer().area;
        Ok((area.width, area.height))
    }
}
