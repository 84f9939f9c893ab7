//! Any text is cut into statements that keep every token that means something.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| supadeck_fuzz::property::split_text(text));
