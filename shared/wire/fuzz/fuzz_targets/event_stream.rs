//! AWS's event stream: any bytes, most of which hold no frame.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    tollgate_wire_fuzz::decode("bedrock", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", data);
});
