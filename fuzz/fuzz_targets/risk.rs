//! Any text is assessed, statement by statement, and never ends the program.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| supadeck_fuzz::property::risk(text));
