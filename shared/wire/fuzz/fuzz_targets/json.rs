//! JSON objects: what is parsed and written again says the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tollgate_wire::json::Object;

fuzz_target!(|data: &[u8]| {
    let Ok(object) = Object::parse(data) else { return };
    let written = object.to_vec();
    let again = Object::parse(&written).expect("what was written is an object");
    assert_eq!(again.to_vec(), written);
});
