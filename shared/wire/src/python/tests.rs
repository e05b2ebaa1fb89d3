use serde_json::Value;

use super::{fault, repr};

fn check(text: &str, sentence: Option<&str>) {
    assert_eq!(fault(text).as_deref(), sentence, "{text:?}");
}

#[test]
fn faults_are_told_as_python_tells_them() {
    check("", Some("Expecting value: line 1 column 1 (char 0)"));
    check("  ", Some("Expecting value: line 1 column 3 (char 2)"));
    check("{\"a\":1,}", Some("Expecting property name enclosed in double quotes: line 1 column 8 (char 7)"));
    check("{\"a\" 1}", Some("Expecting ':' delimiter: line 1 column 6 (char 5)"));
    check("[1,]", Some("Expecting value: line 1 column 4 (char 3)"));
    check("[1 2]", Some("Expecting ',' delimiter: line 1 column 4 (char 3)"));
    check("\"abc", Some("Unterminated string starting at: line 1 column 1 (char 0)"));
    check("\"a\u{1}b\"", Some("Invalid control character at: line 1 column 3 (char 2)"));
    check("\"\\x\"", Some("Invalid \\escape: line 1 column 2 (char 1)"));
    check("\"\\u12\"", Some("Invalid \\uXXXX escape: line 1 column 3 (char 2)"));
    check("{\"a\":1} x", Some("Extra data: line 1 column 9 (char 8)"));
    check("01", Some("Extra data: line 1 column 2 (char 1)"));
    check("1.", Some("Extra data: line 1 column 2 (char 1)"));
    check("1e", Some("Extra data: line 1 column 2 (char 1)"));
    check("-", Some("Expecting value: line 1 column 1 (char 0)"));
    check("\n\n{\"a\"\n:tru}", Some("Expecting value: line 4 column 2 (char 8)"));
    check("{\"a\":1", Some("Expecting ',' delimiter: line 1 column 7 (char 6)"));
    check("\"\\", Some("Unterminated string starting at: line 1 column 1 (char 0)"));
    check("NaN", None);
    check("{\"a\":[1,2.5e3,\"x\"]}", None);
}

#[test]
fn a_deep_text_ends_the_search() {
    assert!(fault(&"[".repeat(100_000)).is_some());
}

#[test]
fn numbers_and_strings_are_printed_as_python_prints_them() {
    let values = [
        ("1e5", "100000.0"),
        ("1e16", "1e+16"),
        ("1.5e-5", "1.5e-05"),
        ("0.0001", "0.0001"),
        ("123456789012345678", "123456789012345678"),
        ("{\"a\":[true,null,\"it's\"]}", "{'a': [True, None, \"it's\"]}"),
        ("\"a'b\\\"c\\n\\u0000\\u007f\"", "'a\\'b\"c\\n\\x00\\x7f'"),
    ];
    for (text, printed) in values {
        let value: Value = serde_json::from_str(text).unwrap();
        assert_eq!(repr(&value), printed);
    }
}
