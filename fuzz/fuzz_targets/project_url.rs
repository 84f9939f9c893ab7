//! Any text is a project's URL or is not, and what is proposed instead is one.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| supadeck_fuzz::property::project_url(text));
