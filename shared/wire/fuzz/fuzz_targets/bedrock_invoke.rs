//! The decoders of invoked Claude models, in sound frames.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tollgate_wire_fuzz::decode_framed(
    "bedrock",
    "invoke/anthropic.claude-3-haiku-20240307-v1:0",
    data
));
