//! The decoders of `ollama`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tollgate_wire_fuzz::decode("ollama", "llama3.1", data));
