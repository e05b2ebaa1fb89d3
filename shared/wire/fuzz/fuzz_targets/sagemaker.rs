//! The decoders of `sagemaker_chat`, in sound frames.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tollgate_wire_fuzz::decode_framed("sagemaker_chat", "endpoint", data));
