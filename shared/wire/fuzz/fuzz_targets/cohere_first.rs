//! The decoders of `cohere_chat` in its first version.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tollgate_wire_fuzz::decode("cohere_chat", "v1/command-r", data));
