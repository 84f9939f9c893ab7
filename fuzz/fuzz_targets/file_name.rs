//! Any file name is a migration's or is not, and is rebuilt unchanged.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| supadeck_fuzz::property::file_name(text));
