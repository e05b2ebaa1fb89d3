use super::*;

mod recorded;

#[test]
fn ids_of_one_call_differ_and_have_the_asked_length() {
    let mut stamp = Stamp::new("6a2f41a3-c54c-4f21-9b6e-0d6c1b2a3f4e".to_owned(), 0);
    let (first, second) = (stamp.next_hex(28), stamp.next_hex(28));
    assert_ne!(first, second);
    assert_eq!((first.len(), second.len()), (28, 28));
}

#[test]
fn ids_of_two_calls_differ() {
    let of = |id: &str| Stamp::new(id.to_owned(), 0).next_hex(24);
    assert_ne!(of("6a2f41a3-c54c-4f21-9b6e-0d6c1b2a3f4e"), of("6a2f41a3-c54c-4f21-9b6e-0d6c1b2a3f4f"));
}

#[test]
fn a_changed_tool_name_is_changed_back() {
    let notes = Notes { tool_names: vec![("a_b".to_owned(), "a.b".to_owned())], ..Notes::default() };
    assert_eq!(notes.tool_name("a_b"), "a.b");
    assert_eq!(notes.tool_name("other"), "other");
}
