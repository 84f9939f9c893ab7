//! Any text is a keymap or has faults with lines.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| supadeck_fuzz::property::keymap(text));
