//! Any text is a database URL or is not, and a password of any text is told nowhere.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| supadeck_fuzz::property::database_url(text));
