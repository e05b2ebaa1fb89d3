//! The decoders of `gemini`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tollgate_wire_fuzz::decode("gemini", "gemini-2.5-flash", data));
