use super::*;

const LINE: &str = r#"{"custom_id":"1","method":"POST","url":"/v1/chat/completions","body":{}}"#;

fn wrong(text: &str) -> Option<BadBatchFile> {
    check("a.jsonl", text.as_bytes()).err()
}

#[test]
fn requests_line_by_line_are_a_batch() {
    for text in [LINE.to_owned(), format!("\u{FEFF}{LINE}\r\n\n  \n{LINE}\n")] {
        assert_eq!(wrong(&text), None, "{text}");
    }
    assert_eq!(check("A.JSONL", LINE.as_bytes()), Ok(()));
}

#[test]
fn the_first_bad_line_is_named() {
    assert_eq!(wrong(""), Some(BadBatchFile::Empty));
    assert_eq!(wrong(" \n\n"), Some(BadBatchFile::Empty));
    assert_eq!(wrong(&format!("{LINE}\n\nnot json")), Some(BadBatchFile::NotJson { line: 3 }));
    assert_eq!(wrong(&format!("{LINE}\n[1]\n")), Some(BadBatchFile::NotObject { line: 2 }));
    assert_eq!(wrong(r#"{"custom_id":"1"}"#), Some(BadBatchFile::MissingKey { line: 1, key: "method" }));
    let extension = check("a.txt", LINE.as_bytes());
    assert_eq!(extension, Err(BadBatchFile::WrongExtension("a.txt".to_owned())));
}
