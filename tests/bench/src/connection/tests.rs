use super::EventCount;

fn check(pieces: &[&str], expected: u64) {
    let mut events = EventCount::default();
    for piece in pieces {
        events.read(piece.as_bytes());
    }
    assert_eq!(events.count, expected, "{pieces:?}");
}

#[test]
fn events_are_counted_however_the_stream_is_cut() {
    check(&[], 0);
    check(&["data: a\n\ndata: b\n\n"], 2);
    check(&["data: a\n", "\ndata: b\n\n"], 2);
    check(&["data: a", "\n", "\n"], 1);
    check(&["data: a\n"], 0);
}
