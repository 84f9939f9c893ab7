//! The implementations of the ports: each talks to one outside thing, and translates its faults into problems.

pub mod postgres;
