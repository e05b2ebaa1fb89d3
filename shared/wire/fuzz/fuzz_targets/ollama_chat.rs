//! The decoders of `ollama_chat`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tollgate_wire_fuzz::decode("ollama_chat", "llama3.1", data));
