//! Server-sent events: whatever the bytes, and however they are cut, the same events come out.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use tollgate_wire::sse::{self, Splitter};

fuzz_target!(|input: (u8, &[u8])| {
    let (cut, data) = input;
    let whole = events(&[data]);
    let place = usize::from(cut).min(data.len());
    let (before, after) = data.split_at(place);
    assert_eq!(whole, events(&[before, after]));
    for event in &whole {
        let _data = sse::data(event);
        let _name = sse::name(event);
    }
});

fn events(chunks: &[&[u8]]) -> Vec<Bytes> {
    let mut splitter = Splitter::new();
    let mut events = Vec::new();
    for chunk in chunks {
        if splitter.push(Bytes::copy_from_slice(chunk)).is_err() {
            return events;
        }
        while let Some(event) = splitter.next_event() {
            events.push(event);
        }
    }
    events.extend(splitter.rest());
    events
}
