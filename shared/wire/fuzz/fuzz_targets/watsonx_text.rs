//! The decoders of `watsonx_text`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tollgate_wire_fuzz::decode("watsonx_text", "ibm/granite-13b-chat-v2", data));
