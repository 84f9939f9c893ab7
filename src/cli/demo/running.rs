//! The demo while it runs.

#[cfg(feature = "demo")]
pub use with_stack::Running;
#[cfg(not(feature = "demo"))]
pub use without_stack::Running;

#[cfg(feature = "demo")]
mod with_stack {
    use supadeck_stack::Stack;
    use tempfile::TempDir;

    /// A stack that runs, with the project directory that belongs to it.
    pub struct Running {
        /// The servers.
        pub stack: Stack,
        /// Removed when the demo ends; `None` with `--data`.
        pub folder: Option<TempDir>,
    }

    impl Running {
        /// Stops it in order.
        pub async fn stop(self) {
            if let Err(error) = self.stack.stop().await {
                tracing::error!(%error, "the demo's stack did not stop in order");
            }
        }
    }
}

#[cfg(not(feature = "demo"))]
mod without_stack {
    /// The local stack, of which this build has none.
    pub enum Running {}

    impl Running {
        /// Stops it.
        #[allow(clippy::unused_async)] // The same face as with the feature.
        pub async fn stop(self) {
            match self {}
        }
    }
}
