//! The use cases: typed input, values out, progress on a channel. The screens and the command line both call these.
//! Nothing here draws, prints or knows a driver.

pub mod migration;
pub mod seed;
