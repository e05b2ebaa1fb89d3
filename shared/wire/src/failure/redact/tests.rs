use super::redact;

fn check(text: &str, shown: &str) {
    assert_eq!(redact(text), shown);
}

#[test]
fn secrets_and_internal_details_are_replaced() {
    check("key sk-abcdefghijklmnop.", "key REDACTED.");
    check("key sk-short", "key sk-short");
    check("Bearer abcdefghijklmnop", "REDACTED");
    check("postgres://user:pass@host/db", "postgres://REDACTED@host/db");
    check("GET /x?key=abcdefghij&sig=abc%2B end", "GET /x?REDACTED&REDACTED end");
    check("my_password: hunter2, done", "REDACTED, done");
    check("10.1.2.3 172.16.0.1 172.32.0.1 8.8.8.8 127.0.0.1", "REDACTED REDACTED 172.32.0.1 8.8.8.8 REDACTED");
    check("db.internal /tmp/x C:\\Users\\x", "REDACTED REDACTED REDACTED");
    check("private_key: -----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY----- x", "REDACTED x");
    check("'master_key': 'zzz', fine", "'REDACTED', fine");
}

#[test]
fn a_traceback_is_cut_off() {
    check("it broke\nTraceback (most recent call last):\n  File \"x.py\"", "it broke");
}

#[test]
fn ordinary_words_stay() {
    check(
        "The model `x` does not exist at /v1/chat/completions",
        "The model `x` does not exist at /v1/chat/completions",
    );
}
