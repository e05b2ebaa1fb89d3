//! The decoders of `anthropic`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tollgate_wire_fuzz::decode("anthropic", "claude-sonnet-4-5", data));
