//! The decoders of `cohere_chat`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tollgate_wire_fuzz::decode("cohere_chat", "command-a-03-2025", data));
