//! The decoders of Converse, in sound frames.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tollgate_wire_fuzz::decode_framed("bedrock", "amazon.nova-pro-v1:0", data));
