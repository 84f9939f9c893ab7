//! Any seed file is read as psql reads it, or refused with its line.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| supadeck_fuzz::property::psql(text));
