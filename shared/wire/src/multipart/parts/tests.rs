use super::*;

const FORM: &str = "--b\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n\
    --b\r\ncontent-disposition: form-data; filename=\"a;\\\"b.jsonl\"; name=\"file\"\r\nContent-Type: text/plain\r\n\r\n\
    {\r\n}\r\n--b--\r\n";

#[test]
fn fields_and_files_are_found_where_they_stand() {
    let parts = parts("b", FORM.as_bytes()).expect("a form");
    let seen: Vec<_> = parts.iter().map(|part| (part.name.as_str(), &FORM[part.content.clone()])).collect();
    assert_eq!(seen, [("purpose", "batch"), ("file", "{\r\n}")]);
    assert_eq!(parts[1].filename.as_deref(), Some("a;\"b.jsonl"));
    assert_eq!((&parts[0].content_type, parts[1].content_type.as_deref()), (&None, Some("text/plain")));
}

#[test]
fn a_form_that_ends_early_is_none() {
    for end in 0..FORM.len() - "--\r\n".len() {
        assert!(parts("b", &FORM.as_bytes()[..end]).is_err(), "the first {end} bytes");
    }
}

#[test]
fn what_is_no_form_is_refused() {
    for text in ["", "junk", "--b", "--bx\r\n\r\n", "--b\r\n\r\n\r\n--c--", "--b\r\nX: y\r\n\r\n"] {
        assert!(parts("b", text.as_bytes()).is_err(), "{text:?}");
    }
    let long = format!("--b\r\nX: {}\r\n\r\nx\r\n--b--", "y".repeat(HEADER_BYTES_MAX));
    assert_eq!(parts("b", long.as_bytes()), Err(Malformed::HeaderTooLong));
}
