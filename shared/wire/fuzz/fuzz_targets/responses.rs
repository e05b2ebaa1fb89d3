//! The decoders of models that only respond.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tollgate_wire_fuzz::decode("openai", "responses/gpt-5-pro", data));
