use super::*;

fn check(text: &str, want: &str) {
    let object = Object::parse(text.as_bytes()).expect("an object");
    assert_eq!(String::from_utf8(object.to_vec()).expect("utf-8"), want);
}

#[test]
fn values_keep_their_own_text() {
    check(r#"{ "a" : 1.50 , "b":{ "x" : [1, 2] }}"#, r#"{"a":1.50,"b":{ "x" : [1, 2] }}"#);
    check(r#"{"big":123456789012345678901234567890}"#, r#"{"big":123456789012345678901234567890}"#);
    check("{}", "{}");
}

#[test]
fn repeated_name_keeps_the_last_value() {
    check(r#"{"a":1,"b":2,"a":3}"#, r#"{"a":3,"b":2}"#);
}

#[test]
fn names_are_escaped_again() {
    check(r#"{"a\"\n":1}"#, r#"{"a\"\n":1}"#);
}

#[test]
fn set_replaces_in_place_and_appends() {
    let mut object = Object::parse(br#"{"model":"x","n":1}"#).expect("an object");
    object.set("model", raw(&"gpt-4o"));
    object.set("stream", raw(&true));
    object.set_default("n", &raw(&5));
    assert_eq!(object.to_vec(), br#"{"model":"gpt-4o","n":1,"stream":true}"#);
    assert_eq!(object.remove("n").as_deref(), Some("1"));
    assert_eq!(object.string("model").as_deref(), Some("gpt-4o"));
}

#[test]
fn what_is_no_object_is_refused() {
    for text in ["", "[]", "1", "{", r#"{"a":}"#, r#"{"a":1}x"#, "{\"a\":\"\u{0}\"}", "nul", "\u{feff}{}"] {
        assert!(Object::parse(text.as_bytes()).is_err(), "{text:?}");
    }
    assert!(Object::parse(b"{\"a\":\"\xff\"}").is_err());
}

#[test]
fn deep_nesting_keeps_its_text() {
    let text = format!("{{\"a\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    check(&text, &text);
}

#[test]
fn a_value_is_found_in_its_text() {
    let text = br#"{"a": 1, "model" : "x"}"#;
    let mut object = Object::parse(text).expect("an object");
    let place = object.place_in("model", text).expect("a place");
    assert_eq!(&text[place], br#""x""#);
    assert_eq!(object.place_in("b", text), None);
    object.set("model", raw(&"x"));
    assert_eq!(object.place_in("model", text), None);
    assert_eq!(object.place_in("a", b"{}"), None);
}

#[test]
fn too_many_fields_are_refused() {
    let fields: Vec<String> = (0..=FIELDS_MAX).map(|place| format!("\"f{place}\":1")).collect();
    let refusal = Object::parse(format!("{{{}}}", fields.join(",")).as_bytes()).expect_err("too many");
    assert!(refusal.to_string().contains("more than 1000 fields"), "{refusal}");
}
