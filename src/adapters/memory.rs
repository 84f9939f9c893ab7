//! Keeps what is in this process's memory to itself: keys, passwords and tokens are there while they are used.

/// Forbids core dumps, here and for every child, and on Linux that other processes of the same user read this one's
/// memory and environment. A machine that refuses any of it is worked on all the same.
pub fn keep_private() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        let limits = Rlimit {
            current: Some(0),
            maximum: Some(0),
        };
        if let Err(error) = setrlimit(Resource::Core, limits) {
            tracing::debug!(%error, "core dumps could not be forbidden");
        }
    }
    // A core pattern that is a program takes dumps whatever the limit says; this stops it too.
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        if let Err(error) = set_dumpable_behavior(DumpableBehavior::NotDumpable) {
            tracing::debug!(%error, "the memory could not be closed to others");
        }
    }
}
