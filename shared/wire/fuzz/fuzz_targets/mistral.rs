//! The decoders of `mistral`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tollgate_wire_fuzz::decode("mistral", "mistral-large-latest", data));
