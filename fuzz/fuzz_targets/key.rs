//! Any text is a key, a token or neither, and no message repeats it.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| supadeck_fuzz::property::key(text));
