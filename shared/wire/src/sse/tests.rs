use super::*;
use proptest::prelude::*;

fn events(chunks: &[&[u8]]) -> Vec<Vec<u8>> {
    let mut splitter = Splitter::default();
    let mut found = Vec::new();
    for chunk in chunks {
        splitter.push(Bytes::copy_from_slice(chunk)).expect("short events");
        while let Some(event) = splitter.next_event() {
            found.push(event.to_vec());
        }
    }
    found.extend(splitter.rest().map(|rest| rest.to_vec()));
    found
}

fn check(text: &str, want: &[&str]) {
    let got: Vec<String> = events(&[text.as_bytes()])
        .into_iter()
        .filter_map(|event| data(&event).map(|d| String::from_utf8_lossy(&d).into_owned()))
        .collect();
    assert_eq!(got, want, "{text:?}");
}

#[test]
fn every_line_break_ends_a_line() {
    check("data: a\n\ndata: b\n\n", &["a", "b"]);
    check("data: a\r\n\r\ndata: b\r\n\r\n", &["a", "b"]);
    check("data: a\r\rdata: b\r\r", &["a", "b"]);
    check("data:a\n\n\n\ndata:  b\n\n", &["a", " b"]);
}

#[test]
fn fields_are_told_apart() {
    check(": ping\n\ndata: a\n\n", &["a"]);
    check("event: x\nid: 1\ndata: a\ndata: b\n\n", &["a\nb"]);
    check("\u{feff}data: a\n\n", &["a"]);
    check("data: unfinished", &["unfinished"]);
    assert!(is_foreign(b"<html>") && is_foreign(b"{\"error\":1}"));
    assert!(!is_foreign(b": comment\ndata: x\nevent: y"));
}

#[test]
fn endless_event_is_refused() {
    let mut splitter = Splitter::default();
    let part = Bytes::from(vec![b'x'; 1024 * 1024]);
    let pushed = (0..20).map(|_| splitter.push(part.clone())).find(Result::is_err);
    assert_eq!(pushed, Some(Err(EventTooLong)));
}

proptest! {
    #[test]
    fn a_stream_split_at_any_byte_decodes_alike(
        text in "(data: [a-z]{0,3}|: c|event: e|\r|\n|\r\n|\n\n){0,12}",
        cuts in proptest::collection::vec(0usize..80, 0..6),
    ) {
        let bytes = text.as_bytes();
        let mut cuts: Vec<usize> = cuts.into_iter().filter(|cut| *cut <= bytes.len()).collect();
        cuts.sort_unstable();
        let mut parts = Vec::new();
        let mut from = 0;
        for cut in cuts.into_iter().chain([bytes.len()]) {
            parts.push(&bytes[from..cut]);
            from = cut;
        }
        let read = |chunks: &[&[u8]]| -> Vec<Vec<u8>> {
            events(chunks).iter().filter_map(|event| data(event).map(Cow::into_owned)).collect()
        };
        prop_assert_eq!(read(&parts), read(&[bytes]));
    }
}
