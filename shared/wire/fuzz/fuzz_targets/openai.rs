//! The decoders of `openai`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tollgate_wire_fuzz::decode("openai", "gpt-4o", data));
