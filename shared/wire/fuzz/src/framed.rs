//! Frames of AWS's event stream around arbitrary payloads, with the checksums that the format demands.

/// What Bedrock's events are called.
const NAMES: [&str; 8] = [
    "messageStart",
    "contentBlockStart",
    "contentBlockDelta",
    "contentBlockStop",
    "messageStop",
    "metadata",
    "chunk",
    "",
];

/// One frame for each line of `data`; a line's first byte chooses the event's name.
pub fn frames(data: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for line in data.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let (first, payload) = (line[0], &line[1..]);
        frame(NAMES[usize::from(first) % NAMES.len()], payload, &mut out);
    }
    out
}

fn frame(name: &str, payload: &[u8], out: &mut Vec<u8>) {
    let mut headers = Vec::new();
    for (key, value) in [(":event-type", name), (":message-type", "event")] {
        headers.push(key.len() as u8);
        headers.extend_from_slice(key.as_bytes());
        headers.push(7);
        headers.extend_from_slice(&(value.len() as u16).to_be_bytes());
        headers.extend_from_slice(value.as_bytes());
    }
    let start = out.len();
    let length = 12 + headers.len() + payload.len() + 4;
    out.extend_from_slice(&(length as u32).to_be_bytes());
    out.extend_from_slice(&(headers.len() as u32).to_be_bytes());
    let prelude = crc32fast::hash(&out[start..]);
    out.extend_from_slice(&prelude.to_be_bytes());
    out.extend_from_slice(&headers);
    out.extend_from_slice(payload);
    let whole = crc32fast::hash(&out[start..]);
    out.extend_from_slice(&whole.to_be_bytes());
}
