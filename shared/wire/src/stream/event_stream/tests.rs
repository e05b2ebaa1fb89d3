//! Messages are whole, however they were cut, and what was tampered with is refused.

use bytes::Bytes;
use proptest::prelude::*;

use super::{Message, Splitter};
use crate::stream::Fault;

/// A message as AWS sends it, with string headers.
pub(crate) fn encode(headers: &[(&str, &str)], payload: &[u8]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in headers {
        block.push(u8::try_from(name.len()).unwrap());
        block.extend_from_slice(name.as_bytes());
        block.push(7);
        block.extend_from_slice(&u16::try_from(value.len()).unwrap().to_be_bytes());
        block.extend_from_slice(value.as_bytes());
    }
    with_block(&block, payload)
}

/// An event as AWS sends it.
pub(crate) fn event(name: &str, payload: &[u8]) -> Vec<u8> {
    encode(&[(":event-type", name), (":content-type", "application/json"), (":message-type", "event")], payload)
}

fn with_block(block: &[u8], payload: &[u8]) -> Vec<u8> {
    let whole = u32::try_from(16 + block.len() + payload.len()).unwrap();
    let mut out = whole.to_be_bytes().to_vec();
    out.extend_from_slice(&u32::try_from(block.len()).unwrap().to_be_bytes());
    out.extend_from_slice(&crc32fast::hash(&out).to_be_bytes());
    out.extend_from_slice(block);
    out.extend_from_slice(payload);
    out.extend_from_slice(&crc32fast::hash(&out).to_be_bytes());
    out
}

/// Everything that `bytes`, cut at `cuts`, are made of.
fn split(bytes: &[u8], cuts: &[usize]) -> Result<Vec<Message>, Fault> {
    let mut splitter = Splitter::default();
    let (mut messages, mut start) = (Vec::new(), 0);
    for end in cuts.iter().copied().chain([bytes.len()]) {
        splitter.push(Bytes::copy_from_slice(&bytes[start..end]))?;
        start = end;
        while let Some(message) = splitter.next()? {
            messages.push(message);
        }
    }
    splitter.rest()?;
    Ok(messages)
}

fn three() -> Vec<u8> {
    let mut bytes = event("messageStart", br#"{"role":"assistant"}"#);
    bytes.extend(event("contentBlockDelta", "{\"delta\":{\"text\":\"gr\u{fc}n\"}}".as_bytes()));
    bytes.extend(event("messageStop", b""));
    bytes
}

#[test]
fn messages_are_cut_out_of_the_stream() {
    let messages = split(&three(), &[]).unwrap();
    let names: Vec<&str> = messages.iter().map(|message| message.name.as_str()).collect();
    assert_eq!(names, ["messageStart", "contentBlockDelta", "messageStop"]);
    assert_eq!(messages[0].payload.as_ref(), br#"{"role":"assistant"}"#);
    assert!(messages[2].payload.is_empty());
}

#[test]
fn a_cut_at_any_byte_changes_nothing() {
    let bytes = three();
    let whole = split(&bytes, &[]).unwrap();
    for cut in 0..=bytes.len() {
        assert_eq!(split(&bytes, &[cut]).unwrap(), whole, "cut at {cut}");
    }
    let every: Vec<usize> = (0..bytes.len()).collect();
    assert_eq!(split(&bytes, &every).unwrap(), whole);
}

#[test]
fn an_end_within_a_message_is_refused() {
    let bytes = event("messageStop", b"{}");
    for end in 1..bytes.len() {
        assert!(matches!(split(&bytes[..end], &[]), Err(Fault::Garbage(_))), "ends at {end}");
    }
}

#[test]
fn a_flipped_bit_anywhere_is_refused() {
    let bytes = three();
    for place in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[place / 8] ^= 1 << (place % 8);
        assert!(split(&flipped, &[]).is_err(), "bit {place}");
    }
}

#[test]
fn headers_of_every_type_are_passed_over() {
    let mut block = Vec::new();
    for (kind, bytes) in [(0, 0), (1, 0), (2, 1), (3, 2), (4, 4), (5, 8), (8, 8), (9, 16)] {
        block.extend_from_slice(&[1, b'x', kind]);
        block.resize(block.len() + bytes, 0xaa);
    }
    block.extend_from_slice(&[1, b'b', 6, 0, 3, 1, 2, 3]);
    block.extend_from_slice(b"\x0b:event-type\x07\x00\x05chunk");
    let messages = split(&with_block(&block, b"{}"), &[]).unwrap();
    assert_eq!(messages, [Message { name: "chunk".to_owned(), payload: Bytes::from_static(b"{}") }]);
}

#[test]
fn headers_that_are_none_are_refused() {
    for block in [&b"\x01x\x0a"[..], b"\x05x", b"\x01x\x07\x00\x09a", b"\x01", b"\x0b:event-type\x07\x00\x01\xff"] {
        assert!(matches!(split(&with_block(block, b"{}"), &[]), Err(Fault::Garbage(_))), "{block:?}");
    }
}

#[test]
fn lengths_that_lie_are_refused_before_anything_is_kept() {
    for (whole, headers, fault) in [
        (u32::MAX, 0, Fault::TooLong),
        (15, 0, garbage()),
        (0, 0, garbage()),
        (64, 60, garbage()),
        (16, u32::MAX, garbage()),
    ] {
        let mut bytes = [whole.to_be_bytes(), headers.to_be_bytes()].concat();
        bytes.extend_from_slice(&crc32fast::hash(&bytes).to_be_bytes());
        assert_eq!(Splitter::default().push(Bytes::from(bytes)), Err(fault), "{whole} {headers}");
    }
}

fn garbage() -> Fault {
    super::garbage("its lengths contradict each other")
}

#[test]
fn exceptions_end_the_stream_with_their_status() {
    for (headers, payload, message, code) in [
        (
            &[(":message-type", "exception"), (":exception-type", "throttlingException")][..],
            "{}",
            "throttlingException {}",
            429,
        ),
        (&[(":message-type", "exception"), (":exception-type", "newException")], "x", "newException x", 400),
        (
            &[(":message-type", "event"), (":event-type", "modelStreamErrorException")],
            "y",
            "modelStreamErrorException y",
            424,
        ),
        (&[(":message-type", "error"), (":error-code", "E"), (":error-message", "too bad")], "", "too bad", 400),
    ] {
        let fault = split(&encode(headers, payload.as_bytes()), &[]).unwrap_err();
        let Fault::Provider(text) = fault else { panic!("{fault:?}") };
        let error: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(error, serde_json::json!({"message": message, "code": code}));
    }
}

proptest! {
    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), cut in 0_usize..400) {
        let _ = split(&bytes, &[cut.min(bytes.len())]);
    }

    #[test]
    fn random_headers_never_panic(block in prop::collection::vec(any::<u8>(), 0..80)) {
        let _ = split(&with_block(&block, b"{}"), &[]);
    }

    #[test]
    fn what_is_kept_is_bounded(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..64), 0..40)) {
        let mut splitter = Splitter::default();
        for piece in pieces {
            let longest = piece.len() + 12;
            if splitter.push(Bytes::from(piece)).is_err() || splitter.next().is_err() {
                break;
            }
            prop_assert!(splitter.pending.len() <= longest);
        }
    }
}
